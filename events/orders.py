"""Units of device work that the coordinator releases to workers, in the imperative."""

from typing import ClassVar

from events.catalogue import Catalogue, Message
from events.values import BlobAddress, Count, Digest, HostKey, Identifier, KeyedDigest, Name, Signed, UndoRank, Value


class Order(Message):
    """Base of all orders: one device, one piece of work.

    ``control`` is how far the coordinator had read ``control`` when it released the order. A worker reads at least
    that far, and gives the order back if anything after it touches the order's subjects. ``host_keys`` are those by
    which the device is known, ``via_host_keys`` those of the jump host before it.
    """

    id: Identifier
    rollout: Identifier
    change: Digest
    device: Name
    site: Name
    control: Count
    host_keys: tuple[HostKey, ...] = ()
    via_host_keys: tuple[HostKey, ...] = ()


class PlanDevice(Order):
    """Read the device, render, compare; write nothing to it."""

    wire: ClassVar[str] = "PlanDevice"


class Unresolved(Value):
    """An earlier order for the same work that ended in the unknown.

    ``before`` is the blob of what the device had before it, ``undo`` how the device undoes what nobody confirms.
    """

    order: Identifier
    before: BlobAddress
    undo: UndoRank


class Writing(Order):
    """Base of the orders that write to a device.

    ``unresolved`` is set by a reconciliation. The device is read back first, and what is found is finished (confirmed
    where healthy, undone where not), never pushed anew.
    """

    plan: Digest
    unresolved: Unresolved | None = None


class PushDevice(Writing):
    """Carry the plan out on this device. ``approvals`` are the signed commands that allow it."""

    wire: ClassVar[str] = "PushDevice"

    approvals: tuple[Signed, ...]


class RollBackDevice(Writing):
    """Bring the touched sections back to what they were before the push.

    ``authority`` is what a person signed: the command, or the halt, that asked for it. ``before`` is the blob with
    the sections as the push found them, ``after`` the digest of those that it left.
    """

    wire: ClassVar[str] = "RollBackDevice"

    authority: Signed
    before: BlobAddress
    after: KeyedDigest


ORDERS = Catalogue("order", PlanDevice, PushDevice, RollBackDevice)
