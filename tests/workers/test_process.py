"""The parts of a process: one that fails takes the others down in good order, signals ask for the end."""

import os
import signal
import threading
from collections.abc import Callable, Iterator

import pytest

from workers.process import Part, Process, stop_on_signals


class Script:
    """Parts that note what happens to them."""

    def __init__(self) -> None:
        self.happened: list[str] = []

    def part(self, name: str, run: Callable[[threading.Event], None] | None = None) -> Part:
        """One that runs until it is stopped, or as it is told."""
        stop = threading.Event()

        def act() -> None:
            (run or (lambda event: event.wait(20)))(stop)
            self.happened.append(f"{name} ended")

        def told() -> None:
            self.happened.append(f"{name} is told")
            stop.set()

        return Part(name=name, run=act, stop=told)


@pytest.fixture
def script() -> Script:
    return Script()


def boom(_stop: threading.Event) -> None:
    raise OSError("the disk is gone")


def test_parts_are_stopped_in_reverse_order_each_once_the_one_after_it_has_ended(script: Script) -> None:
    process = Process([script.part("log"), script.part("worker"), script.part("page")])
    process.start()
    process.request_stop()
    assert process.wait() is None
    assert script.happened == [
        "page is told",
        "page ended",
        "worker is told",
        "worker ended",
        "log is told",
        "log ended",
    ]


def test_one_that_fails_takes_the_others_down_and_is_named(script: Script) -> None:
    bad = script.part("bad", boom)
    process = Process([script.part("first"), bad, script.part("last")])
    process.start()
    error = process.wait()
    assert isinstance(error, OSError)
    assert str(error) == "the disk is gone"
    assert bad.failed is error
    assert {"first ended", "last ended"} <= set(script.happened)
    assert all(part.thread and not part.thread.is_alive() for part in process.parts)


def test_one_that_ends_by_itself_ends_the_process_too(script: Script) -> None:
    process = Process([script.part("short", lambda _stop: None), script.part("long")])
    process.start()
    assert process.wait() is None
    assert "long ended" in script.happened


def test_of_several_that_fail_the_first_in_order_is_told(script: Script) -> None:
    def later(stop: threading.Event) -> None:
        stop.wait(20)
        raise ValueError("and I could not settle")

    process = Process([script.part("worker", later), script.part("bad", boom)])
    process.start()
    assert isinstance(process.wait(), ValueError)


def test_whoever_starts_it_may_set_the_event(script: Script) -> None:
    stopping = threading.Event()
    process = Process([script.part("one")], stopping)
    process.start()
    stopping.set()
    process.wait()
    assert script.happened == ["one is told", "one ended"]


def test_it_can_be_ended_before_during_and_after(script: Script) -> None:
    before = Process([script.part("before")])
    before.end()
    process = Process([script.part("one")])
    process.start()
    process.end()
    process.end()
    assert script.happened[1:3] == ["one is told", "one ended"]


@pytest.fixture
def handlers() -> Iterator[None]:
    """The handlers of before, whatever a test does to them."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("handlers")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
def test_a_signal_asks_for_the_end(number: int, script: Script) -> None:
    process = Process([script.part("one")])
    process.start()
    with stop_on_signals(process.request_stop) as came:
        os.kill(os.getpid(), number)
        process.wait()
    assert came == [number]
    assert script.happened == ["one is told", "one ended"]


@pytest.mark.usefixtures("handlers")
def test_the_second_ctrl_c_does_what_it_always_does() -> None:
    asked: list[str] = []
    with stop_on_signals(lambda: asked.append("stop")):
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert asked == ["stop"]


@pytest.mark.usefixtures("handlers")
def test_afterwards_signals_do_what_they_did_before() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with stop_on_signals(lambda: None):
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before
