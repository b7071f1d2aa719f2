"""The events of one YAML document, from libyaml's parser, with aliases replayed and everything bounded.

Events and not PyYAML's loader, for three reasons: 10,000 devices take 0.4 s in place of 1.6; every event has its line,
so that errors need no guessing; and what a scalar means (text, or a number) can depend on the field it stands in.
"""

from collections.abc import Iterator

from yaml import YAMLError
from yaml.cyaml import CBaseLoader
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    NodeEvent,
    ScalarEvent,
    StreamEndEvent,
)
from yaml.reader import ReaderError

from inventory.problems import EstateError, Problem

#: A "billion laughs" file is a few aliases that unfold without end.
MAX_REPLAYED = 1_000_000
MAX_SCALAR = 64 * 1024
MAX_DEPTH = 24


class YamlEvents:
    """The events of the nodes of one document. Reads on demand; every error is an :class:`EstateError`."""

    def __init__(self, file: str, text: str) -> None:
        self._file = file
        self._text = text
        self._parser = CBaseLoader(text)
        self._anchors: dict[str, list[Event]] = {}
        self._replays: list[Iterator[Event]] = []
        self._replayed = 0
        self._depth = 0

    def start(self) -> bool:
        """Goes to the root node. False where the file holds no document at all."""
        self._parsed()
        return isinstance(self._parsed(), DocumentStartEvent)

    def finish(self) -> None:
        """Goes past the document's end; a second document is an error."""
        self._parsed()
        event = self._parsed()
        if not isinstance(event, StreamEndEvent):
            raise self.error(event, "a second document begins here", "one file is one document: remove the ---")

    def next(self) -> Event:
        """The next event of a node: a scalar, or the start or end of a map or list. Never an alias."""
        event = self._replay() if self._replays else self._parsed()
        if getattr(event, "anchor", None) is None and getattr(event, "tag", None) is None:
            return event
        return self._special(event)

    def skip(self, event: Event) -> None:
        """Goes past the rest of the node that ``event`` began."""
        depth = _step(event)
        while depth:
            depth += _step(self.next())

    def error(self, event: Event, message: str, hint: str = "") -> EstateError:
        """The error that ends the reading of this file."""
        return EstateError([Problem(file=self._file, line=line_of(event), message=message, hint=hint)])

    def too_deep(self, event: Event) -> EstateError:
        """The error for maps and lists that go too far into each other."""
        return self.error(event, f"maps and lists are nested more than {MAX_DEPTH} deep")

    def _parsed(self) -> Event:
        try:
            event = self._parser.get_event()
        except YAMLError as error:
            raise EstateError([self._syntax(error)]) from error
        if event is None:
            raise EstateError([Problem(file=self._file, line=0, message="the file ends too early")])
        if isinstance(event, ScalarEvent) and len(event.value) > MAX_SCALAR:
            raise self.error(event, f"a single value is longer than {MAX_SCALAR} characters")
        self._depth += _step(event)
        if self._depth > MAX_DEPTH:
            raise self.too_deep(event)
        return event

    def _replay(self) -> Event:
        for event in self._replays[-1]:
            self._replayed += 1
            if self._replayed > MAX_REPLAYED:
                raise self.error(event, "the aliases of this file unfold to far more than it says", "remove them")
            return event
        self._replays.pop()
        return self._replay() if self._replays else self._parsed()

    def _special(self, event: Event) -> Event:
        if isinstance(event, AliasEvent):
            return self._unfold(event)
        tag = getattr(event, "tag", None)
        if tag is not None:
            hint = "write the value without it; secrets are referred to as env:NAME or file:/path"
            raise self.error(event, f"tags such as {tag!r} are not read", hint)
        return self._remember(event)

    def _unfold(self, alias: NodeEvent) -> Event:
        if alias.anchor not in self._anchors:
            raise self.error(alias, f"the alias *{alias.anchor} has no anchor before it")
        self._replays.append(iter(self._anchors[alias.anchor]))
        return self.next()

    def _remember(self, event: Event) -> Event:
        """Reads the whole node of an anchor, so that aliases can repeat it, and begins to give it out."""
        events = [_unanchored(event)]
        depth = _step(event)
        while depth:
            events.append(_unanchored(self.next()))
            depth += _step(events[-1])
        self._anchors[getattr(event, "anchor", "")] = events
        self._replays.append(iter(events[1:]))
        return events[0]

    def _syntax(self, error: YAMLError) -> Problem:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else 0
        text = getattr(error, "problem", None) or "this is not YAML"
        if isinstance(error, ReaderError):
            line = self._text.encode().count(b"\n", 0, error.position) + 1
            text = error.reason
        hint = "indent with spaces, not tabs" if "cannot start any token" in text else ""
        return Problem(file=self._file, line=line, message=f"the YAML is broken: {text}", hint=hint)


def line_of(event: Event) -> int:
    """The line where an event stands, counting from 1."""
    return event.start_mark.line + 1 if event.start_mark is not None else 0


def _step(event: Event) -> int:
    if isinstance(event, CollectionStartEvent):
        return 1
    return -1 if isinstance(event, CollectionEndEvent) else 0


def _unanchored(event: Event) -> Event:
    """The same event without its anchor, which would make every replay remember the node again."""
    if getattr(event, "anchor", None) is None:
        return event
    if isinstance(event, ScalarEvent):
        return ScalarEvent(None, None, event.implicit, event.value, event.start_mark, event.end_mark, event.style)
    if isinstance(event, CollectionStartEvent):
        return type(event)(None, None, event.implicit, event.start_mark, event.end_mark, event.flow_style)
    return event
