"""Facts about what came in: commands, reports, control records, changes, host keys."""

from typing import ClassVar

from pydantic import Field

from events.facts.base import Fact
from events.values import BlobAddress, Count, Digest, HostKey, Identifier, Name, Signed, Text


class CommandRefused(Fact):
    """Something was asked and not done. Nothing else came of it.

    ``authentic``: whether it was known who asked; only then does its id count as used.
    """

    wire: ClassVar[str] = "CommandRefused"

    command: str = Field(max_length=128)
    kind: str = Field(max_length=64)
    code: str = Field(max_length=64)
    reason: Text
    authentic: bool
    rollout: Identifier | None = None


class RecordQuarantined(Fact):
    """A record that cannot be read was set aside with its bytes."""

    wire: ClassVar[str] = "RecordQuarantined"

    topic: str = Field(max_length=64)
    partition: Count
    position: Count
    content: BlobAddress
    reason: Text


class ReportSetAside(Fact):
    """A report came too late, twice, or from somebody whose order it was not."""

    wire: ClassVar[str] = "ReportSetAside"

    report: str = Field(max_length=64)
    order: Identifier
    reason: Text


class ControlNoted(Fact):
    """A control record, copied into the order of facts. ``accepted`` is empty, or says why it does not count."""

    wire: ClassVar[str] = "ControlNoted"

    position: Count
    id: Identifier
    kind: str = Field(max_length=64)
    signed: Signed | None
    refused: Text = ""


class HostKeysRecorded(Fact):
    """These keys of a device are trusted from now on; with ``replace`` they alone."""

    wire: ClassVar[str] = "HostKeysRecorded"

    device: Name
    keys: tuple[HostKey, ...]
    replace: bool
    reason: Text


class ChangeSubmitted(Fact):
    """A change is known."""

    wire: ClassVar[str] = "ChangeSubmitted"

    change: Digest
    title: Text
    ticket: str = Field(max_length=200)
    team: Name
    author: Name
    selector: Text


class CredentialStopped(Fact):
    """A device refused a login: the credential is used nowhere until ``halt`` is lifted."""

    wire: ClassVar[str] = "CredentialStopped"

    credential: Name
    device: Name
    halt: Identifier
