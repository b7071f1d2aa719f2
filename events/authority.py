"""Whose keys count, which halts stand, which approvals are revoked: one fold of ``control``.

The coordinator and every worker fold the same records with the same code, so a worker can check for itself what it is
told to do. Pure: what is read and what time it is are passed in.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from immutables import Map

from events.catalogue import Message
from events.commands import (
    COMMANDS,
    ApprovePlan,
    Command,
    HoldRollout,
    RecordHostKeys,
    RejectPlan,
    RequestRollout,
    ResumeRollout,
    RetryDevices,
    RollBack,
    SkipDevices,
    SubmitChange,
    WithdrawRollout,
)
from events.control import (
    AUTOMATIC,
    CONTROL,
    ApprovalRevoked,
    HaltLifted,
    HaltRaised,
    KeyEntry,
    KeyRegistered,
    KeyRevoked,
    LogFounded,
    Role,
    Subject,
)
from events.errors import MessageError
from events.plans import Plan
from events.signing import COMMAND, Envelope, claimed_key, claimed_purpose, key_id, log_name, peek, unseal
from events.signing import CONTROL as CONTROL_PURPOSE
from events.values import KEPT_LIMIT

#: A command may not ask to stay acceptable for longer: its id has to be remembered for as long.
LONGEST_VALIDITY = timedelta(days=7)

_AUTHORS = frozenset({Role.ENGINEER, Role.PIPELINE})
_OPERATORS = frozenset({Role.OPERATOR})
_ANYBODY = frozenset(Role)

#: Commands whose envelopes go into facts and orders, so that workers can check them.
_KEPT = (ApprovePlan, RollBack)

#: Which roles may do what; one of them is enough.
RIGHTS: Mapping[type[Message], frozenset[Role]] = {
    SubmitChange: _AUTHORS,
    RequestRollout: _AUTHORS,
    ApprovePlan: _OPERATORS,
    RejectPlan: _OPERATORS,
    WithdrawRollout: _AUTHORS | _OPERATORS,
    HoldRollout: _OPERATORS,
    ResumeRollout: _OPERATORS,
    SkipDevices: _OPERATORS,
    RetryDevices: _OPERATORS,
    RollBack: _OPERATORS,
    RecordHostKeys: _OPERATORS | {Role.ADMIN},
    KeyRegistered: frozenset({Role.ADMIN}),
    KeyRevoked: frozenset({Role.ADMIN}),
    ApprovalRevoked: _OPERATORS,
    HaltRaised: _ANYBODY,
    HaltLifted: _ANYBODY,
}


class RefusedError(Exception):
    """Something is asked that may not be done. ``code`` is for machines, the text for people.

    ``author`` is the name of who signed it, once the signature has been checked; None where nobody knows who asks.
    """

    retriable = False

    def __init__(self, code: str, why: str, author: str | None = None) -> None:
        super().__init__(why)
        self.code = code
        self.author = author


@dataclass(frozen=True, slots=True, kw_only=True)
class Halt:
    """One halt that stands. ``signed`` is the record itself, ``revert`` what an operator asked with it."""

    id: str
    subjects: tuple[Subject, ...]
    reason: str
    by: str
    position: int
    revert: bool
    signed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who signed something: the key, and what it stood for at that moment."""

    key_id: str
    entry: KeyEntry

    @property
    def name(self) -> str:
        """The person's or pipeline's name."""
        return self.entry.name

    def has(self, roles: Iterable[Role]) -> bool:
        """Whether the key has any of these roles."""
        return not set(self.entry.roles).isdisjoint(roles)


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """One control record, read: who it is from and what it says."""

    id: str
    author: Author
    message: Message
    signed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """What ``control`` says up to a position. ``touched`` is where each subject was last halted or lifted."""

    log: str
    position: int = 0
    keys: Map[str, KeyEntry] = Map()
    halts: Map[str, Halt] = Map()
    revoked_approvals: Map[str, None] = Map()
    touched: Map[str, int] = Map()
    seen: Map[str, None] = Map()

    def read(self, position: int, signed: str) -> tuple["Authority", Noted]:
        """This and one control record more, and what that says.

        Raises:
            RefusedError: the record does not count; go on with :meth:`passed`.
        """
        noted = self._open(signed)
        state = replace(self, position=position + 1, seen=self.seen.set(noted.id, None))
        with _said_by(noted.author):
            return _APPLY[type(noted.message)](state, position, noted), noted

    def passed(self, position: int) -> "Authority":
        """This, having read a record that does not count."""
        return replace(self, position=position + 1)

    def command(self, signed: str, now: datetime) -> tuple[Envelope, Command, Author]:
        """A command, once its signature, its log, its expiry and its author's rights have been checked.

        Raises:
            RefusedError: anything of that does not hold.
        """
        envelope, author = self._verified(signed, COMMAND)
        with _said_by(author):
            _check_expiry(envelope, now)
            message = self._allowed(envelope, author, COMMANDS.read)
            assert isinstance(message, Command)  # noqa: S101 - the catalogue holds nothing else
            if isinstance(message, _KEPT):
                _check_length(signed)
        return envelope, message, author

    def approval(self, signed: str, plan: Plan, plan_digest: str, now: datetime) -> tuple[ApprovePlan, Author]:
        """An approval that counts for a plan now.

        Raises:
            RefusedError: it is for another plan, has run out, is revoked, or was not its author's to give.
        """
        envelope, author = self._verified(signed, COMMAND)
        message = self._allowed(envelope, author, COMMANDS.read)
        if not isinstance(message, ApprovePlan):
            raise RefusedError("no-approval", f"{envelope.id} is {envelope.type}, no approval")
        if (message.rollout, message.plan) != (plan.rollout, plan_digest):
            raise RefusedError(
                "stale-plan", f"approval {envelope.id} was given to plan {message.plan}, not to this one"
            )
        if envelope.id in self.revoked_approvals:
            raise RefusedError("revoked", f"approval {envelope.id} of {author.name} was revoked")
        if message.until <= now:
            raise RefusedError(
                "approval-expired", f"approval {envelope.id} ran out at {message.until:%Y-%m-%d %H:%M} UTC"
            )
        self.check_approver(author, message.area, plan.authors)
        return message, author

    def word(self, signed: str) -> tuple[Message, Author]:
        """What somebody signed, command or control record, if their key and rights still hold; its expiry is not asked.

        Raises:
            RefusedError: they do not hold, or it was signed for another log.
        """
        purpose = CONTROL_PURPOSE if claimed_purpose(signed) == CONTROL_PURPOSE else COMMAND
        envelope, author = self._verified(signed, purpose)
        catalogue = CONTROL if purpose == CONTROL_PURPOSE else COMMANDS
        return self._allowed(envelope, author, catalogue.read), author

    @staticmethod
    def check_approver(author: Author, area: str, authors: Iterable[str]) -> None:
        """Checks that someone may agree for an area to what these authors wrote.

        Raises:
            RefusedError: the area is not theirs, or the change is.
        """
        if area not in author.entry.areas:
            areas = ", ".join(author.entry.areas) or "none"
            raise RefusedError("wrong-area", f"{author.name} may not decide for area {area!r} (theirs: {areas})")
        if author.name in authors:
            raise RefusedError("own-change", f"{author.name} is an author of this change; somebody else has to decide")

    def standing(self, subjects: Iterable[Subject]) -> tuple[Halt, ...]:
        """The halts that stand on any of these subjects, or on everything, in the order in which they were raised."""
        names = {str(subject) for subject in subjects} | {"all"}
        hit = [halt for halt in self.halts.values() if not names.isdisjoint(str(subject) for subject in halt.subjects)]
        return tuple(sorted(hit, key=lambda halt: halt.position))

    def touched_since(self, subjects: Iterable[Subject], position: int) -> bool:
        """Whether any of these subjects was halted or lifted at this position or after it."""
        names = {str(subject) for subject in subjects} | {"all"}
        return any(self.touched.get(name, -1) >= position for name in names)

    def _open(self, signed: str) -> Noted:
        if not self.keys:
            return self._founding(signed)
        envelope, author = self._verified(signed, CONTROL_PURPOSE)
        with _said_by(author):
            _check_length(signed)
            if envelope.id in self.seen:
                raise RefusedError("replayed", f"control record {envelope.id} is here already")
            if envelope.id.startswith(AUTOMATIC) and not author.has({Role.COORDINATOR}):
                raise RefusedError("reserved-id", f"ids that begin with {AUTOMATIC!r} are a coordinator's; take one")
            message = self._allowed(envelope, author, CONTROL.read)
        return Noted(id=envelope.id, author=author, message=message, signed=signed)

    def _founding(self, signed: str) -> Noted:
        """The first record brings its own key; the log's name says whether it is the right one."""
        try:
            envelope = peek(signed)
            message = envelope.message(CONTROL)
            if not isinstance(message, LogFounded):
                raise RefusedError("not-founded", f"control must begin with LogFounded, not with {envelope.type}")
            unseal(signed, CONTROL_PURPOSE, message.root.public)
            _check_length(signed)
        except MessageError as error:
            raise RefusedError("not-founded", str(error)) from error
        if log_name(message.root.public) != self.log or envelope.log != self.log:
            raise RefusedError("wrong-log", f"it founds {log_name(message.root.public)}, this log is {self.log}")
        if Role.ADMIN not in message.root.roles:
            raise RefusedError("not-founded", "the root key has to be an admin's, or nobody could register any other")
        author = Author(key_id=key_id(message.root.public), entry=message.root)
        return Noted(id=envelope.id, author=author, message=message, signed=signed)

    def _verified(self, signed: str, purpose: str) -> tuple[Envelope, Author]:
        try:
            kid = claimed_key(signed)
        except MessageError as error:
            raise RefusedError("unsigned", str(error)) from error
        entry = self.keys.get(kid)
        if entry is None:
            raise RefusedError("unknown-key", f"key {kid[:40]!a} is not registered, or was revoked; ask an admin")
        try:
            envelope = unseal(signed, purpose, entry.public)
        except MessageError as error:
            raise RefusedError("bad-signature", f"signed as {kid} ({entry.name}), but {error}") from error
        if envelope.log != self.log:
            raise RefusedError("wrong-log", f"it was signed for {envelope.log}, this is {self.log}", entry.name)
        return envelope, Author(key_id=kid, entry=entry)

    @staticmethod
    def _allowed(envelope: Envelope, author: Author, read: Callable[[str, int, object], Message]) -> Message:
        try:
            message = read(envelope.type, envelope.v, envelope.data)
        except MessageError as error:
            raise RefusedError("malformed", str(error)) from error
        rights = RIGHTS.get(type(message), frozenset())
        if not author.has(rights):
            wanted = " or ".join(sorted(rights)) or "nobody's"
            held = ", ".join(author.entry.roles)
            raise RefusedError("not-allowed", f"{message.wire} is for {wanted}; {author.name} is {held}")
        return message


