"""What a change would do to one live device, which is only read."""

from dataclasses import dataclass, replace

from automation.change.model import Change
from automation.planning.device import read_and_compare
from console.errors import ConsoleError
from console.views import HostKeys
from events.orders import PlanDevice
from workers.bootstrap import Installation, make_workshop
from workers.device.preparing import UnpreparedError, Workshop


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveDiff:
    """What was found: the difference, redacted; how the device would undo it; what speaks against it."""

    device: str
    reached: bool
    diff: str
    undo: str
    access: str
    unsaved: str
    refused: str | None


def live_diff(installation: Installation, change: Change, device: str, recorded: dict[str, HostKeys]) -> LiveDiff:
    """Reads a device and holds a change against it.

    Raises:
        ConsoleError: the device cannot be read for it: not in the inventory, no template.
        AutomationError, InventoryError: it cannot be reached, rendered for, or compared.
    """
    workshop = replace(make_workshop(installation, "console"), change=lambda _digest: change)
    order = _order(workshop, change, device, recorded)
    try:
        subject = workshop.subject(order)
        reading = read_and_compare(subject, workshop.compare(order), workshop.digester, workshop.limits)
    except UnpreparedError as error:
        raise ConsoleError(str(error)) from error
    return LiveDiff(
        device=device,
        reached=reading.comparison.reached,
        diff=reading.text,
        undo=reading.undo.value,
        access=subject.access.value,
        unsaved=reading.unsaved,
        refused=str(reading.refused) if reading.refused else None,
    )


def _order(workshop: Workshop, change: Change, device: str, recorded: dict[str, HostKeys]) -> PlanDevice:
    """The order that a worker would be given; nobody releases it."""
    known = workshop.estate.device(device)
    keys = recorded[device].keys if device in recorded else ()
    via = recorded[known.via].keys if known.via in recorded and known.via is not None else ()
    return PlanDevice(
        id=f"diff.{device}",
        rollout="diff",
        change=change.id,
        device=device,
        site=known.site,
        control=0,
        host_keys=keys,
        via_host_keys=via,
    )
