"""Messages by wire name and version: what is refused, how it is said, and the way up from old versions."""

from collections.abc import Mapping
from typing import Any, ClassVar

import pytest
from pydantic import Field

from events.catalogue import Catalogue, Message, Upcaster
from events.errors import MalformedError, MessageError, UnknownTypeError, UnknownVersionError
from events.values import Name, Value


class Part(Value):
    """Something inside a message."""

    name: Name


class Moved(Message):
    """A message of three versions: v1 had a place as text, v2 split it, v3 counts from one place to many."""

    wire: ClassVar[str] = "Moved"
    version: ClassVar[int] = 3
    upcasters: ClassVar[Mapping[int, Upcaster]] = {
        1: lambda data: {**data, "place": {"name": data["place"].split("/")[1]}},
        2: lambda data: {"places": [data["place"]], "count": data["count"]},
    }

    places: tuple[Part, ...] = Field(min_length=1)
    count: int = Field(ge=0)


class Stayed(Message):
    """Another one."""

    wire: ClassVar[str] = "Stayed"

    secret: str = Field(default="", max_length=4)


CATALOGUE = Catalogue("fact", Moved, Stayed)
TODAY = {"places": [{"name": "store-1"}], "count": 2}

VERSIONS = {
    "the newest": (3, TODAY),
    "the one before": (2, {"place": {"name": "store-1"}, "count": 2}),
    "the first": (1, {"place": "eu/store-1", "count": 2}),
}


@pytest.mark.parametrize(("version", "data"), VERSIONS.values(), ids=VERSIONS)
def test_every_version_is_lifted_to_the_newest(version: int, data: dict[str, Any]) -> None:
    read = CATALOGUE.read("Moved", version, data)
    assert read == Moved(places=(Part(name="store-1"),), count=2)
    assert read.version == 3


def test_lifting_leaves_what_was_read_as_it_is() -> None:
    data = {"place": "eu/store-1", "count": 2}
    CATALOGUE.read("Moved", 1, data)
    assert data == {"place": "eu/store-1", "count": 2}


REFUSED: dict[str, tuple[str, int, object, type[MessageError], str]] = {
    "a type that nobody knows": ("Flown", 1, {}, UnknownTypeError, "no fact is called 'Flown'"),
    "a version of the future": ("Moved", 4, TODAY, UnknownVersionError, "version 4, this software reads up to 3"),
    "a version that never was": ("Moved", 0, TODAY, MalformedError, "versions count from 1"),
    "a negative version": ("Moved", -1, TODAY, MalformedError, "versions count from 1"),
    "no object": ("Moved", 3, [TODAY], MalformedError, "its data are no object"),
    "no data": ("Moved", 3, None, MalformedError, "its data are no object"),
    "a field missing": ("Moved", 3, {"places": []}, MalformedError, "count: Field required"),
    "a field inside": ("Moved", 3, TODAY | {"places": [{"name": "-"}]}, MalformedError, "places.0.name: String should"),
    "a field too many": ("Stayed", 1, {"x": 1}, MalformedError, "(a field that is not known): Extra inputs"),
    "old data that are none": ("Moved", 1, {"count": 2}, MalformedError, "not those of version 1 (KeyError)"),
    "old data of another shape": ("Moved", 1, {"place": 7}, MalformedError, "not those of version 1 (AttributeError)"),
    "a name without a place": ("Moved", 1, {"place": "x"}, MalformedError, "not those of version 1 (IndexError)"),
}


@pytest.mark.parametrize(("wire", "version", "data", "kind", "says"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_read_is_refused_with_the_reason(
    wire: str, version: int, data: object, kind: type[MessageError], says: str
) -> None:
    with pytest.raises(kind) as refused:
        CATALOGUE.read(wire, version, data)
    assert says in str(refused.value)
    assert refused.value.retriable is False


HOSTILE = {
    "as a value": {"secret": "hunter2-hunter2"},
    "as a field": {"hunter2": 1},
    "as a field of another language": {"hunter2 \x1b[31m": 1},
    "as a value of another type": {"secret": ["hunter2"]},
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_no_value_is_quoted(data: dict[str, Any]) -> None:
    with pytest.raises(MalformedError) as refused:
        CATALOGUE.read("Stayed", 1, data)
    assert "hunter2" not in str(refused.value)
    assert "\x1b" not in str(refused.value)


def test_a_type_that_nobody_knows_is_shown_escaped_and_cut() -> None:
    with pytest.raises(UnknownTypeError) as refused:
        CATALOGUE.read("\x1b[31m" + "x" * 1000, 1, {})
    assert "\x1b" not in str(refused.value)
    assert len(str(refused.value)) < 300


def test_ten_thousand_things_wrong_make_one_short_message() -> None:
    with pytest.raises(MalformedError) as refused:
        CATALOGUE.read("Stayed", 1, {f"field{number}": 1 for number in range(10_000)})
    assert "and 9992 more" in str(refused.value)
    assert len(str(refused.value)) < 2_000


def test_a_catalogue_lists_its_messages() -> None:
    assert list(CATALOGUE) == [Moved, Stayed]


class Gapped(Message):
    """The way from version 2 is missing."""

    wire: ClassVar[str] = "Gapped"
    version: ClassVar[int] = 3
    upcasters: ClassVar[Mapping[int, Upcaster]] = {1: dict}


class Namesake(Message):
    """Called like another one."""

    wire: ClassVar[str] = "Stayed"


@pytest.mark.parametrize(
    ("messages", "says"),
    [((Gapped,), "one upcaster from each version before 3"), ((Stayed, Namesake), "same wire name")],
    ids=["a version without an upcaster", "two messages of one name"],
)
def test_a_catalogue_that_could_not_read_is_never_made(messages: tuple[type[Message], ...], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Catalogue("fact", *messages)
