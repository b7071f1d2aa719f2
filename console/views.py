"""What the read models tell, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from events.codec import FactRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the views are: the number of the next fact, its position in the log, and when they were written."""

    seq: int
    position: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change that was submitted."""

    id: str
    title: str
    ticket: str
    team: str
    authors: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """A rollout as it stands. ``wave`` is the current one, -1 before the first; ``proposed`` the number of the fact
    that began it; ``wanted`` how many people of each area have to agree; ``waits`` what it waits for, and for whom.
    """

    id: str
    change: str
    title: str
    ticket: str
    team: str
    authors: tuple[str, ...]
    state: str
    since: datetime
    proposed: int
    plan: str | None
    wave: int
    waves: int
    size: int
    unhealthy: int
    counts: Mapping[str, int]
    strategy: Mapping[str, object]
    wanted: Mapping[str, int]
    waits: tuple[tuple[str, str], ...]

    def count(self, *states: str) -> int:
        """How many devices are in any of these states."""
        return sum(self.counts.get(state, 0) for state in states)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """A wave: its number, the canary's is 0, and how many of its devices are in each state."""

    number: int
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceInRollout:
    """A device in a rollout as it stands; ``cause`` and ``detail`` say what went wrong, where something did."""

    device: str
    site: str
    region: str
    role: str
    platform: str
    redundancy_group: str | None
    wave: int | None
    state: str
    attempts: int
    order: str | None
    cause: str | None
    detail: str | None
    diff_class: str | None
    diff_text: str | None
    added: int | None
    removed: int | None
    undo: str | None
    access: str | None
    foreign_unsaved: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """An approval as it was given; ``withdrawn`` says why it does not count any more, where it does not."""

    id: str
    area: str
    approver: str
    at: datetime
    until: datetime
    note: str
    withdrawn: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HostKeys:
    """The keys of a device that are trusted, since when and by whose word."""

    device: str
    keys: tuple[str, ...]
    at: datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which facts are meant; everything that is given has to hold.

    ``after`` is the number of a fact: later ones only. ``most`` bounds how many come, from the oldest on; ``last``
    does from the newest on.
    """

    rollout: str | None = None
    device: str | None = None
    site: str | None = None
    by: str | None = None
    change: str | None = None
    types: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()
    since: datetime | None = None
    after: int | None = None
    most: int | None = None
    last: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """A fact with what it is about. ``content`` is the fact as it stands in the log."""

    record: FactRecord
    content: str
    rollout: str | None
    device: str | None
    site: str | None
    change: str | None
