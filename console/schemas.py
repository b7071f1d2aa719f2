"""JSON Schemas of everything that is written to the log."""

from collections.abc import Mapping
from typing import Any

from console.errors import UsageError
from events.catalogue import Catalogue, Message
from events.commands import COMMANDS
from events.control import CONTROL
from events.facts import FACTS
from events.orders import ORDERS
from events.reports import REPORTS
from events.signing import Envelope
from inventory.problems import Suggester

_KINDS: Mapping[str, Catalogue] = {
    "commands": COMMANDS,
    "control": CONTROL,
    "facts": FACTS,
    "orders": ORDERS,
    "reports": REPORTS,
}
_ENVELOPE = "Envelope"


def schema_of(name: str | None) -> dict[str, Any]:
    """The schema of one message by its wire name, or of all: by kind, then by name.

    Raises:
        UsageError: there is no message of that name.
    """
    if name is None:
        kinds = {kind: {message.wire: _schema(message) for message in all_} for kind, all_ in _KINDS.items()}
        return {"envelope": Envelope.model_json_schema(), **kinds}
    if name == _ENVELOPE:
        return Envelope.model_json_schema()
    known = {message.wire: message for all_ in _KINDS.values() for message in all_}
    if name not in known:
        hint = Suggester().hint(name, [*known, _ENVELOPE]) or f"there are {', '.join(sorted(known))} and {_ENVELOPE}"
        raise UsageError(f"there is no message {name!r}; {hint}")
    return _schema(known[name])


def _schema(message: type[Message]) -> dict[str, Any]:
    """The message's own data; its version stands beside, since both are in what is written."""
    return {"wire": message.wire, "version": message.version, **message.model_json_schema()}
