"""Control records, noted among the facts: what each does to rollouts, and what one that does not count does not."""

from typing import Any

import pytest

from automation.rollout.control import note
from events import commands, facts
from events.control import (
    ApprovalRevoked,
    Control,
    HaltLifted,
    HaltRaised,
    KeyRegistered,
    KeyRevoked,
    LogFounded,
    Role,
    Subject,
)
from events.facts import Strategy
from events.signing import COMMAND, CONTROL, seal


@pytest.fixture
def running(drill: Any, build: Any) -> Any:
    """The canary is in flight."""
    drill.begun(build.singles(4))
    return drill


def raised(*subjects: str, revert: bool = False) -> HaltRaised:
    return HaltRaised(subjects=tuple(Subject.parse(text) for text in subjects), reason="it hurts", revert=revert)


# What is noted


def test_a_record_is_copied_with_what_was_signed(drill: Any) -> None:
    found = drill.control("olga", raised("site:s001"), "halt-1")
    (noted,) = found
    assert isinstance(noted, facts.ControlNoted)
    assert (noted.position, noted.id, noted.kind, noted.refused) == (len(drill.records) - 1, "halt-1", "HaltRaised", "")
    assert drill.state.authority.word(noted.signed)[0] == raised("site:s001")
    assert (drill.records[-1].by, drill.records[-1].cause) == ("olga", "control:halt-1")


# Each case: what is in control, and what is said about it.
NOTHING: dict[str, tuple[Any, str, str]] = {
    "no text": (lambda _: b"\xff\xfe", "unreadable", "it is no ASCII"),
    "no envelope": (lambda _: b"halt everything", "unreadable", "this is no signed envelope"),
    "empty": (lambda _: b"", "unreadable", "this is no signed envelope"),
    "a command": (
        lambda drill: _sealed(drill, "olga", commands.HoldRollout(rollout="r-1", reason="x"), COMMAND),
        "HoldRollout",
        "was not signed as 'wavegate-control'",
    ),
    "signed by nobody who is known": (
        lambda drill: _sealed(drill, "mallory", raised("all")),
        "HaltRaised",
        "is not registered",
    ),
    "of another log": (
        lambda drill: _sealed(drill, "olga", raised("all"), log="log-elsewhere"),
        "HaltRaised",
        "it was signed for log-elsewhere",
    ),
    "a key of somebody who is no admin": (
        lambda drill: _sealed(drill, "olga", KeyRegistered(key=drill.entry("olga", roles=(Role.ADMIN,)))),
        "KeyRegistered",
        "is for admin",
    ),
    "an approval revoked by an engineer": (
        lambda drill: _sealed(drill, "ann", ApprovalRevoked(rollout="r-1", approval="c-1", reason="x")),
        "ApprovalRevoked",
        "is for operator",
    ),
    "an id that is the coordinator's": (
        lambda drill: _sealed(drill, "olga", raised("all"), name="auto.r-1.7"),
        "HaltRaised",
        "are a coordinator's",
    ),
    "a second founding": (
        lambda drill: _sealed(drill, "root", LogFounded(root=drill.entry("root"), at=drill.now)),
        "LogFounded",
        "is for nobody's",
    ),
    "the last admin's key revoked": (
        lambda drill: _sealed(drill, "root", KeyRevoked(key=_key_of(drill, "root"), reason="x")),
        "KeyRevoked",
        "last admin",
    ),
    "a halt lifted that does not stand": (
        lambda drill: _sealed(drill, "olga", HaltLifted(halt="halt-9")),
        "HaltLifted",
        "no halt halt-9 stands",
    ),
}


def _sealed(drill: Any, who: str, message: Any, purpose: str = CONTROL, log: str = "", name: str = "k-x") -> bytes:
    return seal(drill.signer(who), purpose, message, log=log or drill.log, id=name, expires=drill.now).encode()


def _key_of(drill: Any, who: str) -> str:
    return str(drill.signer(who).key_id)


