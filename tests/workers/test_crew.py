"""Who may work at the same time."""

import threading
import time
from collections.abc import Callable

import pytest

from workers.device.crew import Crew


class Crowd:
    """Threads that all want in; knows how many were in at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.inside = 0
        self.most = 0
        self.came = 0

    def stay(self) -> None:
        with self._lock:
            self.inside += 1
            self.came += 1
            self.most = max(self.most, self.inside)
        time.sleep(0.002)
        with self._lock:
            self.inside -= 1


def run(count: int, enter: Callable[[], None]) -> None:
    threads = [threading.Thread(target=enter) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)


def test_a_device_is_worked_on_by_one_at_a_time() -> None:
    crew, crowd = Crew(), Crowd()

    def enter() -> None:
        with crew.alone_at("store-1-sw1"):
            crowd.stay()

    run(20, enter)
    assert (crowd.came, crowd.most) == (20, 1)


@pytest.mark.parametrize("most", [1, 3])
def test_a_jump_host_has_as_many_as_it_bears(most: int) -> None:
    crew, crowd = Crew(), Crowd()

    def enter() -> None:
        with crew.through("jump-1", most):
            crowd.stay()

    run(20, enter)
    assert crowd.came == 20
    assert crowd.most <= most


def test_without_a_jump_host_nobody_waits() -> None:
    crew = Crew()
    with crew.through(None, 0), crew.through(None, 0):
        pass


def test_one_that_failed_makes_room_for_the_next() -> None:
    crew = Crew()

    def fail() -> None:
        with crew.alone_at("store-1-sw1"), crew.through("jump-1", 1):
            raise ValueError("at the device")

    for _ in range(2):
        with pytest.raises(ValueError, match="at the device"):
            fail()


def test_what_is_in_hand_is_counted() -> None:
    crew = Crew()
    crew.entered()
    crew.entered()
    crew.left()
    assert crew.running == 1
