"""A change file's text into its model, with everything that is wrong at once, each with its line and what to do."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from automation.change.document import Document, Path, read_document
from automation.change.entries import FIELDS, ChangeFile, Mode
from inventory.problems import Problem, Suggester

#: Stand in for required fields that are wrong, so that the rest can be looked at as well.
_STAND_INS: Mapping[str, object] = {
    "title": "untitled",
    "ticket": "none",
    "team": "nobody",
    "select": "*",
    "approvals": [{"area": "nobody"}],
}
_NAME = "1 to 63 letters, digits, dots, dashes and underscores, the first a letter or a digit"
_WANTED = {
    "string_type": "must be text",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "enum": "must be " + " or ".join(Mode),
    "tuple_type": "must be a list",
    "mapping_type": "must be a map",
    "dict_type": "must be a map",
    "model_type": "must be a map of fields",
    "model_attributes_type": "must be a map of fields",
    "string_too_short": "must not be empty",
}
_MOST_SHOWN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """What was made of a change file.

    ``entry`` has what is right and stand-ins for what is wrong; it is None where too little is right. ``broken`` are
    the top fields that are wrong.
    """

    entry: ChangeFile | None
    broken: frozenset[str]
    document: Document
    problems: tuple[Problem, ...]


def understand(name: str, text: str) -> Understood:
    """Reads a change file; ``name`` is how problems call it. Never raises for what is in it."""
    document = read_document(name, text)
    values = dict(document.values)
    if not values:
        return Understood(entry=None, broken=frozenset(), document=document, problems=document.problems)
    entry, details = _validated(values)
    broken = frozenset(str(detail["loc"][0]) for detail in details)
    if entry is None:
        sound = {key: value for key, value in values.items() if key not in broken}
        stand_ins = {key: value for key, value in _STAND_INS.items() if key in broken}
        entry, _ = _validated({**sound, **stand_ins})
    problems = (*document.problems, *(_problem(name, document, detail) for detail in details))
    return Understood(entry=entry, broken=broken, document=document, problems=problems)


def _validated(values: Mapping[str, object]) -> tuple[ChangeFile | None, list[ErrorDetails]]:
    try:
        return ChangeFile.model_validate(values), []
    except ValidationError as error:
        return None, error.errors(include_url=False)


def _problem(name: str, document: Document, detail: ErrorDetails) -> Problem:
    path = tuple(_steps(detail))
    if detail["type"] == "extra_forbidden":
        known = FIELDS[path[0] if len(path) > 1 else ""]
        hint = Suggester().hint(path[-1], known) or f"fields are {', '.join(known)}"
        message = f"there is no field {'.'.join(path)!r}"
        return Problem(file=name, line=document.line(path), message=message, hint=hint)
    if detail["type"] == "missing":
        return Problem(file=name, line=document.line(path[:-1]), message=f"{'.'.join(path)} is missing")
    shown = f" {_shown(detail['input'])}" if "variables" not in path else ""
    return Problem(file=name, line=document.line(path), message=f"{'.'.join(path)}{shown} {_wanted(path, detail)}")


def _steps(detail: ErrorDetails) -> Iterator[str]:
    """The path of what is wrong, without what pydantic adds to say which of several types it tried."""
    for step in detail["loc"]:
        if step not in {"[key]", "function-before[wave_size()", "int", "str"}:
            yield str(step)


def _wanted(path: Path, detail: ErrorDetails) -> str:
    limits = detail.get("ctx", {})
    if detail["type"] == "string_pattern_mismatch":
        return (
            "must be a name: letters, digits and underscores"
            if path[0] in {"variables", "task"}
            else f"must be {_NAME}"
        )
    if "ge" in limits or "le" in limits:
        return f"must be at least {limits['ge']}" if "ge" in limits else f"must be at most {limits['le']}"
    if "min_length" in limits and detail["type"] == "too_short":
        return f"must have at least {limits['min_length']}"
    if "max_length" in limits:
        return f"must have at most {limits['max_length']}"
    return _WANTED.get(detail["type"], detail["msg"])


def _shown(value: object) -> str:
    if isinstance(value, list | tuple | Mapping):
        return "(a list)" if isinstance(value, list | tuple) else "(a map)"
    text = str(value)
    return repr(text if len(text) <= _MOST_SHOWN else text[:_MOST_SHOWN] + "...")
