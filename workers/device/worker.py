"""The loop of a device worker: one thread polls, renews the lease and moves the marks; pushes run in a pool.

A device that is slow holds up nobody: orders end in any order, and what is not done is known by position.
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from automation.push.work import LeaseLostError
from events.codec import decode_order
from events.control import Subject
from events.errors import MessageError
from events.log.contract import LogError, LogUnavailableError, Membership, Partition, Stored, Topic
from events.orders import Order
from events.reports import Outcome
from workers.device.crew import Crew
from workers.device.desk import Office, OrderDesk
from workers.device.job import Job
from workers.device.preparing import Workshop
from workers.device.recovery import read_past
from workers.device.tenures import Tenure, Tenures
from workers.device.tracker import Tracker, reports_from

#: The group that shares the partitions of ``orders``.
GROUP = "device-workers"

_POLL = timedelta(milliseconds=100)
_RENEW_S = 1.0

_log = structlog.get_logger(__name__)


@dataclass(slots=True, kw_only=True)
class DeviceWorker:
    """Takes orders and carries them out, ``capacity`` at once.

    ``drain`` is how long work in flight may take to settle when the worker stops. ``observe`` is told of each outcome.
    """

    office: Office
    workshop: Workshop
    capacity: int = 500
    drain: timedelta = timedelta(seconds=120)
    observe: Callable[[Order, Outcome], None] = lambda _order, _outcome: None
    #: Since when on the monotonic clock the lease stands; for those who ask after its health.
    renewed: float = 0.0
    _troubles: dict[Partition | None, str] = field(default_factory=dict)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _tracker: Tracker = field(default_factory=Tracker)
    _tenures: Tenures = field(default_factory=Tenures)
    _crew: Crew = field(default_factory=Crew)

    @property
    def in_flight(self) -> int:
        """How many orders are being carried out or wait for a thread."""
        return self._crew.running

    @property
    def trouble(self) -> str:
        """What is wrong now; empty where nothing is."""
        return "; ".join(tuple(self._troubles.values()))

    def stop(self) -> None:
        """Takes nothing new, settles what is in flight, leaves the group; :meth:`run` then returns."""
        self._stopping.set()

    def run(self) -> None:
        """Works until it is stopped."""
        membership = self.office.log.join(GROUP, Topic.ORDERS, self.workshop.name)
        pool = ThreadPoolExecutor(max_workers=self.capacity, thread_name_prefix="push")
        try:
            while not self._stopping.is_set():
                self._turn(membership, pool)
            self._settle(membership)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
            membership.leave()

    def _turn(self, membership: Membership, pool: ThreadPoolExecutor) -> None:
        try:
            delivery = membership.poll(_POLL)
        except LogUnavailableError as error:
            self._troubles[None] = str(error)
            return
        for partition in delivery.lost:
            self._give_up(partition)
        for partition in delivery.gained:
            self._tenures.begin(partition)
        self._tenures.deliver(delivery.records)
        for partition in self._tenures.new():
            self._take_over(partition, membership)
        for stored, tenure in self._tenures.ready():
            self._dispatch(stored, tenure, membership, pool)
        self._keep(membership)

    def _give_up(self, partition: Partition) -> None:
        self._tenures.end(partition)
        self._tracker.drop(partition)
        self._troubles.pop(partition, None)

    def _take_over(self, partition: Partition, membership: Membership) -> None:
        """Learns what the partition's earlier owner did; until then none of its orders is touched."""
        try:
            mark = membership.mark(partition)
            past, end = read_past(self.office.log, partition, reports_from(mark))
        except LogUnavailableError as error:
            self._troubles[partition] = f"what was done in {_told(partition)} cannot be read: {error}"
            return
        self._troubles.pop(partition, None)
        self._tracker.take(partition, mark, end)
        self._tenures.know(partition, past)

    def _dispatch(self, stored: Stored, tenure: Tenure, membership: Membership, pool: ThreadPoolExecutor) -> None:
        self._tracker.came(stored.partition, stored.position)
        try:
            order = decode_order(stored.value)
        except MessageError as error:
            # It stays undone, and the mark before it: a worker that can read it will find it.
            self._troubles[stored.partition] = f"the order at {stored.position} in {_told(stored.partition)}: {error}"
            _log.error("an order cannot be read", position=stored.position, reason=str(error))
            return
        if order.id in tenure.past.ended:
            self._tracker.done(stored.partition, stored.position)
            return
        desk = self._desk(order, stored.partition, tenure, membership)
        job = Job(order, desk, self.workshop, tenure.past.staged.get(order.id))
        self._crew.entered()
        pool.submit(self._work, job, stored)

    def _desk(self, order: Order, partition: Partition, tenure: Tenure, membership: Membership) -> OrderDesk:
        return OrderDesk(
            office=self.office,
            order=order,
            subjects=self._subjects(order),
            plan=lambda digest: self.workshop.plan(digest).plan,
            holds=lambda: tenure.lasts and membership.holds(partition),
            lost=lambda: not tenure.lasts,
            published=lambda position: self._tracker.reported(partition, position),
        )

    def _subjects(self, order: Order) -> tuple[Subject, ...]:
        named = [("rollout", order.rollout), ("site", order.site), ("device", order.device)]
        device = self.workshop.estate.devices.get(order.device)
        if device is not None:
            named.append(("credential", device.credentials))
        return tuple(Subject(kind=kind, name=name) for kind, name in named)

    def _work(self, job: Job, stored: Stored) -> None:
        """On a thread of the pool. What has not begun when the worker stops is left to whoever comes next."""
        try:
            with self._crew.alone_at(job.order.device), self._crew.through(*self.workshop.jump_host(job.order)):
                if self._stopping.is_set() or job.desk.lost():
                    return
                outcome = job.run()
                job.desk.announce(outcome)
            self._tracker.done(stored.partition, stored.position)
            self.observe(job.order, outcome)
        except LeaseLostError as error:
            _log.info("an order went to another worker", order=job.order.id, reason=str(error))
        except LogError:
            _log.exception("an outcome could not be published; whoever takes over finds it out", order=job.order.id)
        except Exception:  # noqa: BLE001 - what leaves a thread of the pool is seen by nobody
            _log.exception("the work on an order failed unexpectedly", order=job.order.id)
        finally:
            self._crew.left()

    def _keep(self, membership: Membership) -> None:
        """Renews the lease, moves the marks, and takes no more than can be worked on soon."""
        membership.pause(self._tenures.held() if self._crew.running >= 2 * self.capacity else frozenset())
        now = self.office.monotonic()
        if now - self.renewed >= _RENEW_S and membership.renew(self._tracker.marks()):
            self.renewed = now
            self._troubles.pop(None, None)

    def _settle(self, membership: Membership) -> None:
        """Lets what is in flight end, under the lease, within the time that there is for it."""
        deadline = self.office.monotonic() + self.drain.total_seconds()
        _log.info("settling", in_flight=self._crew.running)
        while self._crew.running and self.office.monotonic() < deadline:
            membership.pause(self._tenures.held())
            try:
                delivery = membership.poll(_POLL)
            except LogUnavailableError as error:
                # Without a log nothing can be published, but it may come back before the time is over.
                self._troubles[None] = str(error)
                self.office.sleep(_POLL.total_seconds())
                continue
            for partition in delivery.lost:
                self._give_up(partition)
            membership.renew(self._tracker.marks())
        self._tenures.end_all()
        membership.renew(self._tracker.marks())


def _told(partition: Partition) -> str:
    return f"{partition.topic.value}-{partition.number}"
