"""What every kind of file is read into: records whose values are still as they were written."""

from dataclasses import dataclass, field
from enum import StrEnum

from inventory.model import Origin
from inventory.problems import Problem

Path = tuple[str, ...]


class Kind(StrEnum):
    """What a record describes; the value is its section in a YAML file."""

    SITE = "sites"
    DEVICE = "devices"
    JUMP_HOST = "jump_hosts"
    CREDENTIAL = "credentials"
    REGION = "regions"
    COUNTRY = "countries"
    ROLE = "roles"


#: These kinds have nothing but variables and stand in the section ``variables``.
SCOPES = (Kind.REGION, Kind.COUNTRY, Kind.ROLE)

#: How one of each kind is called in messages.
SINGULAR = {
    Kind.SITE: "site",
    Kind.DEVICE: "device",
    Kind.JUMP_HOST: "jump host",
    Kind.CREDENTIAL: "credentials",
    Kind.REGION: "region",
    Kind.COUNTRY: "country",
    Kind.ROLE: "role",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One thing as it was written: every scalar is text, but for those in ``variables``, which have YAML's types."""

    kind: Kind
    name: str
    fields: dict[str, object]
    origin: Origin


@dataclass(frozen=True, slots=True)
class Reading:
    """What one file gave. ``gaps`` are the problems because of which some of its records may be missing."""

    records: list[Record] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    gaps: list[Problem] = field(default_factory=list)


def label(kind: Kind, name: str) -> str:
    """How messages call a record: ``device 'r1'``."""
    return f"{SINGULAR[kind]} {name!r}"


def path_of(kind: Kind, name: str) -> Path:
    """Where a record stands in a YAML file, as keys from the top."""
    return ("variables", kind, name) if kind in SCOPES else (kind, name)
