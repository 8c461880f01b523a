"""From a form to the action line that it stands for. A form decides nothing: what is wrong in it, the line says."""

import re
from collections.abc import Mapping
from typing import Protocol

from lab.composer import COMMANDS
from lab.values import quoted


class Form(Protocol):
    """What is needed of a posted form."""

    def get(self, name: str, default: str, /) -> str:
        """Return a field's first value."""
        ...

    def getlist(self, name: str, /) -> list[str]:
        """Return all values of a field."""
        ...


def line_of(form: Form) -> str:
    """Return the action line of a form: its field ``line``, or the one that ``verb`` and the other fields make."""
    verb = form.get("verb", "")
    if form.get("line", "") or not verb:
        return form.get("line", "")
    if verb in COMMANDS:
        return _command(verb, form)
    if verb == "query":
        via = form.get("via", "read")
        return _joined("query", form.get("model", ""), form.get("key", ""), via="" if via == "read" else via)
    if verb == "set":
        return _joined("set", delay=form.get("delay", ""), batch=form.get("batch", ""))
    if verb == "traffic":
        rate = form.get("rate", "")
        return _joined("traffic", "off" if rate == "0" else rate)
    if verb == "redeliver":
        return _joined(verb, form.get("model", ""), form.get("position", ""))
    if verb == "strategies":
        return _joined(verb, **{name: form.get(name, "") for name in ("seed", "shoppers", "timeout", "late")})
    return _joined(verb)


def _command(verb: str, form: Form) -> str:
    fields = {field.name: form.get(field.name, "") for field in COMMANDS[verb].fields}
    if verb == "place_order":
        fields |= _order_lines(form)
    if "price" in fields:
        fields["price"] = in_cents(fields["price"])
    return _joined("cmd", verb, **fields, id=form.get("id", ""), expect=form.get("expect", ""))


def _order_lines(form: Form) -> dict[str, str]:
    """Write one line of an order as product= and qty=, several as lines=."""
    lines = [(p, q) for p, q in zip(form.getlist("product"), form.getlist("qty"), strict=False) if p.strip()]
    if len(lines) < 2:
        return dict(zip(("product", "qty"), lines[0], strict=True)) if lines else {}
    return {"product": "", "qty": "", "lines": ",".join(f"{product}:{qty}" for product, qty in lines)}


def in_cents(typed: str) -> str:
    """Turn 25 or 25.00 into 2500; leave anything else for the action language to explain."""
    amount = re.fullmatch(r"\s*(-?)([0-9]{1,6})(?:[.,]([0-9]{1,2}))?\s*", typed)
    if amount is None:
        return typed
    sign, units, cents = amount.groups()
    return f"{sign}{int(units) * 100 + int((cents or '0').ljust(2, '0'))}"


def _joined(*words: str, **fields: str) -> str:
    """Join words and the fields that were filled in."""
    filled: Mapping[str, str] = {name: value.strip() for name, value in fields.items() if value.strip()}
    return " ".join(
        [
            *(quoted(word.strip()) for word in words if word.strip()),
            *(f"{n}={quoted(v)}" for n, v in filled.items()),
        ]
    )
