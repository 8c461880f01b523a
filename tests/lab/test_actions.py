"""What each action does to a sandbox, and what it answers. Everything goes through ``act``."""

import pytest

from lab import limits
from lab.carry_out import Answer
from lab.language import VERBS
from lab.sandbox import Sandbox
from tests.lab.sandboxes import hold, let_run

MODELS = ["customer_card", "order_list", "product_card", "product_search", "sales"]


def position(sandbox: Sandbox, model: str) -> int:
    return int(sandbox.state()["projections"][model]["position"])


def status(sandbox: Sandbox, model: str) -> str:
    return str(sandbox.state()["projections"][model]["status"])


def page(answer: Answer) -> list[dict[str, object]]:
    assert answer.query is not None, answer
    rows: list[dict[str, object]] = answer.query["result"]
    return rows


def act(sandbox: Sandbox, *lines: str) -> Answer:
    """Do lines that must succeed, and return the last answer."""
    for line in lines:
        answer = sandbox.act(line)
        assert answer.outcome in ("accepted", "done"), answer
    return answer


def test_free_play_starts_with_the_shop_and_five_caught_up_read_models(sandbox: Sandbox) -> None:
    state = sandbox.state()
    assert state["head"] == 5
    assert list(state["projections"]) == MODELS
    assert {(p["position"], p["behind"], p["status"]) for p in state["projections"].values()} == {(5, 0, "running")}
    assert (state["delay"], state["batch"], state["traffic"], state["receipt"]) == (1.0, 10, 0, None)
    assert state["rows"]["write"]["stock"] == 3
    assert state["rows"]["read"]["product_card"] == 3


# cmd


def test_a_command_answers_with_its_receipt_and_the_line_with_its_ids(sandbox: Sandbox) -> None:
    answer = sandbox.act("cmd place_order customer=c1 product=lamp qty=2")
    assert (answer.outcome, answer.position, answer.n) == ("accepted", 6, 1)
    assert answer.line == "cmd place_order customer=c1 product=lamp qty=2 order=o-1 id=cmd-1"
    assert sandbox.state()["receipt"] == 6


def test_a_commands_id_comes_from_its_line_and_an_orders_from_the_orders_before(sandbox: Sandbox) -> None:
    act(sandbox, "set batch=5", "query sales")
    assert sandbox.act("cmd place_order customer=c2 lines=lamp:1,mug:2").line.endswith("order=o-1 id=cmd-3")
    assert sandbox.act("cmd place_order customer=c2 product=rug qty=9").outcome == "refused"
    act(sandbox, "cmd place_order customer=c2 product=mug qty=1 order=o-3", "cmd cancel_order order=o-1")
    assert sandbox.act("cmd place_order customer=c2 product=mug qty=1").line.endswith("order=o-4 id=cmd-7"), (
        "o-3 is taken"
    )
    act(sandbox, "undo", "bulk 3")
    assert sandbox.act("cmd place_order customer=c2 product=mug qty=1").line.endswith("order=o-6 id=cmd-8")


@pytest.mark.parametrize(
    "line",
    [
        "cmd restock product=lamp qty=3",
        "cmd change_price product=lamp price=2600",
        'cmd rename_product product=lamp name="Desk lamp"',
        "cmd register_customer customer=c3 name=Cem email=cem@example.test",
        "cmd add_product product=chair name=Chair price=4000 stock=0",
        "cmd place_order customer=c1 product=lamp qty=1 expect=0",
    ],
)
def test_every_command_that_stands_alone_is_accepted(sandbox: Sandbox, line: str) -> None:
    assert sandbox.act(line).outcome == "accepted"
    assert sandbox.state()["head"] == 6


def test_an_order_is_shipped_or_cancelled_but_not_both(sandbox: Sandbox) -> None:
    act(sandbox, "cmd place_order customer=c1 product=lamp qty=1 order=x", "cmd ship_order order=x")
    answer = sandbox.act("cmd cancel_order order=x")
    assert (answer.outcome, answer.reason) == ("refused", "order x is already shipped")


def test_a_refused_command_says_why_and_moves_neither_the_log_nor_the_receipt(sandbox: Sandbox) -> None:
    act(sandbox, "cmd restock product=mug qty=1")
    answer = sandbox.act("cmd place_order customer=c1 product=rug qty=2")
    assert (answer.outcome, answer.position) == ("refused", None)
    assert answer.reason == "out of stock: the order asks for 2 rug, there are 1"
    assert (sandbox.state()["head"], sandbox.state()["receipt"]) == (6, 6)


