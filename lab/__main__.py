"""``python -m lab``: replay a transcript (one outcome a line, last the fingerprint of both stores); write lessons."""

import argparse
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from lab import lesson_cli, replay
from lab.carry_out import Answer
from lab.guard import ordeal
from lab.sandbox import Sandbox
from lab.values import BadLine


def main() -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m lab")
    commands = parser.add_subparsers(dest="command", required=True)
    replaying = commands.add_parser("replay", help="replay a transcript on a fresh sandbox")
    replaying.add_argument("file", type=Path, help="a transcript: one action a line")
    replaying.set_defaults(run=_replay_file)
    lesson_cli.add_commands(commands)
    ordeal.add_command(commands)
    arguments = parser.parse_args()
    code: int = arguments.run(arguments)
    return code


def _replay_file(arguments: argparse.Namespace) -> int:
    try:
        transcript = replay.read(arguments.file.read_text(encoding="utf-8"))
        with tempfile.TemporaryDirectory() as folder:
            return _replay(Path(folder), transcript)
    except (BadLine, OSError, UnicodeDecodeError) as problem:
        print(problem, file=sys.stderr)
        return 2


def _replay(folder: Path, transcript: replay.Transcript) -> int:
    sandbox = Sandbox.create(folder / "sandbox", transcript.fixture, "manual")
    for answer in _answers(sandbox, transcript):
        receipt = f" #{answer.position}" if answer.outcome == "accepted" else ""
        reason = f" {answer.reason}" if answer.reason else ""
        print(f"{answer.outcome}{receipt}{reason}")
    print(f"fingerprint {sandbox.stores.fingerprint()}")
    sandbox.close()
    return 0


def _answers(sandbox: Sandbox, transcript: replay.Transcript) -> Iterable[Answer]:
    """Replay what a sandbox exported as it was; do plain lines one by one, so that undo means what it says."""
    if transcript.exported:
        return sandbox.replace(transcript)
    return (sandbox.act(written.line) for written in transcript.lines)


if __name__ == "__main__":
    sys.exit(main())
