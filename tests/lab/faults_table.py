"""``make faults``: the fault matrix and the damage without guards, as two tables. Ends ``cells N converged N``."""

import argparse
import logging
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from cqrs.read.projector import POINTS
from tests.lab.faults_damage import ROWS, Row, mistaken
from tests.lab.faults_matrix import CELLS, FAULTS, WAYS, Cell, failures

WIDTH = max(map(len, POINTS)) + 2


def line(name: str, cells: list[str], wide: int) -> str:
    """One row of a table."""
    return name.ljust(wide) + "".join(cell.ljust(WIDTH) for cell in cells)


def matrix(found: dict[Cell, list[str]]) -> list[str]:
    """The table of the matrix, one block a way."""
    lines = []
    for way in WAYS:
        lines += ["", line(f"safe guards, {way}", list(POINTS), 28)]
        for fault in FAULTS:
            states = ["NO" if found[Cell(fault, point, way)] else "converged" for point in POINTS]
            lines.append(line(fault, states, 28))
    return lines


LETTERS = {".": "-", "2": "twice", "-": "missing", "~": "older"}


def damage(found: dict[Row, list[str]]) -> list[str]:
    """The table of what was foreseen, and seen, where a guard is off."""
    lines = ["", line("guards off", list(POINTS), 64)]
    for row in ROWS:
        name = f"{row.fault}, {row.guards}, {row.model}"
        lines.append(line(name, [LETTERS[letter] for letter in row.foreseen], 64) + ("  NO" if found[row] else ""))
    return lines


def main() -> int:
    """Run every cell and every row; return 0 if all is as it should be."""
    parser = argparse.ArgumentParser(prog="python -m tests.lab.faults_table")
    parser.add_argument("--seeds", type=int, default=1)
    seeds = parser.parse_args().seeds
    with ProcessPoolExecutor(initializer=logging.disable) as processes:
        cells = dict(zip(CELLS, processes.map(partial(failures, seeds=seeds), CELLS), strict=True))
        rows = dict(zip(ROWS, processes.map(partial(mistaken, seeds=seeds), ROWS), strict=True))
    problems = [problem for found in (*cells.values(), *rows.values()) for problem in found]
    print(*problems, *matrix(cells), *damage(rows), "", sep="\n")
    print(f"guards off: {len(ROWS) * len(POINTS)} cells, as foreseen {sum(not found for found in rows.values()) * 6}")
    print(f"cells {len(cells)} converged {sum(not found for found in cells.values())}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
