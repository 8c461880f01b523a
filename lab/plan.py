"""The plan by which SQLite answers, in words for somebody who has never read one. What is not known stays as it is."""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from lab.plan_reads import Asked

OWN_LIST = "a list of its own that is sorted"

JOINED = r"(?: (?P<joined>LEFT-JOIN|EXISTS))?"

WORDS = tuple(
    (re.compile(pattern + JOINED), said)
    for pattern, said in (
        (r"SCAN (?P<n>\d+) CONSTANT ROWS", "makes {n} rows out of what you wrote; no table is read"),
        (r"SCAN CONSTANT ROW", "makes one row out of what you wrote; no table is read"),
        (r"SCAN (?P<t>json_each|json_tree) VIRTUAL TABLE INDEX 0:", "makes no row: {t} was given no JSON"),
        (r"SCAN \S+ VIRTUAL TABLE INDEX [13]:", "takes the JSON apart, value by value"),
        (r"SCAN (?P<t>\S+) VIRTUAL TABLE INDEX \d+:\S*M\S*", "asks the full-text index of {t} for the words"),
        (
            r"SCAN (?P<t>\S+) VIRTUAL TABLE INDEX \d+:=",
            "finds the row of {t} by its number, without reading the others",
        ),
        (r"SCAN (?P<t>\S+) VIRTUAL TABLE INDEX \d+:[<>]+", "finds rows of {t} by a range of their numbers"),
        (r"SCAN (?P<t>\S+) VIRTUAL TABLE INDEX \S*", "reads every row of {t}"),
        (
            r"SCAN (?P<t>\S+) USING COVERING INDEX (?P<i>\S+)",
            f"reads every entry of {{i}}, {OWN_LIST}; what you ask for stands in it, so {{t}} itself is not read",
        ),
        (r"SCAN (?P<t>\S+) USING (?:INDEX (?P<i>\S+)|PRIMARY KEY)", "reads every row of {t}, in the order of {i}"),
        (r"SCAN (?P<t>\S+)", "reads every row of {t}"),
        (
            r"SEARCH (?P<t>\S+) USING AUTOMATIC (?:PARTIAL )?COVERING INDEX \((?P<by>.+)\)",
            "first makes an index of {t} for this one answer, then finds rows in it by {by}; "
            "an index that is kept would save that",
        ),
        (
            r"SEARCH (?P<t>\S+) USING COVERING INDEX (?P<i>\S+) \((?P<by>.+)\)",
            f"finds entries by {{by}} in {{i}}, {OWN_LIST}; what you ask for stands in it, so {{t}} itself is not read",
        ),
        (
            r"SEARCH (?P<t>\S+) USING INDEX (?P<i>\S+) \((?P<by>.+)\)",
            f"finds rows of {{t}} by {{by}} with {{i}}, {OWN_LIST}",
        ),
        (
            r"SEARCH (?P<t>\S+) USING INTEGER PRIMARY KEY \((?P<by>.+)\)",
            "finds rows of {t} by {by}, without reading the others",
        ),
        (
            r"SEARCH (?P<t>\S+) USING PRIMARY KEY \((?P<by>.+)\)",
            "finds rows of {t} by the key ({by}) without reading the others",
        ),
        (
            r"SEARCH (?P<t>\S+) USING (?:COVERING )?INDEX (?P<i>\S+)",
            "reads {i} from one end until it has the smallest or the largest",
        ),
        (
            r"SEARCH (?P<t>\S+)(?: USING PRIMARY KEY)?",
            "reads {t} from one end of its key until it has the smallest or the largest: "
            "one row where the key itself is asked for, else every row",
        ),
        (
            r"BLOOM FILTER ON (?P<t>\S+) \((?P<by>.+)\)",
            "notes the values of {by} that are in {t}, to leave rows out early",
        ),
        (r"USE TEMP B-TREE FOR ORDER BY", "sorts what it found"),
        (r"USE TEMP B-TREE FOR (?:RIGHT PART|LAST \w+ TERMS?) OF ORDER BY", "sorts what it found by the later columns"),
        (r"USE TEMP B-TREE FOR GROUP BY", "sorts the rows, to put them into groups"),
        (
            r"USE TEMP B-TREE FOR \w+\(DISTINCT\)",
            "keeps a list, to take each value once",
        ),
        (r"USE TEMP B-TREE FOR DISTINCT", "keeps a list of what was there already, to leave it out"),
        (r"COMPOUND QUERY", "puts several SELECTs together"),
        (r"MERGE \(UNION ALL\)", "goes through two sorted SELECTs side by side, and takes the rows of both"),
        (r"MERGE \(UNION\)", "goes through two sorted SELECTs side by side, and takes each row once"),
        (r"MERGE \(EXCEPT\)", "goes through two sorted SELECTs side by side, and takes what only the first has"),
        (r"MERGE \(INTERSECT\)", "goes through two sorted SELECTs side by side, and takes what both have"),
        (r"LEFT-MOST SUBQUERY", "the first SELECT"),
        (r"LEFT", "the first SELECT"),
        (r"RIGHT", "the second SELECT"),
        (r"UNION ALL", "then all rows of the next SELECT"),
        (r"UNION USING TEMP B-TREE", "then the next SELECT, each row once: a list of them is kept"),
        (r"EXCEPT USING TEMP B-TREE", "takes the rows of the next SELECT away"),
        (r"INTERSECT USING TEMP B-TREE", "keeps the rows that the next SELECT has too"),
        (r"CORRELATED SCALAR SUBQUERY \d+", "asked again for every row: the SELECT in brackets, for its value"),
        (r"CORRELATED LIST SUBQUERY \d+", "asked again for every row: the SELECT behind IN"),
        (r"SCALAR SUBQUERY \d+", "asked once: the SELECT in brackets, for its value"),
        (r"LIST SUBQUERY \d+", "asked once, and kept: the SELECT behind IN"),
        (r"REUSE LIST SUBQUERY \d+", "takes the kept rows of that SELECT again"),
        (r"REUSE SUBQUERY \d+", "takes the value of that SELECT again"),
        (r"USING (?:INDEX \S+|ROWID SEARCH ON TABLE \S+) FOR IN-OPERATOR", "looks each value up by an index"),
        (r"MATERIALIZE (?P<t>\S+)", "works out {t} first, and keeps its rows"),
        (r"CO-ROUTINE (?P<t>\S+)", "works out {t} row by row, as they are needed"),
        (r"SETUP", "the rows to begin with"),
        (r"RECURSIVE STEP", "again and again, until no new row comes"),
        (r"MULTI-INDEX OR", "looks up each side of OR by an index, and puts the rows together"),
        (r"INDEX \d+", "one side of OR"),
        (r"RIGHT-JOIN (?P<t>\S+)", "then the rows of {t} that nothing fitted to"),
    )
)
"""What SQLite says of a step, and what it means. The first that fits the whole counts."""


