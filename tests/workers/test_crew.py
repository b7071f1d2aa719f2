"""Who may work at the same time."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from workers.device.crew import Crew, Task

PATIENCE_S = 20.0


@dataclass
class Site:
    """Where tasks are at work: each stays until it is let go, and is known by its number."""

    crew: Crew
    changed: threading.Condition = field(default_factory=threading.Condition)
    inside: list[int] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)
    free: set[int] = field(default_factory=set)

    def enter(self, number: int, device: str, via: str | None = None, bears: int = 0) -> None:
        self.crew.enter(Task(device=device, work=lambda: self._stay(number), via=via, bears=bears))

    def let_go(self, *numbers: int) -> None:
        with self.changed:
            self.free.update(numbers)
            self.changed.notify_all()

    def until(self, condition: Callable[[], bool]) -> None:
        with self.changed:
            assert self.changed.wait_for(condition, PATIENCE_S), (self.inside, self.gone)

    def _stay(self, number: int) -> None:
        with self.changed:
            self.inside.append(number)
            self.changed.notify_all()
            self.changed.wait_for(lambda: number in self.free, PATIENCE_S)
            self.inside.remove(number)
            self.gone.append(number)
            self.changed.notify_all()


@pytest.fixture
def site() -> Iterator[Site]:
    crew = Crew(4)
    site = Site(crew)
    yield site
    site.let_go(*range(100))
    crew.close()


def test_a_device_is_worked_on_by_one_at_a_time_in_the_order_in_which_they_came(site: Site) -> None:
    for number in range(3):
        site.enter(number, "store-1-sw1")
    for number in range(3):
        site.until(lambda: site.inside == [number])  # noqa: B023 - waited for before the next
        site.let_go(number)
    site.until(lambda: site.gone == [0, 1, 2])


@pytest.mark.parametrize("bears", [1, 3])
def test_a_jump_host_has_as_many_as_it_bears(site: Site, bears: int) -> None:
    for number in range(5):
        site.enter(number, f"store-{number}", "jump-1", bears)
    for gone in range(5):
        site.until(lambda: (len(site.gone), len(site.inside)) == (gone, min(bears, 5 - gone)))  # noqa: B023
        site.let_go(site.inside[0])
    site.until(lambda: len(site.gone) == 5)


def test_a_line_before_one_jump_host_holds_up_nobody_else(site: Site) -> None:
    # Given more orders behind one jump host than there are threads
    for number in range(10):
        site.enter(number, f"store-{number}", "jump-1", 1)
    # When one comes that goes elsewhere
    site.enter(50, "head-office")
    site.enter(51, "far-away", "jump-2", 1)
    # Then it is at work at once
    site.until(lambda: {50, 51} <= set(site.inside))
    assert len(site.inside) == 3
    assert site.crew.running == 12


def test_one_that_fails_makes_room_for_the_next(site: Site) -> None:
    def fail() -> None:
        raise ValueError("at the device")

    site.crew.enter(Task(device="store-1-sw1", work=fail, via="jump-1", bears=1))
    site.enter(1, "store-1-sw1", "jump-1", 1)
    site.until(lambda: site.inside == [1])


def test_who_is_dismissed_leaves_the_line_and_those_at_work_go_on(site: Site) -> None:
    site.enter(0, "store-1-sw1")
    site.enter(1, "store-1-sw1")
    site.until(lambda: site.inside == [0])
    site.crew.dismiss()
    site.enter(2, "store-2-sw1")
    assert site.crew.running == 1
    site.let_go(0)
    site.until(lambda: site.gone == [0])
    site.crew.close()
    assert site.crew.running == 0
    assert site.gone == [0]
