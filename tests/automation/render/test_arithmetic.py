"""Operators: Python's own within bounds, and nothing beyond them."""

import operator
from collections.abc import Callable

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from automation.render.arithmetic import MAX_BITS, operate
from automation.render.budget import Allowance, spending
from automation.render.errors import RefusedError

SIGNS: dict[str, Callable[[int, int], object]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
}
small = st.integers(-(2**64), 2**64)


@given(st.sampled_from(sorted(SIGNS)), small, small)
def test_numbers_are_pythons(sign: str, left: int, right: int) -> None:
    assume(right or sign not in {"/", "//", "%"})

    with spending(Allowance()):
        assert operate(sign, left, right) == SIGNS[sign](left, right)


@given(st.integers(), st.integers())
def test_no_power_takes_the_machine_with_it(left: int, right: int) -> None:
    with spending(Allowance()):
        try:
            result = operate("**", left, right)
        except RefusedError:
            return
    assert not isinstance(result, int) or result.bit_length() <= MAX_BITS


@pytest.mark.parametrize(
    ("left", "sign", "right", "expected"),
    [
        (2, "**", 128, 2**128),
        (2, "**", -1, 0.5),
        (9, "**", 0.5, 3.0),
        (1.5, "+", 1, 2.5),
        ("a", "+", "b", "ab"),
        ([1], "+", [2], [1, 2]),
        ("ab", "*", 3, "ababab"),
        ([0], "*", 2, [0, 0]),
        ("ab", "*", -1, ""),
        ("%s:%d", "%", ("a", 1), "a:1"),
        ("%05.1f", "%", 3.14159, "003.1"),
        ("100%%", "%", (), "100%"),
        ("%x", "%", 255, "ff"),
        ("%-5s|", "%", "a", "a    |"),
    ],
)
def test_gives(left: object, sign: str, right: object, expected: object) -> None:
    with spending(Allowance()):
        assert operate(sign, left, right) == expected


@pytest.mark.parametrize(
    ("left", "sign", "right", "message"),
    [
        (1, "/", 0, "this cannot be computed"),
        (1, "//", 0, "this cannot be computed"),
        (1, "%", 0, "this cannot be computed"),
        (0, "**", -1, "this cannot be computed"),
        (10.0, "**", 400.0, "this cannot be computed"),
        (2, "**", 257, "numbers have 256 bits at most"),
        (2**255, "+", 2**255, "numbers have 256 bits at most"),
        (2**200, "*", 2**200, "numbers have 256 bits at most"),
        (-8, "**", 0.5, "numbers have 256 bits at most"),
        ("a", "+", 1, "text + a number means nothing"),
        (1, "+", "a", "a number + text means nothing"),
        ("a", "-", "b", "text - text means nothing"),
        ([1], "+", (2,), "a list + a list means nothing"),
        (True, "+", 1, "true or false + a number means nothing"),
        (None, "*", 1, "nothing (null) * a number means nothing"),
        ({}, "+", {}, "a map + a map means nothing"),
        ("a", "*", 1.5, "text * a number means nothing"),
        ("%c", "%", 65, "the format '%c' has a % that means nothing here (%)"),
        ("%(a)s", "%", "x", "the format '%(a)s' has a % that means nothing here (%)"),
        ("%s", "%", [1], "a list cannot be written into configuration"),
        ("%s", "%", True, "true or false cannot be written into configuration"),
        ("%201d", "%", 1, "nothing is made wider than 200 characters"),
        ("%.201f", "%", 1.0, "nothing is made wider than 200 characters"),
    ],
)
def test_refuses(left: object, sign: str, right: object, message: str) -> None:
    with spending(Allowance()), pytest.raises(RefusedError) as caught:
        operate(sign, left, right)

    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("left", "sign", "right"),
    [("x" * 600, "+", "x" * 600), ("x", "*", 10**12), ([1], "*", 10**12), ("%s%s", "%", ("x" * 600, "x" * 600))],
)
def test_what_is_made_is_counted_before_it_is_made(left: object, sign: str, right: object) -> None:
    with spending(Allowance(characters=1000)), pytest.raises(RefusedError, match="more than 1000 characters"):
        operate(sign, left, right)


def test_long_lists_cost_steps() -> None:
    with spending(Allowance(steps=100)), pytest.raises(RefusedError, match="more than 100 steps"):
        operate("+", [0] * 60, [0] * 60)
