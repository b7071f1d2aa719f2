"""From records of the log to decisions: commands, reports and control records as they come in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from automation.rollout import commands as rollout_commands
from automation.rollout.control import note
from automation.rollout.decision import COORDINATOR, Asked, Decision, Looked, LookupFailed
from automation.rollout.reports import judge
from automation.rollout.state import State
from events.authority import RefusedError
from events.blobs.contract import BlobStore
from events.codec import decode_report
from events.commands import Command
from events.errors import MessageError
from events.facts import RecordQuarantined
from events.log.contract import Stored, Topic
from events.signing import Envelope, peek

#: Headers of CloudEvents (Kafka binding, binary mode), and what of the envelope they are copies of.
_COPIES: Mapping[str, Callable[[Envelope], str]] = {
    "ce_id": lambda envelope: envelope.id,
    "ce_type": lambda envelope: envelope.type,
    "ce_source": lambda envelope: envelope.log,
}


@dataclass(frozen=True, slots=True)
class Inbox:
    """Turns what came in into decisions. ``look_up`` finds what a command needs outside the pure logic."""

    blobs: BlobStore
    look_up: Callable[[Command], Looked]

    def decide(self, state: State, stored: Stored, now: datetime) -> Decision:
        """What follows from one record."""
        match stored.partition.topic:
            case Topic.CONTROL:
                return note(state, stored.position, stored.value)
            case Topic.COMMANDS:
                return self._command(state, stored, now)
            case _:
                return self._report(state, stored, now)

    def _command(self, state: State, stored: Stored, now: datetime) -> Decision:
        signed = stored.value.decode("ascii", "replace").strip()
        try:
            envelope, command, author = state.authority.command(signed, now)
            _check_headers(stored, envelope)
        except RefusedError as error:
            return _refused(signed, error)
        asked = Asked(id=envelope.id, command=command, author=author, signed=signed)
        looked = None if asked.id in state.used else self.look_up(command)
        return rollout_commands.decide(state, asked, looked, now)

    def _report(self, state: State, stored: Stored, now: datetime) -> Decision:
        try:
            return judge(state, decode_report(stored.value), now)
        except MessageError as error:
            return self._quarantined(stored, str(error))

    def _quarantined(self, stored: Stored, why: str) -> Decision:
        """The record's bytes are kept: what cannot be read today may matter tomorrow."""
        fact = RecordQuarantined(
            topic=stored.partition.topic.value,
            partition=stored.partition.number,
            position=stored.position,
            content=self.blobs.put(stored.value),
            reason=why[:4000],
        )
        place = f"{stored.partition.topic.value}.{stored.partition.number}.{stored.position}"
        return Decision(by=COORDINATOR, cause=f"record:{place}", facts=(fact,))


def _check_headers(stored: Stored, envelope: Envelope) -> None:
    for key, value in stored.headers:
        copied = _COPIES.get(key)
        if copied is not None and value.decode("utf-8", "replace") != copied(envelope):
            raise RefusedError("header-mismatch", f"header {key} is not what the signed envelope says")


def _refused(signed: str, error: RefusedError) -> Decision:
    """The refusal of what cannot be decided about.

    Who asked is said only where the signature holds: what is inside is no more than a claim.
    """
    claimed, kind = "unknown", "unreadable"
    try:
        envelope = peek(signed)
        claimed, kind = envelope.id, envelope.type
    except MessageError:
        pass
    fact = rollout_commands.refusal(claimed, kind, error, authentic=False)
    return Decision(by=error.author or "unknown", cause=f"refused:{claimed}", facts=(fact,))


def failed(code: str, error: Exception) -> LookupFailed:
    """A lookup's failure, from the error that caused it."""
    return LookupFailed(code=code, why=str(error)[:4000])
