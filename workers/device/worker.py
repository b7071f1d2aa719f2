"""The loop of a device worker: one thread polls, renews the lease and moves the marks; pushes run in a pool.

A device that is slow holds up nobody: orders end in any order, and what is not done is known by position.
"""

import threading
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

import structlog

from automation.push.work import LeaseLostError
from events.codec import decode_order
from events.control import Subject
from events.errors import MessageError
from events.log.contract import LogError, Membership, Partition, Stored, Topic
from events.orders import Order
from events.reports import Outcome
from workers.device.crew import Crew, Task
from workers.device.desk import Office, OrderDesk
from workers.device.job import Job
from workers.device.leftovers import Left, Leftovers
from workers.device.preparing import Workshop
from workers.device.recovery import Past, read_past
from workers.device.surprises import kind_of, trail_of
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
    _troubles: dict[Hashable, str] = field(default_factory=dict)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _tracker: Tracker = field(default_factory=Tracker)
    _tenures: Tenures = field(default_factory=Tenures)
    #: Orders without an outcome that this process may have written for. What a device undid of them is not done anew,
    #: whoever's they were meanwhile: a change that cuts this worker off from its log would be pushed again and again.
    _begun: set[str] = field(default_factory=set)
    _leftovers: Leftovers = field(default_factory=Leftovers)
    _crew: Crew = field(init=False)

    def __post_init__(self) -> None:
        self._crew = Crew(self.capacity)

    @property
    def in_flight(self) -> int:
        """How many orders are being carried out or wait to be."""
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
        try:
            while not self._stopping.is_set():
                self._turn(membership)
            self._settle(membership)
        finally:
            self._crew.close()
            membership.leave()

    def _turn(self, membership: Membership) -> None:
        try:
            delivery = membership.poll(_POLL)
        except LogError as error:
            self._bear(error)
            return
        for partition in delivery.lost:
            self._give_up(partition)
        for partition in delivery.gained:
            self._tenures.begin(partition)
        self._tenures.deliver(delivery.records)
        for partition in self._tenures.new():
            self._take_over(partition, membership)
        for stored, tenure in self._tenures.ready():
            self._dispatch(stored, tenure, membership)
        for partition, left in self._leftovers.due(self.office.monotonic()).items():
            self._take_up_again(partition, left, membership)
        self._keep(membership)

    def _bear(self, error: LogError) -> None:
        """A log that is away or full comes back; whatever else it says ends the worker."""
        if not error.retriable:
            raise error
        self._troubles[None] = str(error)
        self.office.sleep(_POLL.total_seconds())

    def _give_up(self, partition: Partition) -> None:
        self._tenures.end(partition)
        self._tracker.drop(partition)
        self._troubles.pop(partition, None)

    def _take_over(self, partition: Partition, membership: Membership) -> None:
        """Learns what the partition's earlier owner did; until then none of its orders is touched."""
        try:
            mark = membership.mark(partition)
            past = read_past(self.office.log, partition, reports_from(mark))
        except (LogError, MessageError) as error:
            if isinstance(error, LogError) and not error.retriable:
                raise
            self._troubles[partition] = f"what was done in {_told(partition)} cannot be read: {error}"
            return
        self._troubles.pop(partition, None)
        self._tracker.take(partition, mark, orders_end=past.orders_end, reports_end=past.reports_end)
        self._tenures.know(partition, past)

    def _take_up_again(self, partition: Partition, left: Sequence[Left], membership: Membership) -> None:
        """Orders that ended without an outcome and are still ours: nobody else will ever take them."""
        for each in left:
            if not each.tenure.lasts:
                self._troubles.pop(each.order.id, None)
        ours = [each for each in left if each.tenure.lasts]
        try:
            # Without the lease the log may be away, and nobody would hear of us while we wait for it.
            past = self._past(partition, membership) if ours and membership.holds(partition) else None
        except (LogError, MessageError) as error:
            if isinstance(error, LogError) and not error.retriable:
                raise
            past = None
        for each in ours:
            if past is None:
                self._leftovers.put_back(each, self.office.monotonic())
            else:
                self._enter(each, past, membership)

    def _past(self, partition: Partition, membership: Membership) -> Past:
        return read_past(self.office.log, partition, reports_from(membership.mark(partition)))

    def _dispatch(self, stored: Stored, tenure: Tenure, membership: Membership) -> None:
        self._tracker.came(stored.partition, stored.position)
        try:
            order = decode_order(stored.value)
        except MessageError as error:
            # It stays undone, and the mark before it: a worker that can read it will find it.
            self._troubles[stored.partition] = f"the order at {stored.position} in {_told(stored.partition)}: {error}"
            _log.error("an order cannot be read", position=stored.position, reason=str(error))
            return
        self._enter(Left(order=order, stored=stored, tenure=tenure), tenure.past, membership)

    def _enter(self, left: Left, past: Past, membership: Membership) -> None:
        order, stored = left.order, left.stored
        if order.id in past.ended:
            self._tracker.done(stored.partition, stored.position)
            self._troubles.pop(order.id, None)
            return
        desk = self._desk(order, stored.partition, left.tenure, membership)
        job = Job(order, desk, self.workshop, past.staged.get(order.id), anew=order.id not in self._begun)
        via, bears = self.workshop.jump_host(order)
        self._crew.enter(Task(device=order.device, work=partial(self._work, job, left), via=via, bears=bears))

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
        device = self.workshop.known.devices.get(order.device)
        if device is not None:
            named.append(("credential", device.credentials))
        return tuple(Subject(kind=kind, name=name) for kind, name in named)

    def _work(self, job: Job, left: Left) -> None:
        """On a thread of the crew. What has not begun when the worker stops is left to whoever comes next."""
        if self._stopping.is_set() or not left.tenure.lasts:
            return
        try:
            outcome = job.run()
            job.desk.announce(outcome)
        except LeaseLostError as error:
            why = str(error)
            _log.info("an order is let go", order=job.order.id, reason=why)
        except LogError as error:
            why = f"its outcome could not be published: {error}"
            _log.exception("an outcome could not be published", order=job.order.id)
        except Exception as error:  # noqa: BLE001 - what leaves a thread of the crew is seen by nobody
            why = f"it failed unexpectedly: {kind_of(error)}"
            _log.error("the work on an order failed unexpectedly", order=job.order.id, error=why, trail=trail_of(error))
        else:
            self._ended(job.order, outcome, left.stored)
            return
        if job.desk.wrote:
            self._begun.add(job.order.id)
        self._leave_over(left, why)

    def _ended(self, order: Order, outcome: Outcome, stored: Stored) -> None:
        self._tracker.done(stored.partition, stored.position)
        self._troubles.pop(order.id, None)
        self._begun.discard(order.id)
        try:
            self.observe(order, outcome)
        except Exception:  # noqa: BLE001 - somebody else's code, and the order has ended
            _log.exception("an outcome could not be counted", order=order.id)

    def _leave_over(self, left: Left, why: str) -> None:
        """While its partition stays ours, an order without an outcome is ours too: what it did is found out."""
        if left.tenure.lasts:
            self._troubles[left.order.id] = f"order {left.order.id} has no outcome yet: {why}"
            self._leftovers.put_back(left, self.office.monotonic())

    def _keep(self, membership: Membership) -> None:
        """Renews the lease, moves the marks, and takes no more than can be worked on soon."""
        membership.pause(self._tenures.held() if self._crew.running >= 2 * self.capacity else frozenset())
        now = self.office.monotonic()
        if now - self.renewed >= _RENEW_S and membership.renew(self._tracker.marks()):
            self.renewed = now
            self._troubles.pop(None, None)

    def _settle(self, membership: Membership) -> None:
        """Lets what is in flight end, under the lease, within the time that there is for it."""
        self._crew.dismiss()
        deadline = self.office.monotonic() + self.drain.total_seconds()
        _log.info("settling", in_flight=self._crew.running)
        while self._crew.running and self.office.monotonic() < deadline:
            try:
                membership.pause(self._tenures.held())
                delivery = membership.poll(_POLL)
            except LogError as error:
                # Without a log nothing can be published, but it may come back before the time is over.
                self._bear(error)
                continue
            for partition in delivery.lost:
                self._give_up(partition)
            membership.renew(self._tracker.marks())
        self._tenures.end_all()
        membership.renew(self._tracker.marks())


def _told(partition: Partition) -> str:
    return f"{partition.topic.value}-{partition.number}"
