"""Every fact is a sentence that a person can read."""

from datetime import UTC, datetime
from typing import Any

import pytest

from console.telling import TELLERS, counted, names, short, tell, tell_together, wave_name
from events import facts
from events.codec import GENESIS, FactRecord
from events.control import (
    CONTROL,
    ApprovalRevoked,
    Control,
    HaltLifted,
    HaltRaised,
    KeyEntry,
    KeyRegistered,
    KeyRevoked,
    LogFounded,
    Role,
    Subject,
)
from events.facts import FACTS, Fact, Strategy, Target
from events.plans import ApprovalWanted, PlannedDevice
from events.reports import CheckResult
from events.signing import CONTROL as PURPOSE
from events.signing import Signer, seal
from events.values import Access, Cause, Reason, UndoRank

AT = datetime(2026, 3, 1, 12, 30, 15, tzinfo=UTC)
LATER = datetime(2026, 3, 2, 12, 30, tzinfo=UTC)
ROLLOUT = "r-abcdefgh"
DIGEST = "sha256:" + "ab" * 32
KEYED = "hmac:" + "cd" * 32
BLOB = "sha256-" + "ef" * 32
SIGNED = "a.b.c"
SIGNER = Signer.generate()

ON = {"rollout": ROLLOUT}
AT_DEVICE = {"rollout": ROLLOUT, "device": "ber-r1", "order": f"{ROLLOUT}.ber-r1.1"}
WHY = Reason(cause=Cause.CHECKS_FAILED, detail="ping: no answer")

PLANNED = PlannedDevice(
    device="ber-r1",
    site="ber",
    platform="ios",
    role="router",
    os_version="17.9",
    region="emea",
    access=Access.IN_BAND,
    undo=UndoRank.TIMER,
    base=KEYED,
    target=KEYED,
    diff=KEYED,
    config=KEYED,
    diff_class=DIGEST,
    diff_text=BLOB,
    added=3,
    removed=1,
    foreign_unsaved=2,
)
TARGETS = tuple(
    Target(device=f"ber-r{n}", site="ber", region="emea", role="router", platform="ios", credential="tacacs")
    for n in range(1, 8)
)


def noted(message: Control, identity: str = "halt-1") -> facts.ControlNoted:
    signed = seal(SIGNER, PURPOSE, message, log="log-1", id=identity, expires=LATER)
    return facts.ControlNoted(position=4, id=identity, kind=message.wire, signed=signed)


def entry(*roles: Role, areas: tuple[str, ...] = ()) -> KeyEntry:
    return KeyEntry(public=SIGNER.public, name="olga", team="noc", areas=areas, roles=roles)


def fact(kind: type[Fact], **fields: Any) -> Fact:
    return kind.model_validate(fields)


