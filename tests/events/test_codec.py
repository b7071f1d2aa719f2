"""Messages to bytes and back, and the chain that facts make."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.catalogue import Message
from events.codec import (
    GENESIS,
    FactRecord,
    ReportRecord,
    decode_fact,
    decode_order,
    decode_report,
    encode_fact,
    encode_order,
    encode_report,
)
from events.errors import MalformedError, MessageError, UnknownTypeError, UnknownVersionError
from events.facts import FACTS, RolloutHeld
from events.log.contract import Topic
from events.orders import ORDERS, PlanDevice
from events.plans import digest
from events.reports import REPORTS, PushIntended

AT = datetime(2026, 1, 1, 12, tzinfo=UTC)


def _fact(seq: int = 0, prev: str = GENESIS, reason: str = "lunch") -> FactRecord:
    return FactRecord(
        seq=seq, prev=prev, at=AT, by="olga", cause="command:c-1", fact=RolloutHeld(rollout="r-1", reason=reason)
    )


def _report(name: str = "o-1/s/0") -> ReportRecord:
    return ReportRecord(id=name, at=AT, report=PushIntended(order="o-1", rollout="r-1", device="d-1", worker="w-1"))


def _round_trip(message: Message) -> tuple[bytes, bytes]:
    """The bytes of a message, and those of what is read from them."""
    if message.wire in {one.wire for one in FACTS}:
        record = FactRecord(seq=3, prev=GENESIS, at=AT, by="olga", cause="command:c-1", fact=message)  # type: ignore[arg-type]
        written = encode_fact(record)
        read, _ = decode_fact(written)
        assert read == record
        return written, encode_fact(read)
    if message.wire in {one.wire for one in ORDERS}:
        written = encode_order(message, AT).value  # type: ignore[arg-type]
        assert decode_order(written) == message
        return written, encode_order(decode_order(written), AT).value
    told = ReportRecord(id="w-1", at=AT, report=message)  # type: ignore[arg-type]
    written = encode_report(told, "store-1").value
    assert decode_report(written) == told
    return written, encode_report(decode_report(written), "store-1").value


@pytest.mark.parametrize("message", [*FACTS, *ORDERS, *REPORTS], ids=lambda message: message.wire)
def test_what_is_written_is_read_again_and_written_the_same(message: type[Message], any_data: Any) -> None:
    @settings(max_examples=10, deadline=None)
    @given(plain=any_data(message.model_json_schema()))
    def check(plain: dict[str, Any]) -> None:
        written, again = _round_trip(message.read(message.version, plain))
        assert written == again

    check()


def test_bytes_do_not_depend_on_the_order_or_zone_in_which_something_was_said() -> None:
    east = _fact()
    west = FactRecord(
        seq=0,
        prev=GENESIS,
        at=AT.astimezone(timezone(timedelta(hours=-5))),
        by="olga",
        cause="command:c-1",
        fact=east.fact,
    )
    assert decode_fact(encode_fact(west))[0] == east


def test_each_fact_names_the_digest_of_the_bytes_before_it() -> None:
    # Given three facts in a chain
    contents: list[bytes] = []
    head = GENESIS
    for seq in range(3):
        contents.append(encode_fact(_fact(seq, head)))
        head = digest(contents[-1])
    # When they are read, each gives the digest that the next one names
    read = [decode_fact(content) for content in contents]
    assert [record.prev for record, _ in read] == [GENESIS, read[0][1], read[1][1]]
    assert read[2][1] == head


@given(place=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_one_flipped_bit_changes_the_digest_or_the_reading(place: int, bit: int) -> None:
    content = bytearray(encode_fact(_fact(reason="ü")))
    content[place % len(content)] ^= 1 << bit
    try:
        _, head = decode_fact(bytes(content))
    except MessageError:
        return
    assert head != digest(encode_fact(_fact(reason="ü")))


def test_an_order_goes_to_its_site_and_a_report_to_that_of_its_order() -> None:
    order = PlanDevice(id="o-1", rollout="r-1", change=GENESIS, device="d-1", site="store-1", control=0)
    assert (encode_order(order, AT).topic, encode_order(order, AT).key) == (Topic.ORDERS, "store-1")
    assert (encode_report(_report(), "store-1").topic, encode_report(_report(), "store-1").key) == (
        Topic.REPORTS,
        "store-1",
    )


def _spoilt(**changes: object) -> bytes:
    plain = json.loads(encode_report(_report(), "s").value) | changes
    return json.dumps({key: value for key, value in plain.items() if value is not None}).encode()


BAD: dict[str, tuple[bytes, type[MessageError], str]] = {
    "nothing": (b"", MalformedError, "a report cannot be read: it is no JSON in UTF-8"),
    "no JSON": (b"{", MalformedError, "no JSON"),
    "another encoding": (_spoilt().decode().encode("utf-16"), MalformedError, "no JSON in UTF-8"),
    "no UTF-8": (b'{"type":"\xff"}', MalformedError, "no JSON in UTF-8"),
    "JSON without end": (b"[" * 200_000, MalformedError, "no JSON"),
    "a number of ten thousand digits": (b'{"v":' + b"9" * 10_000 + b"}", MalformedError, "no JSON"),
    "no object": (b"[]", MalformedError, "no JSON object"),
    "no type": (_spoilt(type=None), MalformedError, "'type' is missing or no text"),
    "a type that is no text": (_spoilt(type=1), MalformedError, "'type' is missing or no text"),
    "another type": (_spoilt(type="Nope"), UnknownTypeError, "no report is called 'Nope'"),
    "a fact among reports": (encode_fact(_fact()), UnknownTypeError, "no report is called 'RolloutHeld'"),
    "no version": (_spoilt(v=None), MalformedError, "'v' is missing or no whole number"),
    "a version that is true": (_spoilt(v=True), MalformedError, "'v' is missing or no whole number"),
    "a version of the future": (_spoilt(v=9), UnknownVersionError, "upgrade this process"),
    "no id": (_spoilt(id=None), MalformedError, "'id' is missing or no text"),
    "an id of half a character": (_spoilt(id="\ud800"), MalformedError, "'id' is no identifier"),
    "an id without end": (_spoilt(id="x" * 100_000), MalformedError, "'id' is no identifier"),
    "no moment": (_spoilt(at=None), MalformedError, "'at' is missing or no text"),
    "a moment without a zone": (_spoilt(at="2026-01-01T00:00:00"), MalformedError, "'at' is no moment"),
    "a moment before time began": (_spoilt(at="0001-01-01T00:00:00+10:00"), MalformedError, "'at' is no moment"),
    "words for a moment": (_spoilt(at="hunter2"), MalformedError, "'at' is no moment"),
    "half a character in a field": (
        _spoilt(data={"order": "\ud800", "rollout": "r", "device": "d", "worker": "w"}),
        MalformedError,
        "order: ",
    ),
    "a number that is none": (b'{"type":"PushIntended","v":NaN}', MalformedError, "'v' is missing or no whole number"),
}


@pytest.mark.parametrize(("content", "kind", "says"), BAD.values(), ids=BAD)
def test_what_is_no_record_is_refused_and_never_quoted(content: bytes, kind: type[MessageError], says: str) -> None:
    with pytest.raises(kind) as refused:
        decode_report(content)
    assert says in str(refused.value)
    assert "hunter2" not in str(refused.value)
    assert len(str(refused.value)) < 1_000


DECODERS: dict[str, Callable[[bytes], object]] = {"fact": decode_fact, "order": decode_order, "report": decode_report}


@pytest.mark.parametrize("decode", DECODERS.values(), ids=DECODERS)
@given(
    content=st.binary(max_size=200)
    | st.text(max_size=200).map(lambda text: json.dumps({"type": text, "v": 1}).encode())
)
def test_no_bytes_do_more_than_be_refused(decode: Callable[[bytes], object], content: bytes) -> None:
    with pytest.raises(MessageError):
        decode(content)


def test_a_number_too_large_for_a_database_is_refused() -> None:
    data = {"order": "o", "rollout": "r", "device": "d", "worker": "w", "took_ms": 2**53}
    with pytest.raises(MalformedError, match="took_ms"):
        decode_report(_spoilt(type="AlreadyApplied", data=data))
