"""Who may work at the same time: never two on one device, and nobody who was sent away."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial

import pytest

from workers.device.crew import Crew, Task


class Works:
    """Tasks that stay at work until they are let go."""

    def __init__(self, crew: Crew) -> None:
        self.crew = crew
        self.at_work: list[str] = []
        self._go: dict[str, threading.Event] = {}

    def enter(self, name: str, device: str, *, via: str | None = None, bears: int = 0) -> None:
        self._go[name] = threading.Event()
        self.crew.enter(Task(device=device, work=lambda: self._work(name), via=via, bears=bears))

    def let_go(self, *names: str) -> None:
        for name in names or list(self._go):
            self._go[name].set()

    def only(self, name: str) -> bool:
        return self.at_work == [name]

    def told(self) -> str:
        return f"somebody else than {self.at_work}, of {self.crew.running}"

    def _work(self, name: str) -> None:
        self.at_work.append(name)
        assert self._go[name].wait(30)
        self.at_work.remove(name)


@pytest.fixture
def works() -> Iterator[Works]:
    crew = Crew(4)
    made = Works(crew)
    with ExitStack() as closing:
        closing.callback(crew.close)
        closing.callback(made.let_go)
        yield made


def test_two_never_work_on_one_device_and_others_do_not_wait_for_them(
    works: Works, waiting: Callable[..., object]
) -> None:
    works.enter("a push", "branch-1")
    works.enter("its successor", "branch-1")
    works.enter("another", "branch-2")
    waiting(lambda: sorted(works.at_work) == ["a push", "another"], works.told)
    assert works.crew.running == 3
    works.let_go("a push")
    waiting(lambda: sorted(works.at_work) == ["another", "its successor"], works.told)


def test_whoever_came_first_goes_through_a_jump_host_first(works: Works, waiting: Callable[..., object]) -> None:
    for number in range(3):
        works.enter(f"task {number}", f"branch-{number}", via="jump", bears=1)
    for number in range(3):
        waiting(partial(works.only, f"task {number}"), works.told)
        works.let_go(f"task {number}")
    waiting(lambda: works.crew.running == 0, works.told)


def test_who_is_in_line_or_comes_later_is_sent_away_and_who_works_goes_on(
    works: Works, waiting: Callable[..., object]
) -> None:
    works.enter("at work", "branch-1")
    works.enter("in line", "branch-1")
    waiting(lambda: works.at_work == ["at work"], works.told)
    works.crew.dismiss()
    works.enter("late", "branch-2")
    assert works.crew.running == 1
    works.let_go()
    waiting(lambda: works.crew.running == 0, works.told)
    works.crew.close()
    assert works.at_work == []
