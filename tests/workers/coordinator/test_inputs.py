"""From records to decisions: what may not be asked becomes a refusal and nothing else, what cannot be read is kept."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from events import commands, facts
from events.codec import FactRecord
from events.control import KeyRevoked
from events.facts import CommandRefused, ControlNoted, RecordQuarantined
from events.log.contract import Record, Topic
from events.signing import CONTROL, Signer

HASH = "sha256:" + "7" * 64
HOLD = commands.HoldRollout(rollout="r-nobody", reason="x")


def decided(court: Any) -> list[FactRecord]:
    """The facts that follow from what was sent, without those about control."""
    reign = court.reign()
    court.settle(reign)
    reign.end()
    return [record for record in court.facts() if not isinstance(record.fact, ControlNoted)]


def _unsigned(court: Any) -> str:
    return '{"type": "HoldRollout"}'


def _no_text(court: Any) -> bytes:
    return b"\xff\xfe\x00 poison"


def _empty(court: Any) -> str:
    return ""


def _stranger(court: Any) -> str:
    return str(court.seal("stranger", HOLD))


def _altered(court: Any) -> str:
    head, _, signature = court.seal("olga", HOLD).split(".")
    return f"{head}.{court.seal('olga', HOLD).split('.')[1]}.{signature}"


def _revoked(court: Any) -> str:
    court.control(court.founded.root, KeyRevoked(key=court.signers["olga"].key_id, reason="left"), "gone")
    return str(court.seal("olga", HOLD))


def _expired(court: Any) -> str:
    return str(court.seal("olga", HOLD, expires=court.now))


def _for_ever(court: Any) -> str:
    return str(court.seal("olga", HOLD, expires=court.now + timedelta(days=8)))


def _other_log(court: Any) -> str:
    return str(court.seal("olga", HOLD, log="log-" + "0" * 32))


def _of_control(court: Any) -> str:
    return str(court.seal("olga", HOLD, purpose=CONTROL))


def _beyond_rights(court: Any) -> str:
    return str(court.seal("ann", HOLD))


def _pipeline_approves(court: Any) -> str:
    until = court.now + timedelta(hours=1)
    return str(court.seal("pipe", commands.ApprovePlan(rollout="r-1", plan=HASH, area="network-ops", until=until)))


@pytest.mark.parametrize(
    ("sent", "code", "by"),
    [
        pytest.param(_unsigned, "unsigned", "unknown", id="unsigned"),
        pytest.param(_no_text, "unsigned", "unknown", id="no text at all"),
        pytest.param(_empty, "unsigned", "unknown", id="empty"),
        pytest.param(_stranger, "unknown-key", "unknown", id="by a stranger"),
        pytest.param(_altered, "bad-signature", "unknown", id="altered"),
        pytest.param(_revoked, "unknown-key", "unknown", id="by a revoked key"),
        pytest.param(_of_control, "bad-signature", "unknown", id="signed for another purpose"),
        pytest.param(_other_log, "wrong-log", "olga", id="signed for another log"),
        pytest.param(_expired, "expired", "olga", id="expired"),
        pytest.param(_for_ever, "expires-too-late", "olga", id="valid for too long"),
        pytest.param(_beyond_rights, "not-allowed", "ann", id="beyond its author's rights"),
        pytest.param(_pipeline_approves, "not-allowed", "pipe", id="a pipeline that approves"),
    ],
)
def test_what_may_not_be_asked_is_refused_and_nothing_else(
    court: Any, sent: Callable[[Any], str | bytes], code: str, by: str
) -> None:
    court.send(sent(court))
    (record,) = decided(court)
    assert isinstance(record.fact, CommandRefused)
    assert record.fact.code == code
    assert record.fact.reason
    assert not record.fact.authentic
    assert record.by == by
    assert court.orders() == []


def test_a_refused_command_does_not_use_up_its_id(court: Any) -> None:
    # Given somebody who signs in another's name, with an id that this one is about to use
    court.send(court.seal("stranger", HOLD, "c-1"))
    court.ask("ann", commands.SubmitChange(bundle=court.bundle().id, files=court.bundle().texts()), "c-1")
    # Then the honest one is carried out
    assert [record.fact.wire for record in decided(court)] == ["CommandRefused", "ChangeSubmitted"]


def test_a_command_that_comes_again_meets_what_it_made(court: Any) -> None:
    # Given a request that was carried out
    change = court.submit()
    signed = court.seal("ann", commands.RequestRollout(change=change), "c-request")
    court.send(signed)
    decided(court)
    before = len(court.facts())
    # When the same bytes come again
    court.send(signed)
    decided(court)
    # Then it is refused as a replay, by name, and there is still one rollout
    (again,) = court.facts()[before:]
    assert isinstance(again.fact, CommandRefused)
    assert (again.fact.code, again.by, again.fact.authentic) == ("replayed", "ann", True)
    assert "it made rollout r-" in again.fact.reason
    assert sum(isinstance(record.fact, facts.RolloutProposed) for record in court.facts()) == 1


@pytest.mark.parametrize(
    ("header", "value", "refused"),
    [
        pytest.param("ce_id", b"c-2", True, id="another id"),
        pytest.param("ce_type", b"RollBack", True, id="another type"),
        pytest.param("ce_source", b"log-2", True, id="another log"),
        pytest.param("ce_id", b"\xff", True, id="no text"),
        pytest.param("ce_id", b"c-1", False, id="the same id"),
        pytest.param("traceparent", b"00-1", False, id="a header of somebody else's"),
    ],
)
def test_headers_are_copies_or_the_command_is_refused(court: Any, header: str, value: bytes, refused: bool) -> None:
    bundle = court.bundle()
    signed = court.seal("ann", commands.SubmitChange(bundle=bundle.id, files=bundle.texts()), "c-1")
    court.send(signed, headers=((header, value),))
    (record,) = decided(court)
    assert isinstance(record.fact, CommandRefused if refused else facts.ChangeSubmitted)
    if isinstance(record.fact, CommandRefused):
        assert record.fact.code == "header-mismatch"
        assert f"header {header}" in record.fact.reason


@pytest.mark.parametrize(
    "poison",
    [
        pytest.param(b"\xff\xfe", id="no text"),
        pytest.param(b"[" * 100_000, id="deep"),
        pytest.param(b'{"type": "PushVerified", "v": 99, "id": "x", "at": "2026-01-01T00:00:00Z"}', id="of the future"),
        pytest.param(b"", id="empty"),
    ],
)
def test_a_report_that_cannot_be_read_is_kept_and_told(court: Any, poison: bytes) -> None:
    # Given poison where reports are, and honest work after it
    court.log.append([Record(topic=Topic.REPORTS, key="store-001", value=poison)])
    court.submit()
    # When it is decided
    found = decided(court)
    # Then its bytes are kept, it is told where it stands, and the work goes on
    quarantined = next(record for record in found if isinstance(record.fact, RecordQuarantined))
    assert isinstance(quarantined.fact, RecordQuarantined)
    assert court.blobs.get(quarantined.fact.content) == poison
    assert (quarantined.fact.topic, quarantined.fact.position) == ("reports", 0)
    assert quarantined.by == "coordinator"
    assert quarantined.cause == f"record:reports.{quarantined.fact.partition}.0"
    assert any(isinstance(record.fact, facts.ChangeSubmitted) for record in found)


def test_a_control_record_that_does_not_count_is_noted_with_the_reason(court: Any) -> None:
    court.log.append([Record(topic=Topic.CONTROL, key="x", value=b"\xff poison")])
    stranger = Signer.generate()
    court.control(stranger, KeyRevoked(key=court.founded.root.key_id, reason="mine now"), "takeover")
    reign = court.reign()
    court.settle(reign)
    reign.end()
    refused = [record.fact for record in court.facts() if getattr(record.fact, "refused", None)]
    assert [fact.kind for fact in refused] == ["unreadable", "KeyRevoked"]
    assert "not registered" in refused[1].refused
    assert court.founded.root.key_id in reign.state.authority.keys
