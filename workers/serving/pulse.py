"""Asks the log again and again whether it is there, so that whoever asks about a process's health need not wait."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from events.log.contract import LogError
from workers.control_watch import ControlUnreadError

#: One question: returns where it asked about stands, raises where there is no answer.
Probe = Callable[[], int]

_PAUSE_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """What came of one question last: the answer, when it came (monotonic), and the error since, if any."""

    value: int = 0
    at: float
    error: str = ""


@dataclass(slots=True)
class Pulse:
    """Puts its questions in a thread of its own (:meth:`run`). Answers may be read from any thread."""

    probes: Mapping[str, Probe]
    monotonic: Callable[[], float] = time.monotonic
    pause_s: float = _PAUSE_S
    _beats: dict[str, Beat] = field(default_factory=dict)
    _stopping: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        """Begins as :meth:`reset` says."""
        self.reset()

    def reset(self) -> None:
        """Counts the age of answers that have not come yet from now on; for when probes were added."""
        self._beats = {name: Beat(at=self.monotonic()) for name in self.probes}

    def run(self) -> None:
        """Asks until it is stopped."""
        while not self._stopping.is_set():
            for name, probe in self.probes.items():
                self._ask(name, probe)
            self._stopping.wait(self.pause_s)

    def stop(self) -> None:
        """Ends :meth:`run` after the question at hand."""
        self._stopping.set()

    def beat(self, name: str) -> Beat:
        """What is known about one question."""
        return self._beats[name]

    def age(self, name: str) -> float:
        """Seconds since a question was last answered, or since the start."""
        return self.monotonic() - self._beats[name].at

    def _ask(self, name: str, probe: Probe) -> None:
        asked = self.monotonic()
        try:
            self._beats[name] = Beat(value=probe(), at=asked)
        except (LogError, ControlUnreadError) as error:
            last = self._beats[name]
            self._beats[name] = Beat(value=last.value, at=last.at, error=str(error))
