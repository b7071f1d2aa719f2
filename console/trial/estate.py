"""Which devices stand in for a change's, and how the inventory looks with them."""

import secrets
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from inventory.estate import Estate
from inventory.model import CredentialReference, Device
from inventory.selection import select
from inventory.selectors import parse_selector
from lab.branches.estate import device_spec
from lab.branches.startup import BranchDevice, Role
from lab.estate import DeviceSpec, Platform
from lab.estate import Estate as LabEstate

USER = "wavegate-trial"
_CREDENTIALS = "trial"
_SIMULATED = frozenset(platform.value for platform in Platform)

#: What a role is called that switches; the simulation has routers and switches only.
_SWITCHES = ("switch", "access", "distribution", "leaf", "-sw", "sw-")
_MOST_SITES = 4_095


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The devices that are tried. ``left_out`` are those of platforms without a simulation, by platform."""

    devices: tuple[Device, ...]
    selected: int
    left_out: dict[str, int]


def choose(estate: Estate, selector: str, each: int) -> Chosen:
    """So many devices of each role and platform that the selector means, of different sites where there are any.

    Raises:
        InventoryError: the selector means nothing.
    """
    devices = select(estate, parse_selector(selector)).devices
    kinds: dict[tuple[str, str], list[Device]] = defaultdict(list)
    left_out: dict[str, int] = defaultdict(int)
    for device in devices:
        if device.platform in _SIMULATED:
            kinds[device.role, device.platform].append(device)
        else:
            left_out[device.platform] += 1
    chosen = [device for group in kinds.values() for device in _spread(group)[:each]]
    return Chosen(devices=tuple(chosen), selected=len(devices), left_out=dict(left_out))


def _spread(devices: Sequence[Device]) -> list[Device]:
    """The first device of each site, then the others."""
    first = {device.site: device for device in reversed(devices)}
    return sorted(devices, key=lambda device: first[device.site] is not device)


def lab_of(chosen: Chosen, password: str) -> LabEstate:
    """The simulated devices, on loopback addresses that are hardly anybody else's."""
    prefix = f"127.{100 + secrets.randbelow(100)}.{secrets.randbelow(250) + 1}"
    specs = list(_specs(chosen.devices, prefix, password))
    return LabEstate(devices=tuple(specs))


def _specs(devices: Sequence[Device], prefix: str, password: str) -> Iterator[DeviceSpec]:
    sites = {site: number for number, site in enumerate(sorted({device.site for device in devices}), 1)}
    for number, device in enumerate(devices, 1):
        yield device_spec(
            BranchDevice(
                name=device.name,
                platform=Platform(device.platform),
                role=Role.SWITCH if any(sign in device.role.lower() for sign in _SWITCHES) else Role.ROUTER,
                site=device.site,
                number=min(sites[device.site], _MOST_SITES),
                unit=1 + number % 200,
                address=f"{prefix}.{number}",
                username=USER,
                password=password,
            )
        )


def trial_estate(estate: Estate, chosen: Chosen, lab: LabEstate, password: Path) -> Estate:
    """The inventory with the chosen devices alone, reached at the simulation. Everything else of them is as it was."""
    specs = {spec.name: spec for spec in lab.devices}
    sites = {device.site for device in chosen.devices}
    return Estate.of(
        content_hash=estate.content_hash,
        sites=[estate.sites[name] for name in sites],
        devices=[_moved(device, specs[device.name]) for device in chosen.devices],
        credentials=[CredentialReference(name=_CREDENTIALS, username=USER, password=f"file:{password}")],
        regions=estate.regions.values(),
        countries=estate.countries.values(),
        roles=estate.roles.values(),
    )


def _moved(device: Device, spec: DeviceSpec) -> Device:
    return replace(
        device, address=spec.address, port=spec.port, credentials=_CREDENTIALS, via=None, legacy_crypto=False
    )