EVERY_ROW = re.compile(r"^reads every (row|entry) of ([^,;]+)")

FEWER = {"some": "reads {0} of {1}, as many as it needs", "unknown": "goes through the {0} of {1}"}
"""What is said instead where a step need not come to the last row, and where that cannot be told."""


class Step(NamedTuple):
    """One step of a plan: how deep it is nested, in words (None where there are none), and as SQLite says it."""

    depth: int
    said: str | None
    detail: str


def steps(plan: Iterable[tuple[int, int, str]], sql: str = "") -> list[Step]:
    """Return the steps of a question's plan in their order, those inside of others deeper."""
    plan = list(plan)
    asked, beside = Asked(sql), [detail for _, parent, detail in plan if parent == 0]
    depths, reads = {0: -1}, {0: asked.outermost(beside)}
    found = []
    for number, parent, detail in plan:
        depths[number] = depths.get(parent, -1) + 1
        reads[number] = asked.inside(detail, reads.get(parent, "every"))
        said = in_words(detail, asked.called)
        if said and (fewer := FEWER.get(reads[number])) and (every := EVERY_ROW.match(said)):
            rows = {"row": "rows", "entry": "entries"}[every[1]]
            said = fewer.format(rows, every[2]) + said[every.end() :]
        found.append(Step(depths[number], said, detail))
    return found


def in_words(detail: str, called: Mapping[str, str] = MappingProxyType({})) -> str | None:
    """Return what a line of a plan means, None if that is not known; some tables are ``called`` by another name."""
    for pattern, said in WORDS:
        if found := pattern.fullmatch(detail):
            return _filled(said, found, called) + (LEFT_JOIN if found["joined"] == "LEFT-JOIN" else "")
    return None


LEFT_JOIN = "; where none fits, the row stays, with NULL"


def _filled(said: str, found: re.Match[str], called: Mapping[str, str]) -> str:
    named = {name: value or "" for name, value in found.groupdict().items()}
    named["by"] = _by(named.get("by", ""))
    table = INNER.sub("the inner SELECT", named.get("t", ""))
    named["t"] = f"{called[table]} ({table})" if table in called else table
    named["i"] = _index(named.get("i", ""))
    return said.format(**named)


INNER = re.compile(r"\(?(?:subquery|join)-\d+\)?")

TERM = re.compile(r"ANY\((?P<any>.+)\)|\(?(?P<columns>(?:<expr>|[^()<>=])+)\)?(?P<how>[<>=])\S+")

SIGNS = {"rowid": "the row number", "<expr>": "what is worked out from a row", ",": ", "}


def _by(terms: str) -> str:
    """Return by what rows are found: (customer_id=? AND day>? AND day<?) is customer_id and a range of day."""
    said = dict[str, None]()
    for term in terms.split(" AND "):
        found = TERM.fullmatch(term)
        if found is None:
            return terms
        columns = found["any"] or found["columns"]
        for sign, words in SIGNS.items():
            columns = columns.replace(sign, words)
        how = "each value of " if found["any"] else "" if found["how"] == "=" else "a range of "
        said[how + columns] = None
    return " and ".join(said)


def _index(name: str) -> str:
    if not name:
        return "its key"
    return "the index of a key" if name.startswith("sqlite_autoindex_") else f"the index {name}"
