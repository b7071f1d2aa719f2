"""What the demonstration plays on: 40 sites in 8 countries, 100 devices of two platforms, as files."""

import csv
import json
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.branches.estate import device_spec
from lab.branches.startup import BranchDevice, Role
from lab.estate import Platform
from workers.founding import write_secret

#: Country, time zone and region of the sites, taken in turn.
COUNTRIES = (
    ("DE", "Europe/Berlin", "emea"),
    ("FR", "Europe/Paris", "emea"),
    ("GB", "Europe/London", "emea"),
    ("ZA", "Africa/Johannesburg", "emea"),
    ("US", "America/Chicago", "americas"),
    ("BR", "America/Sao_Paulo", "americas"),
    ("JP", "Asia/Tokyo", "apac"),
    ("AU", "Australia/Sydney", "apac"),
)
SITES = 40

#: At so many of the sites routers and switches come in pairs; the others have one router.
PAIRED = 20

_USER = "netops"
_FEW = ("router",)
_PAIRS = ("router", "router", "switch", "switch")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A site and its devices. All devices of a site have one platform."""

    name: str
    country: str
    timezone: str
    region: str
    devices: tuple[BranchDevice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenery:
    """The folder with everything in it: the inventory, the lab's devices, the changes."""

    folder: Path
    places: tuple[Place, ...]
    hurt: Place

    @property
    def estate(self) -> Path:
        """The inventory."""
        return self.folder / "estate"

    @property
    def lab(self) -> Path:
        """The lab's devices."""
        return self.folder / "lab.json"

    def change(self, name: str) -> Path:
        """A change's file."""
        return self.folder / "changes" / name / "change.yaml"


def build(folder: Path) -> Scenery:
    """Writes everything down. The password of the devices is made up, and kept in a file of its own."""
    password = secrets.token_hex(12)
    write_secret(folder / "devices.password", password.encode())
    places = tuple(_places(password))
    scenery = Scenery(folder=folder, places=places, hurt=_hurt(places))
    _write_estate(scenery)
    devices = [device_spec(device).model_dump(mode="json") for place in places for device in place.devices]
    scenery.lab.write_text(json.dumps({"devices": devices}))
    scenery.lab.chmod(0o600)
    return scenery


def noc_prefix(scenery: Scenery, number: int, place: Place) -> str:
    """The site's own value in the change: from where the site may be managed.

    Every one holds the address that Wavegate works from, but for one that somebody got wrong.
    """
    return "127.64.0.0/16" if place == scenery.hurt else f"127.0.0.0/{9 + number % 8}"


def _places(password: str) -> Iterator[Place]:
    # An address range of its own for each run, so that two of them do not meet.
    network = f"127.{100 + secrets.randbelow(100)}"
    for number in range(1, SITES + 1):
        country, timezone, region = COUNTRIES[(number - 1) % len(COUNTRIES)]
        name = f"{country.lower()}-{number:03d}"
        roles = _PAIRS if number <= PAIRED else _FEW
        yield Place(
            name=name,
            country=country,
            timezone=timezone,
            region=region,
            devices=tuple(_devices(name, number, roles, network, password)),
        )


def _devices(site: str, number: int, roles: Sequence[str], network: str, password: str) -> Iterator[BranchDevice]:
    for unit, role in enumerate(roles, start=1):
        leg = 1 + [*roles][: unit - 1].count(role)
        yield BranchDevice(
            name=f"{site}-{'rtr' if role == 'router' else 'sw'}{leg}",
            platform=Platform.EOS if number % 2 else Platform.IOS,
            role=Role.ROUTER if role == "router" else Role.SWITCH,
            site=site,
            number=number,
            unit=unit,
            address=f"{network}.{number}.{unit}",
            username=_USER,
            password=password,
        )


def _hurt(places: Sequence[Place]) -> Place:
    """The last site in the order of names that has one device, on EOS: it comes in the second wave."""
    alone = [place for place in places if len(place.devices) == 1 and place.devices[0].platform is Platform.EOS]
    return max(alone, key=lambda place: place.name)


def _write_estate(scenery: Scenery) -> None:
    estate = scenery.estate
    estate.mkdir(parents=True, exist_ok=True)
    password = scenery.folder / "devices.password"
    (estate / "estate.yaml").write_text(
        f"credentials:\n  netops: {{username: {_USER}, password: 'file:{password.resolve()}'}}\n"
    )
    with (estate / "sites.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["name", "country", "timezone", "region", "tier"])
        rows.writerows([place.name, place.country, place.timezone, place.region, "store"] for place in scenery.places)
    with (estate / "devices.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(_COLUMNS)
        rows.writerows(_row(place, device) for place in scenery.places for device in place.devices)


_COLUMNS = (
    "name",
    "site",
    "role",
    "platform",
    "address",
    "port",
    "os_version",
    "redundancy_group",
    "credentials",
    "access",
)


def _row(place: Place, device: BranchDevice) -> list[object]:
    spec = device_spec(device)
    twins = sum(other.role is device.role for other in place.devices)
    group = f"{place.name}-{device.role.value}s" if twins > 1 else ""
    return [
        device.name,
        place.name,
        device.role.value,
        device.platform.value,
        device.address,
        spec.port,
        spec.version,
        group,
        "netops",
        "in-band",
    ]
