"""What follows from a control record: it is copied into the order of facts, and halts what it halts."""

from collections.abc import Iterator

from automation.rollout.decision import Decision
from automation.rollout.state import Rollout, State
from automation.rollout.states import TRANSITIONS
from events import facts
from events.authority import Noted, RefusedError
from events.control import ApprovalRevoked, HaltRaised, KeyRevoked
from events.errors import MessageError
from events.facts import Fact
from events.signing import peek


def note(state: State, position: int, content: bytes) -> Decision:
    """The facts that follow from a control record, also from one that does not count."""
    try:
        signed = content.decode("ascii")
        _, noted = state.authority.read(position, signed)
    except (RefusedError, UnicodeDecodeError) as error:
        return _refused(position, content, str(error))
    copied = facts.ControlNoted(position=position, id=noted.id, kind=noted.message.wire, signed=noted.signed)
    return Decision(by=noted.author.name, cause=f"control:{noted.id}", facts=(copied, *_following(state, noted)))


def _refused(position: int, content: bytes, why: str) -> Decision:
    claimed = f"position.{position}"
    kind = "unreadable"
    try:
        envelope = peek(content.decode("ascii", "replace"))
        kind = envelope.type
    except MessageError:
        pass
    fact = facts.ControlNoted(position=position, id=claimed, kind=kind, signed=None, refused=why[:4000])
    return Decision(by="unknown", cause=f"control:{claimed}", facts=(fact,))


def _following(state: State, noted: Noted) -> Iterator[Fact]:
    match noted.message:
        case HaltRaised() as halt:
            yield from _halting(state, noted.id, halt)
        case ApprovalRevoked() as revoked:
            yield from _withdrawn(state, {revoked.approval}, f"revoked by {noted.author.name}: {revoked.reason}")
        case KeyRevoked() as revoked:
            signed = {
                approval.approval
                for rollout in _open(state)
                for approval in rollout.approvals
                if approval.key == revoked.key
            }
            yield from _withdrawn(state, signed, f"the approver's key was revoked: {revoked.reason}")


def _halting(state: State, halt_id: str, halt: HaltRaised) -> Iterator[Fact]:
    subjects = {str(subject) for subject in halt.subjects}
    for rollout in _open(state):
        stops = "all" in subjects or f"rollout:{rollout.id}" in subjects
        if stops and facts.RolloutHalting in TRANSITIONS[rollout.state]:
            yield facts.RolloutHalting(rollout=rollout.id, halt=halt_id, reason=halt.reason, revert=halt.revert)


def _withdrawn(state: State, approvals: set[str], reason: str) -> Iterator[Fact]:
    for rollout in _open(state):
        for approval in rollout.approvals:
            if approval.approval in approvals:
                yield facts.ApprovalWithdrawn(rollout=rollout.id, approval=approval.approval, reason=reason[:4000])


def _open(state: State) -> Iterator[Rollout]:
    """The rollouts that can do something by themselves, in the order of their ids."""
    return (state.rollouts[name] for name in sorted(state.active))
