"""The line that brings a read model of one's own: from words to an action."""

import re

from lab.actions import ModelWrite
from lab.guard import policy
from lab.values import BadLine, long_text, shown

EXAMPLE = r'model write my_sales "-- key: product_id\nCREATE TABLE my_sales (…);"'

NAME = re.compile(rf"[a-z][a-z0-9_]{{0,{policy.OWN_NAME_CHARS - 1}}}", re.ASCII)


def write(words: list[str]) -> ModelWrite:
    """Read ``model write <name> "<text of the file>"``."""
    if len(words) != 2:
        raise BadLine(f"model write needs a name and the text of a file in double quotes; for example: {EXAMPLE}")
    name, text = words
    if not NAME.fullmatch(name) or name == "all":
        raise BadLine(
            f"a read model of your own has a name of small letters, digits and _, at most {policy.OWN_NAME_CHARS}, "
            f"such as my_sales, not {shown(name)}"
        )
    return ModelWrite(name, long_text(text, "the text", policy.OWN_FILE_CHARS))
