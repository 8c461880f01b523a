"""Mutants of hostile SQL: ``python -m tests.lab.guard.fuzz 20000 [seed]``. None may crash, change data, or be late."""

import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from lab.guard import corpus, ordeal
from tests.lab.guard.mutants import mutants

ROWS = [row for file in sorted(Path(__file__).parent.glob("*.tsv")) for row in corpus.rows(file)]
LOOK_AFTER = 100
LANES = 2
MOST_SHOWN = 1_000


def run(many: int, seed: str, *, in_time: bool = False) -> tuple[Counter[str], list[ordeal.Outcome]]:
    """Try mutants; return how they ended, and those that did harm: being late is harm if it is to be ``in_time``."""
    ended, harmful = Counter[str](), list[ordeal.Outcome]()
    for outcome in ordeal.attempt(mutants(ROWS, many, seed), LOOK_AFTER):
        ended[outcome.verdict] += 1
        ended["error of SQL"] += outcome.said.startswith("SQLite says")
        if not outcome.held or (outcome.late and in_time):
            harmful.append(outcome)
    return ended, harmful


def _lane(many: int, seed: str) -> tuple[Counter[str], list[ordeal.Outcome]]:
    return run(many, seed, in_time=True)


def main(many: int, seed: str) -> int:
    """Try mutants in a few processes; print how they ended and the harmful ones."""
    parts = [many // LANES + (lane < many % LANES) for lane in range(LANES)]
    with ProcessPoolExecutor(LANES) as pool:
        tried = list(pool.map(_lane, parts, [f"{seed}.{lane}" for lane in range(LANES)]))
    ended, harmful = sum((ended for ended, _ in tried), Counter[str]()), [one for _, some in tried for one in some]
    for outcome in harmful:
        print(ordeal.shown(outcome), repr(outcome.row.steps)[:MOST_SHOWN])
    print(", ".join(f"{verdict} {many}" for verdict, many in sorted(ended.items())), f"harmful {len(harmful)}")
    return int(bool(harmful))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "lagoon"))
