"""Control records and the halts that they raise and lift: the fold that every process makes."""

import base64
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from events.authority import RefusedError
from events.commands import HoldRollout
from events.control import (
    HaltRaised,
    KeyRevoked,
    Subject,
)
from events.signing import CONTROL as CONTROL_PURPOSE
from events.signing import Signer, seal
from events.values import KEPT_LIMIT

DIGEST = "sha256:" + "0" * 64
HOLD = HoldRollout(rollout="r-1", reason="lunch")


def _b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


# Control records in general


def test_a_record_counts_once(realm: Any) -> None:
    signed = realm.record("olga", HaltRaised(subjects=(Subject(kind="all"),), reason="x"), "halt-1")
    realm.read(signed)
    realm.lift("olga", "halt-1")
    assert realm.code_of(lambda: realm.read(signed)) == "replayed"
    assert not realm.authority.halts


def test_what_does_not_count_changes_nothing_but_the_position(realm: Any) -> None:
    before = realm.authority
    assert realm.code_of(lambda: realm.note("ann", KeyRevoked(key=realm.key("olga").key_id, reason="x"), "k-x"))
    assert realm.authority == before.passed(realm.position - 1)
    # And its id can be used by what does count
    realm.halt("olga", "k-x", "all")


def test_who_signed_what_is_refused_is_known(realm: Any) -> None:
    with pytest.raises(RefusedError) as refused:
        realm.note("ann", KeyRevoked(key=realm.key("olga").key_id, reason="x"))
    assert refused.value.author == "ann"
    with pytest.raises(RefusedError) as refused:
        realm.authority.command(realm.command("olga", HOLD, valid=timedelta(0)), realm.now)
    assert refused.value.author == "olga"


def test_ids_of_the_coordinators_halts_are_its_own(realm: Any) -> None:
    assert realm.code_of(lambda: realm.halt("pipe", "auto.r-1.17", "device:d-1")) == "reserved-id"
    realm.halt("machine", "auto.r-1.17", "rollout:r-1")


def test_a_record_too_large_for_the_facts_is_refused(realm: Any) -> None:
    subjects = tuple(Subject(kind="rollout", name=f"{number:0128d}") for number in range(1_000))
    signed = realm.record("olga", HaltRaised(subjects=subjects, reason="x" * 4_000))
    assert len(signed) < KEPT_LIMIT, "the largest halt fits"
    padded = Signer(realm.key("olga")._private)
    assert realm.code_of(lambda: realm.read(_padded(padded, realm, CONTROL_PURPOSE))) == "too-large"


def _padded(signer: Signer, realm: Any, purpose: str) -> str:
    """An envelope that is right, with white space in it up to beyond the limit."""
    unsigned = seal(signer, purpose, HOLD, log=realm.log, id="c-1", expires=realm.now)
    header, payload, _ = unsigned.split(".")
    content = base64.urlsafe_b64decode(payload + "==") + b" " * KEPT_LIMIT
    whole = f"{header}.{_b64(content)}"
    signature = base64.urlsafe_b64encode(signer._private.sign(whole.encode())).rstrip(b"=").decode()
    return f"{whole}.{signature}"


# Halts


def test_a_halt_stands_on_its_subjects_and_on_nothing_else(realm: Any) -> None:
    realm.halt("olga", "h", "site:store-1", "device:d-9")
    on = {name: bool(realm.authority.standing([Subject.parse(name)])) for name in ("site:store-1", "device:d-9")}
    off = {name: bool(realm.authority.standing([Subject.parse(name)])) for name in ("site:d-9", "device:store-1")}
    assert (set(on.values()), set(off.values())) == ({True}, {False})


def test_a_halt_on_everything_is_on_everything(realm: Any) -> None:
    realm.halt("olga", "h", "all")
    (halt,) = realm.authority.standing([Subject.parse("credential:tacacs")])
    assert (halt.by, halt.reason, halt.position) == ("olga", "it hurts", realm.position - 1)


def test_two_people_halt_and_one_lifts(realm: Any) -> None:
    realm.halt("olga", "h-1", "rollout:r-1")
    realm.halt("omar", "h-2", "rollout:r-1")
    realm.lift("olga", "h-1")
    assert [halt.id for halt in realm.authority.standing([Subject.parse("rollout:r-1")])] == ["h-2"]
    realm.lift("omar", "h-2")
    assert not realm.authority.standing([Subject.parse("rollout:r-1")])


LIFTING = {
    "who raised it": ("pipe", "pipe", ""),
    "an operator": ("pipe", "olga", ""),
    "an admin": ("olga", "root", ""),
    "another operator": ("olga", "omar", ""),
    "an engineer": ("olga", "ann", "not-allowed"),
    "a pipeline": ("ann", "pipe", "not-allowed"),
    "a coordinator": ("olga", "machine", "not-allowed"),
}


@pytest.mark.parametrize(("raised", "lifted", "code"), LIFTING.values(), ids=LIFTING)
def test_who_may_lift_a_halt(realm: Any, raised: str, lifted: str, code: str) -> None:
    realm.halt(raised, "h", "all")
    assert realm.code_of(lambda: realm.lift(lifted, "h")) == code
    assert bool(realm.authority.halts) == bool(code)


def test_a_halt_that_does_not_stand_cannot_be_lifted(realm: Any) -> None:
    realm.halt("olga", "h", "all")
    realm.lift("olga", "h")
    assert realm.code_of(lambda: realm.lift("olga", "h")) == "unknown-halt"


@pytest.mark.parametrize(("who", "reverts"), [("olga", True), ("ann", False), ("pipe", False), ("machine", False)])
def test_an_undo_is_asked_by_operators_alone(realm: Any, who: str, reverts: bool) -> None:
    realm.halt(who, "h", "all", revert=True)
    assert realm.authority.halts["h"].revert is reverts, "and everybody's halt stands"


def test_what_was_halted_or_lifted_since_a_position_is_known(realm: Any) -> None:
    subject = [Subject.parse("site:store-1")]
    start = realm.position
    realm.halt("olga", "h", "site:store-1")
    realm.lift("olga", "h")
    end = realm.position
    assert realm.authority.touched_since(subject, start)
    assert realm.authority.touched_since(subject, end - 1), "lifting counts too"
    assert not realm.authority.touched_since(subject, end)
    assert not realm.authority.touched_since([Subject.parse("site:store-2")], start)
    realm.halt("olga", "h-2", "all")
    assert realm.authority.touched_since([Subject.parse("site:store-2")], end), "everything is touched"


SUBJECTS = {
    "everything": ("all", Subject(kind="all")),
    "a rollout": ("rollout:r-1", Subject(kind="rollout", name="r-1")),
    "a name with a colon": ("device:a:b", Subject(kind="device", name="a:b")),
}


@pytest.mark.parametrize(("text", "subject"), SUBJECTS.values(), ids=SUBJECTS)
def test_a_subject_is_text_and_back(text: str, subject: Subject) -> None:
    assert Subject.parse(text) == subject
    assert str(subject) == text


@pytest.mark.parametrize("text", ["", "rollout", "rollout:", "all:r-1", "planet:earth", "device: x"])
def test_what_is_no_subject(text: str) -> None:
    with pytest.raises(ValidationError):
        Subject.parse(text)
