"""The shops that sandboxes begin with: files of commands, and of orders that an older program took."""

from contextlib import closing
from pathlib import Path

import pytest

from lab import fixtures, replay
from lab.sandbox import Sandbox
from lab.values import BadLine
from tests.lab.sandboxes import replayed

ROAD = ("run", "mode all poison=park", "cmd ship_order order=old1", "run", "handler all v=1", "travel 7 since=5")


def of_write(sandbox: Sandbox, sql: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in sandbox.write.connection.execute(sql)]


def test_the_legacy_shop_begins_with_an_order_whose_event_names_no_quantity(tmp_path: Path) -> None:
    with closing(Sandbox.create(tmp_path / "s", "legacy", "manual", ["model add sales"])) as sandbox:
        assert sandbox.write.head() == 6
        assert of_write(sandbox, "SELECT type, payload ->> '$.lines[0].qty' FROM events WHERE position = 6") == [
            ("OrderPlaced", None)
        ]
        assert of_write(sandbox, "SELECT order_id, product_id, qty FROM order_lines") == [("old1", "mug", 1)]
        assert of_write(sandbox, "SELECT on_hand FROM stock WHERE product_id = 'mug'") == [(19,)]
        stopped = sandbox.act("run")
    assert stopped.outcome == "stopped"
    assert "event 6 OrderPlaced" in str(stopped.reason)


def test_before_its_old_order_the_legacy_shop_is_the_shop(tmp_path: Path) -> None:
    log = []
    for fixture in ("shop", "legacy"):
        with closing(Sandbox.create(tmp_path / fixture, fixture, "manual")) as sandbox:
            log.append(of_write(sandbox, "SELECT * FROM events WHERE position <= 5"))
    assert log[0] == log[1]


def test_what_happened_in_the_legacy_shop_can_be_replayed_undone_and_begun_again(tmp_path: Path) -> None:
    with closing(Sandbox.create(tmp_path / "s", "legacy")) as sandbox:
        at_first = sandbox.stores.fingerprint()
        for line in ROAD:
            sandbox.act(line)
        assert replayed(sandbox) == sandbox.stores.fingerprint()
        sandbox.act("undo")
        assert replayed(sandbox) == sandbox.stores.fingerprint()
        sandbox.act("reset")
        assert sandbox.stores.fingerprint() == at_first


def test_a_transcript_may_name_the_legacy_shop(tmp_path: Path) -> None:
    transcript = replay.read("# fixture legacy\ncmd cancel_order order=old1\n")
    answers = list(replay.build(tmp_path, transcript))
    assert [(answer.outcome, answer.position) for answer in answers] == [("accepted", 7)]


@pytest.mark.parametrize("line", ["poison order=old1", "cmd restock product=lamp qty=1", "run"])
def test_a_fixture_holds_nothing_that_a_line_number_or_a_guess_would_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    monkeypatch.setattr(fixtures, "FOLDER", tmp_path)
    (tmp_path / "odd.txt").write_text(f"# at 2026-03-02T09:00:00.000000Z\n{line}\n", encoding="utf-8")
    with pytest.raises(BadLine, match=f"a fixture holds .*{line}"):
        Sandbox.create(tmp_path / "s", "odd", "manual")
