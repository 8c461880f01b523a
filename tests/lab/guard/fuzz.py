"""Mutants of hostile SQL: ``python -m tests.lab.guard.fuzz 20000 [seed]``. None may crash, change data, or be late."""

import random
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from lab.guard import corpus, trial
from lab.guard.corpus import Row

CORPUS = Path(__file__).with_name("hostile_sql.tsv")
LOOK_AFTER = 100

TOKEN = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|[\w.$:@]+|\s+|.", re.DOTALL)

SPICE = (
    *("'", '"', "(", ")", ",", ";", "--", "/*", "*", "=", "||", "\0", "\n", "é", "\ufeff", "NULL", "0", "-1"),
    *("9223372036854775807", "1e999", "x'ff'", "WITH", "RECURSIVE", "SELECT", "INSERT", "UPDATE", "DELETE", "FROM"),
    *(
        "EXPLAIN",
        "OR ROLLBACK",
        "RETURNING *",
        "COMMIT",
        "PRAGMA",
        "ATTACH",
        "UNION ALL",
        "CROSS JOIN events",
        "LIMIT 1",
    ),
    *("ON CONFLICT DO NOTHING", "DEFAULT", "CREATE TABLE", "random()", "_secret", "_checkpoint", "sqlite_master"),
    *("json_each", ":order_id", "?1", "zeroblob(99999)", "printf('%.90000c', 'a')", "WITHOUT ROWID", "GLOB", "temp."),
)


def mutants(many: int, seed: str) -> Iterator[Row]:
    """Make mutants of the rows of the corpus, the same ones for the same seed."""
    chance = random.Random(seed)
    rows = list(corpus.rows(CORPUS))
    for number in range(many):
        row, other = chance.choice(rows), chance.choice(rows)
        step = chance.randrange(len(row.steps))
        steps = list(row.steps)
        for _ in range(chance.randint(1, 2)):
            steps[step] = mutate(chance, steps[step], chance.choice(other.steps))
        yield Row(f"{row.id}.{number}", row.kind, tuple(steps), corpus.VERDICTS)


def mutate(chance: random.Random, sql: str, other: str) -> str:
    """Change one thing in a statement."""
    tokens, others = TOKEN.findall(sql)[:4_000] or [" "], TOKEN.findall(other)[:4_000] or [" "]
    at, there = chance.randrange(len(tokens)), chance.randrange(len(others))
    match chance.randrange(7):
        case 0:
            del tokens[at]
        case 1:
            tokens[at] = others[there]
        case 2:
            tokens.insert(at, f" {chance.choice(SPICE)} ")
        case 3:
            tokens[at] = chance.choice(SPICE)
        case 4:
            tokens[at:] = others[there:]
        case 5:
            tokens[at:at] = others[there : there + chance.randint(1, 12)]
        case _:
            tokens[at:at] = tokens[at : at + chance.randint(1, 12)]
    return "".join(tokens)


def run(many: int, seed: str, *, in_time: bool = False) -> tuple[Counter[str], list[trial.Outcome]]:
    """Try mutants; return how they ended, and those that did harm: being late is harm if it is to be ``in_time``."""
    ended, harmful = Counter[str](), list[trial.Outcome]()
    for outcome in trial.attempt(mutants(many, seed), LOOK_AFTER):
        ended[outcome.verdict] += 1
        if not outcome.held or (outcome.late and in_time):
            harmful.append(outcome)
    return ended, harmful


if __name__ == "__main__":
    ended, harmful = run(int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "lagoon", in_time=True)
    for outcome in harmful:
        print(trial._shown(outcome), outcome.row.steps)
    print(", ".join(f"{verdict} {many}" for verdict, many in sorted(ended.items())), f"harmful {len(harmful)}")
    sys.exit(bool(harmful))
