"""From an order to work that can be done: the change rendered for the device, its part of the plan, the way there."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from automation.change.model import Change
from automation.config.compare import Comparison, compare_merge, compare_restore
from automation.config.reading import read_change
from automation.config.replacement import Replacement
from automation.config.secrets import Digester
from automation.config.tree import Tree
from automation.config.vendor import Vendor
from automation.planning.device import Subject
from automation.platforms.contract import Endpoint, Limits, Platform
from automation.push.before import unpack
from automation.push.work import Earlier, Timing, Work
from automation.render.errors import RenderError
from automation.tasks.finding import TaskVersionError
from events.blobs.contract import BlobStore
from events.orders import Order, PushDevice, RollBackDevice, Unresolved, Writing
from events.plans import Plan, PlannedDevice
from events.values import Cause
from inventory.credentials import resolve_login
from inventory.estate import Estate
from inventory.model import Device, JumpHost
from inventory.variables import Level, resolve
from workers.device.permission import Granted
from workers.estate_source import EstateSource


class UnpreparedError(Exception):
    """An order cannot be made into work. ``cause`` says why."""

    def __init__(self, cause: Cause, why: str) -> None:
        super().__init__(why)
        self.cause = cause


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedPlan:
    """A plan whose bytes have the digest under which it was asked for, with its devices by name."""

    plan: Plan
    devices: Mapping[str, PlannedDevice]


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """What this worker has to work with.

    ``change`` and ``plan`` open what is stored under a digest, and keep what was opened last: a rollout's thousands of
    orders share them. ``lines`` renders a change for a device.
    """

    name: str
    estates: EstateSource
    platforms: Mapping[str, Platform]
    blobs: BlobStore
    digester: Digester
    limits: Limits
    environ: Mapping[str, str]
    change: Callable[[str], Change]
    plan: Callable[[str], SealedPlan]
    lines: Callable[[Change, Device], str]

    @property
    def estate(self) -> Estate:
        """The inventory as it is now."""
        return self.estates.good()

    @property
    def known(self) -> Estate:
        """The inventory as it was read last: for the thread that polls, which files must not keep waiting."""
        return self.estates.known

    def subject(self, order: Order) -> Subject:
        """The device of an order, as it is planned for.

        Raises:
            UnpreparedError: it is not in the inventory, or there is no way to it.
        """
        device = self.device(order)
        site = self.estate.sites[device.site]
        return Subject(
            device=device.name,
            site=site.name,
            platform=self.platforms[device.platform],
            role=device.role,
            os_version=device.os_version or "unknown",
            region=site.region,
            tier=site.tier,
            group=device.redundancy_group,
            access=device.access,
            endpoint=self._endpoint(device, order.host_keys),
            via=self._via(device, order),
            own=self._own(device, self.change(order.change)),
        )

    def compare(self, order: Order) -> Callable[[Tree], Comparison]:
        """How an order's aim is held against what a device has.

        Raises:
            UnpreparedError: the change cannot be rendered for it.
        """
        device = self.device(order)
        vendor = self.platforms[device.platform].vendor
        if isinstance(order, RollBackDevice):
            before = unpack(self.blobs.get(order.before), vendor)
            return lambda running: compare_restore(running, before.running, before.touched, vendor)
        return self._aim(self.change(order.change), device, vendor)

    def work(self, order: Writing, granted: Granted, earlier: Earlier | None) -> Work:
        """An order, made ready to be pushed.

        Raises:
            UnpreparedError: it cannot be.
        """
        subject = self.subject(order)
        change = self.change(order.change)
        planned = self._planned(order)
        replaces = change.mode == "replace" and isinstance(order, PushDevice)
        work = Work(
            order=order.id,
            rollout=order.rollout,
            device=order.device,
            worker=self.name,
            label=label(order.id),
            platform=subject.platform,
            endpoint=subject.endpoint,
            via=subject.via,
            access=subject.access,
            compare=self.compare(order),
            base=planned.base,
            diff=planned.diff,
            config=planned.config,
            digester=self.digester,
            replace=self._replacement(change, self.device(order), subject.platform.vendor) if replaces else None,
            checks=change.checks_for(subject.platform.name),
            timing=Timing(within=change.checks_within, hold=change.checks_hold, limits=self.limits),
            accept_no_undo=order.device in granted.accept_no_undo,
            save_foreign=granted.save_foreign,
            earlier=earlier or self._unresolved(order.unresolved, subject.platform.vendor),
        )
        if isinstance(order, RollBackDevice):
            return replace(work, base=order.after, diff=None, config=None, checks=())
        return work

    def device(self, order: Order) -> Device:
        """The device of an order in the inventory.

        Raises:
            UnpreparedError: it is not there.
        """
        device = self.estate.devices.get(order.device)
        if device is None:
            raise UnpreparedError(Cause.NOT_IN_INVENTORY, f"{order.device} is not in this worker's inventory")
        return device

    def jump_host(self, order: Order) -> tuple[str | None, int]:
        """The jump host on the way to an order's device, if any, and how many sessions it bears."""
        estate = self.known
        device = estate.devices.get(order.device)
        if device is None or device.via is None:
            return None, 0
        return device.via, estate.jump_hosts[device.via].max_connections

    def _planned(self, order: Writing) -> PlannedDevice:
        planned = self.plan(order.plan).devices.get(order.device)
        if planned is None:
            raise UnpreparedError(Cause.APPROVAL_INVALID, f"{order.device} is not in plan {order.plan}")
        if planned.site != order.site:
            why = f"the order has {order.device} at site {order.site}, its plan at {planned.site}"
            raise UnpreparedError(Cause.APPROVAL_INVALID, why)
        return planned

    def _text(self, change: Change, device: Device) -> str:
        """The change's lines for a device."""
        try:
            return self.lines(change, device)
        except TaskVersionError as error:
            raise UnpreparedError(Cause.TASK_VERSION, str(error)) from error
        except RenderError as error:
            if device.platform in change.roots:
                raise
            raise UnpreparedError(Cause.NO_TEMPLATE, str(error)) from error

    def _aim(self, change: Change, device: Device, vendor: Vendor) -> Callable[[Tree], Comparison]:
        if change.mode == "replace":
            return self._replacement(change, device, vendor).compare
        lines = read_change(self._text(change, device), vendor)
        return lambda running: compare_merge(running, lines, vendor)

    def _replacement(self, change: Change, device: Device, vendor: Vendor) -> Replacement:
        return Replacement(text=self._text(change, device), vendor=vendor, keep=change.keep)

    def _unresolved(self, unresolved: Unresolved | None, vendor: Vendor) -> Earlier | None:
        if unresolved is None:
            return None
        before = unpack(self.blobs.get(unresolved.before), vendor)
        return Earlier(
            label=label(unresolved.order), before=before, kept=unresolved.before, undo=unresolved.undo, again=False
        )

    def _via(self, device: Device, order: Order) -> Endpoint | None:
        if device.via is None:
            return None
        return self._endpoint(self.estate.jump_hosts[device.via], order.via_host_keys)

    def _endpoint(self, host: Device | JumpHost, keys: tuple[str, ...]) -> Endpoint:
        credentials = self.estate.credentials_of(host)
        return Endpoint(
            name=host.name,
            address=host.address,
            port=host.port,
            credential=credentials.name,
            login=resolve_login(credentials, self.environ),
            host_keys=keys,
            legacy_crypto=isinstance(host, Device) and host.legacy_crypto,
        )

    def _own(self, device: Device, change: Change) -> dict[str, str]:
        """The device's and its site's own values by name, which placeholders stand for in a diff class."""
        resolved = resolve(self.estate, device, change.variables_for(device))
        own = {
            name: str(settings[0].value)
            for name, settings in resolved.settings.items()
            if settings[0].level in {Level.SITE, Level.DEVICE} and isinstance(settings[0].value, str | int)
        }
        rows = {f"row.{column}": value for column, value in resolved.row.items()}
        return {"device": device.name, "site": device.site, "address": device.address, **own, **rows}


def label(order: str) -> str:
    """The name under which an order's work is pending on its device: short, and the same in every process."""
    return "wg-" + hashlib.sha256(order.encode()).hexdigest()[:16]
