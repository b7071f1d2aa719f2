"""A YAML file as plain data in which every value knows its line.

Scalars stay text: what a field means is the model's business. Below ``variables`` alone they have YAML's types.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from yaml.events import CollectionEndEvent, Event, MappingStartEvent, ScalarEvent, SequenceStartEvent

from inventory.problems import EstateError, Problem
from inventory.sources.scalars import NULLS, typed
from inventory.sources.yaml_events import YamlEvents, line_of

Path = tuple[str, ...]

_TYPED = "variables"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What was read. ``lines`` has the line of every value by the keys and places that lead to it."""

    values: Mapping[str, object]
    lines: Mapping[Path, int]
    problems: tuple[Problem, ...]

    def line(self, path: Path) -> int:
        """The line of a value, or of the nearest thing around it that has one."""
        return next((self.lines[path[:size]] for size in range(len(path), 0, -1) if path[:size] in self.lines), 0)


def read_document(name: str, text: str) -> Document:
    """Reads one YAML document. Never raises for what is in it: everything that is wrong is in ``problems``."""
    reader = _Reader(name, text)
    try:
        values = reader.read()
    except EstateError as error:
        # The events' own error: the text is no YAML, or none that is read.
        return Document(values={}, lines={}, problems=(*reader.problems, *error.problems))
    return Document(values=values, lines=reader.lines, problems=tuple(reader.problems))


@dataclass(slots=True)
class _Reader:
    name: str
    text: str
    lines: dict[Path, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def read(self) -> dict[str, object]:
        events = YamlEvents(self.name, self.text)
        if not events.start():
            self._problem(1, "the file is empty", "wavegate change new writes one to begin with")
            return {}
        event = events.next()
        if not isinstance(event, MappingStartEvent):
            raise events.error(event, "a change is a map of fields: title, ticket, team and so on")
        values = self._map(events, ())
        events.finish()
        return values

    def _value(self, events: YamlEvents, event: Event, path: Path) -> object:
        if isinstance(event, ScalarEvent):
            return _scalar(event, path)
        if isinstance(event, SequenceStartEvent):
            return [self._item(events, item, (*path, str(place))) for place, item in enumerate(_items(events))]
        return self._map(events, path)

    def _item(self, events: YamlEvents, event: Event, path: Path) -> object:
        self.lines[path] = line_of(event)
        return self._value(events, event, path)

    def _map(self, events: YamlEvents, path: Path) -> dict[str, object]:
        values: dict[str, object] = {}
        for key, line in self._keys(events, path):
            self.lines[(*path, key)] = line
            value = self._value(events, events.next(), (*path, key))
            if value is not None or path[:1] == (_TYPED,):
                values[key] = value
        return values

    def _keys(self, events: YamlEvents, path: Path) -> Iterator[tuple[str, int]]:
        """The keys of a map; what is no proper key is reported and passed over."""
        for event in _items(events):
            line = line_of(event)
            if not isinstance(event, ScalarEvent):
                self._problem(line, "a key must be text")
                events.skip(event)
            elif event.value == "<<" and event.implicit[0]:
                self._problem(line, "merge keys (<<) are not read", "repeat the fields")
            elif (*path, event.value) in self.lines:
                first = self.lines[*path, event.value]
                self._problem(line, f"{event.value!r} stands here twice", f"the first is on line {first}")
            else:
                yield event.value, line
                continue
            events.skip(events.next())

    def _problem(self, line: int, message: str, hint: str = "") -> None:
        self.problems.append(Problem(file=self.name, line=line, message=message, hint=hint))


def _items(events: YamlEvents) -> Iterator[Event]:
    while not isinstance(event := events.next(), CollectionEndEvent):
        yield event


def _scalar(event: ScalarEvent, path: Path) -> object:
    if not event.implicit[0]:  # it was quoted, or written as a block
        return event.value
    if path[0] == _TYPED and len(path) > 1:
        return typed(event.value)
    return None if event.value in NULLS else event.value
