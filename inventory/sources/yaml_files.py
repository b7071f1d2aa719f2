"""Reads a YAML file of an estate into records.

A file has any of the sections ``sites``, ``devices``, ``jump_hosts`` and ``credentials`` (maps from name to fields) and
``variables`` (with ``regions``, ``countries`` and ``roles``). Scalars stay text: which type a field has is the model's
business. Only below ``variables`` do they get a type of their own (see :mod:`inventory.sources.scalars`).
"""

from collections.abc import Iterator

from yaml.events import CollectionEndEvent, Event, MappingStartEvent, ScalarEvent, SequenceStartEvent

from inventory.model import Origin
from inventory.problems import EstateError, Problem, Suggester
from inventory.sources.files import SourceFile, decoded
from inventory.sources.records import SCOPES, Kind, Path, Reading, Record, label, path_of
from inventory.sources.scalars import NULLS, typed
from inventory.sources.yaml_events import MAX_DEPTH, YamlEvents, line_of

_PLAIN = tuple(kind.value for kind in Kind if kind not in SCOPES)
SECTIONS = (*_PLAIN, "variables")


def read_yaml(file: SourceFile) -> Reading:
    """All records of a file, and everything that is wrong with its form. Never raises for what is in the file."""
    reader = _Reader(file, lines=None)
    reader.read()
    return reader.reading


def field_lines(file: SourceFile) -> dict[Path, int]:
    """The line of every key in a file, by the path of keys that leads to it from the top.

    Keeping this for every file would cost more memory than the estate, so it is made in a second pass, and only when
    there is something to complain of.
    """
    lines: dict[Path, int] = {}
    _Reader(file, lines=lines).read()
    return lines