def test_a_command_sent_again_gets_its_first_answer_again(sandbox: Sandbox) -> None:
    first = sandbox.act("cmd place_order customer=c1 product=lamp qty=2 id=k1")
    again = sandbox.act("cmd place_order customer=c1 product=rug qty=1 id=k1")
    assert (again.outcome, again.position, again.repeated) == ("accepted", first.position, True)
    assert sandbox.state()["head"] == 6


def test_a_version_that_has_moved_on_is_a_conflict(sandbox: Sandbox) -> None:
    act(sandbox, "cmd change_price product=lamp price=2600 expect=1")
    answer = sandbox.act("cmd change_price product=lamp price=2700 expect=1")
    assert answer.outcome == "refused"
    assert str(answer.reason).startswith("conflict: product-lamp is at version 2")


def test_a_bad_line_is_an_answer_and_leaves_no_trace(sandbox: Sandbox) -> None:
    answer = sandbox.act("cmd place_order customer=c1")
    assert (answer.outcome, answer.n) == ("failed", None)
    assert sandbox.act("query sales").n == 1


# The receipt


def test_the_receipt_is_moved_by_the_learners_own_accepted_commands_alone(sandbox: Sandbox) -> None:
    act(sandbox, "cmd restock product=lamp qty=1")
    act(sandbox, "bulk 3")
    sandbox.act("cmd place_order customer=c1 product=mug qty=1", origin="traffic")
    sandbox.act("cmd ship_order order=nobody")
    assert (sandbox.state()["receipt"], sandbox.state()["head"]) == (6, 11)


# bulk, set, traffic, wait


def test_bulk_is_of_one_customer_if_it_names_one_and_of_nobody_unknown(sandbox: Sandbox) -> None:
    act(sandbox, "bulk 3 customer=c2")
    ordered = sandbox.write.connection.execute("SELECT customer_id FROM orders").fetchall()
    assert ordered == [("c2",)] * 3
    answer = sandbox.act("bulk 3 customer=nobody")
    assert (answer.outcome, answer.reason) == ("failed", "there is no customer nobody")
    assert sandbox.write.head() == 5 + 4


def test_bulk_is_one_restock_and_so_many_orders(sandbox: Sandbox) -> None:
    answer = act(sandbox, "bulk 100")
    assert answer.position == 5 + 101
    kinds = dict(sandbox.write.connection.execute("SELECT type, count(*) FROM events WHERE position > 5 GROUP BY 1"))
    assert kinds == {"StockAdded": 1, "OrderPlaced": 100}
    assert sandbox.write.connection.execute("SELECT on_hand FROM stock WHERE product_id = 'mug'").fetchone() == (20,)


def test_set_changes_the_injected_delay_and_the_batch(sandbox: Sandbox) -> None:
    act(sandbox, "set delay=2.5 batch=7")
    assert (sandbox.state()["delay"], sandbox.state()["batch"]) == (2.5, 7)


def test_on_a_manual_clock_a_wait_moves_the_clock_and_nothing_else(sandbox: Sandbox) -> None:
    act(sandbox, "cmd restock product=lamp qty=1")
    before = sandbox.state()
    act(sandbox, "wait 3000")
    after = sandbox.state()
    assert after["projections"]["sales"]["age"] - before["projections"]["sales"]["age"] == pytest.approx(3.001)
    assert after["projections"]["sales"]["position"] == 5


def test_on_a_real_clock_a_wait_has_a_limit(live: Sandbox) -> None:
    answer = live.act("wait 2001")
    assert (answer.outcome, answer.reason) == ("failed", "on the real clock a wait lasts at most 2,000 milliseconds")
    assert live.act("wait 0").outcome == "done"


def test_shoppers_are_the_same_every_time(live: Sandbox) -> None:
    clock = hold(live)
    act(live, "traffic 10")
    let_run(live, clock, steps=40)
    lines = live.lab.entries()
    act(live, "reset")
    clock = hold(live)
    act(live, "traffic 10")
    let_run(live, clock, steps=40)
    shopped = [entry.line for entry in lines if entry.origin == "traffic"]
    assert len(shopped) > 20
    assert shopped == [entry.line for entry in live.lab.entries() if entry.origin == "traffic"]


