"""The pulse: what is known of the log without waiting for it."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest

from events.log.contract import LogUnavailableError
from events.log.memory import MemoryLog, MemoryStore
from workers.control_watch import ControlUnreadError, ControlWatch
from workers.serving.pulse import Pulse
from workers.serving.vitals import LogProbe, control_probe


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it did not become true in time"
        time.sleep(0.01)


def running(pulse: Pulse) -> threading.Thread:
    thread = threading.Thread(target=pulse.run)
    thread.start()
    return thread


def test_an_answer_is_known_with_its_age() -> None:
    clock = Clock()
    pulse = Pulse({"log": lambda: 7}, monotonic=clock, pause_s=0.01)
    thread = running(pulse)
    until(lambda: pulse.beat("log").value == 7)
    pulse.stop()
    thread.join()
    assert (pulse.beat("log").error, pulse.age("log")) == ("", 0.0)
    clock.now += 12.5
    assert pulse.age("log") == 12.5


def test_before_the_first_answer_its_age_counts_from_the_start() -> None:
    clock = Clock()
    pulse = Pulse({"log": lambda: 7}, monotonic=clock)
    clock.now += 3
    assert pulse.age("log") == 3
    pulse.reset()
    assert pulse.age("log") == 0


@pytest.mark.parametrize("error", [LogUnavailableError("gone"), ControlUnreadError("gone")], ids=["log", "control"])
def test_without_an_answer_the_last_one_stays_and_grows_old(error: Exception) -> None:
    clock, answers = Clock(), [5]
    asked = threading.Event()

    def probe() -> int:
        if answers:
            return answers.pop()
        asked.set()
        raise error

    pulse = Pulse({"log": probe}, monotonic=clock, pause_s=0.01)
    thread = running(pulse)
    until(asked.is_set)
    until(lambda: pulse.beat("log").error)
    pulse.stop()
    thread.join()
    assert (pulse.beat("log").value, pulse.beat("log").error, pulse.beat("log").at) == (5, "gone", 100.0)


def test_one_that_does_not_answer_holds_up_no_reader() -> None:
    entered, release = threading.Event(), threading.Event()

    def probe() -> int:
        entered.set()
        release.wait()
        return 1

    clock = Clock()
    pulse = Pulse({"log": probe}, monotonic=clock, pause_s=0.01)
    thread = running(pulse)
    entered.wait()
    clock.now += 30
    assert pulse.age("log") == 30
    pulse.stop()
    release.set()
    thread.join()


def test_an_error_that_nobody_expects_ends_it() -> None:
    pulse = Pulse({"log": lambda: 1 // 0}, pause_s=0.01)
    with pytest.raises(ZeroDivisionError):
        pulse.run()


def test_probes_of_a_real_log() -> None:
    log = MemoryLog(MemoryStore())
    control = ControlWatch(log, "log-" + "0" * 32)
    control.start()
    try:
        assert LogProbe(log)() == 0
        assert control_probe(control)() == 0
    finally:
        control.stop()
        log.close()


def test_a_control_that_cannot_be_read_to_its_end_is_told() -> None:
    log = MemoryLog(MemoryStore())
    control = ControlWatch(log, "log-" + "0" * 32)
    with pytest.raises(ControlUnreadError):
        control.prove(timedelta(milliseconds=20))
    log.close()
