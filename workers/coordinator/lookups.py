"""What a command needs from outside the pure logic: its bundle, and what its selector means now."""

from collections.abc import Callable
from dataclasses import dataclass

from automation.change.bundle import Bundle
from automation.change.errors import BundleError, ChangeError
from automation.change.model import Change
from automation.change.packing import open_bundle
from automation.rollout.decision import ChangeRead, Looked, LookupFailed, TargetsFound
from events.blobs.contract import BlobError, BlobStore
from events.commands import Command, RequestRollout, SubmitChange
from events.facts import Target
from events.plans import address_of
from inventory.estate import Estate
from inventory.model import Device
from inventory.problems import InventoryError
from inventory.selection import select
from inventory.selectors import Selector, parse_selector


@dataclass(frozen=True, slots=True)
class Lookups:
    """Looks up what commands refer to. ``estate`` gives the inventory as it is now."""

    blobs: BlobStore
    estate: Callable[[], Estate]

    def look_up(self, command: Command) -> Looked:
        """What a command needs, or why it cannot be had; None for those that need nothing."""
        try:
            if isinstance(command, SubmitChange):
                return _read(self._submitted(command))
            if isinstance(command, RequestRollout):
                return self._targets(command)
        except (ChangeError, BundleError) as error:
            return LookupFailed(code="bad-change", why=str(error)[:4000])
        except BlobError as error:
            return LookupFailed(code="change-missing", why=f"its bundle cannot be had or kept: {error}"[:4000])
        except InventoryError as error:
            return LookupFailed(code="bad-selection", why=str(error)[:4000])
        return None

    def _submitted(self, command: SubmitChange) -> Change:
        """The change that was submitted; one that came with the command is put into the store."""
        if command.files is None:
            return open_bundle(self.blobs.get(address_of(command.bundle)))
        bundle = Bundle.of_texts(command.files)
        if bundle.id != command.bundle:
            raise BundleError(f"the files make bundle {bundle.id}, the command says {command.bundle}")
        content = bundle.encode()
        change = open_bundle(content)
        self.blobs.put(content)
        return change

    def _targets(self, command: RequestRollout) -> TargetsFound:
        change = open_bundle(self.blobs.get(address_of(command.change)))
        estate = self.estate()
        selector = parse_selector(change.select)
        if command.only:
            selector = Selector(terms=(*selector.terms, *parse_selector(command.only).terms))
        devices = select(estate, selector).devices
        return TargetsFound(
            change=_read(change),
            inventory=estate.content_hash,
            targets=tuple(_target(estate, device) for device in devices),
        )


def _read(change: Change) -> ChangeRead:
    return ChangeRead(
        title=change.title,
        ticket=change.ticket,
        team=change.team,
        selector=change.select,
        task=change.task.version if change.task else None,
        strategy=change.strategy,
        approvals=change.approvals,
    )


def _target(estate: Estate, device: Device) -> Target:
    site = estate.sites[device.site]
    return Target(
        device=device.name,
        site=site.name,
        region=site.region,
        tier=site.tier,
        role=device.role,
        platform=device.platform,
        group=device.redundancy_group,
        via=device.via,
        credential=device.credentials,
    )