def test_traffic_comes_as_fast_as_it_was_asked_for_until_it_is_switched_off(live: Sandbox) -> None:
    clock = hold(live)
    act(live, "traffic 20")
    start = clock.reading
    while clock.reading < start + 10_000_000:
        let_run(live, clock, steps=1)
    assert 195 <= len([entry for entry in live.lab.entries() if entry.origin == "traffic"]) <= 205
    act(live, "traffic off")
    let_run(live, clock)
    assert live.due() is None
    assert {p["behind"] for p in live.state()["projections"].values()} == {0}


# query


def test_a_query_answers_as_of_the_event_that_its_read_model_knows(sandbox: Sandbox) -> None:
    act(sandbox, "cmd place_order customer=c1 product=lamp qty=2")
    answer = act(sandbox, "query product_card lamp")
    assert page(answer)[0]["in_stock"] == 5
    assert answer.query is not None
    assert (answer.query["as_of"], answer.query["head"], answer.query["via"]) == (5, 6, "read")


def test_a_query_to_the_write_store_is_never_behind(sandbox: Sandbox) -> None:
    act(sandbox, "cmd place_order customer=c1 product=lamp qty=2")
    answer = act(sandbox, "query product_card lamp via=write")
    assert page(answer)[0]["in_stock"] == 3
    assert answer.query is not None
    assert answer.query["as_of"] == 6


def test_a_query_with_the_receipt_waits_up_to_it_and_no_further(sandbox: Sandbox) -> None:
    act(sandbox, "cmd place_order customer=c1 product=lamp qty=2", "bulk 3")
    answer = act(sandbox, "query product_card lamp via=token")
    assert answer.query is not None
    assert (answer.query["as_of"], answer.query["head"], answer.query["waited"]) == (6, 10, 1)
    assert page(answer)[0]["in_stock"] == 3
    assert (position(sandbox, "product_card"), position(sandbox, "sales")) == (6, 5)


def test_a_query_that_waits_reaches_the_head(sandbox: Sandbox) -> None:
    act(sandbox, "bulk 3")
    answer = act(sandbox, "query sales via=wait")
    assert answer.query is not None
    assert (answer.query["as_of"], answer.query["waited"]) == (9, 4)


def test_a_query_without_a_key_reads_fifty_rows_at_most(sandbox: Sandbox) -> None:
    act(sandbox, "bulk 60", "run")
    assert len(page(act(sandbox, "query order_list"))) == limits.MAX_QUERY_ROWS
    assert len(page(act(sandbox, "query order_list via=write"))) == limits.MAX_QUERY_ROWS


@pytest.mark.parametrize("key", ["desk", "DESK la", '"', "*", "NEAR(", "' OR 1", "\N{SNOWMAN}", "lamp -desk", "AND"])
def test_a_search_takes_any_words(sandbox: Sandbox, key: str) -> None:
    act(sandbox, 'cmd rename_product product=lamp name="Desk lamp"', "run")
    quoted = '"' + key.replace('"', '\\"') + '"'
    found = page(act(sandbox, f"query product_search {quoted}"))
    assert [row["product_id"] for row in found] == (["lamp"] if key.lower().startswith("desk") else [])


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("query slaes", "there is no read model slaes; did you mean sales?"),
        ("query all", "there is no read model all; there is customer_card"),
        ("step nothing", "there is no read model nothing; there is"),
        ("pause nothing", "there is no read model nothing; there is"),
        ("model drop nothing", "there is no read model nothing; there is"),
        ("model add nothing", "there is no read model nothing; there is"),
        ("model add sales", "sales is there already; this line would fill it again: model rebuild sales"),
    ],
)
def test_a_read_model_that_is_not_there_is_told_of(sandbox: Sandbox, line: str, reason: str) -> None:
    answer = sandbox.act(line)
    assert answer.outcome == "failed"
    assert str(answer.reason).startswith(reason)


# step, run, pause, resume, model


def test_a_step_applies_the_next_event_to_one_read_model_or_to_all(sandbox: Sandbox) -> None:
    act(sandbox, "bulk 4", "step sales", "step order_list 3", "step all")
    assert {model: position(sandbox, model) for model in MODELS} == {
        "customer_card": 6,
        "order_list": 9,
        "product_card": 6,
        "product_search": 6,
        "sales": 7,
    }


def test_run_applies_what_is_pending_up_to_the_head_or_a_position(sandbox: Sandbox) -> None:
    act(sandbox, "bulk 4", "run sales to=7")
    assert (position(sandbox, "sales"), position(sandbox, "order_list")) == (7, 5)
    act(sandbox, "run to=9", "run to=6")
    assert {position(sandbox, model) for model in MODELS} == {9}
    assert act(sandbox, "run").reason == "event #10 applied"
    assert act(sandbox, "run").reason == "nothing was pending"


