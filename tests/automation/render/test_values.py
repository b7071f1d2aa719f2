"""Plain data: copied on the way in, counted when it is looked at, written only where it has a meaning."""

from collections import OrderedDict
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError

from automation.render.budget import Allowance, spending
from automation.render.errors import RefusedError
from automation.render.sandbox import Missing
from automation.render.values import SecretReference, as_text, called, looked_at, plain, written
from inventory.secrets import is_reference

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text().filter(
    lambda text: not is_reference(text)
)  # fmt: skip
data = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4)
)


@given(data)
def test_a_copy_says_the_same(value: object) -> None:
    assert plain(value) == value


@given(st.lists(data, min_size=1))
def test_a_copy_shares_no_list(value: list[object]) -> None:
    copied = plain(value)

    assert isinstance(copied, list)
    copied.clear()
    assert value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ((1, 2), [1, 2]),
        (MappingProxyType({"a": (1,)}), {"a": [1]}),
        (OrderedDict(a=1), {"a": 1}),
        ({1: "x"}, {"1": "x"}),
    ],
    ids=["tuple", "proxy", "ordered", "number as key"],
)
def test_a_copy_is_of_plain_types(value: object, expected: object) -> None:
    copied = plain(value)

    assert copied == expected
    assert type(copied) in {list, dict}


@pytest.mark.parametrize(
    "value", [object(), {1, 2}, b"x", 1j, [object()], {"a": len}], ids=lambda value: type(value).__name__
)
def test_what_lives_is_no_data(value: object) -> None:
    with pytest.raises(TypeError, match=r"^a.* and no plain data$"):
        plain(value, "a")


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ("env:PSK", "v"),
        (["x", "file:/run/psk"], "v.1"),
        ({"a": [{"b": "env:PSK"}]}, "v.a.0.b"),
    ],
    ids=["alone", "in a list", "deep"],
)
def test_a_reference_knows_its_place(value: object, place: str) -> None:
    def references(value: object) -> list[SecretReference]:
        if isinstance(value, SecretReference):
            return [value]
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        return [found for one in inner for found in references(one)]

    assert [found.place for found in references(plain(value, "v"))] == [place]


@pytest.mark.parametrize("value", ["env:lower-case", "environment:X", "file:relative", "env:", "xenv:A"])
def test_what_only_looks_like_a_reference_is_text(value: str) -> None:
    assert plain(value) == value


@pytest.mark.parametrize(("value", "text"), [("a", "a"), ("", ""), (0, "0"), (-7, "-7"), (1.5, "1.5"), (2.0, "2.0")])
def test_what_has_a_meaning_is_written(value: object, text: str) -> None:
    assert as_text(value) == text


@pytest.mark.parametrize(
    ("value", "message", "hint"),
    [
        (None, "nothing (null) cannot be written into configuration", "test it with {% if value is not none %}"),
        (True, "true or false cannot be written into configuration", "write {{ 'one' if value else 'the other' }}"),
        ([1], "a list cannot be written into configuration", "use a loop, or the filter join"),
        ((1,), "a list cannot be written into configuration", "use a loop, or the filter join"),
        ({}, "a map cannot be written into configuration", "use a loop, or the filter join"),
        (len, "a builtin_function_or_method cannot be written into configuration", ""),
        (SecretReference("psk", "env:PSK"), "'psk' is a reference to a secret (env:PSK), which no template gets", ""),
    ],
)
def test_what_has_none_is_refused(value: object, message: str, hint: str) -> None:
    with pytest.raises(RefusedError) as caught:
        as_text(value)

    assert str(caught.value) == message
    assert caught.value.hint.startswith(hint)


def test_what_is_undefined_says_so() -> None:
    with pytest.raises(UndefinedError, match="'vlan' is undefined"):
        as_text(Missing(name="vlan"))
    with spending(Allowance()), pytest.raises(UndefinedError, match="'vlan' is undefined"):
        looked_at(Missing(name="vlan"))


def test_what_is_undefined_further_in_may_be_there() -> None:
    with spending(Allowance()):
        looked_at([Missing(name="vlan")])


@pytest.mark.parametrize(
    ("value", "steps"),
    [
        (7, 0),
        (None, 0),
        ("x" * 63, 1),
        ("x" * 64, 2),
        ([1, 2, 3], 4),
        ({"a": 1, "b": 2}, 5),
        ([[1], [2]], 7),
        ([], 1),
    ],
    ids=["number", "nothing", "text", "longer text", "list", "map", "lists", "empty list"],
)
def test_looking_costs_by_size(value: object, steps: int) -> None:
    with spending(Allowance(steps=steps)):
        looked_at(value)
    with spending(Allowance(steps=max(steps - 1, 0))):
        if steps:
            with pytest.raises(RefusedError, match="more than"):
                looked_at(value)


def test_what_unfolds_without_end_is_stopped() -> None:
    # given a list that holds itself twice, forty times over: small in memory, and larger than any machine
    value: list[object] = []
    for _ in range(40):
        value = [value, value]

    with spending(Allowance()), pytest.raises(RefusedError, match="more than 500000 steps"):
        looked_at(value)


def test_writing_counts_characters() -> None:
    with spending(Allowance(characters=10)):
        assert written("x" * 10) == "x" * 10
        with pytest.raises(RefusedError, match="more than 10 characters of text"):
            written("x")


@pytest.mark.parametrize(
    ("value", "name"), [("", "text"), (1, "a number"), (1.0, "a number"), (True, "true or false"), ((), "a list")]
)
def test_messages_call_things_by_their_names(value: object, name: str) -> None:
    assert called(value) == name
