"""What planning found on one device, and the sealed plan over all of them."""

import hashlib
import json
from typing import Literal

from pydantic import Field

from events.values import Access, BlobAddress, Count, Digest, Identifier, KeyedDigest, Name, Text, UndoRank, Value


class PlannedDevice(Value):
    """One device's part of a plan.

    ``base``, ``target`` and ``diff`` are keyed digests over normalised lines: of the touched sections as they are, as
    they shall be, and of the difference. ``config`` is the same over everything else, to notice drift elsewhere.
    ``diff_text`` is the blob of the redacted difference that people see, ``diff_class`` the digest of the difference
    with the device's own values replaced by placeholders.
    """

    device: Name
    site: Name
    platform: Name
    role: Name
    os_version: str = Field(max_length=255)
    region: Name
    tier: Name | None = None
    group: Name | None = None
    access: Access
    undo: UndoRank
    base: KeyedDigest
    target: KeyedDigest
    diff: KeyedDigest
    config: KeyedDigest
    diff_class: Digest
    diff_text: BlobAddress
    added: Count
    removed: Count
    foreign_unsaved: Count = 0


class ApprovalWanted(Value):
    """How many people of an area must agree."""

    area: Name
    count: int = Field(default=1, ge=1, le=10)


class Plan(Value):
    """The frozen result of planning. Its digest seals it: approvals are given to that and to nothing else.

    ``v`` is the version of its shape, for readers of another age.
    """

    v: Literal[1] = 1
    log: Identifier
    rollout: Identifier
    change: Digest
    title: Text
    ticket: str = Field(max_length=200)
    team: Name
    authors: tuple[Name, ...]
    inventory: Digest
    task: Digest | None = None
    approvals: tuple[ApprovalWanted, ...]
    devices: tuple[PlannedDevice, ...]
    waves: tuple[tuple[Name, ...], ...]

    def sealed(self) -> bytes:
        """The plan's one encoding: JSON with sorted keys and no white space."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":")).encode()


def digest(content: bytes) -> str:
    """The SHA-256 of content, in the form that messages carry."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def address_of(content_digest: str) -> str:
    """Where the blob with this digest is."""
    return content_digest.replace(":", "-", 1)
