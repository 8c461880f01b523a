"""What to write where a function is not SQLite's, or is not called as SQLite wants it."""

import re

from lab.guard.complaint import Complaint
from lab.values import near

ELSEWHERE = {
    "concat": "a || b",
    "now": "datetime('now')",
    "getdate": "datetime('now')",
    "year": "strftime('%Y', a)",
    "month": "strftime('%m', a)",
    "left": "substr(a, 1, n)",
    "right": "substr(a, -n)",
    "len": "length(a)",
    "if": "iif(a, b, c)",
    "isnull": "ifnull(a, b)",
    "nvl": "ifnull(a, b)",
    "string_agg": "group_concat(a, ', ')",
    "to_char": "strftime('%Y-%m-%d', a) or printf('%.2f', a)",
    "day": "strftime('%d', a)",
    "extract": "strftime('%Y', a)",
    "date_part": "strftime('%Y', a)",
    "date_trunc": "date(a, 'start of month')",
    "dateadd": "date(a, '+1 day')",
    "date_add": "date(a, '+1 day')",
    "date_sub": "date(a, '-1 day')",
    "datediff": "julianday(a) - julianday(b)",
    "curdate": "date('now')",
    "to_date": "date(a)",
    "greatest": "max(a, b)",
    "least": "min(a, b)",
}
"""How SQLite writes what other databases have a function for."""

USAGE = {
    "round": "round(number, digits)",
    "substr": "substr(text, start, length)",
    "substring": "substring(text, start, length)",
    "replace": "replace(text, what, by)",
    "instr": "instr(text, what)",
    "iif": "iif(condition, then, otherwise)",
    "ifnull": "ifnull(a, b)",
    "nullif": "nullif(a, b)",
    "coalesce": "coalesce(a, b, …)",
    "length": "length(text)",
    "upper": "upper(text)",
    "lower": "lower(text)",
    "trim": "trim(text)",
    "abs": "abs(number)",
    "count": "count(*) or count(column)",
    "sum": "sum(column)",
    "avg": "avg(column)",
    "total": "total(column)",
    "min": "min(column)",
    "max": "max(column)",
    "group_concat": "group_concat(column, ', ')",
    "typeof": "typeof(value)",
    "strftime": "strftime('%Y-%m', day)",
    "date": "date(day)",
    "json_extract": "json_extract(text, '$.field')",
    "json_array_length": "json_array_length(text, '$.field')",
    "row_number": "row_number() OVER (ORDER BY column)",
    "rank": "rank() OVER (ORDER BY column)",
    "lag": "lag(column) OVER (ORDER BY column)",
    "lead": "lead(column) OVER (ORDER BY column)",
}
"""How the functions are called that are used most."""


def no_function(found: re.Match[str], complaint: Complaint) -> str:
    """Say what SQLite has in the place of a function that it has not."""
    name = found[1].lower()
    if name in ELSEWHERE:
        return f"SQLite writes {ELSEWHERE[name]} for it."
    meant = near(name, USAGE, 0.75)
    return f"did you mean {meant}?" if meant else "Which ones can be called stands on the page of limits."


def wrong_arguments(found: re.Match[str], complaint: Complaint) -> str:
    """Say how a function is called that was given too much or too little."""
    usage = USAGE.get(found[1].lower())
    return f"It is called as {usage}." if usage else "It is given more values than it takes, or fewer."


def misused_window(found: re.Match[str], complaint: Complaint) -> str:
    """Say what a window function needs, or where it may not stand."""
    if not complaint.has("over"):
        return f"It looks at rows around a row: write OVER (ORDER BY …) behind {found[1]}()."
    return "A window function cannot stand in WHERE, GROUP BY or HAVING: SELECT from this SELECT."
