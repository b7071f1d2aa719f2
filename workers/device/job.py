"""One order from its arrival to its outcome."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import structlog

from automation.change.errors import BundleError
from automation.errors import AutomationError
from automation.planning.device import planned, read_and_compare
from automation.platforms.contract import LoginRefusedError
from automation.push.before import unpack
from automation.push.protocol import push
from automation.push.telling import Teller
from automation.push.work import Earlier, ForbiddenError, LeaseLostError
from automation.tasks.unit import WrongHostsError, run_on
from events.blobs.contract import BlobError
from events.orders import Order, PlanDevice, Writing
from events.reports import (
    CredentialRefused,
    OrderReturned,
    Outcome,
    PlanComputed,
    PlanFailed,
    PlanFoundNothing,
    PushFailed,
    PushRefused,
    PushStaged,
    PushUnknown,
)
from events.values import Cause, Reason
from inventory.credentials import CredentialError
from inventory.nornir_plugin import EstateInventory
from inventory.problems import InventoryError
from workers.device.desk import OrderDesk
from workers.device.permission import Granted, check_authority, check_halts
from workers.device.preparing import UnpreparedError, Workshop, label
from workers.device.surprises import kind_of, trail_of

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Job:
    """An order with its desk. ``staged`` is what was reported before an earlier write of the same order.

    ``anew``: whether it may be carried out anew where nothing of that write is found.
    """

    order: Order
    desk: OrderDesk
    workshop: Workshop
    staged: PushStaged | None = None
    anew: bool = True

    def run(self) -> Outcome:
        """Carries the order out, on the calling thread.

        Returns:
            Its outcome, still to be published.

        Raises:
            LeaseLostError: the order is another worker's now; there is no outcome to publish.
        """
        inventory = EstateInventory(self.workshop.estate, [self.order.device])
        try:
            self.workshop.device(self.order)
            return run_on(inventory, self.order.device, lambda _host: self._carry_out())
        except LeaseLostError:
            raise
        except (AutomationError, InventoryError, BlobError, UnpreparedError) as error:
            return self._refused(error)
        except Exception as error:  # noqa: BLE001 - see below
            # The last line of defence of a worker's thread: an order without an outcome would block its device.
            what = kind_of(error)
            _log.error("an order failed unexpectedly", order=self.order.id, error=what, trail=trail_of(error))
            return self._failed(Reason(cause=Cause.INTERNAL, detail=f"{what}; the worker's log says how it came there"))

    def _carry_out(self) -> Outcome:
        if isinstance(self.order, Writing):
            return self._push(self.order)
        return self._plan()

    def _plan(self) -> Outcome:
        workshop, order, teller = self.workshop, self.order, self._teller()
        subject = workshop.subject(order)
        try:
            reading = read_and_compare(subject, workshop.compare(order), workshop.digester, workshop.limits)
        except LoginRefusedError as error:
            teller.announce(CredentialRefused, credential=error.credential or subject.endpoint.credential)
            raise
        if reading.refused is not None:
            return teller.outcome(PlanFailed, reason=reading.refused)
        if reading.comparison.reached:
            return teller.outcome(PlanFoundNothing)
        text = workshop.blobs.put(reading.text.encode())
        return teller.outcome(PlanComputed, planned=planned(subject, reading, workshop.digester, text))

    def _push(self, order: Writing) -> Outcome:
        """Permission is looked at before the device is opened, and again, by the desk, before it is written to.

        What was begun is finished all the same: healthy pushes are confirmed and the others undone, whoever halted.
        """
        granted = Granted()
        try:
            granted = self._granted(order)
        except ForbiddenError as error:
            if self.staged is None and order.unresolved is None:
                return self._teller().outcome(OrderReturned, reason=Reason(cause=error.cause, detail=str(error)))
        return push(self.workshop.work(order, granted, self._earlier(order)), self.desk)

    def _granted(self, order: Writing) -> Granted:
        office = self.desk.office
        authority = office.control.authority
        if authority.position >= order.control:
            check_halts(authority, order, self.desk.subjects)
        return check_authority(authority, order, self.workshop.plan(order.plan).plan, office.now())

    def _earlier(self, order: Writing) -> Earlier | None:
        if self.staged is None:
            return None
        vendor = self.workshop.platforms[self.workshop.device(order).platform].vendor
        before = unpack(self.workshop.blobs.get(self.staged.before), vendor)
        earlier = Earlier(
            label=label(order.id), before=before, kept=self.staged.before, undo=self.staged.undo, again=self.anew
        )
        return earlier if order.unresolved is None else replace(earlier, again=False)

    def _refused(self, error: Exception) -> Outcome:
        """An order that could not be begun. A blob store without room may have some later: the order is given back."""
        reason = Reason(cause=_cause(error), detail=str(error)[:2000])
        if isinstance(error, BlobError) and error.retriable and not self._may_have_written:
            return self._teller().outcome(OrderReturned, reason=reason)
        return self._failed(reason)

    @property
    def _may_have_written(self) -> bool:
        unresolved = isinstance(self.order, Writing) and self.order.unresolved is not None
        return unresolved or self.staged is not None or self.desk.wrote

    def _failed(self, reason: Reason) -> Outcome:
        teller = self._teller()
        if isinstance(self.order, PlanDevice):
            return teller.outcome(PlanFailed, reason=reason)
        if self._may_have_written:
            return teller.outcome(PushUnknown, reason=reason)
        kind = PushFailed if reason.cause in _OPERATIONAL else PushRefused
        return teller.outcome(kind, reason=reason)

    def _teller(self) -> Teller:
        order = self.order
        return Teller(order.id, order.rollout, order.device, self.workshop.name, self.desk, self.desk.monotonic())


#: What is wrong with the world rather than with the change.
_OPERATIONAL = frozenset(
    {
        Cause.UNREACHABLE,
        Cause.LOGIN_REFUSED,
        Cause.CREDENTIAL_MISSING,
        Cause.HOST_KEY_CHANGED,
        Cause.HOST_KEY_UNKNOWN,
        Cause.DEVICE_BUSY,
        Cause.DEVICE_LOCKED,
        Cause.TIMED_OUT,
        Cause.ACCESS_LOST,
        Cause.CHANGE_MISSING,
        Cause.INTERNAL,
    }
)

_CAUSES: Mapping[type[Exception], Cause] = {
    CredentialError: Cause.CREDENTIAL_MISSING,
    WrongHostsError: Cause.INTERNAL,
    BlobError: Cause.CHANGE_MISSING,
    BundleError: Cause.CHANGE_MISSING,
}


def _cause(error: Exception) -> Cause:
    """The cause that an error names, or the one that its kind stands for."""
    named = getattr(error, "cause", None)
    if isinstance(named, Cause):
        return named
    if isinstance(error, BlobError) and error.retriable:
        return Cause.INTERNAL
    return next((cause for kind, cause in _CAUSES.items() if isinstance(error, kind)), Cause.RENDER_FAILED)
