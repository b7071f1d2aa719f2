"""Messages by their wire names and versions, and the way from old versions to the present one.

A message's wire name and version are its own and never follow from its class or module, so that code can move while
what was written stays readable. Only the newest version of a message has a class; older ones are lifted step by step
by upcasters, from plain data to plain data.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, Self

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from events.errors import MalformedError, UnknownTypeError, UnknownVersionError
from events.values import Value

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]

#: So many things that are wrong are told at once, and so much of where each is.
_MOST_SAID = 8
_LONGEST_PLACE = 200


class Message(Value):
    """Something that is written to the log."""

    wire: ClassVar[str]
    version: ClassVar[int] = 1
    #: From each older version to the one after it.
    upcasters: ClassVar[Mapping[int, Upcaster]] = {}

    @classmethod
    def read(cls, version: int, data: object) -> Self:
        """A message from its plain data, whatever version that has.

        Raises:
            UnknownVersionError: written by newer software.
            MalformedError: the data do not fit.
        """
        if version < 1:
            raise MalformedError(cls.wire, "versions count from 1")
        if version > cls.version:
            raise UnknownVersionError(cls.wire, version, cls.version)
        if not isinstance(data, dict):
            raise MalformedError(cls.wire, "its data are no object")
        try:
            return cls.model_validate(cls._lifted(version, data))
        except ValidationError as error:
            raise MalformedError(cls.wire, complaint(error)) from error

    @classmethod
    def _lifted(cls, version: int, data: dict[str, Any]) -> dict[str, Any]:
        """The data in the newest version's shape. An upcaster relies on a shape that nobody has checked."""
        for step in range(version, cls.version):
            try:
                data = cls.upcasters[step](data)
            except (LookupError, TypeError, ValueError, AttributeError) as error:
                why = f"its data are not those of version {step} ({type(error).__name__})"
                raise MalformedError(cls.wire, why) from error
        return data


class Catalogue:
    """The messages of one kind, by wire name."""

    def __init__(self, kind: str, *messages: type[Message]) -> None:
        """A catalogue of these messages; ValueError where two share a name, or the way from an old version lacks."""
        self.kind = kind
        self._by_wire = {message.wire: message for message in messages}
        if len(self._by_wire) < len(messages):
            raise ValueError(f"two {kind}s have the same wire name")
        for message in messages:
            if sorted(message.upcasters) != list(range(1, message.version)):
                raise ValueError(f"{message.wire} needs one upcaster from each version before {message.version}")

    def __iter__(self) -> Iterator[type[Message]]:
        return iter(self._by_wire.values())

    def read(self, wire: str, version: int, data: object) -> Message:
        """A message of this kind from its wire name, version and plain data.

        Raises:
            UnknownTypeError: no message of this kind has that name.
            UnknownVersionError: written by newer software.
            MalformedError: the data do not fit.
        """
        message = self._by_wire.get(wire)
        if message is None:
            raise UnknownTypeError(self.kind, wire)
        return message.read(version, data)


def complaint(error: ValidationError) -> str:
    """What does not fit, in one line, without the values (they may be secret or hostile)."""
    problems = error.errors(include_input=False, include_url=False)
    said = [f"{_where(problem)}: {problem['msg']}" for problem in problems[:_MOST_SAID]]
    more = len(problems) - len(said)
    return "; ".join([*said, f"and {more} more"] if more else said)


def _where(problem: ErrorDetails) -> str:
    """The field's place. The name of a field that nobody expects is the writer's own, so it is as good as a value."""
    place = problem["loc"]
    known = place[:-1] if problem["type"] == "extra_forbidden" else place
    parts = [str(part) if str(part).isidentifier() or isinstance(part, int) else "(a key)" for part in known]
    unknown = ["(a field that is not known)"] if len(known) < len(place) else []
    return ".".join(parts + unknown)[:_LONGEST_PLACE] or "the whole"
