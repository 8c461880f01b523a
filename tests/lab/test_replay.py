"""The same lines on a fresh copy of the fixture lead to the same stores, wherever they are replayed."""

import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab import replay
from lab.composer import COMMANDS
from lab.fingerprint import CLOCKED
from lab.language import VERBS
from lab.sandbox import Sandbox
from lab.tables import columns_of, tables
from lab.values import BadLine
from tests import inside
from tests.lab.owned import ADD, EDIT, EDIT_TO_ONCE
from tests.lab.sandboxes import fresh, hold, let_run, replayed
from tests.serving import ROOT

LIVELY = (
    "set delay=0.2 batch=3",
    "traffic 7",
    "cmd place_order customer=c1 product=lamp qty=2",
    "pause sales",
    "bulk 12",
    "cmd ship_order order=nobody",
    'cmd rename_product product=mug name="Big mug"',
    "model rebuild product_card",
    "query product_card lamp",
    "step sales 2",
    "model drop customer_card",
    "query customer_card",
    "resume sales",
    "model add customer_card from=end",
    "traffic off",
    "cmd restock product=lamp qty=5 id=cmd-3",
    "query order_list via=token",
    "run order_list to=9",
    "wait 0",
    "query sales via=write",
    "mode sales dedupe=off atomic=off",
    "crash sales before_checkpoint",
    "cmd place_order customer=c2 product=mug qty=1",
    "run sales",
    "redeliver sales 6",
    "poison order=old1",
    "run order_list",
    "mode order_list poison=park",
    "pause product_card",
    "cmd cancel_order order=old1",
    "bulk 2",
    "mode product_card dedupe=on poison=skip",
    "reorder product_card 2",
    "handler order_list v=2",
    "retry order_list",
    "dual on crash=yes",
    "cmd place_order customer=c1 product=mug qty=1",
    "oracle",
    "race guarded",
    "travel 6 since=5",
    "strategies shoppers=3",
    "measure crud",
    "index",
    'patch "UPDATE sales SET units = units + 7"',
    "measure read_model",
    ADD,
    "step spent 6",
    "cmd place_order customer=c1 product=mug qty=1",
    "mode spent dedupe=off",
    "redeliver spent 6",
    "trial sales",
    EDIT,
    "bulk 3",
    'sql read "SELECT count(*) FROM spent"',
)


def lively(sandbox: Sandbox) -> None:
    """Use a sandbox on a real clock as a lively person would, with shoppers and the projector at work in between."""
    clock = hold(sandbox)
    for number, line in enumerate(LIVELY):
        sandbox.act(line)
        let_run(sandbox, clock, steps=number % 5 + 3)


