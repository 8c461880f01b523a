"""``python -m bench``: one line a ratio on stdout, the figures behind it on stderr."""

from bench import browser, commands, projecting, rebuilding, server, visibility
from bench.instrument import take

GROUPS = (commands, visibility, rebuilding, projecting, server, browser)


def main() -> None:
    for group in GROUPS:
        for measure in group.MEASURES:
            print(take(measure), flush=True)


if __name__ == "__main__":
    main()
