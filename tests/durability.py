"""What damage, locks, full disks and senders in a hurry do to a sandbox: ``python -m tests.durability``.

The same trials as in the suite, in larger numbers. Each line says what was tried and what went wrong.
"""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from lab import limits
from lab.sandbox import Sandbox
from tests.cqrs.crowds import oversell
from tests.lab.filling import fill_disks, untrue
from tests.lab.harm import HARM, flip_write_stores, harm_read_stores, use
from tests.sending import begin, locked_for, sent_again, sent_again_after_a_kill, winners
from tests.serving import running

Trial = Callable[[Path, int, int], tuple[str, list[str]]]
"""Tries something so often, from a seed, in an empty folder: what there is to say, and what went wrong."""

SMALLEST_DISK, LARGEST_DISK = 8_000, 1_000_000
ATTEMPTS = 300
MOST_SECONDS = 5.5


def d8_oversell(folder: Path, rounds: int, seed: int) -> tuple[str, list[str]]:
    """Eight processes of 300 attempts each, on 100 units."""
    wrong = [
        f"round {number}: {problem}"
        for number in range(rounds)
        for problem in oversell(folder / f"{number}.db", 100, ATTEMPTS, seed + number)
    ]
    return f"{rounds} rounds of 8 processes x {ATTEMPTS} attempts", wrong


def d8_versions(folder: Path, rounds: int, seed: int) -> tuple[str, list[str]]:
    """Eight clients that expect one version, at once."""
    with running(folder) as (_, address):
        client, _ = begin(address, folder)
        wrong = [found for version in range(1, rounds + 1) for found in winners(client, version, 8)]
    return f"{rounds} versions, 8 clients for each", wrong


def d9_keys(folder: Path, keys: int, seed: int) -> tuple[str, list[str]]:
    """Each key one to five times."""
    with running(folder) as (_, address):
        sent, wrong = sent_again(address, folder, keys, seed)
    return f"{keys} keys in {sent} requests", wrong


def d9_kills(folder: Path, kills: int, seed: int) -> tuple[str, list[str]]:
    """A server that dies between commit and reply."""
    return f"{kills} kills between commit and reply", sent_again_after_a_kill(folder, kills, seed)


def d10_locks(folder: Path, rounds: int, seed: int) -> tuple[str, list[str]]:
    """Another program holds the write lock for one second, and for ten."""
    said, wrong = "", []
    with running(folder) as (_, address):
        for _ in range(rounds):
            short, waited, one = locked_for(1.0, *begin(address, folder))
            long, gave_up, none = locked_for(10.0, *begin(address, folder))
            said = f"1 s: {short.status} after {waited:.1f} s; 10 s: {long.status} after {gave_up:.1f} s"
            if (short.status, one, long.status, none) != (200, 1, 503, 0) or gave_up > MOST_SECONDS:
                wrong.append(said)
            if not long.retry_after:
                wrong.append("there is no Retry-After")
    return f"{said}; {rounds} rounds", wrong


def d11_disks(folder: Path, sizes: int, seed: int) -> tuple[str, list[str]]:
    """Disks of so many sizes."""
    chance = random.Random(seed)
    bytes_ = sorted(chance.sample(range(SMALLEST_DISK, LARGEST_DISK), sizes))
    told = Counter[str]()
    wrong = []
    for root, answers in fill_disks(folder, bytes_):
        told.update(outcome for outcome, _ in answers.values())
        wrong += [f"{root.name} bytes: {problem}" for problem in untrue(root, answers)]
    return f"{sizes} sizes, {dict(told)}", wrong


def d12_read_stores(folder: Path, cases: int, seed: int) -> tuple[str, list[str]]:
    """Every kind of harm to read.db, in turn."""
    used, other = use(folder / "used"), use(folder / "other", "bulk 20").file("read.db").parent
    wrong = [found for harm in HARM for found in harm_read_stores(used, other, harm, cases // len(HARM), seed)]
    return f"{cases} cases", wrong


def d12_ten_thousand(folder: Path, cases: int, seed: int) -> tuple[str, list[str]]:
    """A read.db of 10,000 events, gone; the limits of a sandbox are lifted for it."""
    with closing(Sandbox.create(folder / "s", clock="manual")) as sandbox:
        for _ in range(10):
            sandbox.act("bulk 998")
        sandbox.act("run")
        head, before, read = sandbox.write.head(), sandbox.stores.fingerprint(), sandbox.stores.folder / "read.db"
    most, wrong = 0.0, []
    for _ in range(cases):
        read.unlink()
        started = time.perf_counter()
        with closing(Sandbox(folder / "s")) as sandbox:
            most = max(most, time.perf_counter() - started)
            wrong += ["not as it was"] if sandbox.stores.fingerprint() != before else []
    return f"{head} events into 5 read models, {cases} times, at most {most:.2f} s", wrong


def d13_write_stores(folder: Path, flips: int, seed: int) -> tuple[str, list[str]]:
    """Flipped bits in write.db."""
    damaged, wrong = flip_write_stores(use(folder / "used"), folder, flips, seed)
    return f"{flips} flips, {damaged} froze the sandbox, {flips - damaged} were found harmless", wrong


TRIALS: dict[str, tuple[Trial, int, int]] = {
    "D8 oversell": (d8_oversell, 20, 500),
    "D8 versions": (d8_versions, 100, 1_000),
    "D9 keys": (d9_keys, 5_000, 20_000),
    "D9 kills": (d9_kills, 10, 100),
    "D10 locks": (d10_locks, 1, 10),
    "D11 disks": (d11_disks, 12, 200),
    "D12 read.db": (d12_read_stores, 200, 2_000),
    "D12 10,000 events": (d12_ten_thousand, 3, 10),
    "D13 write.db": (d13_write_stores, 1_000, 10_000),
}
"""What is tried, how often, and how often by night."""


def run(names: list[str], column: int, seed: int) -> Iterator[tuple[str, str, list[str]]]:
    """Run the trials one after the other, each in a folder of its own."""
    limits.MAX_EVENTS = 20_000  # type: ignore[misc]
    limits.MAX_WRITE_BYTES = limits.MAX_READ_BYTES = 100_000_000  # type: ignore[misc]
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            yield name, *TRIALS[name][0](Path(folder), TRIALS[name][1 + column], seed)


def main() -> int:
    """Run the command line; return 0 if nothing went wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.durability")
    parser.add_argument("--nightly", action="store_true")
    parser.add_argument("--only", choices=list(TRIALS), action="append")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}")
    bad = 0
    for name, said, wrong in run(arguments.only or list(TRIALS), int(arguments.nightly), arguments.seed):
        bad += len(wrong)
        print(f"{name}: {said}; wrong {len(wrong)}", flush=True)
        for problem in wrong[:10]:
            print(f"  {problem}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
