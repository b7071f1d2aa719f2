"""The JSON Schemas: what is written fits them, and what fits them is read."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from jsonschema import Draft202012Validator

from events.catalogue import Message
from events.errors import MalformedError
from events.schema import KINDS, record_schema, schemas, shape

GOLDEN = Path(__file__).parent / "golden"
MESSAGES = [(kind, message) for kind, catalogue in KINDS.items() for message in catalogue]
EACH = pytest.mark.parametrize(("kind", "message"), MESSAGES, ids=lambda value: getattr(value, "wire", value))


def _problems(schema: Mapping[str, Any], record: object) -> list[str]:
    return [error.message for error in Draft202012Validator(schema).iter_errors(record)]


def test_there_is_a_schema_of_every_message_and_of_the_plan() -> None:
    found = schemas()
    assert {kind: set(by_wire) for kind, by_wire in found.items() if kind != "plans"} == {
        kind: {message.wire for message in catalogue} for kind, catalogue in KINDS.items()
    }
    assert set(found["plans"]) == {"Plan"}
    ids = [schema["$id"] for by_wire in found.values() for schema in by_wire.values()]
    assert len(set(ids)) == len(ids)
    assert "urn:wavegate:facts:PlanSealed:1" in ids
    json.dumps(found)


@EACH
def test_a_schema_is_one_and_describes_what_is_written(kind: str, message: type[Message]) -> None:
    schema = schemas()[kind][message.wire]
    Draft202012Validator.check_schema(schema)
    assert schema["description"], "the class's docstring says what it means"
    record = json.loads((GOLDEN / kind / f"{message.wire}.v{message.version}.json").read_bytes())
    assert _problems(schema, record) == []


SPOILT = {
    "another type": {"type": "Other"},
    "another version": {"v": 2},
    "a head field missing": {"prev": None},
    "a head field more": {"extra": 1},
    "a data field more": {"data": {"rollout": "r-1", "plan": "sha256:" + "0" * 64, "more": 1}},
    "a digest of another form": {"data": {"rollout": "r-1", "plan": "md5:0"}},
    "data missing": {"data": {}},
}


@pytest.mark.parametrize("spoilt", SPOILT.values(), ids=SPOILT)
def test_what_is_no_such_record_does_not_fit(spoilt: dict[str, Any]) -> None:
    schema = schemas()["facts"]["PlanSealed"]
    record = json.loads((GOLDEN / "facts" / "PlanSealed.v1.json").read_bytes())
    assert _problems(schema, record) == []
    assert _problems(schema, {key: value for key, value in (record | spoilt).items() if value is not None})


@EACH
def test_what_fits_a_schema_is_read(kind: str, message: type[Message], any_data: Any) -> None:
    schema = record_schema(kind, message)
    validator = Draft202012Validator(schema)
    settled = settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))

    @settled
    @given(plain=any_data(schema))
    def check(plain: dict[str, Any]) -> None:
        _check_reading(message, validator, plain)

    check()


def _check_reading(message: type[Message], validator: Draft202012Validator, plain: dict[str, Any]) -> None:
    # Given any data that the schema admits
    # When it is read; two rules are no schema's: what a halt is on, and points that nobody may sign with
    try:
        read = message.read(message.version, plain["data"])
    except MalformedError as error:
        assume(re.search(r"stands alone|sign for this key|end of time", str(error)) is None)
        raise
    # Then what is written of it fits the schema again
    record = plain | {"data": read.model_dump(mode="json")}
    assert [error.message for error in validator.iter_errors(record)] == []


def test_a_shape_has_names_but_no_words() -> None:
    (proposed,) = [message for message in KINDS["facts"] if message.wire == "RolloutProposed"]
    found = shape(proposed)
    assert "title" in found["properties"], "a field that is called like a word stays"
    text = json.dumps({key: value for key, value in found.items() if key != "properties"})
    assert '"description"' not in text
    assert found["properties"]["title"] == {"maxLength": 4000, "type": "string"}
