"""The action language: what a line means, how it is written back, and what a bad line is told."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lab import limits
from lab.actions import (
    Bulk,
    Cmd,
    Model,
    ModelWrite,
    Pause,
    Query,
    Reset,
    Resume,
    Run,
    Set,
    Sql,
    Step,
    Traffic,
    TryOut,
    Undo,
    Wait,
)
from lab.composer import COMMANDS
from lab.fault_actions import (
    Crash,
    Dual,
    Handler,
    Mode,
    Oracle,
    Poison,
    Race,
    Redeliver,
    Reorder,
    Retry,
    Strategies,
    Travel,
)
from lab.language import VERBS, parse
from lab.lesson_actions import Index, Measure, Patch
from lab.values import BadLine, quoted, split

MEANINGS = {
    "cmd ship_order order=o1": Cmd("ship_order", (("order", "o1"),)),
    "cmd ship_order order=o1 id=k1 expect=3": Cmd("ship_order", (("order", "o1"),), "k1", 3),
    'cmd rename_product name="Desk lamp" product=lamp': Cmd(
        "rename_product", (("product", "lamp"), ("name", "Desk lamp"))
    ),
    "cmd place_order customer=c1 lines=lamp:2,mug:1 order=o1": Cmd(
        "place_order", (("customer", "c1"), ("lines", "lamp:2,mug:1"), ("order", "o1"))
    ),
    "model add sales": Model("add", "sales"),
    "model add sales from=end": Model("add", "sales", from_end=True),
    "model rebuild all": Model("rebuild", "all"),
    "model drop sales": Model("drop", "sales"),
    "step sales": Step("sales", 1),
    "step all 3": Step("all", 3),
    "run": Run("all", None),
    "run all": Run("all", None),
    "run to=7": Run("all", 7),
    "run sales to=7": Run("sales", 7),
    "pause": Pause("all"),
    "pause sales": Pause("sales"),
    "resume": Resume("all"),
    "resume sales": Resume("sales"),
    "wait 500": Wait(500),
    "query sales": Query("sales", None, "read"),
    "query product_card lamp via=token": Query("product_card", "lamp", "token"),
    'query product_search "desk lamp" via=write': Query("product_search", "desk lamp", "write"),
    "query sales via=wait": Query("sales", None, "wait"),
    'sql read "SELECT * FROM sales"': Sql("read", "SELECT * FROM sales"),
    r'sql write "SELECT \"id\"\nFROM orders"': Sql("write", 'SELECT "id"\nFROM orders'),
    "trial spent": TryOut("spent"),
    "bulk 100": Bulk(100),
    "bulk 100 from=8": Bulk(100),
    "bulk 20 customer=c2": Bulk(20, "c2"),
    "set delay=1.5": Set(1.5, None),
    "set batch=10 delay=0": Set(0.0, 10),
    "traffic 5": Traffic(5),
    "traffic off": Traffic(0),
    "traffic 0": Traffic(0),
    "model rebuild sales beside=yes": Model("rebuild", "sales", beside=True),
    "model fill sales": Model("fill", "sales"),
    "model fill sales 50": Model("fill", "sales", events=50),
    "model switch sales": Model("switch", "sales"),
    "model cancel sales": Model("cancel", "sales"),
    r'model write spent "-- key: c\n  SELECT \"a\\nb\";\n"': ModelWrite("spent", '-- key: c\n  SELECT "a\\nb";'),
    'model write spent "-- key: c\n\tSELECT"': ModelWrite("spent", "-- key: c\n\tSELECT"),
    'model write spent "-- key: c\r\nCREATE"': ModelWrite("spent", "-- key: c\nCREATE"),
    "model forget spent": Model("forget", "spent"),
    "model drop sales old=yes": Model("drop", "sales", old=True),
    "set sales delay=3": Set(3.0, None, "sales"),
    "mode sales dedupe=off atomic=off": Mode("sales", "off", "off"),
    "mode all poison=dlq": Mode("all", poison="park"),
    "crash sales after_apply": Crash("sales", "before_checkpoint"),
    "crash all off": Crash("all", "off"),
    "redeliver sales 6": Redeliver("sales", 6),
    "reorder sales": Reorder("sales", 1),
    "reorder sales 3": Reorder("sales", 3),
    "retry sales": Retry("sales"),
    "retry sales 6": Retry("sales", 6),
    "handler sales v=2": Handler("sales", 2),
    "poison": Poison(),
    "poison order=old1 product=mug": Poison("old1", None, "mug"),
    "dual on": Dual(on=True),
    "dual on crash=yes": Dual(on=True, crash=True),
    "dual off": Dual(on=False),
    "oracle": Oracle("all"),
    "oracle sales": Oracle("sales"),
    "strategies": Strategies(),
    "strategies seed=9 late=stale": Strategies(seed=9, late="stale"),
    "race guarded steps=ada,ben": Race("guarded", ("ada", "ben")),
    "race ben": Race("ben"),
    "travel 12": Travel(12),
    "travel 12 since=5": Travel(12, 5),
    'patch "DELETE FROM sales"': Patch("DELETE FROM sales"),
    'model edit "sql=DELETE FROM sales"': Patch("DELETE FROM sales"),
    "measure crud": Measure("crud"),
    "measure read_model c2": Measure("read_model", "c2"),
    "index": Index(),
    "undo": Undo(),
    "reset": Reset(),
    "  run \t sales\n to=7 ": Run("sales", 7),
}

BAD = {
    "": "an empty line does nothing; try: cmd place_order",
    " \t\n": "an empty line does nothing",
    "x" * 2_001: "a line has at most 2,000 characters, this one has 2,001",
    "comand": "there is no action “comand”; did you mean cmd?",
    "Run": "did you mean run?",
    "frobnicate": "there is no action “frobnicate”; for example: cmd place_order customer=c1 product=lamp qty=2; there",
    "select * from orders": 'SQL is asked of one of the stores; for example: sql read "SELECT * FROM sales"',
    "place_order customer=c1": "a command begins with cmd; for example: cmd place_order customer=c1 product=lamp qty=2",
    "cmd ship_order order=ö": "order must be up to 40 letters, digits, dots, dashes or underscores such as o-7, not",
    "run\0": "there is no action “run\N{REPLACEMENT CHARACTER}”",
    "\ud800": "there is no action “\N{REPLACEMENT CHARACTER}”",
    'cmd rename_product product=lamp name="Desk lamp': "a double quote or a backslash is left open",
    "run \\": "a double quote or a backslash is left open",
    "cmd": "cmd needs the name of a command; there is place_order",
    "cmd place_ordr": "there is no command “place_ordr”; did you mean place_order?",
    "cmd place_order": "place_order needs customer=; for example: cmd place_order customer=c1 product=lamp qty=2",
    "cmd place_order customer=c1 product=lamp": "place_order needs qty=",
    "cmd place_order customer=c1 product=lamp qty=two": "qty must be a whole number such as 2, not “two”",
    "cmd place_order customer=c1 product=lamp qty=1.5": "qty must be a whole number",
    "cmd place_order customer=c1 product=lamp qty=1e3": "qty must be a whole number",
    "cmd place_order customer=c1 product=lamp qty=\u0662": "qty must be a whole number",
    "cmd place_order customer=c1 product=lamp qty=" + "9" * 100: "qty must lie between -999,999 and 999,999, not “999",
    "cmd place_order customer=c1 product=lamp qty=1000000": "qty must lie between -999,999 and 999,999",
    "cmd place_order customer=c1 lines=lamp:2 qty=1": "either product= and qty=, or lines=; not both",
    "cmd place_order customer=c1 lines=lamp": "lines must be written product:quantity,… such as lamp:2,mug:1",
    "cmd place_order customer=c1 lines=lamp:2,": "lines must be written product:quantity,…",
    "cmd place_order customer=c1 lines=lamp:two": "a quantity must be a whole number",
    "cmd place_order lines=lamp:2": "place_order needs customer=",
    "cmd place_order c1 lamp 2": "“c1” is not of the form name=value; for example: cmd place_order",
    "cmd ship_order order=o1 order=o2": "order= is there twice",
    "cmd ship_order ordr=o1": "there is no field “ordr” here; did you mean order?",
    "cmd ship_order order=": "order must be up to 40 letters, digits, dots, dashes or underscores",
    "cmd ship_order order=" + "o" * 41: "order must be up to 40 letters",
    "cmd ship_order order=o1;DROP": "order must be up to 40 letters",
    "cmd ship_order order=../secret": "order must be up to 40 letters",
    "cmd ship_order order=o1 id=a/b": "id must be up to 40 letters",
    "cmd ship_order order=o1 expect=-1": "expect must lie between 0 and 999,999,999",
    "cmd ship_order order=o1 expect=new": "expect must be a whole number",
    "cmd change_price product=lamp price=9.99": "price (in cents) must be a whole number",
    "cmd change_price product=lamp price=100000000": "price (in cents) must lie between",
    "cmd register_customer customer=c3 name=Cem email=cem": "email must look like ada@example.test, not “cem”",
    'cmd register_customer customer=c3 name=Cem email="a b@c"': "email must look like",
    'cmd rename_product product=lamp name=""': "name must have 1 to 200 characters, not 0",
    'cmd rename_product product=lamp name="  "': "name must have 1 to 200 characters",
    "cmd rename_product product=lamp name=" + "x" * 201: "name must have 1 to 200 characters, not 201",
    "cmd rename_product product=lamp name=a\0b": "name holds a character that cannot be shown",
    'cmd rename_product product=lamp name="Lamp\n"': "name holds a character that cannot be shown",
    'cmd rename_product product=lamp name="a\u2028b"': "name holds a character that cannot be shown",
    "cmd rename_product product=lamp name=a\u202eb": "name holds a character that cannot be shown",
    "cmd rename_product product=lamp name=\udfff": "name holds a character that cannot be shown",
    "model": "model needs an act (add, rebuild, drop, fill, switch, cancel, forget, write) and a read model",
    "model add": "model needs an act",
    "model burn sales": "there is no act “burn”; there is add, rebuild, drop, fill, switch, cancel, forget, write; for",
    "model write": "model write needs a name and the text of a file in double quotes; for example: model write my_",
    "model write spent": "model write needs a name and the text of a file in double quotes",
    "model write spent -- key: c": "model write needs a name and the text of a file in double quotes",
    'model write Spent "x"': "a read model of your own has a name of small letters, digits and _, at most 40, such as",
    'model write all "x"': "such as my_sales, not “all”",
    'model write spent " "': "the text must have 1 to 10,000 characters, not 0",
    'model write spent "a\0b"': "the text holds a character that cannot be shown",
    f'model write spent "{"x" * 10_001}"': "the text must have 1 to 10,000 characters, not 10,001",
    f'model write spent "{"x" * 24_000}"': "a line has at most 24,000 characters, this one has 24,020",
    "model forget spent now": "“now” is one word too many; for example: model forget sales",
    "model switch sales now": "“now” is one word too many; for example: model switch sales",
    "model rebuild sales beside=no": "beside= can only be yes",
    "model fill sales 0": "the number of events must lie between 1 and 5,000",
    "model add sa/les": "a read model must be up to 40 letters",
    "model add sales from=5": "from= can only be end",
    "model drop sales from=end": "there is no field “from” here; there is old; for example: model drop sales old=yes",
    "step": "step needs a read model (or all)",
    "step sales 1 2": "step needs a read model (or all)",
    "step sales 0": "the number of events must lie between 1 and 5,000",
    "step sales many": "the number of events must be a whole number",
    "run sales 7": "“7” is not of the form name=value; for example: run sales to=7",
    "run sales to=0": "to must lie between 1 and 999,999,999",
    "run sales upto=3": "there is no field “upto” here; did you mean to?",
    "pause sales now": "pause takes one read model, or none for all; for example: pause sales",
    "resume a b": "resume takes one read model",
    "wait": "wait needs a number of milliseconds; for example: wait 500",
    "wait soon": "the milliseconds must be a whole number",
    "wait -1": "the milliseconds must lie between 0 and 999,999,999",
    "query": "query needs a read model; for example: query product_card lamp via=read",
    "query sales via=post": "via= must be read, write, token or wait, not “post”",
    "query sales lamp fast": "“fast” is not of the form name=value",
    "query sales lamp via=read via=wait": "via= is there twice",
    "bulk": "bulk needs a number of orders; for example: bulk 100",
    "bulk 0": "the number of orders must lie between 1 and 1,000",
    "bulk 5 from=x": "bulk needs a number of orders",
    "set": "set needs delay= (seconds) or batch= (events); for example: set delay=1.5 batch=10",
    "set delay=6": "delay must be a number from 0 to 5 such as 1.5, not “6”",
    "set delay=nan": "delay must be a number from 0 to 5",
    "set delay=-1": "delay must be a number from 0 to 5",
    "set batch=51": "batch must lie between 1 and 50",
    "set speed=9": "there is no field “speed” here; there is delay, batch",
    "traffic": "traffic needs a number of commands a second, or off; for example: traffic 5",
    "traffic 51": "the commands a second must lie between 1 and 50",
    "traffic on": "the commands a second must be a whole number",
    "set sales delay=6": "delay must be a number from 0 to 5",
    "set sales batch=3": "there is no field “batch” here",
    "mode": "mode needs a read model (or all) and a choice; for example: mode sales",
    "mode sales": "mode needs a read model (or all) and a choice",
    "mode sales atomic=maybe": "atomic= must be on or off, not “maybe”",
    "mode sales dedupe=yes": "dedupe= must be on, off or position, not “yes”",
    "mode sales poison=drink": "poison= must be halt, skip, park or dlq, not “drink”",
    "mode sales speed=on": "there is no field “speed” here",
    "crash sales": "crash needs a read model and a point; for example: crash sales before_checkpoint",
    "crash sales after_comit": "there is no point “after_comit”; did you mean after_commit?",
    "redeliver sales": "redeliver needs a read model and the position of an event; for example: redeliver sales 6",
    "redeliver sales six": "the position must be a whole number",
    "reorder": "reorder needs a read model",
    "reorder sales 21": "how many events late must lie between 1 and 20",
    "retry": "retry needs a read model",
    "retry sales 0": "the position must lie between 1",
    "handler sales": "handler needs a read model and a version; for example: handler sales v=2",
    "handler sales version=2": "there is no field “version” here; there is v",
    "handler sales v=10": "the version must lie between 1 and 9",
    "poison old1": "“old1” is not of the form name=value; for example: poison order=old1",
    "poison qty=3": "there is no field “qty” here",
    "dual": "dual is on or off; for example: dual on crash=yes",
    "dual off crash=yes": "“crash=yes” is one word too many",
    "dual on crash=maybe": "crash= must be yes or no, not “maybe”",
    "oracle sales mug": "oracle takes one read model, or none for all; for example: oracle sales",
    "strategies seed=x": "seed must be a whole number",
    "strategies late=never": "late= must be give_up or stale, not “never”",
    "strategies shoppers=101": "shoppers must lie between 1 and 100",
    "race": "race is read_then_write or guarded to begin",
    "travel": "travel needs the position of an event; for example: travel 12 since=5",
    "travel 5 since=then": "since must be a whole number",
    "undo 2": "undo stands alone, without “2”",
    "reset all": "reset stands alone, without “all”",
}


@pytest.mark.parametrize(("line", "action"), MEANINGS.items(), ids=MEANINGS)
def test_a_line_means_one_action_and_its_normal_form_means_the_same(line: str, action: object) -> None:
    assert parse(line) == action
    assert parse(str(action)) == action
    assert "\n" not in str(action)


def test_every_verb_is_tried_above() -> None:
    assert {line.split()[0] for line in MEANINGS} == set(VERBS)


@pytest.mark.parametrize("line", BAD, ids=lambda line: ascii(line[:60]))
def test_a_bad_line_is_told_what_was_expected(line: str) -> None:
    with pytest.raises(BadLine, match=f"^.*{re.escape(BAD[line])}") as told:
        parse(line)
    assert len(str(told.value)) < 400
    assert str(told.value).isprintable()


@pytest.mark.parametrize("spec", COMMANDS.values(), ids=lambda spec: spec.name)
def test_the_example_of_every_command_is_right(spec: object) -> None:
    action = parse(spec.example)  # type: ignore[attr-defined]
    assert isinstance(action, Cmd)
    assert action.numbered(1, lambda: "o-1").command()


ids = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}", fullmatch=True)
models = ids | st.just("all")
texts = st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn", "Zl", "Zp", "Cf"]), min_size=1, max_size=60).filter(
    lambda text: text.strip() and len(text.encode()) < 200
)
numbers = st.integers(-99_999, 99_999).map(str)
VALUES = {
    "id": ids,
    "text": texts,
    "email": ids.map(lambda name: f"{name}@example.test"),
    "cents": numbers,
    "qty": numbers,
    "lines": st.lists(st.tuples(ids, numbers), min_size=1, max_size=4).map(
        lambda lines: ",".join(f"{product}:{qty}" for product, qty in lines)
    ),
}


files = st.text(
    st.sampled_from('\n\t\\"nr-: ') | st.characters(exclude_categories=["Cc", "Cs", "Cn", "Zl", "Zp", "Cf"])
).map(lambda text: f"-- key: c{text}".rstrip())


@st.composite
def cmds(draw: st.DrawFn) -> Cmd:
    spec = draw(st.sampled_from(list(COMMANDS.values())))
    values = tuple((field.name, draw(VALUES[field.kind])) for field in spec.fields)
    if spec.name == "place_order" and draw(st.booleans()):
        values = (values[0], ("lines", draw(VALUES["lines"])), ("order", draw(ids)))
    return Cmd(spec.name, values, draw(st.none() | ids), draw(st.none() | st.integers(0, 999_999_999)))


actions = st.one_of(
    cmds(),
    st.builds(Model, st.just("add"), models, st.booleans()),
    st.builds(Model, st.sampled_from(["rebuild", "drop"]), models),
    st.builds(Step, models, st.integers(1, limits.MAX_EVENTS)),
    st.builds(Run, models, st.none() | st.integers(1, 999_999_999)),
    st.builds(Pause, models),
    st.builds(Resume, models),
    st.builds(Wait, st.integers(0, 999_999_999)),
    st.builds(
        Query,
        ids,
        st.none() | texts.map(str.strip).filter(lambda key: key and not key.startswith("via=")),
        st.sampled_from(["read", "write", "token", "wait"]),
    ),
    st.builds(Bulk, st.integers(1, limits.MAX_BULK), st.none() | ids),
    st.builds(Set, st.integers(0, 5_000).map(lambda ms: ms / 1000), st.none() | st.integers(1, 50)),
    st.builds(Traffic, st.integers(0, limits.MAX_TRAFFIC_PER_SECOND)),
    st.builds(
        ModelWrite, st.from_regex(r"[a-z][a-z0-9_]{0,39}", fullmatch=True).filter(lambda name: name != "all"), files
    ),
    st.just(Undo()),
    st.just(Reset()),
)


@given(actions)
def test_any_action_written_down_is_read_back_as_itself(action: object) -> None:
    if isinstance(action, Query) and action.key is not None:
        action = parse(str(action))  # a key is normalised as it is read, once
    assert parse(str(action)) == action
    assert len(str(action).splitlines()) == 1


@given(st.text(st.characters(exclude_categories=[]), min_size=1, max_size=30))
def test_a_value_between_quotes_is_one_word(value: str) -> None:
    assert split(f"a={quoted(value)}") == [f"a={value}"]


@pytest.mark.parametrize(
    ("typed", "value"),
    {
        r'"a\nb"': "a\nb",
        r'"a\\nb"': r"a\nb",
        r'"a\\\nb"': "a\\\nb",
        r'"a\tb"': r"a\tb",
        r'"a\"\nb"': 'a"\nb',
        r"a\nb": "anb",
        r'x="a\nb"': "x=a\nb",
    }.items(),
)
def test_a_line_break_is_written_as_n_between_double_quotes_only(typed: str, value: str) -> None:
    assert split(typed) == [value]


words = st.sampled_from(
    [*VERBS, *COMMANDS, "all", "sales", "to=", "via=", "id=", "expect=", "lines=", "qty=", "order=", "name=", "=", '"',
     "\\", "#", "'", "\0", "\x85", "\u202e", "9" * 50, "-1", "ﬁ", "İ", "\U0010ffff", "\ud800", "delay=", "from=end"]
)  # fmt: skip
lines = st.lists(words | st.text(st.characters(exclude_categories=[]), max_size=12), max_size=8).map(" ".join)


@given(lines | st.lists(words, max_size=8).map("".join) | st.text(st.characters(exclude_categories=[]), max_size=300))
@example("cmd rename_product product=lamp name=" + "\u0344" * 200)
def test_whatever_is_typed_it_is_an_action_or_a_bad_line(line: str) -> None:
    try:
        said = str(parse(line))
    except BadLine as bad:
        said = str(bad)
    else:
        assert str(parse(said)) == said
    assert len(said.splitlines()) == 1
    assert said.encode()
