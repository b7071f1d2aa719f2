"""Echo requests from inside a namespace: one question, or a stream whose losses are counted."""

import re
import signal
import subprocess
from types import TracebackType
from typing import Self

from lab.frr.errors import FrrLabError
from lab.frr.namespaces import Network

INTERVAL_S = 0.05
_SUMMARY = re.compile(r"(\d+) packets transmitted, (\d+) received")


class PingError(FrrLabError):
    """ping ended without telling what it sent and received."""


def ping(network: Network, target: str, *, count: int, timeout_s: float) -> bool:
    """True if all of `count` echo requests are answered, each within `timeout_s`."""
    command = network.inside("ping", "-q", "-n", "-c", str(count), "-i", str(INTERVAL_S), "-W", str(timeout_s), target)
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, encoding="ascii", check=False)  # noqa: S603
    counted = _SUMMARY.search(done.stdout)
    return counted is not None and int(counted[2]) == count


class Pings:
    """A stream of echo requests, twenty a second, while the context is open; afterwards `sent` and `received` count."""

    def __init__(self, network: Network, target: str) -> None:
        self._command = network.inside("ping", "-q", "-n", "-i", str(INTERVAL_S), target)
        self.sent = 0
        self.received = 0

    @property
    def lost(self) -> int:
        """Requests without an answer; one that was under way at the end may be among them."""
        return self.sent - self.received

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(  # noqa: S603 (the lab's own words, no shell)
            self._command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="ascii"
        )
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.send_signal(signal.SIGINT)
        said = self._process.communicate()[0]
        counted = _SUMMARY.search(said)
        if counted is None:
            raise PingError(f"ping said nothing countable: {said.strip()[-300:]}")
        self.sent, self.received = int(counted[1]), int(counted[2])
