"""The type of a scalar that was written without quotes, in YAML and in a cell of CSV alike.

This is YAML 1.2's core schema with less of it: ``NO``, ``on`` and ``12:30`` are text (YAML 1.1 makes a boolean and a
number of them), and so are ``0042`` and ``1e5``, because a store's number or an identifier must not lose its zeros or
turn into a power of ten.
"""

import re

_WORDS: dict[str, bool | None] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
NULLS = frozenset(word for word, value in _WORDS.items() if value is None)
#: Longer digits are identifiers and not amounts; Python itself refuses to read very long ones.
_LONGEST = 19
_WHOLE = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
_DECIMAL = re.compile(r"[-+]?(?:0|[1-9][0-9]*)\.[0-9]+")

Scalar = str | int | float | bool | None


def typed(text: str) -> Scalar:
    """The value that ``text`` stands for when nothing marks it as text."""
    if text in _WORDS:
        return _WORDS[text]
    if len(text) > _LONGEST or text[0] not in "-+.0123456789":
        return text
    return _number(text)


def _number(text: str) -> Scalar:
    if _WHOLE.fullmatch(text):
        return int(text)
    if _HEXADECIMAL.fullmatch(text):
        return int(text, 16)
    return float(text) if _DECIMAL.fullmatch(text) else text
