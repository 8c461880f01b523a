"""The action language: every act in a sandbox is one line, whether a button, a person or a test wrote it.

``parse`` turns a line into an action; a bad line raises BadLine with what was expected.
"""

import re
from collections.abc import Callable

from lab import limits
from lab.actions import (
    VIAS,
    Action,
    Bulk,
    Cmd,
    Model,
    ModelAct,
    Pause,
    Query,
    Reset,
    Resume,
    Run,
    Set,
    Step,
    Traffic,
    TryOut,
    Undo,
    Wait,
)
from lab.composer import COMMANDS
from lab.fault_language import FAULT_VERBS
from lab.lesson_language import LESSON_VERBS, edit
from lab.own_language import write
from lab.sql_language import EXAMPLE as SQL_EXAMPLE
from lab.sql_language import question
from lab.values import (
    READERS,
    BadLine,
    Kind,
    closest,
    decimal,
    identifier,
    near,
    number,
    pairs,
    plain_text,
    shown,
    split,
)

HOLDS_SQL = re.compile(r"\s*(?:sql|model\s+write)\s")
"""How the lines begin that may be long."""

QUESTIONS = ("SELECT", "WITH", "VALUES", "EXPLAIN")
"""How a question in SQL begins, where somebody forgets to say which store is asked."""


def parse(line: str) -> Action:
    """Read one action line; raise BadLine with what was expected."""
    most = limits.MAX_SQL_LINE_CHARS if HOLDS_SQL.match(line) else limits.MAX_LINE_CHARS
    if len(line) > most:
        raise BadLine(f"a line has at most {most:,} characters, this one has {len(line):,}")
    words = split(line)
    if not words:
        raise BadLine("an empty line does nothing; try: " + COMMANDS["place_order"].example)
    verb, *rest = words
    reader = VERBS.get(verb)
    if reader is None:
        raise BadLine(_no_action(verb))
    return reader(rest)


def _no_action(verb: str) -> str:
    if verb.upper() in QUESTIONS:
        return f"SQL is asked of one of the stores; for example: {SQL_EXAMPLE}"
    if command := near(verb, COMMANDS, 0.8):
        return f"a command begins with cmd; for example: {COMMANDS[command].example}"
    meant = near(verb, VERBS)
    example = COMMANDS["place_order"].example
    said = f"did you mean {meant}?" if meant else f"for example: {example}; there is {', '.join(VERBS)}"
    return f"there is no action {shown(verb)}; {said}"


def _cmd(words: list[str]) -> Cmd:
    if not words:
        raise BadLine("cmd needs the name of a command; there is " + ", ".join(COMMANDS))
    name, *rest = words
    spec = COMMANDS.get(name)
    if spec is None:
        raise BadLine(f"there is no command {shown(name)}; {closest(name, COMMANDS)}")
    kinds: dict[str, Kind] = {field.name: field.kind for field in spec.fields}
    if name == "place_order":
        kinds |= {"lines": "lines", "order": "id"}
    given = pairs(rest, (*kinds, "id", "expect"), spec.example)
    command_id = identifier(given.pop("id"), "id") if "id" in given else None
    expect = number(given.pop("expect"), "expect", 0, 999_999_999) if "expect" in given else None
    needed = [field.name for field in spec.fields]
    if name == "place_order" and "lines" in given:
        needed = ["customer", "lines"]
        if "product" in given or "qty" in given:
            raise BadLine("an order has either product= and qty=, or lines=; not both")
    for field in needed:
        if field not in given:
            raise BadLine(f"{name} needs {field}=; for example: {spec.example}")
    for field, value in given.items():
        READERS[kinds[field]](value, field)
    order = [field for field in kinds if field in given]
    return Cmd(name, tuple((field, given[field]) for field in order), command_id, expect)


MODEL_FIELDS: dict[ModelAct, tuple[str, ...]] = {
    "add": ("from",),
    "rebuild": ("beside",),
    "drop": ("old",),
    "fill": (),
    "switch": (),
    "cancel": (),
    "forget": (),
}
"""What can be done with a read model, and the fields that say how."""

MODEL_ACTS = (*MODEL_FIELDS, "write")


def _model(words: list[str]) -> Action:
    if words[:1] == ["edit"]:
        return edit(words[1:])
    if words[:1] == ["write"]:
        return write(words[1:])
    if len(words) < 2:
        raise BadLine(f"model needs an act ({', '.join(MODEL_ACTS)}) and a read model; for example: model add sales")
    act, name, *rest = words
    if act not in MODEL_FIELDS:
        raise BadLine(f"there is no act {shown(act)}; {closest(act, MODEL_ACTS)}; for example: model add sales")
    events = number(rest.pop(0), "the number of events", 1, limits.MAX_EVENTS) if act == "fill" and rest else None
    fields = MODEL_FIELDS[act]
    given = pairs(rest, fields, f"model {act} sales" + "".join(f" {field}={MODEL_WORDS[field]}" for field in fields))
    for field, value in given.items():
        if value != MODEL_WORDS[field]:
            raise BadLine(f"{field}= can only be {MODEL_WORDS[field]}; without it, it is not so")
    return Model(act, identifier(name, "a read model"), "from" in given, "beside" in given, "old" in given, events)


