"""Who may sign what, who founds a log, whose keys count, and what is no command of it."""

import base64
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import ValidationError

from events import commands
from events.authority import RIGHTS, RefusedError
from events.catalogue import Message
from events.commands import COMMANDS, ApprovePlan, Command, HoldRollout
from events.control import (
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
from events.signing import COMMAND, seal
from events.signing import CONTROL as CONTROL_PURPOSE
from events.values import KEPT_LIMIT

DIGEST = "sha256:" + "0" * 64


def _b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


WHO = {
    Role.ENGINEER: "ann",
    Role.PIPELINE: "pipe",
    Role.OPERATOR: "olga",
    Role.ADMIN: "root",
    Role.COORDINATOR: "machine",
}


# Who may do what

ASKING: dict[type[Message], Message] = {
    type(message): message
    for message in (
        commands.SubmitChange(bundle=DIGEST),
        commands.RequestRollout(change=DIGEST),
        ApprovePlan(rollout="r-1", plan=DIGEST, area="noc", until=datetime.fromisoformat("2026-01-02T00:00:00+00:00")),
        commands.RejectPlan(rollout="r-1", plan=DIGEST, area="noc", reason="no"),
        commands.WithdrawRollout(rollout="r-1", reason="no"),
        HoldRollout(rollout="r-1", reason="lunch"),
        commands.ResumeRollout(rollout="r-1"),
        commands.SkipDevices(rollout="r-1", devices=("d-1",), reason="broken"),
        commands.RetryDevices(rollout="r-1"),
        commands.RollBack(rollout="r-1", reason="no"),
        commands.RecordHostKeys(device="d-1", keys=("ssh-ed25519 AAAA",)),
        ApprovalRevoked(rollout="r-1", approval="c-1", reason="no"),
        HaltRaised(subjects=(Subject(kind="all"),), reason="it hurts"),
        HaltLifted(halt="halt-0"),
    )
}
ENG, PIPE, OPS, ADM, CO = Role.ENGINEER, Role.PIPELINE, Role.OPERATOR, Role.ADMIN, Role.COORDINATOR

#: The rights, once more and independently: who may ask for what.
MAY: dict[type[Message], set[Role]] = {
    commands.SubmitChange: {ENG, PIPE},
    commands.RequestRollout: {ENG, PIPE},
    commands.ApprovePlan: {OPS},
    commands.RejectPlan: {OPS},
    commands.WithdrawRollout: {ENG, PIPE, OPS},
    commands.HoldRollout: {OPS},
    commands.ResumeRollout: {OPS},
    commands.SkipDevices: {OPS},
    commands.RetryDevices: {OPS},
    commands.RollBack: {OPS},
    commands.RecordHostKeys: {OPS, ADM},
    KeyRegistered: {ADM},
    KeyRevoked: {ADM},
    ApprovalRevoked: {OPS},
    HaltRaised: {ENG, PIPE, OPS, ADM, CO},
    HaltLifted: {ENG, PIPE, OPS, ADM, CO},
}


def test_every_message_that_is_signed_has_its_rights() -> None:
    assert {kind: set(roles) for kind, roles in RIGHTS.items()} == MAY
    assert set(RIGHTS) | {LogFounded} == {*COMMANDS, *CONTROL}


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("kind", MAY, ids=lambda kind: kind.wire)
def test_a_role_may_do_this_and_no_more(kind: type[Message], role: Role, realm: Any) -> None:
    message = ASKING.get(kind) or _about_keys(kind, realm)
    who = WHO[role]
    if isinstance(message, Command):
        code = realm.code_of(lambda: realm.authority.command(realm.command(who, message), realm.now))
    else:
        realm.halt("machine", "halt-0", "all")
        code = realm.code_of(lambda: realm.note(who, message, "k-x"))
    allowed = role in MAY[kind] and not (kind is HaltLifted and role in {ENG, PIPE})
    assert (code == "") == allowed
    assert code in {"", "not-allowed"}


def _about_keys(kind: type[Message], realm: Any) -> Message:
    if kind is KeyRegistered:
        return KeyRegistered(key=realm.entry("new", Role.ENGINEER))
    return KeyRevoked(key=realm.key("omar").key_id, reason="left")


def test_one_key_can_have_several_roles(realm: Any) -> None:
    realm.register("eva", Role.ENGINEER, Role.OPERATOR, areas=("noc",))
    for kind in (commands.SubmitChange, commands.HoldRollout):
        realm.authority.command(realm.command("eva", ASKING[kind]), realm.now)


# Founding


def test_the_first_record_founds_the_log_and_brings_its_own_key(make_realm: Any) -> None:
    realm = make_realm()
    realm.found()
    assert dict(realm.authority.keys) == {realm.key("root").key_id: realm.entry("root", Role.ADMIN)}


FOUNDINGS: dict[str, tuple[Callable[[Any], str], str]] = {
    "by another root": (
        lambda realm: seal(
            realm.key("eve"),
            CONTROL_PURPOSE,
            LogFounded(root=realm.entry("eve", Role.ADMIN), at=realm.now),
            log=realm.log,
            id="f",
            expires=realm.now,
        ),
        "wrong-log",
    ),
    "with the root's key by somebody else": (
        lambda realm: realm.record("eve", LogFounded(root=realm.entry("root", Role.ADMIN), at=realm.now)),
        "not-founded",
    ),
    "for another log": (
        lambda realm: seal(
            realm.key("root"),
            CONTROL_PURPOSE,
            LogFounded(root=realm.entry("root", Role.ADMIN), at=realm.now),
            log="log-2",
            id="f",
            expires=realm.now,
        ),
        "wrong-log",
    ),
    "as a command": (
        lambda realm: realm.command("root", LogFounded(root=realm.entry("root", Role.ADMIN), at=realm.now)),
        "not-founded",
    ),
    "with nobody who could register keys": (
        lambda realm: realm.record("root", LogFounded(root=realm.entry("root", Role.OPERATOR), at=realm.now)),
        "not-founded",
    ),
    "with a halt": (
        lambda realm: realm.record("root", HaltRaised(subjects=(Subject(kind="all"),), reason="x")),
        "not-founded",
    ),
    "with garbage": (lambda _: "garbage", "not-founded"),
    "with an envelope too large": (lambda _: f"e30.{'A' * KEPT_LIMIT}.AAAA", "not-founded"),
}


@pytest.mark.parametrize(("sign", "code"), FOUNDINGS.values(), ids=FOUNDINGS)
def test_nothing_else_founds_it(make_realm: Any, sign: Callable[[Any], str], code: str) -> None:
    # Given a log that is not founded, and a first record that does not count
    realm = make_realm()
    assert realm.code_of(lambda: realm.read(sign(realm))) == code
    assert not realm.authority.keys
    # Then it can still be founded by the right one, further on
    realm.found()
    assert realm.authority.keys


def test_a_log_is_founded_once(realm: Any) -> None:
    message = LogFounded(root=realm.entry("root", Role.ADMIN), at=realm.now)
    assert realm.code_of(lambda: realm.note("root", message, "again")) == "not-allowed"


# Keys


def test_a_key_that_nobody_registered_says_nothing(realm: Any) -> None:
    signed = realm.command("eve", ASKING[HoldRollout])
    with pytest.raises(RefusedError, match="is not registered, or was revoked; ask an admin") as refused:
        realm.authority.command(signed, realm.now)
    assert (refused.value.code, refused.value.author) == ("unknown-key", None)


def test_registering_a_key_anew_replaces_what_it_may_do(realm: Any) -> None:
    realm.register("olga", Role.ENGINEER)
    assert realm.code_of(lambda: realm.authority.command(realm.command("olga", ASKING[HoldRollout]), realm.now)) == (
        "not-allowed"
    )


def test_a_revoked_key_says_nothing_more_and_cannot_be_brought_back_by_its_old_record(realm: Any) -> None:
    # Given a key that was registered and revoked
    registered = realm.record("root", KeyRegistered(key=realm.entry("new", Role.OPERATOR)), "k-new")
    realm.read(registered)
    realm.note("root", KeyRevoked(key=realm.key("new").key_id, reason="left"))
    assert (
        realm.code_of(lambda: realm.note("new", HaltRaised(subjects=(Subject(kind="all"),), reason="x")))
        == "unknown-key"
    )
    # When somebody copies the old registration to the end of control
    assert realm.code_of(lambda: realm.read(registered)) == "replayed"
    # Then the key is still gone
    assert realm.key("new").key_id not in realm.authority.keys


@pytest.mark.parametrize("how", ["revoked", "made an operator"])
def test_the_last_admin_stays(realm: Any, how: str) -> None:
    message: Any = KeyRevoked(key=realm.key("root").key_id, reason="bye")
    if how != "revoked":
        message = KeyRegistered(key=realm.entry("root", Role.OPERATOR))
    assert realm.code_of(lambda: realm.note("root", message)) == "last-admin"
    # Given another admin, it can go
    realm.register("ada", Role.ADMIN)
    realm.note("root", message)
    assert realm.code_of(lambda: realm.note("root", KeyRegistered(key=realm.entry("x", Role.ADMIN)))) in {
        "unknown-key",
        "not-allowed",
    }


def test_a_key_that_is_not_there_cannot_be_revoked(realm: Any) -> None:
    assert realm.code_of(lambda: realm.note("root", KeyRevoked(key="k-0000000000000000", reason="x"))) == "unknown-key"


IDENTITY = "AQ" + "A" * 41  # the point of order 1


def test_everybody_could_sign_for_a_point_of_small_order() -> None:
    # Given the neutral point as a public key: the signature R = neutral, S = 0 fits any message at all
    unsigned = ".".join(_b64(part) for part in (b'{"alg":"EdDSA","kid":"k"}', b"anything"))
    forged = _b64(b"\x01" + bytes(31) + bytes(32))
    weak = base64.urlsafe_b64decode(IDENTITY + "=")
    Ed25519PublicKey.from_public_bytes(weak).verify(base64.urlsafe_b64decode(forged + "=="), unsigned.encode())
    # Then no such key can be registered
    with pytest.raises(ValidationError, match="anybody could sign for this key"):
        KeyEntry(public=IDENTITY, name="eve", team="x", roles=(Role.OPERATOR,))


WEAK = [
    "00" * 32,
    "01" + "00" * 30 + "80",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "ec" + "ff" * 31,
    "ee" + "ff" * 30 + "7f",
]


@pytest.mark.parametrize("point", WEAK)
def test_no_point_of_small_order_is_registered_whatever_its_sign(point: str) -> None:
    public = _b64(bytes.fromhex(point))
    with pytest.raises(ValidationError, match="anybody could sign for this key"):
        KeyEntry(public=public, name="eve", team="x", roles=(Role.OPERATOR,))


# Commands


EXPIRIES = {
    "an hour": (timedelta(hours=1), ""),
    "seven days": (timedelta(days=7), ""),
    "now": (timedelta(0), "expired"),
    "a second ago": (timedelta(seconds=-1), "expired"),
    "a second more than seven days": (timedelta(days=7, seconds=1), "expires-too-late"),
}


@pytest.mark.parametrize(("valid", "code"), EXPIRIES.values(), ids=EXPIRIES)
def test_how_long_a_command_is_valid(realm: Any, valid: timedelta, code: str) -> None:
    signed = realm.command("olga", ASKING[HoldRollout], valid=valid)
    assert realm.code_of(lambda: realm.authority.command(signed, realm.now)) == code


def _in_the_name_of(one: str, other: str) -> str:
    """The one's header and payload with the other's signature."""
    return f"{one.rpartition('.')[0]}.{other.rpartition('.')[2]}"


def _approval_padded(realm: Any) -> str:
    many = tuple(f"{number:063d}" for number in range(2_000))
    largest = realm.command("olga", ASKING[ApprovePlan].model_copy(update={"accept_no_undo": many}))
    assert len(largest) < KEPT_LIMIT, "the largest approval fits"
    signer = realm.key("olga")
    signed = seal(signer, COMMAND, ASKING[ApprovePlan], log=realm.log, id="c-1", expires=realm.now + timedelta(hours=1))
    header, payload, _ = signed.split(".")
    content = base64.urlsafe_b64decode(payload + "==") + b" " * KEPT_LIMIT
    whole = f"{header}.{_b64(content)}"
    return f"{whole}.{base64.urlsafe_b64encode(signer._private.sign(whole.encode())).rstrip(b'=').decode()}"


COMMANDS_REFUSED: dict[str, tuple[Callable[[Any], str], str]] = {
    "unsigned": (lambda _: "hold it", "unsigned"),
    "signed as control": (lambda realm: realm.record("olga", ASKING[HoldRollout]), "bad-signature"),
    "signed in another's name": (
        lambda realm: _in_the_name_of(
            realm.command("olga", ASKING[HoldRollout]), realm.command("omar", ASKING[HoldRollout])
        ),
        "bad-signature",
    ),
    "of another log": (
        lambda realm: seal(
            realm.key("olga"), COMMAND, ASKING[HoldRollout], log="log-2", id="c", expires=realm.now + timedelta(hours=1)
        ),
        "wrong-log",
    ),
    "a control record as a command": (
        lambda realm: realm.command("olga", HaltRaised(subjects=(Subject(kind="all"),), reason="x")),
        "malformed",
    ),
    "padded beyond what is kept": (
        _approval_padded,
        "too-large",
    ),
    "with half a character in the key's name": (
        lambda _: _b64(rb'{"alg":"EdDSA","kid":"\ud800"}') + ".e30.AAAA",
        "unknown-key",
    ),
}


@pytest.mark.parametrize(("sign", "code"), COMMANDS_REFUSED.values(), ids=COMMANDS_REFUSED)
def test_what_is_no_command_of_this_log(realm: Any, sign: Callable[[Any], str], code: str) -> None:
    with pytest.raises(RefusedError) as refused:
        realm.authority.command(sign(realm), realm.now)
    assert refused.value.code == code
    str(refused.value).encode()  # whatever was in it, the reason can be written down
