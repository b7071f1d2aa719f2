"""Messages to bytes and back: one JSON object per record.

Facts carry a gapless number and the digest of the fact before them, so that a lost, added or altered one shows.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from events.catalogue import Message
from events.errors import MalformedError
from events.facts import FACTS, Fact
from events.log.contract import Record, Topic
from events.orders import ORDERS, Order
from events.plans import digest
from events.reports import REPORTS, Report
from events.values import Identifier, utc

#: What the first fact names as the digest of the one before it.
GENESIS = "sha256:" + "0" * 64

_IDENTIFIER = TypeAdapter[str](Identifier)


@dataclass(frozen=True, slots=True, kw_only=True)
class FactRecord:
    """A fact with its place in the one order of facts.

    ``prev`` is the digest of the bytes of the fact before, ``by`` the name of who brought it about, ``cause`` the id of
    the command, report or control record that did, or of the coordinator's own clock.
    """

    seq: int
    prev: str
    at: datetime
    by: str
    cause: str
    fact: Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRecord:
    """A report with the id under which it may come more than once, and when its worker wrote it."""

    id: str
    at: datetime
    report: Report


def encode_fact(record: FactRecord) -> bytes:
    """The bytes of a fact, over which the next one's ``prev`` is computed."""
    head = {"seq": record.seq, "prev": record.prev, "at": _stamp(record.at), "by": record.by, "cause": record.cause}
    return _encode(record.fact, head)


def decode_fact(content: bytes) -> tuple[FactRecord, str]:
    """A fact from its bytes, and the digest of these.

    Raises:
        MessageError: the bytes are no fact that this software can read.
    """
    plain = _decode(content, "a fact")
    fact = FACTS.read(_text(plain, "type"), _number(plain, "v"), plain.get("data"))
    assert isinstance(fact, Fact)  # noqa: S101 - the catalogue holds nothing else
    record = FactRecord(
        seq=_number(plain, "seq"),
        prev=_text(plain, "prev"),
        at=_moment(plain),
        by=_text(plain, "by"),
        cause=_text(plain, "cause"),
        fact=fact,
    )
    return record, digest(content)


def encode_order(order: Order, at: datetime) -> Record:
    """An order as a record; its site decides the partition, so that a site's work has one order and one owner."""
    return Record(topic=Topic.ORDERS, key=order.site, value=_encode(order, {"at": _stamp(at)}))


def decode_order(content: bytes) -> Order:
    """An order from its bytes.

    Raises:
        MessageError: the bytes are no order that this software can read.
    """
    plain = _decode(content, "an order")
    order = ORDERS.read(_text(plain, "type"), _number(plain, "v"), plain.get("data"))
    assert isinstance(order, Order)  # noqa: S101 - the catalogue holds nothing else
    return order


def encode_report(record: ReportRecord, site: str) -> Record:
    """A report as a record, in the partition of its order."""
    head = {"id": record.id, "at": _stamp(record.at)}
    return Record(topic=Topic.REPORTS, key=site, value=_encode(record.report, head))


def decode_report(content: bytes) -> ReportRecord:
    """A report from its bytes.

    Raises:
        MessageError: the bytes are no report that this software can read.
    """
    plain = _decode(content, "a report")
    report = REPORTS.read(_text(plain, "type"), _number(plain, "v"), plain.get("data"))
    assert isinstance(report, Report)  # noqa: S101 - the catalogue holds nothing else
    return ReportRecord(id=_identifier(plain, "id"), at=_moment(plain), report=report)


def _encode(message: Message, head: dict[str, Any]) -> bytes:
    plain = {"type": message.wire, "v": message.version, **head, "data": message.model_dump(mode="json")}
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _decode(content: bytes, what: str) -> dict[str, Any]:
    try:
        plain = json.loads(content.decode())
    except (ValueError, RecursionError) as error:
        raise MalformedError(what, "it is no JSON in UTF-8") from error
    if not isinstance(plain, dict):
        raise MalformedError(what, "it is no JSON object")
    return plain


def _text(plain: dict[str, Any], key: str) -> str:
    value = plain.get(key)
    if not isinstance(value, str):
        raise MalformedError("a record", f"{key!r} is missing or no text")
    return value


def _identifier(plain: dict[str, Any], key: str) -> str:
    try:
        return _IDENTIFIER.validate_python(_text(plain, key))
    except ValidationError as error:
        raise MalformedError("a record", f"{key!r} is no identifier") from error


def _number(plain: dict[str, Any], key: str) -> int:
    value = plain.get(key)
    if not isinstance(value, int) or isinstance(value, bool):
        raise MalformedError("a record", f"{key!r} is missing or no whole number")
    return value


def _moment(plain: dict[str, Any]) -> datetime:
    text = _text(plain, "at")
    try:
        return utc(text)
    except ValueError as error:
        raise MalformedError("a record", "'at' is no moment in ISO 8601 with a time zone") from error


def _stamp(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
