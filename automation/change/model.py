"""A change as everybody else uses it: opened, checked, and the same wherever it is opened."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Self

from automation.change.entries import Mode
from automation.change.table import Table
from automation.push.work import Check
from automation.render.static import Outline
from events.facts.rollouts import Strategy
from events.plans import ApprovalWanted
from inventory.model import Device, Origin
from inventory.problems import Problem
from inventory.variables import ChangeVariables


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskReference:
    """An engineer's own Nornir task, in one version. ``version`` is a digest over its source."""

    name: str
    version: str

    def encode(self) -> bytes:
        """What a bundle has about it: JSON with sorted keys and no white space."""
        return json.dumps({"name": self.name, "version": self.version}, separators=(",", ":")).encode("ascii")

    @classmethod
    def decode(cls, content: bytes) -> Self:
        """The reference of these bytes.

        Raises:
            ValueError: they are none.
        """
        try:
            fields = json.loads(content)
            reference = cls(name=str(fields["name"]), version=str(fields["version"]))
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError("this is no reference to a task") from error
        if reference.encode() != content:
            raise ValueError("this is no reference to a task in its one form")
        return reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A template's text, and what it says about itself."""

    source: str
    outline: Outline


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Change:
    """A change. Two with the same ``id`` are the same.

    ``id`` is the digest of its bundle. ``select`` is the selector as it is written. ``roots`` names the template of
    each platform; it is empty where a ``task`` returns the lines. ``keep`` are the first words of what stays of a
    device's own lines where the rest is replaced. ``templates`` are all templates by path.
    ``checks_within`` is the time in which the checks must hold, ``checks_hold`` for how long they must.
    ``lines`` has where the fields stand in the change file, ``names`` how messages call the files by their paths.
    """

    id: str
    title: str
    ticket: str
    team: str
    select: str
    mode: Mode
    keep: tuple[str, ...]
    roots: Mapping[str, str]
    templates: Mapping[str, Template]
    task: TaskReference | None
    checks: tuple[tuple[Check, frozenset[str]], ...]
    checks_within: timedelta
    checks_hold: timedelta
    strategy: Strategy
    approvals: tuple[ApprovalWanted, ...]
    table: Table | None
    variables: Mapping[str, object]
    lines: Mapping[tuple[str, ...], int] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    names: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    notes: tuple[Problem, ...] = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Change) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)

    @property
    def platforms(self) -> tuple[str, ...]:
        """The platforms for which there is a template, sorted; empty where a task returns the lines."""
        return tuple(sorted(self.roots))

    def checks_for(self, platform: str) -> tuple[Check, ...]:
        """The checks that are run on devices of a platform."""
        return tuple(check for check, platforms in self.checks if not platforms or platform in platforms)

    def variables_for(self, device: Device) -> ChangeVariables:
        """What the change adds to a device's variables: its own at the weakest level, and the device's row."""
        row = self.table.row(device) if self.table is not None else None
        origin = Origin(file=self.name("change.yaml"), line=self.lines.get(("variables",), 0))
        if row is None or self.table is None:
            return ChangeVariables(values=self.variables, origin=origin)
        row_origin = Origin(file=self.name(self.table.path), line=row.line)
        return ChangeVariables(values=self.variables, origin=origin, row=row.cells, row_origin=row_origin)

    def uses(self, platform: str, name: str) -> bool:
        """Whether a platform's templates read a name, such as ``row``. Nobody can tell of a task."""
        return any(name in self.templates[path].outline.uses for path in self.reached(platform))

    def reached(self, platform: str) -> tuple[str, ...]:
        """The paths of a platform's template and of everything that it takes in, directly or not."""
        found: dict[str, None] = {}
        pending = [self.roots[platform]] if platform in self.roots else []
        while pending:
            path = pending.pop()
            if path in self.templates and path not in found:
                found[path] = None
                pending += [taken.path for taken in self.templates[path].outline.taken]
        return tuple(found)

    def flawed(self, platform: str) -> bool:
        """Whether anything among a platform's templates is wrong before a device comes into it."""
        reached = [self.templates[path] for path in self.reached(platform)]
        missing = any(
            taken.path not in self.templates and not taken.optional
            for template in reached
            for taken in template.outline.taken
        )
        rowless = self.table is None and self.uses(platform, "row")
        return not reached or missing or rowless or any(template.outline.failures for template in reached)

    def name(self, path: str) -> str:
        """How messages call one of the change's files."""
        return self.names.get(path, path)

    def problem(self, path: tuple[str, ...], message: str, hint: str = "") -> Problem:
        """A problem with a field of the change file."""
        line = next((self.lines[path[:size]] for size in range(len(path), 0, -1) if path[:size] in self.lines), 0)
        return Problem(file=self.name("change.yaml"), line=line, message=message, hint=hint)
