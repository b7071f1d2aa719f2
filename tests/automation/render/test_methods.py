"""Every method that templates may call, against Python's own."""

import pytest

from automation.render.budget import Allowance, spending
from automation.render.errors import RefusedError
from automation.render.methods import METHODS, method

CASES: list[tuple[object, str, tuple[object, ...], object]] = [
    ("ab", "capitalize", (), "Ab"),
    ("ab", "center", (6, "."), "..ab.."),
    ("banana", "count", ("a",), 3),
    ("ab", "endswith", ("b",), True),
    ("banana", "find", ("n",), 2),
    ("banana", "rfind", ("n",), 4),
    ("a1", "isalnum", (), True),
    ("a1", "isalpha", (), False),
    ("12", "isdigit", (), True),
    ("ab", "islower", (), True),
    ("ab", "isupper", (), False),
    ("-", "join", (["a", 1, "c"],), "a-1-c"),
    ("ab", "ljust", (4,), "ab  "),
    ("AB", "lower", (), "ab"),
    ("  ab", "lstrip", (), "ab"),
    ("a=b=c", "partition", ("=",), ("a", "=", "b=c")),
    ("Vlan10", "removeprefix", ("Vlan",), "10"),
    ("10M", "removesuffix", ("M",), "10"),
    ("a.b.c", "replace", (".", "-"), "a-b-c"),
    ("a.b.c", "replace", (".", "-", 1), "a-b.c"),
    ("ab", "rjust", (4, "0"), "00ab"),
    ("a=b=c", "rpartition", ("=",), ("a=b", "=", "c")),
    ("a b c", "rsplit", (None, 1), ["a b", "c"]),
    ("ab  ", "rstrip", (), "ab"),
    ("a,b", "split", (",",), ["a", "b"]),
    ("a\nb", "splitlines", (), ["a", "b"]),
    ("ab", "startswith", ("a",), True),
    (" ab ", "strip", (), "ab"),
    ("a b", "title", (), "A B"),
    ("ab", "upper", (), "AB"),
    ("7", "zfill", (3,), "007"),
    ({"a": 1}, "get", ("a",), 1),
    ({"a": 1}, "get", ("b", 2), 2),
    ({"a": 1}, "items", (), [("a", 1)]),
    ({"a": 1}, "keys", (), ["a"]),
    ({"a": 1}, "values", (), [1]),
    ([1, 2, 1], "count", (1,), 2),
    ([1, 2, 1], "index", (2,), 1),
    ((1, 2, 1), "count", (1,), 2),
    ((1, 2, 1), "index", (2,), 1),
]


@pytest.mark.parametrize(
    ("value", "name", "args", "expected"), CASES, ids=[f"{type(c[0]).__name__}.{c[1]}" for c in CASES]
)
def test_gives(value: object, name: str, args: tuple[object, ...], expected: object) -> None:
    found = method(value, name)

    assert found is not None
    with spending(Allowance()):
        assert found(*args) == expected


def test_every_method_has_a_case() -> None:
    assert {(type(value), name) for value, name, *_ in CASES} == {(of, name) for of in METHODS for name in METHODS[of]}


@pytest.mark.parametrize("name", sorted(set(dir(str)) | set(dir(dict)) | set(dir(list)) | {"real", "mro"}))
def test_nothing_else_is_there(name: str) -> None:
    for of in (str, dict, list, tuple, int):
        assert (method(of(), name) is not None) == (name in METHODS.get(of, {}))


def test_nothing_in_the_tables_changes_its_value() -> None:
    for value, name, args, _ in CASES:
        before = repr(value)
        found = method(value, name)
        assert found is not None
        with spending(Allowance()):
            found(*args)
        assert repr(value) == before


@pytest.mark.parametrize(
    ("value", "name", "args", "message"),
    [
        ("a", "split", (1,), "the method split of text does not work so"),
        ("a", "upper", (1,), "the method upper of text does not work so"),
        ([1], "index", (2,), "the method index of a list does not work so"),
        ({}, "get", ([],), "the method get of a map does not work so"),
        ("a", "split", ("",), "the method split of text does not work so"),
        ("-", "join", ("abc",), "this would take a text apart into its characters"),
        ("-", "join", ([None],), "nothing (null) cannot be written into configuration"),
        ("a", "center", ("x",), "a width must be a whole number"),
        ("a", "center", (True,), "a width must be a whole number"),
        ("a", "ljust", (201,), "nothing is made wider than 200 characters"),
    ],
)
def test_refuses(value: object, name: str, args: tuple[object, ...], message: str) -> None:
    found = method(value, name)

    assert found is not None
    with spending(Allowance()), pytest.raises(RefusedError) as caught:
        found(*args)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("value", "name", "args"),
    [
        ("ab" * 50, "replace", ("a", "x" * 100)),
        ("", "join", (["x" * 50] * 50,)),
        ("x" * 60, "join", (["y"] * 50,)),
        ("x" * 999, "upper", ()),
    ],
    ids=["replace", "join", "a long separator", "upper"],
)
def test_what_is_made_is_counted(value: object, name: str, args: tuple[object, ...]) -> None:
    found = method(value, name)

    assert found is not None
    with spending(Allowance(characters=900)), pytest.raises(RefusedError, match="more than 900 characters"):
        found(*args)