#: At least one of every type, with what its sentence has to say; whoever brought it about is "olga" or "worker-1".
CASES: list[tuple[Fact, str]] = [
    (
        facts.CommandRefused(command="c-1", kind="ApprovePlan", code="own-change", reason="no", authentic=True),
        "olga asked for ApprovePlan and was refused (own-change): no.",
    ),
    (
        facts.CommandRefused(command="c-1", kind="RollBack", code="bad-signature", reason="no", authentic=False),
        "Somebody, not known who (the command says it is c-1), asked for RollBack and was refused (bad-signature): no.",
    ),
    (
        facts.RecordQuarantined(topic="reports", partition=3, position=7, content=BLOB, reason="it is no JSON"),
        f"What stands in record 7 of reports-3 cannot be read; its bytes are kept as {BLOB}: it is no JSON.",
    ),
    (
        facts.ReportSetAside(report="PushVerified", order="r-1.ber-r1.1", reason="it has ended"),
        "olga reported PushVerified about order r-1.ber-r1.1, which does not count: it has ended.",
    ),
    (
        facts.ControlNoted(position=4, id="position.4", kind="HaltRaised", signed=None, refused="unknown key"),
        "A control record (HaltRaised, position 4) does not count: unknown key.",
    ),
    (
        noted(LogFounded(root=entry(Role.ADMIN), at=AT)),
        "The log was founded, with the root key of olga (team noc, admin).",
    ),
    (
        noted(KeyRegistered(key=entry(Role.OPERATOR, Role.ENGINEER, areas=("network-ops", "os")))),
        f"olga registered the key {SIGNER.key_id} of olga (team noc, operator and engineer, areas network-ops, os).",
    ),
    (noted(KeyRevoked(key="k-1", reason="lost")), "olga revoked the key k-1: lost."),
    (
        noted(ApprovalRevoked(rollout=ROLLOUT, approval="c-9", reason="wrong night")),
        f"olga revoked approval c-9 of rollout {ROLLOUT}: wrong night.",
    ),
    (
        noted(HaltRaised(subjects=(Subject(kind="all"),), reason="smoke")),
        "olga halted everything (halt halt-1): smoke.",
    ),
    (
        noted(
            HaltRaised(
                subjects=(Subject(kind="site", name="ber"), Subject(kind="rollout", name="r-1")),
                reason="!",
                revert=True,
            )
        ),
        "olga halted site ber, rollout r-1 (halt halt-1), and wants undone what was in flight: !",
    ),
    (noted(HaltLifted(halt="halt-1")), "olga lifted halt halt-1."),
    (
        facts.CredentialStopped(credential="tacacs", device="ber-r1", halt="auto.tacacs.1"),
        "olga saw ber-r1 refuse the login tacacs, which is used nowhere until halt auto.tacacs.1 is lifted.",
    ),
    (
        facts.HostKeysRecorded(device="ber-r1", keys=("ssh-ed25519 A",), replace=True, reason="swapped"),
        "olga recorded 1 host key of ber-r1 in place of all earlier ones: swapped.",
    ),
    (
        facts.ChangeSubmitted(
            change=DIGEST, title="NTP", ticket="NET-1", team="netauto", author="ed", selector="role=r"
        ),
        "ed of team netauto submitted “NTP” (ticket NET-1, sha256:abababababab) for devices role=r.",
    ),
    (
        fact(
            facts.RolloutProposed,
            **ON,
            change=DIGEST,
            title="NTP",
            ticket="NET-1",
            team="netauto",
            authors=("ed",),
            requester="pipe",
            reason="nightly",
            inventory=DIGEST,
            task=None,
            strategy=Strategy(),
            approvals=(ApprovalWanted(area="network-ops"),),
            count=7,
        ),
        "pipe asked to roll out “NTP” (ticket NET-1, sha256:abababababab) to 7 devices as r-abcdefgh: nightly.",
    ),
    (
        fact(facts.TargetsFrozen, **ON, targets=TARGETS),
        "7 devices became its targets for good: ber-r1, ber-r2, ber-r3, ber-r4, ber-r5 and 2 more.",
    ),
    (fact(facts.PlanningStarted, **ON), "Workers began to read the devices."),
    (fact(facts.WavePlanned, **ON, wave=0, devices=("ber-r1",)), "The canary is to have 1 device: ber-r1."),
    (fact(facts.WavePlanned, **ON, wave=2, devices=("a", "b")), "Wave 2 is to have 2 devices: a, b."),
    (
        fact(facts.DevicePlanned, **AT_DEVICE, planned=PLANNED),
        (
            "olga read ber-r1: 3 lines to add and 1 line to remove, undone by timer; 2 lines on it that others left "
            "unsaved."
        ),
    ),
    (
        fact(facts.DeviceUnchanged, **AT_DEVICE, took_ms=10),
        "olga found ber-r1 to be as it should be; nothing was written.",
    ),
    (
        fact(facts.DevicePlanFailed, **AT_DEVICE, reason=Reason(cause=Cause.UNREACHABLE)),
        "olga could not plan for ber-r1, which is left out: unreachable.",
    ),
    (fact(facts.PlanSealed, **ON, plan=DIGEST), f"The plan was sealed: {DIGEST}."),
    (
        fact(
            facts.PlanApproved,
            **ON,
            plan=DIGEST,
            area="network-ops",
            approver="olga",
            key="k-1",
            approval="c-2",
            until=LATER,
            note="go",
            signed=SIGNED,
        ),
        "olga approved plan sha256:abababababab for network-ops until 2026-03-02 12:30 UTC (approval c-2): go.",
    ),
    (
        fact(facts.ApprovalWithdrawn, **ON, approval="c-2", reason="it has run out"),
        "Approval c-2 counts no longer: it has run out.",
    ),
    (fact(facts.RolloutScheduled, **ON), "Everybody who has to agree has agreed."),
    (fact(facts.PlanRejected, **ON, area="network-ops", reason="no."), "olga rejected the plan for network-ops: no."),
    (fact(facts.RolloutWithdrawn, **ON, reason="a slip"), "olga withdrew it: a slip."),
    (fact(facts.RolloutExpired, **ON, reason="7 days"), "It expired: 7 days."),
    (fact(facts.WaveStarted, **ON, wave=0), "Work on the canary began."),
    (
        fact(facts.OrderReleased, **AT_DEVICE, work="PlanDevice", control=1),
        f"The workers were given the order to read ber-r1 ({ROLLOUT}.ber-r1.1).",
    ),
    (
        fact(facts.OrderReleased, **AT_DEVICE, work="PushDevice", control=1),
        f"The workers were given the order to change ber-r1 ({ROLLOUT}.ber-r1.1).",
    ),
    (
        fact(facts.OrderReleased, **AT_DEVICE, work="RollBackDevice", control=1),
        f"The workers were given the order to bring back ber-r1 ({ROLLOUT}.ber-r1.1).",
    ),
    (
        fact(facts.OrderReleased, **AT_DEVICE, work="PushDevice", control=1, unresolved="o-1"),
        f"The workers were given the order to find out about ber-r1 ({ROLLOUT}.ber-r1.1).",
    ),
    (
        fact(facts.PushStarted, **AT_DEVICE, worker="worker-1"),
        f"olga went to ber-r1 to change it (order {ROLLOUT}.ber-r1.1).",
    ),
    (
        fact(facts.DeviceStaged, **AT_DEVICE, undo=UndoRank.TIMER, before=BLOB),
        "olga is about to write to ber-r1; its timer undoes it unless it is confirmed.",
    ),
    (
        fact(facts.DeviceStaged, **AT_DEVICE, undo=UndoRank.NONE, before=BLOB),
        "olga is about to write to ber-r1; nothing undoes it by itself.",
    ),
    (
        fact(
            facts.DeviceVerified,
            **AT_DEVICE,
            before=BLOB,
            after=KEYED,
            observed=BLOB,
            took_ms=3210,
            checks=(CheckResult(name="ping", passed=True),),
        ),
        "olga changed ber-r1 and read back that it is saved, in 3.2 s; 1 check held.",
    ),
    (
        fact(facts.DeviceReverted, **AT_DEVICE, reason=WHY, took_ms=900, checks=()),
        "olga changed ber-r1, which did not hold and is undone, after 0.9 s: checks-failed (ping: no answer).",
    ),
    (
        fact(
            facts.DeviceReverted,
            **AT_DEVICE,
            reason=Reason(cause=Cause.ACCESS_LOST),
            took_ms=900,
            checks=(CheckResult(name="ping", passed=False, seen="nothing"), CheckResult(name="up", passed=True)),
        ),
        (
            "olga changed ber-r1, which did not hold and is undone, after 0.9 s: access-lost; failed checks: ping "
            "(seen: nothing)."
        ),
    ),
    (
        fact(facts.DeviceFailed, **AT_DEVICE, reason=WHY, took_ms=1),
        "olga changed nothing on ber-r1: checks-failed (ping: no answer).",
    ),
    (
        fact(facts.DeviceRefused, **AT_DEVICE, reason=Reason(cause=Cause.DIFF_DIFFERS)),
        "olga wrote nothing to ber-r1, since it would not have been what was approved: diff-differs.",
    ),
    (
        fact(facts.DeviceDrifted, **AT_DEVICE, reason=Reason(cause=Cause.DRIFT)),
        "olga wrote nothing to ber-r1, which somebody had changed since it was planned: drift.",
    ),
    (
        fact(facts.DeviceLost, **AT_DEVICE, reason=Reason(cause=Cause.TIMED_OUT), took_ms=1, look_again_at=LATER),
        "olga cannot tell what ber-r1 has; it is looked at again at 12:30:00 UTC: timed-out.",
    ),
    (
        fact(facts.DeviceReturned, **AT_DEVICE, reason=Reason(cause=Cause.HALTED), look_again_at=LATER),
        "olga gave the order for ber-r1 back before anything was written: halted.",
    ),
    (
        fact(facts.ForeignDriftNoted, **AT_DEVICE, detail="a VLAN came"),
        "olga noticed something else on ber-r1: a VLAN came.",
    ),
    (
        fact(facts.DeviceSkipped, **ON, device="ber-r1", reason="old"),
        "olga decided to leave ber-r1 as it is: old.",
    ),
    (fact(facts.DeviceRetried, **ON, device="ber-r1", reason=""), "olga had ber-r1 tried once more."),
    (fact(facts.DeviceRolledBack, **AT_DEVICE, took_ms=1500), "olga brought ber-r1 back, in 1.5 s."),
    (
        fact(facts.DeviceRollbackFailed, **AT_DEVICE, reason=Reason(cause=Cause.LATER_CHANGE)),
        "olga could not bring ber-r1 back; a person has to: later-change.",
    ),
    (fact(facts.BakeStarted, **ON, wave=1, until=LATER), "Wave 1 is done and is watched until 12:30:00 UTC."),
    (fact(facts.RolloutHeld, **ON, reason="lunch"), "olga put it on hold: nothing new starts: lunch."),
    (fact(facts.RolloutResumed, **ON, reason=""), "olga let it go on."),
    (
        fact(facts.RolloutHalting, **ON, halt="halt-1", reason="smoke", revert=True),
        (
            "olga stopped it (halt halt-1): nothing new starts; what was in flight and went well is to be undone too: "
            "smoke."
        ),
    ),
    (fact(facts.RolloutHalted, **ON), "It stands still: nothing is in flight any more."),
    (
        fact(facts.RollbackStarted, **ON, devices=("a", "b"), whole=False, reason="bad", authority=SIGNED),
        "olga had 2 devices brought back (a, b): bad.",
    ),
    (
        fact(facts.RollbackStarted, **ON, devices=(), whole=True, reason="bad", authority=SIGNED),
        "olga had all that it changed brought back: bad.",
    ),
    (fact(facts.RolloutRolledBack, **ON), "All that it had changed is undone."),
    (fact(facts.PartRolledBack, **ON), "What was to be undone is undone; the rest waits for a decision."),
    (fact(facts.RollbackFailed, **ON, devices=("a",)), "1 device could not be brought back: a."),
    (fact(facts.RolloutCompleted, **ON), "It is completed: every device of every wave is decided."),
]


