"""What exists, as frozen models: sites, devices, jump hosts, references to credentials, scopes of variables.

They are pydantic dataclasses with slots and not ``BaseModel``: at 50,000 devices that halves the memory. The rules here
are those of one object's shape, in patterns that pydantic's core checks without calling Python; what needs another
object or a table (an unknown site, a time zone) is in :mod:`inventory.check`.
"""

import dataclasses
from collections.abc import Mapping
from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints
from pydantic.dataclasses import dataclass

from events.values import Access

NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"
VARIABLE_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]{0,62}$"
LABEL_PATTERN = r"^[A-Za-z0-9](?:[A-Za-z0-9._/-]{0,61}[A-Za-z0-9])?$"
ADDRESS_PATTERN = r"^[A-Za-z0-9:._-]{1,253}$"
COUNTRY_PATTERN = r"^[A-Z]{2}$"
REFERENCE_PATTERN = r"^(?:env:[A-Za-z_][A-Za-z0-9_]*|file:/[^\x00-\x1f]+)$"
USERNAME_PATTERN = r"^(?:env:[A-Za-z_][A-Za-z0-9_]*|file:/[^\x00-\x1f]+|[A-Za-z0-9_][A-Za-z0-9._@\\$-]{0,127})$"
#: One line of printable text.
TEXT_PATTERN = r"^[^\x00-\x1f\x7f]{1,255}$"
LABEL_VALUE_PATTERN = r"^[^\x00-\x1f\x7f]{0,63}$"

Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
VariableName = Annotated[str, StringConstraints(pattern=VARIABLE_PATTERN)]
Labels = Mapping[
    Annotated[str, StringConstraints(pattern=LABEL_PATTERN)],
    Annotated[str, StringConstraints(pattern=LABEL_VALUE_PATTERN)],
]
#: Values are plain data: text, whole and decimal numbers, booleans, None, lists and maps of these.
Values = Mapping[VariableName, object]
Address = Annotated[str, StringConstraints(pattern=ADDRESS_PATTERN)]
Port = Annotated[int, Field(ge=1, le=65535)]
Reference = Annotated[str, StringConstraints(pattern=REFERENCE_PATTERN)]
Text = Annotated[str, StringConstraints(pattern=TEXT_PATTERN)]

#: An error about a password must not quote it.
_STRICT = ConfigDict(extra="forbid", hide_input_in_errors=True)


@dataclass(frozen=True, slots=True, kw_only=True, config=_STRICT)
class Origin:
    """Where something is written. Lines count from 1; 0 is nowhere in particular.

    ``variable_lines`` goes along with the variables in their order; empty where all stand on ``line`` (a row of CSV).
    """

    file: str = ""
    line: int = 0
    variable_lines: tuple[int, ...] = ()

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


NOWHERE = Origin()


@dataclass(frozen=True, slots=True, kw_only=True, config=_STRICT)
class Site:
    """A remote location. ``country`` is ISO 3166-1 alpha-2, ``timezone`` a name of the IANA database."""

    name: Name
    country: Annotated[str, StringConstraints(pattern=COUNTRY_PATTERN)]
    timezone: Text
    region: Name
    tier: Name | None = None
    labels: Labels = dataclasses.field(default_factory=dict)
    variables: Values = dataclasses.field(default_factory=dict)
    origin: Origin = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True, config=_STRICT)
class Device:
    """One managed network element at a site.

    ``via`` names the jump host that leads to it, ``credentials`` the reference to its login. Devices with the same
    ``redundancy_group`` stand in for each other. ``legacy_crypto`` allows SHA-1 key exchange and ssh-rsa signatures,
    for this device alone.
    """

    name: Name
    site: Name
    role: Name
    platform: Name
    address: Address
    credentials: Name
    port: Port = 22
    os_version: Text | None = None
    redundancy_group: Name | None = None
    via: Name | None = None
    access: Access = Access.IN_BAND
    legacy_crypto: bool = False
    labels: Labels = dataclasses.field(default_factory=dict)
    variables: Values = dataclasses.field(default_factory=dict)
    origin: Origin = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True, config=_STRICT)
class JumpHost:
    """An SSH server through which devices are reached; at most ``max_connections`` sessions at once go through it."""

    name: Name
    address: Address
    credentials: Name
    port: Port = 22
    max_connections: Annotated[int, Field(ge=1, le=10_000)] = 10
    origin: Origin = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True, config=_STRICT)
class CredentialReference:
    """Where a login is kept: ``env:NAME`` or ``file:/path``. Only the user name may stand here as it is."""

    name: Name
    username: Annotated[str, StringConstraints(pattern=USERNAME_PATTERN)]
    password: Reference | None = None
    private_key: Reference | None = None
    enable_secret: Reference | None = None
    origin: Origin = dataclasses.field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True, config=_STRICT)
class Scope:
    """The variables that a region, a country or a role gives to all its devices."""

    name: Name
    variables: Values = dataclasses.field(default_factory=dict)
    origin: Origin = dataclasses.field(default=NOWHERE, compare=False)