def on_the_command_line(text: str, folder: Path) -> list[str]:
    (folder / "transcript.txt").write_text(text, encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-m", "lab", "replay", folder / "transcript.txt"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    ).stdout.splitlines()


def test_a_lively_sandbox_is_the_same_after_a_replay_anywhere(live: Sandbox, tmp_path: Path) -> None:
    lively(live)
    entries = live.lab.entries()
    assert {entry.origin for entry in entries} == {"setup", "learner", "projector", "traffic"}
    assert {entry.outcome for entry in entries} == {"accepted", "refused", "done", "failed", "stopped", "crashed"}
    fingerprint = live.stores.fingerprint()
    assert replayed(live) == fingerprint
    said = on_the_command_line(replay.export(live.stores), tmp_path)
    assert said[-1] == f"fingerprint {fingerprint}"
    assert [line.split()[0] for line in said[:-1]] == [entry.outcome for entry in entries if entry.origin != "setup"]


def test_undo_of_a_later_line_leads_back_to_the_very_same_stores(live: Sandbox) -> None:
    lively(live)
    live.act("pause")
    fingerprint = live.stores.fingerprint()
    live.act("cmd restock product=lamp qty=1")
    assert live.stores.fingerprint() != fingerprint
    assert live.act("undo").dropped == 1
    assert live.stores.fingerprint() == fingerprint


def test_a_replay_keeps_ids_times_and_origins(live: Sandbox, tmp_path: Path) -> None:
    lively(live)
    text = replay.export(live.stores)
    with closing(Sandbox.load(tmp_path / "again", replay.read(text))) as again:
        assert replay.export(again.stores).splitlines() == text.splitlines()
        events = "SELECT position, event_id, recorded_at, hash FROM events WHERE position > 5"
        assert again.write.connection.execute(events).fetchall() == live.write.connection.execute(events).fetchall()


def test_an_undo_and_a_replay_keep_for_how_many_events_a_query_waited(tmp_path: Path) -> None:
    waited = "SELECT n, waited FROM queries"
    with closing(Sandbox.create(tmp_path / "s", clock="manual")) as sandbox:
        for line in ("bulk 2", "query sales", "query sales via=wait", "cmd restock product=lamp qty=1"):
            sandbox.act(line)
        before = sandbox.lab.connection.execute(waited).fetchall()
        assert before == [(2, 0), (4, 3)]
        sandbox.act("undo")
        assert sandbox.lab.connection.execute(waited).fetchall() == before
        exported = replay.read(replay.export(sandbox.stores))
    with closing(Sandbox.load(tmp_path / "again", exported)) as again:
        assert again.lab.connection.execute(waited).fetchall() == before


def test_a_plain_transcript_has_one_fingerprint(tmp_path: Path) -> None:
    text = "# what a person wrote\n\n" + "\n".join(LIVELY)
    first = on_the_command_line(text, tmp_path)
    assert first == on_the_command_line(text, tmp_path)
    assert len(first) == len(LIVELY) + 1
    assert re.fullmatch(r"fingerprint [0-9a-f]{64}", first[-1])


def test_the_command_line_prints_one_outcome_a_line(tmp_path: Path) -> None:
    text = "cmd restock product=lamp qty=2\ncmd ship_order order=nobody\nrun\nstep sale\nfly away\nundo\n"
    assert on_the_command_line(text, tmp_path)[:-1] == [
        "accepted #6",
        "refused there is no order nobody",
        "done event #6 applied",
        "failed there is no read model sale; did you mean sales?",
        f"failed there is no action “fly”; for example: {COMMANDS['place_order'].example}; there is {', '.join(VERBS)}",
        "done taken back: step sale",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("# Lagoon transcript\nfly away\n", "there is no action “fly”"),
        ("# fixture ../../secret\nrun\n", "there is no fixture ../../secret"),
        ("run  # learner 2026-99-02T09:00:00Z 2026-03-02T09:00:00Z\n", "a time must be written 2026-03-02T09"),
        ("run  # learner 9999-12-31T23:59:59Z 9999-12-31T23:59:59Z\n", "a time must be written"),
        ("run  # learner 0001-01-01T00:00:00Z nowZ\n", "a time must be written"),
    ],
)
def test_a_bad_transcript_is_told_what_is_wrong(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "bad.txt").write_text(text, encoding="utf-8")
    said = inside.lab("replay", tmp_path / "bad.txt")
    assert said.code == 2
    assert told in said.complaint


def test_a_file_that_is_not_there_or_not_text_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    for name in ("bytes", "missing"):
        said = inside.lab("replay", tmp_path / name)
        assert (said.code, bool(said.complaint)) == (2, True)


PIECES = ["run", "# fixture shop", "# learner", "Z", "\n", " ", "  # "]


@given(st.text(max_size=200) | st.lists(st.sampled_from(PIECES)).map("".join))
def test_any_text_is_a_transcript_or_a_bad_line(text: str) -> None:
    try:
        transcript = replay.read(text)
    except BadLine:
        return
    assert transcript.fixture == "shop"


def test_an_opened_transcript_takes_the_place_of_what_was_there(sandbox: Sandbox) -> None:
    sandbox.act("bulk 5")
    answers = sandbox.replace(replay.read("cmd restock product=lamp qty=1\nrun"))
    assert [answer.outcome for answer in answers] == ["accepted", "done"]
    assert sandbox.state()["head"] == 6
    with pytest.raises(BadLine):
        sandbox.replace(replay.read("cmd restock product=lamp qty=1\nfly"))
    assert sandbox.state()["head"] == 6


