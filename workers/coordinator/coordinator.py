"""Election: of all coordinators one is active, the others stand by.

The place is that of the owner of ``commands`` in a group; what makes it safe is the fenced writer, not the group.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from events.blobs.contract import BlobError
from events.log.contract import EventLog, LogError, Membership, Topic
from workers.coordinator.reign import Reign

#: The group in which coordinators find out which of them is active.
GROUP = "coordinators"

_STEP = timedelta(milliseconds=100)
_STAND_BY = timedelta(milliseconds=200)
_RENEW_S = 1.0
_AFTER_ERROR_S = 0.5

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Coordinator:
    """Runs reigns for as long as it is the one to do so. ``begin`` opens one; ``observe`` is told of each step."""

    log: EventLog
    name: str
    begin: Callable[[], Reign]
    observe: Callable[[Reign, int], None] = lambda _reign, _facts: None
    _stopping: threading.Event = field(default_factory=threading.Event)
    active: bool = False
    trouble: str = ""

    def stop(self) -> None:
        """Ends :meth:`run` after the batch at hand."""
        self._stopping.set()

    def run(self) -> None:
        """Stands by, reigns when it is its turn, and leaves the group at the end so that another takes over at once."""
        membership = self.log.join(GROUP, Topic.COMMANDS, self.name)
        try:
            while not self._stopping.is_set():
                self._stand_by(membership)
        finally:
            membership.leave()

    def _stand_by(self, membership: Membership) -> None:
        partitions = frozenset(self.log.partitions(Topic.COMMANDS))
        try:
            membership.pause(partitions)
            membership.poll(_STAND_BY)
            renewed = membership.renew({})
            if all(membership.holds(partition) for partition in partitions):
                self._reign(membership)
            elif renewed:
                self.trouble = ""
        except (LogError, BlobError) as error:
            # A store without room, or out of reach, ends a reign as a log does: nothing of the batch counts.
            self.trouble = str(error)
            _log.warning("this coordinator is not active", reason=str(error))
            self._stopping.wait(_AFTER_ERROR_S)
        finally:
            self.active = False

    def _reign(self, membership: Membership) -> None:
        reign = self.begin()
        try:
            self.active = True
            _log.info("active", coordinator=self.name)
            renewed = time.monotonic()
            while not self._stopping.is_set() and self._still_mine(membership):
                self.observe(reign, reign.step(_STEP))
                self.trouble = ""
                if time.monotonic() - renewed >= _RENEW_S:
                    membership.renew({})
                    renewed = time.monotonic()
        finally:
            reign.end()

    def _still_mine(self, membership: Membership) -> bool:
        membership.poll(timedelta(0))
        return all(membership.holds(partition) for partition in self.log.partitions(Topic.COMMANDS))
