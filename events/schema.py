"""The JSON Schemas (2020-12) of everything that is written to the log, one for each message's newest version.

They describe a record's value as it is on the wire: for commands and control records that is the payload of the signed
envelope. Older versions have their golden files under ``tests/events/golden``; they are lifted when they are read.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import TypeAdapter

from events.catalogue import Catalogue, Message
from events.commands import COMMANDS
from events.control import CONTROL
from events.facts import FACTS
from events.orders import ORDERS
from events.plans import Plan
from events.reports import REPORTS
from events.values import Digest, Identifier, Value

Schema = dict[str, Any]

#: The kinds of messages, by the topics that carry them.
KINDS: Mapping[str, Catalogue] = {
    "commands": COMMANDS,
    "control": CONTROL,
    "facts": FACTS,
    "orders": ORDERS,
    "reports": REPORTS,
}

_IDENTIFIER: Schema = TypeAdapter(Identifier).json_schema()
_DIGEST: Schema = TypeAdapter(Digest).json_schema()
_MOMENT = {"type": "string", "format": "date-time"}
_TEXT = {"type": "string"}

#: What stands beside a message's own data, by kind.
_HEADS: Mapping[str, Schema] = {
    "commands": {"log": _IDENTIFIER, "id": _IDENTIFIER, "expires": _MOMENT},
    "control": {"log": _IDENTIFIER, "id": _IDENTIFIER, "expires": _MOMENT},
    "facts": {
        "seq": {"type": "integer", "minimum": 0},
        "prev": _DIGEST,
        "at": _MOMENT,
        "by": _TEXT,
        "cause": _TEXT,
    },
    "orders": {"at": _MOMENT},
    "reports": {"id": _IDENTIFIER, "at": _MOMENT},
}


def schemas() -> dict[str, dict[str, Schema]]:
    """The schemas by kind and wire name, and that of a sealed plan under ``plans``."""
    found = {kind: {message.wire: record_schema(kind, message) for message in KINDS[kind]} for kind in KINDS}
    return found | {"plans": {"Plan": {"$schema": _DIALECT, "$id": _id("plans", "Plan", 1), **_of(Plan)}}}


def record_schema(kind: str, message: type[Message]) -> Schema:
    """The schema of a record's value, with one of these messages in it."""
    data = _of(message)
    parts = data.pop("$defs", {})
    fields = {"type": {"const": message.wire}, "v": {"const": message.version}, **_HEADS[kind], "data": data}
    return {
        "$schema": _DIALECT,
        "$id": _id(kind, message.wire, message.version),
        "title": message.wire,
        "description": data.pop("description", ""),
        "type": "object",
        "properties": fields,
        "required": sorted(fields),
        "additionalProperties": False,
        "$defs": parts,
    }


def shape(model: type[Value]) -> Schema:
    """What of a model's schema a reader depends on: everything but the words about it."""
    plain = _without_words(_of(model))
    assert isinstance(plain, dict)  # noqa: S101 - a schema of a model is an object
    return plain


_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_WORDS = frozenset({"title", "description"})


def _id(kind: str, wire: str, version: int) -> str:
    return f"urn:wavegate:{kind}:{wire}:{version}"


def _of(model: type[Value]) -> Schema:
    return model.model_json_schema(mode="validation")


def _without_words(node: object, *, names: bool = False) -> object:
    """A schema without its words; below ``properties`` and ``$defs`` the keys are names and stay."""
    if isinstance(node, list):
        return [_without_words(item) for item in node]
    if not isinstance(node, dict):
        return node
    return dict(_kept(node, names=names))


def _kept(node: Mapping[str, object], *, names: bool) -> Iterator[tuple[str, object]]:
    for key, value in node.items():
        if names or key not in _WORDS:
            yield key, _without_words(value, names=not names and key in {"properties", "$defs"})
