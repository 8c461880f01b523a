"""``python -m bench``: one line a ratio on stdout, the figures behind it on stderr."""

from bench import commands, projecting, rebuilding, visibility
from bench.instrument import take

GROUPS = (commands, visibility, rebuilding, projecting)


def main() -> None:
    for group in GROUPS:
        for measure in group.MEASURES:
            print(take(measure), flush=True)


if __name__ == "__main__":
    main()
