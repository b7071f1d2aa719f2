"""From records to models: the shape of one thing at a time, with messages for people."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from events.values import Access
from inventory.model import CredentialReference, Device, JumpHost, Scope, Site
from inventory.problems import Problem, Suggester
from inventory.sources.records import Kind, Path, Record, label

Thing = Site | Device | JumpHost | CredentialReference | Scope
#: The line of a field of a record: its path in the record, from the field's name on.
Locate = Callable[[Record, Path], int]

_MODELS: dict[Kind, type[Thing]] = {
    Kind.SITE: Site,
    Kind.DEVICE: Device,
    Kind.JUMP_HOST: JumpHost,
    Kind.CREDENTIAL: CredentialReference,
    Kind.REGION: Scope,
    Kind.COUNTRY: Scope,
    Kind.ROLE: Scope,
}
_OURS = frozenset({"name", "origin"})  # they come from where a record stands, not from its fields


def _fields(*, required: bool | None) -> dict[Kind, frozenset[str]]:
    return {
        kind: frozenset(
            field.name
            for field in dataclasses.fields(model)
            if field.name not in _OURS and required in {None, _is_required(field)}
        )
        for kind, model in _MODELS.items()
    }


def _is_required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


#: The fields that a record of each kind may have, and those that it must have.
FIELDS: Mapping[Kind, frozenset[str]] = _fields(required=None)
REQUIRED: Mapping[Kind, frozenset[str]] = _fields(required=True)

_ADAPTERS: dict[Kind, TypeAdapter[Any]] = {kind: TypeAdapter(model) for kind, model in _MODELS.items()}

_NAME = "1 to 63 letters, digits, dots, dashes and underscores, the first a letter or a digit"
#: What the text of a field must be, where it is not a name.
_RULES = {
    "country": "the two capital letters of ISO 3166, such as DE",
    "timezone": "the name of a time zone, such as Europe/Berlin",
    "address": "an IP address or a host name",
    "os_version": "one line of text",
    "username": "a user name, env:NAME or file:/path",
    "password": "env:NAME or file:/path",
    "private_key": "env:NAME or file:/path",
    "enable_secret": "env:NAME or file:/path",
    "labels": "one line of at most 63 characters",
}
_LABEL_KEY = "1 to 63 letters, digits, dots, dashes, underscores and slashes, a letter or digit first and last"
_VARIABLE_KEY = "letters, digits and underscores, not beginning with a digit: templates use them as names"
_WANTED = {
    "missing": "is missing",
    "string_type": "must be text",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "must be a whole number",
    "int_type": "must be a whole number",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "enum": "must be " + " or ".join(Access),
    "dict_type": "must be a map",
}
_MOST_SHOWN = 60


class Built(NamedTuple):
    """The model of a record; None where it has no proper shape, with what is wrong and in which fields."""

    thing: Thing | None
    problems: list[Problem]
    wrong: frozenset[str] = frozenset()


def build(record: Record, locate: Locate, suggester: Suggester) -> Built:
    """Makes a model of a record."""
    unknown = list(_unknown(record, locate, suggester))
    fields = {key: value for key, value in record.fields.items() if key in FIELDS[record.kind]}
    try:
        thing: Thing = _ADAPTERS[record.kind].validate_python(fields | {"name": record.name, "origin": record.origin})
    except ValidationError as error:
        details = error.errors(include_url=False)
        problems = [_problem(record, detail, locate) for detail in details]
        return Built(None, unknown + problems, frozenset(str(detail["loc"][0]) for detail in details))
    return Built(None if unknown else thing, unknown)


def _unknown(record: Record, locate: Locate, suggester: Suggester) -> Iterator[Problem]:
    allowed = FIELDS[record.kind]
    for key in record.fields.keys() - allowed:
        hint = suggester.hint(key, allowed) or f"fields are {', '.join(sorted(allowed))}"
        if key == "name":
            hint = "its name is the key above the fields"
        message = f"{label(record.kind, record.name)} has no field {key!r}"
        yield Problem(file=record.origin.file, line=locate(record, (key,)), message=message, hint=hint)


def _problem(record: Record, detail: ErrorDetails, locate: Locate) -> Problem:
    path = tuple(str(part) for part in detail["loc"] if part != "[key]")
    line = record.origin.line if path == ("name",) else locate(record, path)
    message = f"{label(record.kind, record.name)}: {_what(record, path, detail)}"
    return Problem(file=record.origin.file, line=line, message=message)


def _what(record: Record, path: Path, detail: ErrorDetails) -> str:
    place = ".".join(path)
    if detail["type"] == "missing":
        return f"{place} is missing"
    shown = "" if record.kind is Kind.CREDENTIAL else f" {_shown(detail['input'])}"
    return f"{place}{shown} {_wanted(path[0], detail)}"


def _wanted(field: str, detail: ErrorDetails) -> str:
    limits = detail.get("ctx", {})
    if detail["type"] == "string_pattern_mismatch":
        return f"must be {_rule(field, is_key='[key]' in detail['loc'])}"
    if "ge" in limits or "le" in limits:
        return f"must be at least {limits['ge']}" if "ge" in limits else f"must be at most {limits['le']}"
    return _WANTED.get(detail["type"], detail["msg"])


def _rule(field: str, *, is_key: bool) -> str:
    if is_key:
        return _LABEL_KEY if field == "labels" else _VARIABLE_KEY
    return _RULES.get(field, _NAME)


def _shown(value: object) -> str:
    if isinstance(value, list | Mapping):
        return "(a list)" if isinstance(value, list) else "(a map)"
    text = str(value)
    return repr(text if len(text) <= _MOST_SHOWN else text[:_MOST_SHOWN] + "...")
