"""What a push asks of its worker: reports that are acknowledged, permission at the point of no return, blobs, time."""

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from automation.push.work import ForbiddenError, LeaseLostError
from events.blobs.contract import BlobStore
from events.codec import ReportRecord, encode_report
from events.control import Subject
from events.log.contract import EventLog, LogError
from events.orders import Order, Writing
from events.plans import Plan
from events.reports import PushStaged, Report
from events.values import Cause
from workers.control_watch import ControlUnreadError, ControlWatch
from workers.device.permission import check_authority, check_halts

#: How long ``control`` may take to show its end before a push is given back.
_PROOF = timedelta(seconds=5)

_LOOK_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """What all desks of a worker share. ``session`` tells this run of the worker from earlier ones.

    ``numbers`` are those of its reports, none twice, also when an order is taken up again. ``unsure`` is for how long
    it may stay open whose an order is, while a group rebalances or a log is away, before it is let go.
    """

    log: EventLog
    blobs: BlobStore
    control: ControlWatch
    session: str
    now: Callable[[], datetime]
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    numbers: Iterator[int] = field(default_factory=itertools.count)
    unsure: timedelta = timedelta(seconds=10)


@dataclass(slots=True, kw_only=True)
class OrderDesk:
    """One order's desk.

    ``holds`` tells whether its partition is ours now, ``lost`` whether it is gone for good; ``published`` is told of
    each report's position. ``wrote`` is set once the push has come to the point of writing.
    """

    office: Office
    order: Order
    subjects: tuple[Subject, ...]
    plan: Callable[[str], Plan]
    holds: Callable[[], bool]
    lost: Callable[[], bool]
    published: Callable[[int], None]
    wrote: bool = False

    def announce(self, report: Report) -> None:
        """Publishes a report; tries again for as long as the order is ours."""
        number = next(self.office.numbers)
        record = encode_report(
            ReportRecord(id=f"{self.order.id}/{self.office.session}/{number}", at=self.office.now(), report=report),
            self.order.site,
        )
        while True:
            self._await_lease()
            try:
                positions = self.office.log.append([record])
            except LogError as error:
                if not error.retriable:
                    raise
                self.office.sleep(_LOOK_S)
            else:
                self.published(positions[0])
                self.wrote = self.wrote or isinstance(report, PushStaged)
                return

    def may_write(self) -> None:
        """The point of no return: control is read to its end, and the lease is looked at last."""
        while True:
            self._await_lease()
            self._check_permission()
            if self.holds():
                return
            # The lease was gone for a moment: a halt may have come in between.

    def _check_permission(self) -> None:
        order = self.order
        if isinstance(order, Writing):
            try:
                authority = self.office.control.prove(_PROOF)
            except ControlUnreadError as error:
                raise ForbiddenError(Cause.CONTROL_UNREAD, str(error)) from error
            check_halts(authority, order, self.subjects)
            check_authority(authority, order, self.plan(order.plan), self.office.now())

    def still_mine(self) -> bool:
        """Whether lease and tenure stand now."""
        return self.holds()

    def may_confirm(self) -> None:
        """The fence before a confirmation: devices know no fencing tokens."""
        self._await_lease()

    def keep(self, content: bytes, *, secret: bool) -> str:
        """Stores a blob durably."""
        return self.office.blobs.put(content, secret=secret)

    def monotonic(self) -> float:
        """Seconds on a clock that never jumps."""
        return self.office.monotonic()

    def sleep(self, seconds: float) -> None:
        """Waits."""
        self.office.sleep(seconds)

    def _await_lease(self) -> None:
        """Waits while a rebalance leaves it open whose the order is; it may well stay ours."""
        deadline = self.office.monotonic() + self.office.unsure.total_seconds()
        while not self.holds():
            if self.lost():
                raise LeaseLostError(f"order {self.order.id} is no longer this worker's")
            if self.office.monotonic() >= deadline:
                raise LeaseLostError(f"whose order {self.order.id} is has been open for too long")
            self.office.sleep(_LOOK_S)