@contextmanager
def _said_by(author: Author) -> Iterator[None]:
    """Names who signed what is refused inside."""
    try:
        yield
    except RefusedError as error:
        error.author = author.name
        raise


def _check_expiry(envelope: Envelope, now: datetime) -> None:
    if envelope.expires <= now:
        raise RefusedError("expired", f"the command expired at {envelope.expires:%Y-%m-%d %H:%M:%S} UTC; send it anew")
    if envelope.expires > now + LONGEST_VALIDITY:
        days = LONGEST_VALIDITY.days
        raise RefusedError("expires-too-late", f"a command may be valid for {days} days at most; sign a shorter one")


def _check_length(signed: str) -> None:
    if len(signed) > KEPT_LIMIT:
        raise RefusedError("too-large", f"the envelope is longer than {KEPT_LIMIT:,} characters; name fewer things")


def _founded(state: Authority, _position: int, noted: Noted) -> Authority:
    if state.keys:
        raise RefusedError("founded-already", "this log is founded already; keys are added by an admin's KeyRegistered")
    return _with_key(state, noted.author.entry)


def _key_registered(state: Authority, _position: int, noted: Noted) -> Authority:
    assert isinstance(noted.message, KeyRegistered)  # noqa: S101 - by _APPLY
    return _with_an_admin(_with_key(state, noted.message.key))