MODEL_WORDS = {"from": "end", "beside": "yes", "old": "yes"}


def _step(words: list[str]) -> Step:
    if not 1 <= len(words) <= 2:
        raise BadLine("step needs a read model (or all), and may have a number of events; for example: step sales 3")
    events = number(words[1], "the number of events", 1, limits.MAX_EVENTS) if len(words) == 2 else 1
    return Step(identifier(words[0], "a read model"), events)


def _run(words: list[str]) -> Run:
    model = identifier(words.pop(0), "a read model") if words and "=" not in words[0] else "all"
    given = pairs(words, ("to",), "run sales to=7")
    return Run(model, number(given["to"], "to", 1, 999_999_999) if "to" in given else None)


def _one_model(words: list[str], verb: str) -> str:
    if len(words) > 1:
        raise BadLine(f"{verb} takes one read model, or none for all; for example: {verb} sales")
    return identifier(words[0], "a read model") if words else "all"


def _trial(words: list[str]) -> TryOut:
    if len(words) != 1:
        raise BadLine("trial takes one read model of your own; for example: trial my_sales")
    return TryOut(identifier(words[0], "a read model"))


def _wait(words: list[str]) -> Wait:
    if len(words) != 1:
        raise BadLine("wait needs a number of milliseconds; for example: wait 500")
    return Wait(number(words[0], "the milliseconds", 0, 999_999_999))


def _query(words: list[str]) -> Query:
    example = "query product_card lamp via=read"
    if not words:
        raise BadLine(f"query needs a read model; for example: {example}")
    model, *rest = words
    key = None
    if rest and not re.match(r"via=", rest[0]):
        key = plain_text(rest.pop(0), "the key")
    via = pairs(rest, ("via",), example).get("via", "read")
    if via not in VIAS:
        raise BadLine(f"via= must be read, write, token or wait, not {shown(via)}")
    return Query(identifier(model, "a read model"), key, via)


def _bulk(words: list[str]) -> Bulk:
    given = pairs(words[1:], ("from", "customer"), "bulk 100")
    if not words or ("from" in given and not given["from"].isdigit()):
        raise BadLine("bulk needs a number of orders; for example: bulk 100")
    customer = identifier(given["customer"], "a customer") if "customer" in given else None
    return Bulk(number(words[0], "the number of orders", 1, limits.MAX_BULK), customer)


def _set(words: list[str]) -> Set:
    model = identifier(words.pop(0), "a read model") if words and "=" not in words[0] else None
    given = pairs(words, ("delay",), f"set {model} delay=3") if model else pairs(words, ("delay", "batch"), _SET)
    if not given:
        raise BadLine(f"set needs delay= (seconds) or batch= (events); for example: {_SET}")
    delay = decimal(given["delay"], "delay", limits.MAX_DELAY_SECONDS) if "delay" in given else None
    batch = number(given["batch"], "batch", 1, limits.MAX_BATCH_EVENTS) if "batch" in given else None
    return Set(delay, batch, model)


_SET = "set delay=1.5 batch=10"


def _traffic(words: list[str]) -> Traffic:
    if words in (["off"], ["0"]):
        return Traffic(0)
    if len(words) != 1:
        raise BadLine("traffic needs a number of commands a second, or off; for example: traffic 5")
    return Traffic(number(words[0], "the commands a second", 1, limits.MAX_TRAFFIC_PER_SECOND))


def _bare(action: Action) -> Callable[[list[str]], Action]:
    def read(words: list[str]) -> Action:
        if words:
            raise BadLine(f"{action} stands alone, without {shown(words[0])}")
        return action

    return read


VERBS: dict[str, Callable[[list[str]], Action]] = {
    "cmd": _cmd,
    "model": _model,
    "step": _step,
    "run": _run,
    "pause": lambda words: Pause(_one_model(words, "pause")),
    "resume": lambda words: Resume(_one_model(words, "resume")),
    "wait": _wait,
    "query": _query,
    "sql": question,
    "trial": _trial,
    "bulk": _bulk,
    "set": _set,
    "traffic": _traffic,
    "undo": _bare(Undo()),
    "reset": _bare(Reset()),
    **FAULT_VERBS,
    **LESSON_VERBS,
}
