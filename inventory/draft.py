"""The estate while it is being checked: the things of proper shape, and the names of all that was written."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from inventory.problems import Problem, Severity, Suggester
from inventory.shapes import Thing
from inventory.sources.records import SCOPES, Kind, Path, Record, label, path_of

#: Finds the line of a path of keys in a file; None where it has none of its own. Only called for what is wrong.
LineOf = Callable[[str, Path], int | None]
T = TypeVar("T", bound=Thing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What the rules look at.

    ``platforms`` that exist, each with the TCP port that its management listens on. ``complete``: whether all records
    could be read. ``names`` has the broken things too: referring to one of these is no further mistake.
    Its records have those fields only with which nothing is wrong.
    """

    platforms: Mapping[str, int]
    lines: LineOf
    complete: bool = True
    things: Mapping[Kind, list[Thing]] = field(default_factory=lambda: {kind: [] for kind in Kind})
    names: Mapping[Kind, dict[str, Record]] = field(default_factory=lambda: {kind: {} for kind in Kind})
    suggester: Suggester = field(default_factory=Suggester)

    def all(self, kind: Kind, model: type[T]) -> list[T]:
        """The things of a kind."""
        return [thing for thing in self.things[kind] if isinstance(thing, model)]

    def line(self, record: Record, path: Path) -> int:
        """The line of a field of a record."""
        inner = path[1:] if record.kind in SCOPES else path
        return self.lines(record.origin.file, (*path_of(record.kind, record.name), *inner)) or record.origin.line

    def texts(self, kind: Kind, field: str) -> Iterator[tuple[str, str]]:
        """Names and the texts of a field, of all things that have it: also of those that are broken elsewhere."""
        for name, record in self.names[kind].items():
            value = record.fields.get(field)
            if isinstance(value, str):
                yield name, value

    def problem(self, kind: Kind, name: str, path: Path, message: str, hint: str = "") -> Problem:
        """A problem with a field of a thing; an empty path is the thing itself."""
        record = self.names[kind][name]
        text = f"{label(kind, name)}: {message}"
        return Problem(file=record.origin.file, line=self.line(record, path), message=text, hint=hint)

    def warning(self, kind: Kind, name: str, path: Path, message: str, hint: str = "") -> Problem:
        """The same where the estate can be used nevertheless."""
        return replace(self.problem(kind, name, path, message, hint), severity=Severity.WARNING)
