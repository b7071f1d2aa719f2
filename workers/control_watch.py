"""Every process reads all of ``control``, all the time, and can prove that it has read it to its end.

A halt takes effect here, without any coordinator being alive. Whoever cannot prove it starts nothing.
"""

import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta

import structlog

from events.authority import Authority, RefusedError
from events.log.contract import EventLog, LogError, Partition, Reader, Stored, Topic

_CONTROL = Partition(Topic.CONTROL, 0)

#: How long one look at the log may block while nobody asks for a proof: what a halt may wait to be seen, at rest.
_AT_REST = timedelta(milliseconds=50)

_log = structlog.get_logger(__name__)


class ControlUnreadError(Exception):
    """It could not be proven in time that ``control`` has been read to its end."""


class ControlWatch:
    """Keeps the authority of a log up to date, in a thread of its own."""

    def __init__(self, log: EventLog, name: str, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Watches ``log``, whose name (the digest of its root key) is ``name``."""
        self._log = log
        self._monotonic = monotonic
        self._authority = Authority(log=name)
        self._changed = threading.Condition()
        self._round = 0
        self._proven = -1
        self._wanted = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="control-watch", daemon=True)

    def start(self) -> None:
        """Begins to watch."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the watch and waits for its thread."""
        self._stopped.set()
        self._wanted.set()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def authority(self) -> Authority:
        """What has been read so far; may lag behind by moments."""
        return self._authority

    def prove(self, within: timedelta) -> Authority:
        """What ``control`` says, read to an end that was asked for after this call began.

        Raises:
            ControlUnreadError: the log did not show its end in time.
        """
        deadline = self._monotonic() + within.total_seconds()
        with self._changed:
            needed = self._round + 1
            self._wanted.set()
            while self._proven < needed:
                left = deadline - self._monotonic()
                if left <= 0 or self._stopped.is_set():
                    raise ControlUnreadError(
                        f"the end of control could not be read within {within.total_seconds():g} s"
                    )
                self._changed.wait(left)
            return self._authority

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._watch()
            except LogError as error:
                _log.warning("control cannot be read", error=str(error))
                self._stopped.wait(0.2)

    def _watch(self) -> None:
        reader = self._log.reader({_CONTROL: self._authority.position})
        try:
            while not self._stopped.is_set():
                if self._wanted.is_set():
                    self._prove(reader)
                else:
                    self._fold(reader.poll(_AT_REST))
        finally:
            reader.close()

    def _prove(self, reader: Reader) -> None:
        """One round serves everybody who asked before it began."""
        with self._changed:
            self._wanted.clear()
            self._round += 1
            current = self._round
        try:
            end = reader.end(_CONTROL)
            while reader.position(_CONTROL) < end and not self._stopped.is_set():
                self._fold(reader.poll(_AT_REST))
        except LogError:
            self._wanted.set()
            raise
        with self._changed:
            self._proven = current
            self._changed.notify_all()

    def _fold(self, records: Sequence[Stored]) -> None:
        for record in records:
            self._authority = folded(self._authority, record)


def read_control(log: EventLog, name: str) -> Authority:
    """What ``control`` says now, read once from its beginning to its end.

    Raises:
        LogError: it could not be read.
    """
    authority = Authority(log=name)
    reader = log.reader({_CONTROL: 0})
    try:
        end = reader.end(_CONTROL)
        while reader.position(_CONTROL) < end:
            for record in reader.poll(_AT_REST):
                authority = folded(authority, record)
    finally:
        reader.close()
    return authority


def folded(authority: Authority, record: Stored) -> Authority:
    """The authority after one more record of ``control``; one that does not count changes nothing but the position."""
    try:
        return authority.read(record.position, record.value.decode("ascii"))[0]
    except (RefusedError, UnicodeDecodeError) as error:
        _log.warning("a control record does not count", position=record.position, reason=str(error))
        return authority.passed(record.position)