@pytest.mark.parametrize(("content", "kind", "why"), NOTHING.values(), ids=NOTHING)
def test_what_does_not_count_is_noted_and_does_nothing(content: Any, kind: str, why: str, running: Any) -> None:
    before = running.state
    decision = note(before, running.position, content(running))
    (noted,) = decision.facts
    assert isinstance(noted, facts.ControlNoted)
    assert (noted.signed, noted.kind, noted.position) == (None, kind, running.position)
    assert why in noted.refused
    assert noted.refused
    running.enter(decision)
    running.position += 1
    after = running.state
    assert after.authority.position == before.authority.position + 1, "it is passed by and not read for ever"
    assert (after.rollouts, after.authority.keys, after.authority.halts) == (
        before.rollouts,
        before.authority.keys,
        before.authority.halts,
    )


def test_who_signed_what_does_not_count_is_named(running: Any) -> None:
    assert note(running.state, 9, _sealed(running, "ann", KeyRevoked(key="k", reason="x"))).by == "ann"
    assert note(running.state, 9, _sealed(running, "mallory", raised("all"))).by == "unknown"


def test_a_record_counts_once(running: Any) -> None:
    running.halt("olga", "site:s003", name="halt-1")
    running.lift("olga", "halt-1")
    running.halt("olga", "site:s003", name="halt-1")
    assert not running.state.authority.halts
    assert "is here already" in running.records[-1].fact.refused


# Halts

# Each case: what the halt is on, and whether the rollout stops; the rest is left to the orders.
STOPS = {
    "the rollout": ("rollout:{rid}", True),
    "everything": ("all", True),
    "another rollout": ("rollout:r-other", False),
    "a site of it": ("site:s000", False),
    "a device of it": ("device:s000-r1", False),
    "its credential": ("credential:tacacs", False),
}


@pytest.mark.parametrize(("subject", "stops"), STOPS.values(), ids=STOPS)
def test_what_a_halt_stops(subject: str, stops: bool, running: Any) -> None:
    halt = running.halt("ann", subject.format(rid=running.rid))
    assert (running.standing == "halting") is stops
    assert running.rollout.halts == ((halt,) if stops else ())


@pytest.mark.parametrize("who", ["ann", "pipe", "olga", "root", "coordinator"])
def test_anybody_may_halt(who: str, running: Any) -> None:
    running.halt(who)
    assert running.standing == "halting"


# Who halted with --revert, and what comes of it.
REVERTING = {"an operator": ("olga", "rolling_back"), "an engineer": ("ann", "halted")}


@pytest.mark.parametrize(("who", "state"), REVERTING.values(), ids=REVERTING)
def test_what_was_in_flight_is_undone_on_an_operators_word_alone(who: str, state: str, running: Any) -> None:
    running.halt(who, revert=True)
    assert running.records[-1].fact.revert is (who == "olga")
    running.carry_out(running.order("s000-r1"))
    assert running.standing == state
    undone = [order.wire for order in running.orders()]
    assert undone == (["RollBackDevice"] if state == "rolling_back" else [])


def test_several_halts_stand_until_each_is_lifted(running: Any) -> None:
    first, second = running.halt("olga"), running.halt("omar")
    running.work()
    assert running.rollout.halts == (first, second)
    running.lift("olga", first)
    assert running.refused("olga", commands.ResumeRollout(rollout=running.rid)) == "still-halted"
    running.lift("olga", second)
    assert running.refused("olga", commands.ResumeRollout(rollout=running.rid)) == ""


def test_a_halt_of_one_record_on_two_things_is_one(running: Any) -> None:
    running.halt("olga", f"rollout:{running.rid}", "all")
    assert len(running.rollout.halts) == 1


def test_a_rollout_that_is_held_is_halted_too(running: Any) -> None:
    running.ask("olga", commands.HoldRollout(rollout=running.rid, reason="lunch"))
    running.halt("olga")
    running.work()
    assert running.standing == "halted"


def test_the_coordinators_own_halt_is_raised_once(drill: Any, build: Any) -> None:
    # Given a canary of two, of which one did not hold and the other is in flight
    drill.begun(build.singles(4), strategy=Strategy(canary=2))
    drill.carry_out(drill.order("s000-r1"), "reverted")
    assert drill.standing == "halting"
    assert [subject for subject, _ in drill.state.own_halts.values()] == [f"rollout:{drill.rid}"]
    # When its halt is in control
    drill.raise_own_halts()
    # Then it is no longer to be raised, halts nobody a second time, and stands where workers look
    assert not drill.state.own_halts
    assert len(drill.rollout.halts) == 1
    assert set(drill.state.authority.halts) == set(drill.rollout.halts)


