"""A change file as it is written: the shape of its fields. What must hold between them is in the rules."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from automation.change.fields import Duration, Line, Pattern, Prefix, RelativePath, Title, WaveSize
from events.facts.rollouts import Strategy
from events.values import Name
from inventory.model import VARIABLE_PATTERN, VariableName

#: Without any, no command would be run but the one that shows whether the device can be reached.
MAX_CHECKS = 50

_DEFAULT = Strategy()

TaskName = Annotated[str, StringConstraints(pattern=VARIABLE_PATTERN)]


class Mode(StrEnum):
    """What a change's lines do to a configuration."""

    MERGE = "merge"  # they are added to it, and take away what they say with "no"
    REPLACE = "replace"  # they are the whole of it


class Entry(BaseModel):
    """Base of everything that stands in a change file."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class CheckEntry(Entry):
    """One check after the push."""

    name: Line
    command: Line
    platforms: tuple[Name, ...] | None = Field(default=None, min_length=1)
    matches: Pattern | None = None
    lacks: Pattern | None = None


class StrategyEntry(Entry):
    """How a rollout of the change goes forward."""

    canary: int = Field(default=_DEFAULT.canary, ge=1, le=1_000)
    waves: tuple[WaveSize, ...] = Field(default=_DEFAULT.waves, min_length=1, max_length=40)
    max_in_flight: int = Field(default=_DEFAULT.max_in_flight, ge=1, le=5_000)
    max_unhealthy: int = Field(default=_DEFAULT.max_unhealthy, ge=1, le=5_000)
    halt_at: int = Field(default=_DEFAULT.halt_at, ge=1, le=5_000)
    bake: Duration = timedelta(seconds=_DEFAULT.bake_s)


class ApprovalEntry(Entry):
    """Who has to agree."""

    area: Name
    count: int = Field(default=1, ge=1, le=10)


class ChangeFile(Entry):
    """The whole file. Either ``config`` or ``task`` says where the lines come from."""

    title: Title
    ticket: Title
    team: Name
    select: Annotated[str, Field(max_length=2_000)]
    config: Mapping[Name, RelativePath] | None = Field(default=None, min_length=1, max_length=20)
    task: TaskName | None = None
    mode: Mode = Mode.MERGE
    keep: tuple[Prefix, ...] = Field(default=(), max_length=50)
    data: RelativePath | None = None
    variables: Mapping[VariableName, object] = Field(default_factory=dict, max_length=500)
    checks: tuple[CheckEntry, ...] = Field(default=(), max_length=MAX_CHECKS)
    checks_within: Duration = timedelta(seconds=60)
    checks_hold: Duration = timedelta(0)
    strategy: StrategyEntry = StrategyEntry()
    approvals: tuple[ApprovalEntry, ...] = Field(min_length=1, max_length=20)


#: The fields that can stand below each field of a change file; "" is the file itself.
FIELDS: Mapping[str, tuple[str, ...]] = {
    "": tuple(ChangeFile.model_fields),
    "checks": tuple(CheckEntry.model_fields),
    "strategy": tuple(StrategyEntry.model_fields),
    "approvals": tuple(ApprovalEntry.model_fields),
}