def record(fact_: Fact, by: str = "olga") -> FactRecord:
    return FactRecord(seq=1, prev=GENESIS, at=AT, by=by, cause="command:c-1", fact=fact_)


@pytest.mark.parametrize(
    ("told", "sentence"), [pytest.param(*case, id=f"{case[0].wire}-{n}") for n, case in enumerate(CASES)]
)
def test_a_sentence(told: Fact, sentence: str) -> None:
    assert tell(record(told)) == sentence


@pytest.mark.parametrize(
    ("kind", "details", "sentence"),
    [
        (
            facts.DeviceVerified,
            {"before": BLOB, "after": KEYED, "observed": BLOB, "checks": ()},
            "7 devices changed and read back as saved",
        ),
        (facts.DeviceUnchanged, {}, "7 devices found to be as they should be"),
        (facts.DeviceRolledBack, {}, "7 devices brought back"),
    ],
)
def test_devices_that_ended_well_are_told_together(kind: Any, details: Any, sentence: str) -> None:
    ended = [
        record(fact(kind, **{**AT_DEVICE, "device": f"d{n}", "took_ms": 1000 + 100 * n}, **details)) for n in range(7)
    ]
    assert tell_together(ended) == f"{sentence}, each in 1.0 s to 1.6 s: d0, d1, d2, d3, d4 and 2 more."
    assert tell_together(ended[:1]) == tell(ended[0])