def _with_key(state: Authority, entry: KeyEntry) -> Authority:
    return replace(state, keys=state.keys.set(key_id(entry.public), entry))


def _key_revoked(state: Authority, _position: int, noted: Noted) -> Authority:
    assert isinstance(noted.message, KeyRevoked)  # noqa: S101 - by _APPLY
    if noted.message.key not in state.keys:
        raise RefusedError("unknown-key", f"no key {noted.message.key} is registered")
    return _with_an_admin(replace(state, keys=state.keys.delete(noted.message.key)))


def _with_an_admin(state: Authority) -> Authority:
    """The state, if anybody is left in it who can register and revoke keys."""
    if not any(Role.ADMIN in entry.roles for entry in state.keys.values()):
        raise RefusedError("last-admin", "this is the last admin's key; register another admin first")
    return state


def _approval_revoked(state: Authority, _position: int, noted: Noted) -> Authority:
    assert isinstance(noted.message, ApprovalRevoked)  # noqa: S101 - by _APPLY
    return replace(state, revoked_approvals=state.revoked_approvals.set(noted.message.approval, None))


def _halt_raised(state: Authority, position: int, noted: Noted) -> Authority:
    message = noted.message
    assert isinstance(message, HaltRaised)  # noqa: S101 - by _APPLY
    halt = Halt(
        id=noted.id,
        subjects=message.subjects,
        reason=message.reason,
        by=noted.author.name,
        position=position,
        revert=message.revert and noted.author.has(_OPERATORS),
        signed=noted.signed,
    )
    return replace(_touch(state, position, message.subjects), halts=state.halts.set(noted.id, halt))


def _halt_lifted(state: Authority, position: int, noted: Noted) -> Authority:
    assert isinstance(noted.message, HaltLifted)  # noqa: S101 - by _APPLY
    halt = state.halts.get(noted.message.halt)
    if halt is None:
        lists = "'wavegate rollout halts' lists those that do"
        raise RefusedError("unknown-halt", f"no halt {noted.message.halt} stands; {lists}")
    if halt.by != noted.author.name and not noted.author.has({Role.OPERATOR, Role.ADMIN}):
        raise RefusedError("not-allowed", f"halt {halt.id} was raised by {halt.by}; an operator may lift it too")
    return replace(_touch(state, position, halt.subjects), halts=state.halts.delete(halt.id))


def _touch(state: Authority, position: int, subjects: Iterable[Subject]) -> Authority:
    touched = state.touched
    for subject in subjects:
        touched = touched.set(str(subject), position)
    return replace(state, touched=touched)


_APPLY: Mapping[type[Message], Callable[[Authority, int, Noted], Authority]] = {
    LogFounded: _founded,
    KeyRegistered: _key_registered,
    KeyRevoked: _key_revoked,
    ApprovalRevoked: _approval_revoked,
    HaltRaised: _halt_raised,
    HaltLifted: _halt_lifted,
}
