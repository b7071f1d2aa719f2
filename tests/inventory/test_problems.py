"""Problems as people read them, and guesses at what was meant."""

import pytest

from inventory.problems import EstateError, InventoryError, Problem, Suggester, UnknownNameError


@pytest.mark.parametrize(
    ("word", "candidates", "expected"),
    [
        ("emae", ["amer", "emea", "apac"], "emea"),
        ("routre", ["router", "switch"], "router"),
        ("Europe/Belrin", ["Europe/Berlin", "Europe/Dublin"], "Europe/Berlin"),
        ("xyz", ["router", "switch"], ""),
        ("x", [], ""),
        ("a", ["a" * 20], ""),
    ],
)
def test_a_guess_is_near_or_not_made(word: str, candidates: list[str], expected: str) -> None:
    assert Suggester().closest(word, candidates) == expected


def test_a_hint_is_a_question() -> None:
    assert Suggester().hint("emae", ["emea"]) == "did you mean 'emea'?"
    assert Suggester().hint("xyz", ["emea"]) == ""


def test_guessing_ends_with_its_budget() -> None:
    suggester = Suggester(budget=3)
    found = [suggester.closest("emae", ["emea", "amer"]) for _ in range(4)]
    assert found == ["emea", "emea", "", ""]


def test_problems_are_in_order_of_their_places() -> None:
    places = [("b", 1), ("a", 10), ("a", 9)]
    error = EstateError(Problem(file=file, line=line, message="wrong") for file, line in places)
    assert [(problem.file, problem.line) for problem in error.problems] == [("a", 9), ("a", 10), ("b", 1)]


@pytest.mark.parametrize(("count", "title"), [(1, "1 problem"), (2, "2 problems")])
def test_an_error_counts_its_problems(count: int, title: str) -> None:
    error = EstateError(Problem(file="a", line=number + 1, message="wrong") for number in range(count))
    lines = [f"  a:{number + 1}: wrong" for number in range(count)]
    assert str(error).splitlines() == [f"the estate cannot be used: {title}", *lines]


def test_every_error_has_problems_if_only_none() -> None:
    """Whoever catches the root can ask for them."""
    assert InventoryError("x").problems == ()
    assert UnknownNameError("device", "x").problems == ()
    assert not UnknownNameError("device", "x").retriable
