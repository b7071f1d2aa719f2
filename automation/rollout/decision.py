"""What comes in, and what is decided about it."""

from collections.abc import Sequence
from dataclasses import dataclass

from events.authority import Author
from events.commands import Command
from events.facts import Fact, Strategy, Target
from events.plans import ApprovalWanted

#: Who did what no person and no worker did.
COORDINATOR = "coordinator"

#: The cause of what only the passing of time, or an earlier fact, brought about.
CLOCK = "clock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Facts that follow from one input, with who and what brought them about."""

    by: str
    cause: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A command whose signature, expiry and author's rights hold. ``id`` is its own, ``signed`` its envelope."""

    id: str
    command: Command
    author: Author
    signed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRead:
    """A submitted bundle that could be opened: what a rollout has to know of it."""

    title: str
    ticket: str
    team: str
    selector: str
    task: str | None
    strategy: Strategy
    approvals: tuple[ApprovalWanted, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetsFound:
    """What a change's selector means now, in which inventory."""

    change: ChangeRead
    inventory: str
    targets: Sequence[Target]


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupFailed:
    """Why what a command needs could not be found or read."""

    code: str
    why: str


Looked = ChangeRead | TargetsFound | LookupFailed | None
"""What was looked up for a command outside the pure logic: bundles and the inventory."""
