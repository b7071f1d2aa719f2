"""The variables of a device: six levels of fixed precedence, and where each value comes from.

change < region < country < site < role < device: what is further right wins, and a value replaces the whole of the one
it overrides. Maps are not merged, so that the place a value comes from is always one place.

A change's table of data (one row for each site or device) stands beside this order and not in it: a row is seen as
``row.COLUMN`` and overrides nothing, so nobody has to know whether a table is stronger than a device's own record.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from inventory.estate import Estate
from inventory.model import NOWHERE, VARIABLE_PATTERN, Device, Origin, Scope, Site
from inventory.problems import InventoryError
from inventory.secrets import KEPT_ELSEWHERE, find_references, find_secrets

#: What templates have under these names is not a variable.
RESERVED_NAMES = frozenset({"change", "device", "row", "site"})

_NAME = re.compile(VARIABLE_PATTERN)


class Level(StrEnum):
    """Where a variable can be set, the weakest first."""

    CHANGE = "change"
    REGION = "region"
    COUNTRY = "country"
    SITE = "site"
    ROLE = "role"
    DEVICE = "device"


class VariableError(InventoryError):
    """The variables that a change brings along cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One value that was set at one level: by whom (``owner``: the region, the site ...) and where it is written."""

    level: Level
    owner: str
    value: object
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """All variables of one device. ``settings`` has, by name, the setting that counts and then those it overrides.

    ``row`` is the device's row of the change's table, as text by column; empty where the change has no table.
    """

    device: str
    settings: Mapping[str, tuple[Setting, ...]]
    row: Mapping[str, str]
    row_origin: Origin

    def values(self) -> dict[str, object]:
        """The values that count, as plain data of the caller's own: changing them changes nothing here."""
        return {name: _copy(settings[0].value) for name, settings in self.settings.items()}

    def references(self) -> dict[str, str]:
        """Values that only say where a secret is kept (``env:``, ``file:``), by place, such as ``snmp.community``.

        They are passed on as they are written. Whoever renders with them has to resolve or to refuse them.
        """
        found = find_references({name: settings[0].value for name, settings in self.settings.items()})
        return {".".join(path): reference for path, reference in found}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeVariables:
    """What a change adds: ``values`` at the weakest level, and a row of its table."""

    values: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    origin: Origin = NOWHERE
    row: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    row_origin: Origin = NOWHERE

    def __post_init__(self) -> None:
        for name in self.values:
            if name in RESERVED_NAMES or not _NAME.fullmatch(name):
                raise VariableError(f"{self.origin}: {name!r} cannot be the name of a variable; give it another name")
        for origin, values in ((self.origin, self.values), (self.row_origin, {"row": self.row})):
            for path, sign in find_secrets(values):
                raise VariableError(f"{origin}: a secret is written out in {'.'.join(path)} ({sign}); {KEPT_ELSEWHERE}")


NO_CHANGE = ChangeVariables()


def resolve(estate: Estate, device: Device, change: ChangeVariables = NO_CHANGE) -> Resolved:
    """The variables of a device, each with where it comes from and what it overrides. Sorted by name."""
    found: dict[str, tuple[Setting, ...]] = {}
    for level, scope in _levels(estate, device, change):
        for setting, name in _settings(level, scope):
            found[name] = (setting, *found.get(name, ()))
    return Resolved(
        device=device.name,
        settings={name: found[name] for name in sorted(found)},
        row=change.row,
        row_origin=change.row_origin,
    )


def _levels(estate: Estate, device: Device, change: ChangeVariables) -> Iterator[tuple[Level, Scope | Site | Device]]:
    site = estate.sites[device.site]
    nothing = Scope(name="nothing")
    if change.values:
        yield Level.CHANGE, Scope(name="change", variables=change.values, origin=change.origin)
    yield Level.REGION, estate.regions.get(site.region, nothing)
    yield Level.COUNTRY, estate.countries.get(site.country, nothing)
    yield Level.SITE, site
    yield Level.ROLE, estate.roles.get(device.role, nothing)
    yield Level.DEVICE, device


def _settings(level: Level, owner: Scope | Site | Device) -> Iterator[tuple[Setting, str]]:
    lines = owner.origin.variable_lines
    for index, (name, value) in enumerate(owner.variables.items()):
        line = lines[index] if lines else owner.origin.line
        origin = Origin(file=owner.origin.file, line=line)
        yield Setting(level=level, owner=owner.name, value=value, origin=origin), name


def _copy(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _copy(inner) for key, inner in value.items()}
    return [_copy(inner) for inner in value] if isinstance(value, list) else value
