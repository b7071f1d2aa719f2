"""Operators between two values of a template, with bounds: numbers stay small, text and lists are counted first."""

import operator
from collections.abc import Callable, Mapping
from typing import cast

from automation.render.budget import budget
from automation.render.errors import RefusedError
from automation.render.texts import formatted, joined, repeated
from automation.render.values import called, looked_at

#: Whole numbers stay below this power of two: IPv6 addresses need 128.
MAX_BITS = 256

_ARITHMETIC: Mapping[str, Callable[[object, object], object]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "**": operator.pow,
    "%": operator.mod,
}
_NUMBERS = frozenset({int, float})


def operate(sign: str, left: object, right: object) -> object:
    """What ``left sign right`` is.

    Raises:
        RefusedError: it is nothing, or too much.
    """
    budget().step()
    if type(left) in _NUMBERS and type(right) in _NUMBERS:
        return _number(sign, left, right)
    looked_at(left)
    looked_at(right)
    if sign == "+" and isinstance(left, str) and isinstance(right, str):
        return joined((left, right))
    if sign == "+" and isinstance(left, list) and isinstance(right, list):
        return _appended(left, right)
    if sign == "*" and isinstance(left, str | list) and type(right) is int:
        return repeated(left, right)
    if sign == "%" and isinstance(left, str):
        return formatted(left, right)
    hint = "text is put together with ~" if isinstance(left, str) or isinstance(right, str) else ""
    raise RefusedError(f"{called(left)} {sign} {called(right)} means nothing", hint)


def _number(sign: str, left: object, right: object) -> object:
    if sign == "**":
        _check_power(left, right)
    try:
        result = _ARITHMETIC[sign](left, right)
    except ArithmeticError as error:
        raise RefusedError("this cannot be computed", detail=f"{left} {sign} {right}: {error}") from error
    if isinstance(result, complex) or (isinstance(result, int) and result.bit_length() > MAX_BITS):
        raise RefusedError(f"numbers have {MAX_BITS} bits at most")
    return result


def _check_power(left: object, right: object) -> None:
    """Bounds a power before it is computed: 10 ** 10 ** 10 would take the machine with it."""
    size = left.bit_length() if isinstance(left, int) else 1
    if abs(cast("float", right)) * size > 2 * MAX_BITS:
        raise RefusedError(f"numbers have {MAX_BITS} bits at most")


def _appended(left: list[object], right: list[object]) -> list[object]:
    budget().step(len(left) + len(right))
    return left + right
