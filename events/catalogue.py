"""Messages by their wire names and versions, and the way from old versions to the present one.

A message's wire name and version are its own and never follow from its class or module, so that code can move while
what was written stays readable. Only the newest version of a message has a class; older ones are lifted step by step
by upcasters, from plain data to plain data.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, Self

from pydantic import ValidationError

from events.errors import MalformedError, UnknownTypeError, UnknownVersionError
from events.values import Value

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]


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
        if not 1 <= version <= cls.version:
            raise UnknownVersionError(cls.wire, version, cls.version)
        if not isinstance(data, dict):
            raise MalformedError(cls.wire, "its data are no object")
        for step in range(version, cls.version):
            data = cls.upcasters[step](data)
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise MalformedError(cls.wire, complaint(error)) from error


class Catalogue:
    """The messages of one kind, by wire name."""

    def __init__(self, kind: str, *messages: type[Message]) -> None:
        self.kind = kind
        self._by_wire = {message.wire: message for message in messages}

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
    return "; ".join(
        f"{'.'.join(str(part) for part in problem['loc']) or 'the whole'}: {problem['msg']}"
        for problem in error.errors()
    )
