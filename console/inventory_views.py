"""What the inventory looks like to people and to machines."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from console.views import HostKeys
from inventory.estate import Estate
from inventory.hostkeys import HostKey, HostKeyError
from inventory.model import Device
from inventory.variables import resolve


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceLine:
    """A device with what it is selected by most."""

    device: str
    site: str
    role: str
    platform: str
    os_version: str | None
    region: str
    country: str
    tier: str | None
    group: str | None
    access: str
    via: str | None
    address: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VariableLine:
    """A variable of a device: what counts and where that is written, then what it overrides."""

    name: str
    value: object
    level: str
    owner: str
    written: str
    overrides: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyLine:
    """One trusted host key."""

    device: str
    algorithm: str
    fingerprint: str
    at: datetime
    by: str


def device_line(estate: Estate, device: Device) -> DeviceLine:
    """A device as a line of a list."""
    site = estate.sites[device.site]
    return DeviceLine(
        device=device.name,
        site=site.name,
        role=device.role,
        platform=device.platform,
        os_version=device.os_version,
        region=site.region,
        country=site.country,
        tier=site.tier,
        group=device.redundancy_group,
        access=device.access.value,
        via=device.via,
        address=device.address,
        port=device.port,
    )


def variable_lines(estate: Estate, device: Device) -> Iterator[VariableLine]:
    """The variables of a device by name, each with its origin."""
    for name, settings in resolve(estate, device).settings.items():
        first, *rest = settings
        yield VariableLine(
            name=name,
            value=first.value,
            level=first.level.value,
            owner=first.owner,
            written=str(first.origin),
            overrides=tuple(f"{other.value!r} of {other.level.value} {other.owner} ({other.origin})" for other in rest),
        )


def key_lines(keys: HostKeys) -> Iterator[KeyLine]:
    """The trusted keys of a device, each with the fingerprint that ssh-keygen or openssl shows."""
    for text in keys.keys:
        try:
            key = HostKey.parse(text)
            algorithm, fingerprint = key.algorithm, key.fingerprint
        except HostKeyError as error:
            algorithm, fingerprint = "unreadable", str(error)
        yield KeyLine(device=keys.device, algorithm=algorithm, fingerprint=fingerprint, at=keys.at, by=keys.by)
