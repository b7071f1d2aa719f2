"""JSON Schemas as they are asked for by name."""

from console.errors import UsageError
from events.schema import Schema, schemas
from inventory.problems import Suggester


def schema_of(name: str | None) -> Schema | dict[str, dict[str, Schema]]:
    """The schema of one message by its wire name, or of all: by kind, then by name.

    Raises:
        UsageError: there is no message of that name.
    """
    found = schemas()
    if name is None:
        return found
    known = {wire: schema for kind in found.values() for wire, schema in kind.items()}
    if name not in known:
        hint = Suggester().hint(name, known) or f"there are {', '.join(sorted(known))}"
        raise UsageError(f"there is no message {name!r}; {hint}")
    return known[name]
