"""Runs the parts of a process, each in its thread, until it is told to stop or one of them fails."""

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

import structlog

_log = structlog.get_logger(__name__)


@dataclass(slots=True, kw_only=True)
class Part:
    """Something that runs until its ``stop`` is called. ``failed`` is what it ended with, if that was an error."""

    name: str
    run: Callable[[], None]
    stop: Callable[[], None]
    failed: BaseException | None = None
    thread: threading.Thread | None = field(default=None, repr=False)


class Process:
    """The parts of one process. A part that fails takes the others down in good order, and the process with it."""

    def __init__(self, parts: Sequence[Part], stopping: threading.Event | None = None) -> None:
        """``stopping`` may be given by whoever wants to set it; :meth:`request_stop` does."""
        self.parts = tuple(parts)
        self._stopping = stopping or threading.Event()

    def start(self) -> None:
        """Starts all parts."""
        for part in self.parts:
            part.thread = threading.Thread(target=self._run, args=(part,), name=part.name)
            part.thread.start()

    def request_stop(self) -> None:
        """Asks for the end; safe in a signal handler."""
        self._stopping.set()

    def wait(self) -> BaseException | None:
        """Waits for the end: a request, or a part that failed. Stops the parts in reverse order and waits for each.

        Returns:
            The error that a part ended with, if any.
        """
        self._stopping.wait()
        for part in reversed(self.parts):
            part.stop()
            if part.thread is not None:
                part.thread.join()
        return next((part.failed for part in self.parts if part.failed is not None), None)

    def end(self) -> None:
        """Asks for the end and waits for it; whatever has ended already is left as it is."""
        self.request_stop()
        self.wait()

    def _run(self, part: Part) -> None:
        try:
            part.run()
        except Exception as error:  # noqa: BLE001 - whatever ends a part has to end the process visibly
            part.failed = error
            _log.exception("a part of this process failed", part=part.name)
        finally:
            self._stopping.set()


@contextmanager
def stop_on_signals(request_stop: Callable[[], None]) -> Iterator[list[int]]:
    """Turns SIGTERM and SIGINT into a request to stop; the second one of them acts as usual.

    Gives the list of the signals that came, which grows.
    """
    came: list[int] = []

    def handle(number: int, _frame: FrameType | None) -> None:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
        came.append(number)
        request_stop()

    before = {number: signal.signal(number, handle) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
