"""Writes an estate to try things on: simulated devices for the lab, and the inventory that has the same devices."""

import ipaddress
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from console.errors import ConsoleError, UsageError
from lab.branches.estate import branch_devices, device_spec
from lab.branches.startup import BranchDevice
from lab.estate import DeviceSpec
from workers.founding import write_secret

_USER = "netops"
_MOST = 500

#: Country, time zone and region by how the names of the lab's branches begin.
_PLACES: Mapping[str, tuple[str, str, str]] = {
    "de": ("DE", "Europe/Berlin", "emea"),
    "fr": ("FR", "Europe/Paris", "emea"),
    "gb": ("GB", "Europe/London", "emea"),
    "us": ("US", "America/New_York", "americas"),
    "jp": ("JP", "Asia/Tokyo", "apac"),
    "br": ("BR", "America/Sao_Paulo", "americas"),
    "za": ("ZA", "Africa/Johannesburg", "emea"),
    "au": ("AU", "Australia/Sydney", "apac"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LabEstate:
    """Where it was written: the lab's file, the inventory, and the password of its devices."""

    lab: Path
    estate: Path
    password: Path
    sites: int
    devices: int


def write_lab_estate(folder: Path, sites: int, devices: int, first: str) -> LabEstate:
    """Writes an estate of so many devices over so many sites; their addresses are from ``first`` on.

    Raises:
        UsageError: there can be no such estate.
        ConsoleError: there is something in the folder.
        OSError: it cannot be written.
    """
    _check(sites, devices, first)
    if folder.exists() and any(folder.iterdir()):
        raise ConsoleError(f"{folder} is not empty; name a folder that is not there yet")
    made = LabEstate(
        lab=folder / "lab.yaml",
        estate=folder / "estate",
        password=folder / "password",
        sites=sites,
        devices=devices,
    )
    made.estate.mkdir(parents=True)
    password = secrets.token_hex(12)
    write_secret(made.password, password.encode())
    branches = list(branch_devices(sites, devices, username=_USER, password=password, first=first))
    specs = [device_spec(branch) for branch in branches]
    # The startup configurations hold the password.
    write_secret(made.lab, _yaml({"devices": [_entry(spec) for spec in specs]}).encode())
    (made.estate / "estate.yaml").write_text(_yaml(_inventory(branches, specs, made.password)))
    return made


def _check(sites: int, devices: int, first: str) -> None:
    if not 1 <= sites <= devices <= _MOST:
        raise UsageError(f"{devices} devices at {sites} sites: every site has one at least, all have {_MOST} at most")
    try:
        address = ipaddress.IPv4Address(first)
    except ValueError as error:
        raise UsageError(f"--first {first!r} is no IPv4 address, for example 127.64.0.0") from error
    if not address.is_loopback:
        raise UsageError(f"--first {first} is not in 127.0.0.0/8: simulated devices are on this machine alone")


def _entry(spec: DeviceSpec) -> dict[str, object]:
    return spec.model_dump(mode="json", exclude_defaults=True) | {"platform": spec.platform.value}


def _inventory(branches: Sequence[BranchDevice], specs: Sequence[DeviceSpec], password: Path) -> dict[str, object]:
    return {
        "credentials": {"lab": {"username": _USER, "password": f"file:{password.resolve()}"}},
        "sites": {branch.site: _site(branch) for branch in branches},
        "devices": dict(_devices(branches, specs)),
    }


def _site(branch: BranchDevice) -> dict[str, object]:
    country, timezone, region = _PLACES[branch.site[:2]]
    return {"country": country, "timezone": timezone, "region": region, "tier": "store"}


def _devices(branches: Sequence[BranchDevice], specs: Sequence[DeviceSpec]) -> Iterator[tuple[str, dict[str, object]]]:
    for branch, spec in zip(branches, specs, strict=True):
        yield (
            branch.name,
            {
                "site": branch.site,
                "role": branch.role.value,
                "platform": branch.platform.value,
                "os_version": spec.version,
                "address": spec.address,
                "port": spec.port,
                "credentials": "lab",
            },
        )


def _yaml(document: Mapping[str, object]) -> str:
    text: str = yaml.dump(document, Dumper=_Dumper, sort_keys=False)
    return text


class _Dumper(yaml.SafeDumper):
    """Writes configurations as the lines that they are."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)