def test_every_type_of_fact_has_one_and_is_told_here() -> None:
    assert set(TELLERS) == set(FACTS)
    assert {type(told) for told, _ in CASES} == set(FACTS)


def test_every_control_record_is_told_here() -> None:
    assert {told.kind for told, _ in CASES if isinstance(told, facts.ControlNoted)} == {each.wire for each in CONTROL}


@pytest.mark.parametrize("told", [pytest.param(case[0], id=f"{case[0].wire}-{n}") for n, case in enumerate(CASES)])
def test_sentences_are_whole(told: Fact) -> None:
    sentence = tell(record(told, by="Worker-1"))
    assert sentence[0].isalnum()
    assert sentence[-1] in ".!?"
    assert "  " not in sentence


def test_a_control_record_of_newer_software_is_told_all_the_same() -> None:
    told = facts.ControlNoted(position=1, id="x-1", kind="FreezeDeclared", signed="a.b.c")
    assert tell(record(told)).startswith("olga wrote control record x-1 (FreezeDeclared), which cannot be shown: ")


def test_small_words() -> None:
    assert [counted(n, "device") for n in (0, 1, 2)] == ["0 devices", "1 device", "2 devices"]
    assert names(["a", "b", "c"], 2) == "a, b and 1 more"
    assert short(DIGEST) == "sha256:abababababab"
    assert short("r-1") == "r-1"
    assert [wave_name(n) for n in (0, 1)] == ["the canary", "wave 1"]
