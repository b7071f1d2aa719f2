"""The filters and tests that templates have, as fixed tables.

Most are Jinja's own. Not among them is what reaches into objects (``attr``), writes for other languages (``tojson``,
``xmlattr``), is random, or quietly makes something of nothing: Jinja's ``int`` turns every slip into a 0. There is
nothing with regular expressions, whose time nobody can bound.

All are wrapped: what goes in and comes out is counted, and generators come out as lists, so that nothing lives.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import wraps
from types import MappingProxyType
from typing import Any, cast

from jinja2.filters import FILTERS as JINJAS
from jinja2.runtime import Undefined
from jinja2.tests import TESTS as _TESTS

from automation.render.budget import budget
from automation.render.errors import RefusedError
from automation.render.network import NETWORK_FILTERS, NETWORK_TESTS
from automation.render.texts import formatted, indented, joined, padded_left, padded_right, replaced
from automation.render.values import as_text, called, looked_at

Function = Callable[..., Any]

#: Jinja types the table by what is in it, which is less than what a function is.
JINJAS_TESTS = cast("Mapping[str, Function]", _TESTS)

_NOTHING = object()
_MAX_DECIMALS = 12

_FROM_JINJA = (
    "abs", "capitalize", "dictsort", "first", "groupby", "items", "last", "length", "list", "lower", "map", "max",
    "min", "reject", "rejectattr", "reverse", "select", "selectattr", "sort", "title", "trim", "unique", "upper",
)  # fmt: skip
_TESTS_FROM_JINJA = (
    "!=", "<", "<=", "==", ">", ">=", "boolean", "divisibleby", "eq", "equalto", "even", "false", "float", "ge",
    "greaterthan", "gt", "in", "integer", "le", "lessthan", "lower", "lt", "mapping", "ne", "none", "number", "odd",
    "sequence", "string", "true", "upper",
)  # fmt: skip


def whole_number(value: object, default: object = _NOTHING) -> object:
    """The whole number that a text or a number stands for; without a default, nothing is made up for other texts."""
    if isinstance(value, float) and value == value // 1:
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    text = value.strip() if isinstance(value, str) else ""
    if text.removeprefix("-").isdecimal() and text.isascii() and len(text) <= 100:
        return int(text)
    return _or_default(value, default, "a whole number")


def decimal_number(value: object, default: object = _NOTHING) -> object:
    """The decimal number that a text or a number stands for."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    text = value.strip() if isinstance(value, str) else ""
    whole, _, fraction = text.removeprefix("-").partition(".")
    if (whole + fraction).isdecimal() and text.isascii() and len(text) <= 100:
        return float(text)
    return _or_default(value, default, "a number")


def rounded(value: object, precision: int = 0) -> float | int:
    """A number with so many decimals; a whole number where it has none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RefusedError("only a number can be rounded", detail=f"this is {called(value)}")
    if not 0 <= precision <= _MAX_DECIMALS:
        raise RefusedError(f"numbers are rounded to 0 to {_MAX_DECIMALS} decimals")
    return round(value, precision) if precision else round(value)


def total(values: Sequence[object]) -> int | float:
    """The sum of numbers."""
    result: int | float = 0
    for value in values:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise RefusedError("only numbers can be added up", "map('int') makes numbers of text", called(value))
        result += value
    return result


def parts(value: object, separator: str | None = None) -> list[str]:
    """The parts of a text between separators, without the space around them; empty parts are left out."""
    if not isinstance(value, str):
        raise RefusedError("only text can be split", detail=f"this is {called(value)}")
    return [part.strip() for part in value.split(separator) if part.strip()]


def batches(values: Sequence[object], size: int) -> list[list[object]]:
    """A list cut into lists of so many items; the last may be shorter."""
    if size < 1:
        raise RefusedError("a batch has at least one item")
    items = list(values)
    return [items[start : start + size] for start in range(0, len(items), size)]


def in_format(pattern: str, *values: object) -> str:
    """A printf-style format with its values."""
    return formatted(pattern, values)


def in_one(items: Sequence[object], separator: str = "") -> str:
    """The items as one text."""
    return joined(items, separator)


def _or_default(value: object, default: object, wanted: str) -> object:
    if default is not _NOTHING:
        return default
    shown = repr(value[:60]) if isinstance(value, str) else called(value)
    raise RefusedError(f"this is not {wanted}", "give the filter a default, or mend the value", f"it is {shown}")


def guarded(function: Function) -> Function:
    """The function with everything counted that goes in and comes out, and with a list for a generator."""
    # Jinja marks by this attribute that it wants to be given its own environment or context first.
    first = 1 if hasattr(function, "jinja_pass_arg") else 0

    @wraps(function)
    def call(*args: object, **kwargs: object) -> object:
        budget().step()
        for value in (*args[first:], *kwargs.values()):
            looked_at(value)
        result = _settled(function(*args, **kwargs))
        if isinstance(result, Undefined):
            return result  # the first of nothing: default() may follow
        looked_at(result)
        if isinstance(result, str):
            budget().write(len(result))
        return result

    return call


def _settled(result: object) -> object:
    if isinstance(result, Iterator):
        result = list(result)
    if isinstance(result, list):
        # Jinja's groups are tuples that also have names.
        return [tuple(item) if isinstance(item, tuple) else item for item in result]
    return result


_OURS: Mapping[str, Function] = {
    **{name: JINJAS[name] for name in _FROM_JINJA},
    **NETWORK_FILTERS,
    "batch": batches,
    "count": JINJAS["length"],
    "float": decimal_number,
    "format": in_format,
    "indent": indented,
    "int": whole_number,
    "join": in_one,
    "ljust": padded_right,
    "replace": replaced,
    "rjust": padded_left,
    "round": rounded,
    "split": parts,
    "string": as_text,
    "sum": total,
}
#: All filters by name. ``default`` is not wrapped: it is there for what is undefined.
FILTERS: Mapping[str, Function] = MappingProxyType(
    {
        **{name: guarded(function) for name, function in _OURS.items()},
        "d": JINJAS["default"],
        "default": JINJAS["default"],
    }
)
#: All tests by name.
TESTS: Mapping[str, Function] = MappingProxyType(
    {
        **{name: guarded(JINJAS_TESTS[name]) for name in _TESTS_FROM_JINJA},
        **{name: guarded(test) for name, test in NETWORK_TESTS.items()},
        "defined": JINJAS_TESTS["defined"],
        "undefined": JINJAS_TESTS["undefined"],
    }
)
