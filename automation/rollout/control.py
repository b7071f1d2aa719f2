"""What follows from a control record: it is copied into the order of facts, and halts what it halts."""

from collections.abc import Iterator

from automation.rollout.decision import Decision
from automation.rollout.state import Rollout, State
from automation.rollout.states import OPEN, TRANSITIONS
from events import facts
from events.authority import Noted, RefusedError
from events.control import ApprovalRevoked, HaltRaised, KeyEntry, KeyRegistered, KeyRevoked, Role
from events.errors import MessageError
from events.facts import Fact, PlanApproved
from events.signing import key_id, peek


def note(state: State, position: int, content: bytes) -> Decision:
    """The facts that follow from a control record, also from one that does not count."""
    try:
        signed = content.decode("ascii")
        _, noted = state.authority.read(position, signed)
    except RefusedError as error:
        return _refused(position, content, str(error), error.author)
    except UnicodeDecodeError:
        return _refused(position, content, "this is no signed envelope: it is no ASCII", None)
    copied = facts.ControlNoted(position=position, id=noted.id, kind=noted.message.wire, signed=noted.signed)
    return Decision(by=noted.author.name, cause=f"control:{noted.id}", facts=(copied, *_following(state, noted)))


def _refused(position: int, content: bytes, why: str, author: str | None) -> Decision:
    claimed = f"position.{position}"
    kind = "unreadable"
    try:
        envelope = peek(content.decode("ascii", "replace"))
        kind = envelope.type
    except MessageError:
        pass
    fact = facts.ControlNoted(position=position, id=claimed, kind=kind, signed=None, refused=why[:4000])
    return Decision(by=author or "unknown", cause=f"control:{claimed}", facts=(fact,))


def _following(state: State, noted: Noted) -> Iterator[Fact]:
    match noted.message:
        case HaltRaised() as halt:
            yield from _halting(state, noted, halt)
        case ApprovalRevoked() as revoked:
            yield from _withdrawn(state, noted.author.name, revoked)
        case KeyRevoked() as revoked:
            yield from _by_key(state, revoked.key, None, f"the approver's key was revoked: {revoked.reason}")
        case KeyRegistered() as registered:
            entry = registered.key
            yield from _by_key(state, key_id(entry.public), entry, "the approver's key no longer stands for it")


def _halting(state: State, noted: Noted, halt: HaltRaised) -> Iterator[Fact]:
    """Halts the rollouts that it is on, unless they know of it: a coordinator's own halt comes after their halting."""
    subjects = {str(subject) for subject in halt.subjects}
    revert = halt.revert and noted.author.has({Role.OPERATOR})
    for rollout in _open(state):
        meant = "all" in subjects or f"rollout:{rollout.id}" in subjects
        if meant and noted.id not in rollout.halts and facts.RolloutHalting in TRANSITIONS[rollout.state]:
            yield facts.RolloutHalting(rollout=rollout.id, halt=noted.id, reason=halt.reason, revert=revert)


def _withdrawn(state: State, who: str, revoked: ApprovalRevoked) -> Iterator[Fact]:
    for rollout in _open(state):
        for approval in rollout.approvals:
            if approval.approval == revoked.approval:
                yield _withdrawal(approval, f"revoked by {who}: {revoked.reason}")


def _by_key(state: State, key: str, entry: KeyEntry | None, reason: str) -> Iterator[Fact]:
    """The approvals that a key gave and that, by what it stands for now, no worker would accept any more."""
    for rollout in _open(state):
        for approval in rollout.approvals:
            if approval.key == key and (entry is None or not _still_gives(entry, approval)):
                yield _withdrawal(approval, reason)


def _still_gives(entry: KeyEntry, approval: PlanApproved) -> bool:
    return Role.OPERATOR in entry.roles and approval.area in entry.areas and entry.name == approval.approver


def _withdrawal(approval: PlanApproved, reason: str) -> Fact:
    return facts.ApprovalWithdrawn(rollout=approval.rollout, approval=approval.approval, reason=reason[:4000])


def _open(state: State) -> Iterator[Rollout]:
    """The rollouts that can still do something, by themselves or on request, in the order of their ids."""
    return (rollout for name, rollout in sorted(state.rollouts.items()) if rollout.state in OPEN)
