"""What was written stays readable: today's code against every golden file. See golden/README.md."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from events.catalogue import Message
from events.codec import decode_fact, decode_order, decode_report
from events.plans import Plan
from events.schema import KINDS
from events.signing import Envelope

GOLDEN = Path(__file__).parent / "golden"
NAME = re.compile(r"(?P<wire>\w+)\.v(?P<version>\d+)\.json")


def _files() -> list[Path]:
    return sorted(path for path in GOLDEN.glob("*/*.json") if NAME.fullmatch(path.name) and path.parent.name in KINDS)


def _read(kind: str, content: bytes) -> Message:
    match kind:
        case "facts":
            return decode_fact(content)[0].fact
        case "orders":
            return decode_order(content)
        case "reports":
            return decode_report(content).report
        case _:
            return Envelope.model_validate_json(content).message(KINDS[kind])


MESSAGES = [(kind, message) for kind, catalogue in KINDS.items() for message in catalogue]
EACH_MESSAGE = pytest.mark.parametrize(("kind", "message"), MESSAGES, ids=lambda value: getattr(value, "wire", value))
EACH_FILE = pytest.mark.parametrize("path", _files(), ids=lambda path: f"{path.parent.name}/{path.stem}")


@EACH_FILE
def test_every_example_ever_written_is_read(path: Path, golden: Any) -> None:
    # Given what some release wrote
    named = NAME.fullmatch(path.name)
    assert named is not None
    # When today's code reads it
    read = _read(path.parent.name, path.read_bytes())
    # Then it is that message, and of the newest version: exactly the example
    assert read.wire == named["wire"]
    if int(named["version"]) == read.version:
        (example,) = [one for one in golden.examples[path.parent.name] if type(one) is type(read)]
        assert read == example


@EACH_MESSAGE
def test_every_message_has_an_example_that_gives_every_field(kind: str, message: type[Message], golden: Any) -> None:
    found = [example for example in golden.examples[kind] if type(example) is message]
    assert len(found) == 1, f"golden/examples.py needs one {message.wire}"
    assert found[0].model_fields_set == set(message.model_fields), "an example leaves no field to its default"


@EACH_MESSAGE
def test_the_newest_version_is_written_as_on_file(kind: str, message: type[Message], golden: Any) -> None:
    path = GOLDEN / kind / f"{message.wire}.v{message.version}.json"
    assert path.exists(), f"run golden/write.py: {path.name} is missing"
    assert golden.written[path] == path.read_bytes(), f"{message.wire} is written otherwise: it needs a new version"


@EACH_MESSAGE
def test_every_older_version_is_on_file(kind: str, message: type[Message]) -> None:
    for version in range(1, message.version):
        assert (GOLDEN / kind / f"{message.wire}.v{version}.json").exists()


def test_no_file_is_of_a_message_that_nobody_reads_any_more() -> None:
    known = {(kind, message.wire) for kind, message in MESSAGES}
    assert {(path.parent.name, path.name.split(".")[0]) for path in _files()} == known


@EACH_MESSAGE
def test_a_shape_changes_with_its_version_alone(kind: str, message: type[Message], golden: Any) -> None:
    path = GOLDEN / kind / f"{message.wire}.v{message.version}.shape.json"
    now, then = json.loads(golden.written[path]), json.loads(path.read_bytes())
    assert list(_changes(then, now)) == [], f"{message.wire} has another shape: it needs a new version"


def test_a_sealed_plan_is_the_same_bytes(golden: Any) -> None:
    path = GOLDEN / "plans" / "Plan.v1.json"
    assert golden.plan.sealed() == path.read_bytes()
    assert Plan.model_validate_json(path.read_bytes()) == golden.plan
    shape = GOLDEN / "plans" / "Plan.v1.shape.json"
    assert list(_changes(json.loads(shape.read_bytes()), json.loads(golden.written[shape]))) == []


def _changes(then: object, now: object, place: str = "") -> Iterator[str]:
    """Where a shape differs from the one on file. An enumeration may grow."""
    if isinstance(then, Mapping) and isinstance(now, Mapping):
        for key in sorted({*then, *now}):
            if key == "enum" and set(then.get(key, ())) <= set(now.get(key, ())):
                continue
            yield from _changes(then.get(key), now.get(key), f"{place}/{key}")
    elif then != now:
        yield f"{place}: {then!r} -> {now!r}"


CHANGED = {
    "a field more": ({"a": {"type": "string"}}, {"a": {"type": "string"}, "b": {}}, ["/b"]),
    "a field less": ({"a": {}, "b": {}}, {"a": {}}, ["/b"]),
    "another type": ({"a": {"type": "string"}}, {"a": {"type": "integer"}}, ["/a/type"]),
    "a tighter limit": ({"a": {"maxLength": 9}}, {"a": {"maxLength": 8}}, ["/a/maxLength"]),
    "an enumeration that grew": ({"enum": ["x"]}, {"enum": ["x", "y"]}, []),
    "an enumeration that shrank": ({"enum": ["x", "y"]}, {"enum": ["x"]}, ["/enum"]),
    "now required": ({"required": ["a"]}, {"required": ["a", "b"]}, ["/required"]),
}


@pytest.mark.parametrize(("then", "now", "places"), CHANGED.values(), ids=CHANGED)
def test_what_counts_as_another_shape(then: Any, now: Any, places: list[str]) -> None:
    assert [change.split(":")[0] for change in _changes(then, now)] == places