def test_a_paused_projection_sleeps_until_it_is_resumed_or_run_by_name(sandbox: Sandbox) -> None:
    act(sandbox, "pause sales", "bulk 2", "run")
    assert (position(sandbox, "sales"), position(sandbox, "order_list"), status(sandbox, "sales")) == (5, 8, "paused")
    act(sandbox, "run sales")
    assert (position(sandbox, "sales"), status(sandbox, "sales")) == (8, "paused")
    act(sandbox, "resume", "bulk 1", "run")
    assert (position(sandbox, "sales"), status(sandbox, "sales")) == (10, "running")


def test_a_projector_that_sleeps_is_not_woken_by_the_clock(live: Sandbox) -> None:
    clock = hold(live)
    act(live, "pause", "cmd restock product=lamp qty=1")
    assert live.due() is None
    act(live, "resume sales")
    let_run(live, clock)
    assert (position(live, "sales"), position(live, "order_list")) == (6, 5)


def test_a_read_model_added_from_the_end_knows_nothing_of_what_was_before(sandbox: Sandbox) -> None:
    act(sandbox, "bulk 2", "model drop sales", "model add sales from=end")
    assert (position(sandbox, "sales"), sandbox.state()["rows"]["read"]["sales"]) == (8, 0)
    act(sandbox, "bulk 1", "run")
    assert page(act(sandbox, "query sales"))[0]["units"] == 1
    act(sandbox, "model rebuild sales", "run")
    assert page(act(sandbox, "query sales"))[0]["units"] == 3


def test_a_rebuild_empties_a_read_model_and_the_projector_fills_it_again(sandbox: Sandbox) -> None:
    act(sandbox, "bulk 3", "run")
    before = page(act(sandbox, "query sales"))
    act(sandbox, "pause sales", "model rebuild sales")
    assert (position(sandbox, "sales"), status(sandbox, "sales")) == (0, "paused")
    assert page(act(sandbox, "query sales")) == []
    act(sandbox, "run sales")
    assert page(act(sandbox, "query sales")) == before


def test_every_read_model_can_be_rebuilt_or_dropped_at_once(sandbox: Sandbox) -> None:
    act(sandbox, "model rebuild all")
    assert {position(sandbox, model) for model in MODELS} == {0}
    act(sandbox, "model drop all")
    assert sandbox.state()["projections"] == {}
    assert "sales" not in sandbox.state()["rows"]["read"]


def test_on_a_real_clock_a_batch_is_applied_after_the_delay(live: Sandbox) -> None:
    clock = hold(live)
    act(live, "set delay=2 batch=3", "bulk 4")
    assert live.due() == pytest.approx(1.0, abs=1.01)
    clock.move(1.9)
    live.advance()
    assert position(live, "sales") == 5
    clock.move(0.2)
    live.advance()
    assert position(live, "sales") == 8
    let_run(live, clock)
    assert position(live, "sales") == 10


# undo, reset


def test_undo_says_which_line_it_took_back(sandbox: Sandbox) -> None:
    act(sandbox, "cmd restock product=lamp qty=1", "cmd restock product=lamp qty=2")
    answer = act(sandbox, "undo")
    assert (answer.dropped, answer.position) == (1, 6)
    assert answer.reason == "taken back: cmd restock product=lamp qty=2 id=cmd-2"


def test_undo_takes_what_the_projector_and_the_shoppers_did_since_with_it(live: Sandbox) -> None:
    clock = hold(live)
    act(live, "cmd restock product=lamp qty=1")
    let_run(live, clock)
    answer = act(live, "undo")
    assert answer.dropped == 2
    assert str(answer.reason).startswith("taken back: cmd restock")
    assert {p["position"] for p in live.state()["projections"].values()} == {5}


def test_undo_can_be_done_again_until_nothing_is_left(sandbox: Sandbox) -> None:
    prints = [sandbox.stores.fingerprint()]
    for line in ("cmd restock product=lamp qty=1", "run", "cmd place_order customer=c1 product=rug qty=1"):
        act(sandbox, line)
        prints.append(sandbox.stores.fingerprint())
    for fingerprint in reversed(prints[:-1]):
        act(sandbox, "undo")
        assert sandbox.stores.fingerprint() == fingerprint
    answer = sandbox.act("undo")
    assert (answer.outcome, answer.reason) == ("failed", "there is nothing to undo: you have not done anything yet")