def test_what_is_over_is_not_halted(drill: Any, build: Any) -> None:
    drill.begun(build.singles(1), strategy=Strategy(bake_s=0))
    drill.work()
    drill.tick()
    drill.halt("olga", "all")
    assert (drill.standing, drill.rollout.halts) == ("completed", ())


def test_all_rollouts_are_halted_by_one_halt(drill: Any, build: Any) -> None:
    rollouts = {drill.begun(build.singles(2)), drill.begun(build.singles(2, first=5))}
    drill.halt("olga", "all")
    assert {rollout.state for rollout in drill.state.rollouts.values()} == {"halting"}
    assert set(drill.state.rollouts) == rollouts


# Revocations


def _approved(drill: Any, build: Any) -> str:
    drill.submit()
    drill.request(build.singles(2))
    drill.work()
    drill.approve("omar")
    assert drill.standing == "running"
    return str(drill.rollout.approvals[0].approval)


# Each case: what is in control after omar approved, and what becomes of the approval: gone or not.
KEYS: dict[str, tuple[Any, bool]] = {
    "the approval is revoked": (
        lambda drill, name: ApprovalRevoked(rollout=drill.rid, approval=name, reason="typo"),
        True,
    ),
    "another approval is": (lambda drill, _: ApprovalRevoked(rollout=drill.rid, approval="c-9999", reason="x"), False),
    "the key is revoked": (lambda drill, _: KeyRevoked(key=_key_of(drill, "omar"), reason="left"), True),
    "another's key is": (lambda drill, _: KeyRevoked(key=_key_of(drill, "olga"), reason="left"), False),
    "the area is taken from the key": (lambda drill, _: KeyRegistered(key=drill.entry("omar", areas=("unix",))), True),
    "the role is": (lambda drill, _: KeyRegistered(key=drill.entry("omar", roles=(Role.ENGINEER,))), True),
    "the key is another person's now": (lambda drill, _: KeyRegistered(key=drill.entry("omar", name="otto")), True),
    "the key gets an area more": (
        lambda drill, _: KeyRegistered(key=drill.entry("omar", areas=("noc", "unix"))),
        False,
    ),
    "the key is registered as it was": (lambda drill, _: KeyRegistered(key=drill.entry("omar")), False),
}


@pytest.mark.parametrize(("message", "gone"), KEYS.values(), ids=KEYS)
def test_what_takes_an_approval_away(message: Any, gone: bool, drill: Any, build: Any) -> None:
    name = _approved(drill, build)
    by = "olga" if isinstance(record := message(drill, name), ApprovalRevoked) else "root"
    found = drill.control(by, record)
    withdrawn = [fact.approval for fact in found if isinstance(fact, facts.ApprovalWithdrawn)]
    assert withdrawn == ([name] if gone else [])
    # What is in flight goes on; nothing new starts, and a person has to decide
    assert drill.standing == ("held" if gone else "running")


def test_a_revoked_key_takes_the_approvals_of_every_rollout_away(drill: Any, build: Any) -> None:
    _approved(drill, build)
    drill.request(build.singles(2, first=5))
    drill.work()
    drill.approve("omar")
    drill.control("root", KeyRevoked(key=_key_of(drill, "omar"), reason="left"))
    assert [rollout.approvals for rollout in drill.state.rollouts.values()] == [(), ()]
    assert {rollout.state for rollout in drill.state.rollouts.values()} == {"held"}


@pytest.mark.parametrize("record", [KeyRegistered, LogFounded], ids=lambda kind: str(kind.wire))
def test_what_says_nothing_about_rollouts_changes_none(record: type[Control], running: Any) -> None:
    before = running.state.rollouts
    if record is KeyRegistered:
        running.control("root", KeyRegistered(key=running.entry("uma")))
    else:
        running.control("root", LogFounded(root=running.entry("root"), at=running.now))
    assert running.state.rollouts == before
