"""Budgets: counted before it is done, told when it is spent, one for each rendering."""

from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.render.budget import Allowance, Budget, budget, spending
from automation.render.errors import RefusedError


@given(st.lists(st.integers(0, 50)))
def test_steps_are_spent_one_after_the_other(counts: list[int]) -> None:
    left = Budget(Allowance(steps=sum(counts)))

    for count in counts:
        left.step(count)
    with pytest.raises(RefusedError):
        left.step()


@given(st.lists(st.integers(0, 50)))
def test_characters_are_spent_one_after_the_other(counts: list[int]) -> None:
    left = Budget(Allowance(characters=sum(counts)))

    for count in counts:
        left.write(count)
    with pytest.raises(RefusedError):
        left.write(1)


def test_depth_is_given_back() -> None:
    left = Budget(Allowance(depth=2))

    for _ in range(10):
        left.enter()
        left.enter()
        left.leave()
        left.leave()
    left.enter()
    left.enter()
    with pytest.raises(RefusedError, match="more than 2 deep"):
        left.enter()


def test_what_is_spent_is_told_with_what_to_do() -> None:
    left = Budget(Allowance(steps=10, characters=20, depth=0))

    with pytest.raises(RefusedError, match="more than 10 steps") as steps:
        left.step(11)
    with pytest.raises(RefusedError, match="more than 20 characters") as characters:
        left.write(21)
    with pytest.raises(RefusedError, match="more than 0 deep") as depth:
        left.enter()
    assert [caught.value.hint for caught in (steps, characters, depth)] == [
        "look for a loop that runs too often",
        "look for what grows in it",
        "end the recursion",
    ]


def test_a_rendering_that_fails_ends_its_budget() -> None:
    with pytest.raises(ValueError, match="boo"), spending(Allowance()):
        raise ValueError("boo")
    with pytest.raises(LookupError):
        budget()


def test_a_thread_sees_its_own() -> None:
    seen: list[bool] = []

    def look(mine: Budget) -> None:
        with spending(Allowance()) as inner:
            seen.append(budget() is inner and budget() is not mine)

    with spending(Allowance()) as outer:
        thread = Thread(target=look, args=(outer,))
        thread.start()
        thread.join()
        assert budget() is outer
    assert seen == [True]