def test_a_sandbox_set_up_with_nothing_stays_so_through_reset_and_export(tmp_path: Path) -> None:
    with closing(Sandbox.create(tmp_path / "bare", clock="manual", setup=())) as bare:
        fingerprint = bare.stores.fingerprint()
        bare.act("model add sales")
        bare.act("reset")
        assert bare.state()["projections"] == {}
        assert bare.stores.fingerprint() == fingerprint == replayed(bare)


def test_the_fingerprint_sees_every_cell(sandbox: Sandbox) -> None:
    bookkeeping = ("mode sales dedupe=on poison=park", "poison", "cmd restock product=mug qty=1", "run sales")
    for line in (
        "dual on",
        "cmd place_order customer=c1 product=lamp qty=2",
        "cmd ship_order order=no",
        "run",
        *bookkeeping,
    ):
        sandbox.act(line)
    for connection in (sandbox.write.connection, sandbox.read.connection):
        connection.execute("PRAGMA foreign_keys = OFF")
        for trigger in ("events_are_never_changed", "events_are_never_deleted"):
            connection.execute(f"DROP TRIGGER IF EXISTS {trigger}")
        connection.execute("PRAGMA ignore_check_constraints = ON")
        for table in tables(connection):
            for column in columns_of(connection, table):
                if (table, column) not in CLOCKED:
                    assert _differs(sandbox, connection, table, column), f"{table}.{column}"


def _differs(sandbox: Sandbox, connection: sqlite3.Connection, table: str, column: str) -> bool:
    before = sandbox.stores.fingerprint()
    cells = connection.execute(f'SELECT typeof("{column}"), "{column}" FROM "{table}" LIMIT 1')
    kind, cell = cells.fetchone()
    connection.execute("BEGIN")
    connection.execute(
        f'UPDATE "{table}" SET "{column}" = ? WHERE "{column}" IS ?', (cell + 70 if kind == "integer" else "else", cell)
    )
    after = sandbox.stores.fingerprint()
    connection.execute("ROLLBACK")
    return after != before and sandbox.stores.fingerprint() == before


DEEDS = st.lists(
    st.sampled_from(
        [
            *LIVELY,
            "undo",
            "reset",
            "model add sales",
            "model drop sales",
            "model rebuild all",
            "pause",
            "resume",
            "run",
            "run to=11",
            "cmd cancel_order order=o-1",
            "cmd ship_order order=o-2",
            "cmd add_product product=chair name=Chair price=4000 stock=3",
            "cmd register_customer customer=c3 name=Cem email=cem@example.test",
            "cmd place_order customer=c3 product=chair qty=1",
            "mode all dedupe=off atomic=off poison=skip",
            "mode all dedupe=on atomic=on poison=park",
            "mode all dedupe=position poison=halt",
            "crash all after_commit",
            "crash order_list before_commit",
            "redeliver order_list 7",
            "retry sales",
            "handler sales v=2",
            "dual off",
            "model rebuild sales beside=yes",
            "model fill sales 4",
            "model switch sales",
            "model cancel sales",
            "model drop sales old=yes",
            EDIT_TO_ONCE,
            "model fill spent 3",
            "model switch spent",
            "model cancel spent",
            "mode spent dedupe=on poison=park",
            "crash spent before_checkpoint",
            "retry spent",
            "model drop spent",
            "model add spent",
            "model rebuild spent beside=yes",
            "model forget spent",
        ]
    ).filter(lambda line: not line.startswith(("query order_list via=", "wait"))),
    max_size=14,
)


@settings(max_examples=25, deadline=None)
@given(DEEDS, st.integers(0, 4))
def test_whatever_was_done_a_replay_leads_to_the_same_stores(deeds: list[str], steps: int) -> None:
    with fresh("real") as sandbox:
        clock = hold(sandbox)
        for line in deeds:
            sandbox.act(line)
            if line in ("undo", "reset"):
                clock = hold(sandbox)
            let_run(sandbox, clock, steps)
        assert replayed(sandbox) == sandbox.stores.fingerprint()


def test_every_verb_but_the_three_that_only_wait_or_go_back_is_in_the_lively_run() -> None:
    assert set(VERBS) - {line.split()[0] for line in LIVELY} == {"undo", "reset"}
