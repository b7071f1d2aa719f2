"""What failures say."""

import pytest

from automation.errors import AutomationError
from automation.render.errors import Failure, RefusedError, RenderError

WHOLE = Failure(
    message="this is no VLAN",
    detail="there is 'x'",
    hint="mend it",
    template="ios.j2",
    line=3,
    expression="vlan {{ v }}",
    missing="v",
)


@pytest.mark.parametrize(
    ("failure", "text"),
    [
        (WHOLE, "ios.j2:3: this is no VLAN (there is 'x'), in: vlan {{ v }}; mend it"),
        (Failure(message="boo"), "boo"),
        (Failure(message="boo", template="a.j2"), "a.j2: boo"),
        (Failure(message="boo", hint="mend it"), "boo; mend it"),
        (Failure(message="boo", detail="7"), "boo (7)"),
        (Failure(message="boo", expression="x"), "boo, in: x"),
    ],
)
def test_a_failure_is_one_line(failure: Failure, text: str) -> None:
    assert str(failure) == text


def test_an_error_names_its_device() -> None:
    error = RenderError(WHOLE).on("r1")

    assert str(error) == f"r1: {WHOLE}"
    assert (error.device, error.failure) == ("r1", WHOLE)
    assert isinstance(error, AutomationError)
    assert not error.retriable


def test_a_better_hint_takes_the_place_of_the_first() -> None:
    error = RenderError(WHOLE).on("r1", "look elsewhere")

    assert error.failure.hint == "look elsewhere"
    assert error.failure.message == WHOLE.message


def test_a_refusal_says_the_same_for_every_device() -> None:
    one, other = (RefusedError("this is no VLAN", "mend it", detail) for detail in ("there is 'x'", "there is 'y'"))

    assert str(one) == str(other) == "this is no VLAN"
    assert (one.hint, one.detail) == ("mend it", "there is 'x'")