def test_after_an_undo_the_numbers_go_on_where_they_were(sandbox: Sandbox) -> None:
    act(sandbox, "cmd restock product=lamp qty=1", "undo")
    assert sandbox.act("cmd restock product=mug qty=1").line.endswith("id=cmd-1")


def test_reset_begins_again_as_the_sandbox_began(sandbox: Sandbox) -> None:
    beginning = sandbox.stores.fingerprint()
    act(sandbox, "bulk 10", "model drop sales", "set delay=3", "pause")
    answer = act(sandbox, "reset")
    assert (answer.reason, answer.dropped) == ("4 lines dropped", 4)
    assert sandbox.stores.fingerprint() == beginning
    assert sandbox.state()["delay"] == 1.0
    assert sandbox.state()["receipt"] is None


def test_a_change_raises_the_version_and_is_told(sandbox: Sandbox) -> None:
    told: list[int] = []
    sandbox.on_change = lambda changed: told.append(changed.version)
    for line in ("cmd restock product=lamp qty=1", "query sales", "undo"):
        before = sandbox.version
        act(sandbox, line)
        assert sandbox.version > before
    assert len(told) == 3


# Breaking, mending and looking: what is told here in a line has a file of its own beside this one


def test_a_broken_projector_doubles_and_a_mended_one_does_not(sandbox: Sandbox) -> None:
    act(sandbox, "mode sales dedupe=off atomic=off", "crash sales before_checkpoint")
    act(sandbox, "cmd place_order customer=c1 product=mug qty=2")
    assert sandbox.act("run sales").outcome == "crashed"
    act(sandbox, "run sales")
    assert str(act(sandbox, "oracle sales").reason).startswith("sales: mug,2026-03-02 says units 4, the write")
    act(sandbox, "mode sales dedupe=position atomic=on", "model rebuild sales", "run sales", "redeliver sales 6")
    assert act(sandbox, "oracle").reason == f"no drift in {', '.join(MODELS)}"


def test_events_out_of_order_wait_for_the_one_before_them(sandbox: Sandbox) -> None:
    act(sandbox, "bulk 2")
    assert str(act(sandbox, "reorder sales 2").reason).endswith("the projector took neither, it waits for #6")
    assert position(sandbox, "sales") == 5


def test_a_poison_event_is_parked_and_retried_by_another_version(sandbox: Sandbox) -> None:
    act(sandbox, "mode sales poison=park", "poison order=old1", "run sales", "handler sales v=2")
    assert act(sandbox, "retry sales").reason == "1 of 1 parked events applied"
    assert sandbox.act("retry sales").reason == "sales has no parked event"
    assert page(act(sandbox, "query sales"))[0]["units"] == 1


def test_a_double_write_splits_the_stores(sandbox: Sandbox) -> None:
    act(sandbox, "dual on crash=yes")
    assert sandbox.act("cmd place_order customer=c1 product=mug qty=1 order=o1").outcome == "crashed"
    assert act(sandbox, "oracle").result["dual_orders"] == [{"key": "o1", "position": 6}]


def test_rows_changed_by_hand_are_drift(sandbox: Sandbox) -> None:
    assert str(act(sandbox, 'patch "UPDATE product_card SET in_stock = 77"').reason).startswith(
        "3 rows of product_card"
    )
    assert act(sandbox, "oracle product_card").result["product_card"][0]["says"] == 77


@pytest.mark.parametrize(
    "line",
    [
        "strategies shoppers=2",
        "race guarded",
        "travel 3 since=1",
        "measure crud",
        'sql write "SELECT count(*) FROM orders"',
        "trial mine",
    ],
)
def test_a_look_has_a_result_and_leaves_the_stores_as_they_were(sandbox: Sandbox, line: str) -> None:
    act(sandbox, 'model write mine "-- key: a\\nCREATE TABLE mine (a);\\n-- on OrderPlaced\\nDELETE FROM mine;"')
    before = sandbox.stores.fingerprint()
    assert act(sandbox, line).result
    assert sandbox.stores.fingerprint() == before


def test_an_index_lessens_the_work_of_a_page(sandbox: Sandbox) -> None:
    act(sandbox, "bulk 50")
    slow = act(sandbox, "measure crud").result["work"]
    act(sandbox, "index")
    assert act(sandbox, "measure crud").result["work"] < slow


def test_every_verb_is_tried_here(request: pytest.FixtureRequest) -> None:
    source = request.path.read_text()
    assert [
        verb for verb in VERBS if f'"{verb} ' not in source and f"'{verb} " not in source and f'"{verb}"' not in source
    ] == []