class _Reader:
    """One pass over one file."""

    def __init__(self, file: SourceFile, lines: dict[Path, int] | None) -> None:
        self.reading = Reading()
        self._file = file.name
        self._source = file
        self._lines = lines
        self._suggester = Suggester()
        self._events: YamlEvents

    def read(self) -> None:
        try:
            self._events = YamlEvents(self._file, decoded(self._source))
            if self._events.start():
                self._document()
                self._events.finish()
        except EstateError as error:
            self.reading.gaps.extend(error.problems)

    def _document(self) -> None:
        sections = " or ".join((", ".join(SECTIONS[:-1]), SECTIONS[-1]))
        for key, line in self._map((), f"the file must be a map with {sections}"):
            if key == "variables":
                self._scopes()
            elif key in _PLAIN:
                self._records(Kind(key))
            else:
                hint = self._suggester.hint(key, SECTIONS) or f"sections are {sections}"
                self._gap(line, f"there is no section {key!r}", hint)
                self._events.skip(self._events.next())

    def _scopes(self) -> None:
        for key, line in self._map(("variables",), "variables must be a map with regions, countries or roles"):
            if key in SCOPES:
                self._records(Kind(key))
            else:
                hint = self._suggester.hint(key, SCOPES) or "variables of one site or device stand in its own record"
                self._problem(line, f"variables can be of regions, countries and roles, not of {key!r}", hint)
                self._events.skip(self._events.next())

    def _records(self, kind: Kind) -> None:
        section = path_of(kind, "")[:-1]
        for name, line in self._map(section, f"{kind} must be a map from names to what they are"):
            if kind in SCOPES:
                variables, lines = self._variables(path_of(kind, name), label(kind, name))
                fields: dict[str, object] = {"variables": variables}
            else:
                fields, lines = self._fields(kind, name)
            origin = Origin(file=self._file, line=line, variable_lines=lines)
            self.reading.records.append(Record(kind=kind, name=name, fields=fields, origin=origin))

    def _fields(self, kind: Kind, name: str) -> tuple[dict[str, object], tuple[int, ...]]:
        path = (kind, name)
        fields: dict[str, object] = {}
        lines: tuple[int, ...] = ()
        for key, _ in self._map(path, f"{label(kind, name)} must be a map of fields"):
            if key == "variables":
                fields[key], lines = self._variables((*path, key), f"variables of {label(kind, name)}")
            else:
                fields[key] = self._value(self._events.next(), (*path, key), as_text=True, depth=0)
        return {key: value for key, value in fields.items() if value is not None}, lines

    def _variables(self, path: Path, what: str) -> tuple[dict[str, object], tuple[int, ...]]:
        values: dict[str, object] = {}
        lines: list[int] = []
        for key, line in self._map(path, f"{what} must be a map from names to values"):
            values[key] = self._value(self._events.next(), (*path, key), as_text=False, depth=0)
            lines.append(line)
        return values, tuple(lines)

    def _value(self, event: Event, path: Path, *, as_text: bool, depth: int) -> object:
        if isinstance(event, ScalarEvent):
            return _scalar(event, as_text=as_text)
        if depth > MAX_DEPTH:
            raise self._events.too_deep(event)
        if isinstance(event, SequenceStartEvent):
            return self._list(path, as_text=as_text, depth=depth)
        return {
            key: self._value(self._events.next(), (*path, key), as_text=as_text, depth=depth + 1)
            for key, _ in self._keys(path)
        }

    def _list(self, path: Path, *, as_text: bool, depth: int) -> list[object]:
        items: list[object] = []
        while not isinstance(event := self._events.next(), CollectionEndEvent):
            items.append(self._value(event, path, as_text=as_text, depth=depth + 1))
        return items

    def _map(self, path: Path, wanted: str) -> Iterator[tuple[str, int]]:
        """The keys of the node that comes next, which has to be a map or nothing; the caller reads each value."""
        event = self._events.next()
        if isinstance(event, MappingStartEvent):
            yield from self._keys(path)
        elif not (isinstance(event, ScalarEvent) and _scalar(event, as_text=True) is None):
            self._gap(line_of(event), wanted, f"there is {_found(event)} here")
            self._events.skip(event)

    def _keys(self, path: Path) -> Iterator[tuple[str, int]]:
        """The keys of a map whose start was read; what is no proper key is reported and passed over."""
        seen: dict[str, int] = {}
        while not isinstance(event := self._events.next(), CollectionEndEvent):
            key, line = self._key(event, seen), line_of(event)
            if key is None:
                self._events.skip(self._events.next())
                continue
            seen[key] = line
            if self._lines is not None:
                self._lines[(*path, key)] = line
            yield key, line

    def _key(self, event: Event, seen: dict[str, int]) -> str | None:
        if not isinstance(event, ScalarEvent):
            self._problem(line_of(event), "a key must be text", f"there is {_found(event)} here")
            self._events.skip(event)
            return None
        if event.value == "<<" and event.implicit[0]:
            hint = "repeat the fields, or put what is common into variables of a region, country or role"
            self._problem(line_of(event), "merge keys (<<) are not read", hint)
            return None
        if event.value in seen:
            line = line_of(event)
            self._problem(line, f"{event.value!r} stands here twice", f"the first is on line {seen[event.value]}")
            return None
        return event.value

    def _gap(self, line: int, message: str, hint: str) -> None:
        self.reading.gaps.append(Problem(file=self._file, line=line, message=message, hint=hint))

    def _problem(self, line: int, message: str, hint: str = "") -> None:
        self.reading.problems.append(Problem(file=self._file, line=line, message=message, hint=hint))


def _scalar(event: ScalarEvent, *, as_text: bool) -> object:
    if not event.implicit[0]:  # it was quoted, or written as a block
        return event.value
    if as_text:
        return None if event.value in NULLS else event.value
    return typed(event.value)


def _found(event: Event) -> str:
    if isinstance(event, ScalarEvent):
        return "a single value"
    return "a list" if isinstance(event, SequenceStartEvent) else "a map"
