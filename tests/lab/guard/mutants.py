"""How a statement is changed into another one. Most changes know a little SQL, so that many mutants run."""

import random
import re
from collections.abc import Iterator, Sequence

from lab.guard import policy
from lab.guard.corpus import VERDICTS, Row

TOKEN = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|\w+(?:\.\d+)?|->>?|\|\||<>|[<>]=|\s+|.", re.DOTALL)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in re.split(r" \|\s", text))


TABLES = _listed("""
    events | products | commands | read.order_summary | order_summary | read.product_search | read.big_orders |
    json_each('[1, [2, 3]]') | json_tree('{"a": [1]}') | read._checkpoint | sqlite_master | (select 1 as a, 2 as b)
""")
COLUMNS = _listed("""
    seq | stream | version | type | payload | at | sku | name | price | stock | order_id | customer | total |
    status | rowid | value | key | a | b | x | i | rank | *
""")
FIELDS = _listed("""
    :order_id | :customer | :sku | :qty | :total | :status | :at | :payload
""")
LITERALS = _listed("""
    0 | 1 | -1 | 2.5 | 9223372036854775807 | -9223372036854775808 | 1e999 | 99999 | 100000 | 1000000000 | '' | 'a' |
    '%' | '*' | '$.a[0]' | '$[#-1]' | '[1,2,3]' | '{"a":{"b":[]}}' | 'red' | '2026-01-31' | '+1 month' | 'é😀' | x'' |
    x'ff00' | NULL | zeroblob(99999) | printf('%.90000c', 'a') | current_timestamp
""")
OPERATORS = _listed("""
    = | <> | < | >= | || | + | - | * | / | % | << | & | -> | ->> | is | like | glob | match | in
""")
JOINS = _listed("""
    , | join | left join | natural join | cross join | full join | join
""")
COMPOUNDS = _listed("""
    union | union all | intersect | except
""")
CONFLICTS = _listed("""
    or ignore | or replace | or fail | or abort | or rollback
""")
WORDS = _listed("""
    distinct | desc | limit 1 | limit -1 | collate nocase | over () | over (order by 1) | filter (where 1) |
    not null | unique | primary key | strict | without rowid | returning * | on conflict do nothing | as materialized
""")
CALLS = tuple(sorted(policy.PURE | policy.CLOCK | policy.SEARCH | {"random"}))
SPICE = _listed("""
    ' | " | ( | ) | , | ; | -- | /* | \x00 | \ufeff | random() | _secret | temp. | pragma | attach | commit |
    insert | update | delete | create table | explain | with | recursive | default | load_extension('x') | ?1
""")
WRAPS = _listed("""
    select count(*) from ({}) | with w as ({0}) select * from w, w as v | select * from ({}) order by 1 desc |
    select max(a.rowid) from products a, ({}) | select exists ({}), ({0}) | explain {} | explain query plan {} |
    {} limit 3 | select group_concat(quote(z)) from (select * from ({}) as z) | {0} union all {0}
""")

KINDS: tuple[Sequence[str], ...] = (TABLES, COLUMNS, LITERALS, FIELDS, OPERATORS, JOINS, COMPOUNDS, CONFLICTS, CALLS)
KIND_OF = {word.lower(): kind for kind in reversed(KINDS) for word in kind}


def mutants(rows: Sequence[Row], many: int, seed: str) -> Iterator[Row]:
    """Make mutants of rows, the same ones for the same seed; those that may run have more of them."""
    chance = random.Random(seed)
    fertile = [row for row in rows if "ok" in row.expected or "limit" in row.expected]
    for number in range(many):
        row, other = chance.choice(fertile if chance.random() < 0.8 else rows), chance.choice(rows)
        steps, step = list(row.steps), chance.randrange(len(row.steps))
        for _ in range(chance.choice((1, 1, 2, 3))):
            steps[step] = mutate(chance, steps[step], chance.choice(other.steps))
        yield Row(f"{row.id}.{number}", row.kind, tuple(steps), VERDICTS)


def mutate(chance: random.Random, sql: str, other: str) -> str:
    """Change one thing in a statement."""
    tokens, others = TOKEN.findall(sql)[:4_000] or [" "], TOKEN.findall(other)[:4_000] or [" "]
    change = chance.choices((swap, swap_alike, wrap, resize, splice, spoil), (8, 5, 2, 2, 2, 2))[0]
    return change(chance, tokens, others)


def swap(chance: random.Random, tokens: list[str], others: list[str]) -> str:
    """Put another name, literal or operator of the same kind in a place."""
    spots = [spot for spot, token in enumerate(tokens) if _kind(token)]
    if spots:
        spot = chance.choice(spots)
        tokens[spot] = chance.choice(_kind(tokens[spot]) or WORDS)
    return "".join(tokens)


def swap_alike(chance: random.Random, tokens: list[str], others: list[str]) -> str:
    """Put a literal or a name of another statement in the place of one, or a word behind one."""
    spots = [spot for spot, token in enumerate(tokens) if token[0].isalnum() or token[0] in "'\""]
    known = [token for token in others if token[0].isdigit() or token[0] == "'" or _kind(token)]
    if spots:
        spot = chance.choice(spots)
        tokens[spot] = (
            chance.choice(known) if known and chance.random() < 0.7 else f"{tokens[spot]} {chance.choice(WORDS)}"
        )
    return "".join(tokens)


def wrap(chance: random.Random, tokens: list[str], others: list[str]) -> str:
    """Put the statement into another one."""
    return chance.choice(WRAPS).replace("{0}", "{}").replace("{}", "".join(tokens))


def resize(chance: random.Random, tokens: list[str], others: list[str]) -> str:
    """Make a number much larger or smaller, or a text longer."""
    spots = [spot for spot, token in enumerate(tokens) if (token.isascii() and token.isdigit()) or token[0] == "'"]
    if spots:
        spot = chance.choice(spots)
        token = tokens[spot]
        longer = f"'{token[1:-1] * chance.choice((2, 50, 2000))}'"
        tokens[spot] = longer if token[0] == "'" else str(int(token) * chance.choice((-1, 0, 10, 1000, 10**9)))
    return "".join(tokens)


def splice(chance: random.Random, tokens: list[str], others: list[str]) -> str:
    """Put a bracket of another statement in the place of one, or repeat a piece."""
    here, there = list(_brackets(tokens)), list(_brackets(others))
    if here and there:
        (start, end), (first, last) = chance.choice(here), chance.choice(there)
        tokens[start:end] = others[first:last]
    else:
        at = chance.randrange(len(tokens))
        tokens[at:at] = tokens[at : at + chance.randint(1, 12)]
    return "".join(tokens)


def spoil(chance: random.Random, tokens: list[str], others: list[str]) -> str:
    """Change a statement without any regard for SQL."""
    at, there = chance.randrange(len(tokens)), chance.randrange(len(others))
    match chance.randrange(4):
        case 0:
            del tokens[at]
        case 1:
            tokens[at] = others[there]
        case 2:
            tokens.insert(at, f" {chance.choice(SPICE)} ")
        case _:
            tokens[at:] = others[there:]
    return "".join(tokens)


def _kind(token: str) -> Sequence[str] | None:
    if token[0] == "'" or (token.isascii() and token.isdigit()):
        return LITERALS
    return KIND_OF.get(token.lower())


def _brackets(tokens: list[str]) -> Iterator[tuple[int, int]]:
    """Yield where each bracket begins and ends."""
    opened = list[int]()
    for spot, token in enumerate(tokens):
        if token == "(":
            opened.append(spot)
        elif token == ")" and opened:
            yield opened.pop(), spot + 1
