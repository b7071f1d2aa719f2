"""Facts as sentences: what happened, by whom and why. When, and in which rollout, stands beside them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from events import facts
from events.codec import FactRecord
from events.control import (
    CONTROL,
    ApprovalRevoked,
    HaltLifted,
    HaltRaised,
    KeyEntry,
    KeyRegistered,
    KeyRevoked,
    LogFounded,
)
from events.errors import MessageError
from events.orders import PlanDevice, RollBackDevice
from events.reports import CheckResult
from events.signing import key_id, peek
from events.values import Cause, Reason

_FEW = 5

Teller = Callable[[Any, str], str]

#: Ends of devices that nobody has to read one by one.
GOOD_ENDS = (facts.DeviceVerified, facts.DeviceUnchanged, facts.DeviceRolledBack)

_TOGETHER: Mapping[type[facts.Fact], str] = {
    facts.DeviceVerified: "changed and read back as saved",
    facts.DeviceUnchanged: "found to be as they should be",
    facts.DeviceRolledBack: "brought back",
}


def tell(record: FactRecord) -> str:
    """A fact as a sentence. Texts of people and devices in it are as they came: escape it where it is shown."""
    return TELLERS[type(record.fact)](record.fact, record.by)


def tell_together(records: Sequence[FactRecord]) -> str:
    """The same good end of several devices as one sentence. ``records``: at least one, all of one of `GOOD_ENDS`."""
    ended = [record.fact for record in records if isinstance(record.fact, GOOD_ENDS)]
    if len(ended) == 1:
        return tell(records[0])
    how, took = _TOGETHER[type(ended[0])], sorted(fact.took_ms for fact in ended)
    who = names(fact.device for fact in ended)
    return f"{counted(len(ended), 'device')} {how}, each in {_seconds(took[0])} to {_seconds(took[-1])}: {who}."


def names(all_names: Iterable[str], few: int = _FEW) -> str:
    """The first few of some names, and how many more there are."""
    listed = list(all_names)
    shown = ", ".join(listed[:few])
    return f"{shown} and {len(listed) - few} more" if len(listed) > few else shown


def counted(number: int, thing: str) -> str:
    """``1 device``, ``2 devices``."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def short(digest: str) -> str:
    """A digest, long enough to be told from others and to be typed."""
    kind, _, rest = digest.partition(":")
    return f"{kind}:{rest[:12]}" if rest else digest


def wave_name(number: int) -> str:
    """How a wave is called."""
    return "the canary" if number == 0 else f"wave {number}"


def _end(text: str, why: str = "") -> str:
    """The end of a sentence, with the reason that somebody gave, where there is one."""
    whole = f"{text}: {why.strip()}" if why.strip() else text
    return whole if whole.endswith((".", "!", "?")) else f"{whole}."


def _reason(reason: Reason) -> str:
    return f"{reason.cause.value} ({reason.detail.strip()})" if reason.detail.strip() else reason.cause.value


def _seconds(took_ms: int) -> str:
    return f"{took_ms / 1000:.1f} s"


def _checks(checks: Iterable[CheckResult]) -> str:
    listed = list(checks)
    failed = [
        f"{check.name} (seen: {check.seen.strip()})" if check.seen.strip() else check.name
        for check in listed
        if not check.passed
    ]
    if failed:
        return f"; failed checks: {names(failed)}"
    return f"; {counted(len(listed), 'check')} held" if listed else ""


def _command_refused(fact: facts.CommandRefused, by: str) -> str:
    who = by if fact.authentic else f"Somebody, not known who (the command says it is {fact.command}),"
    return _end(f"{who} asked for {fact.kind} and was refused ({fact.code})", fact.reason)


def _quarantined(fact: facts.RecordQuarantined, _by: str) -> str:
    place = f"record {fact.position} of {fact.topic}-{fact.partition}"
    return _end(f"What stands in {place} cannot be read; its bytes are kept as {fact.content}", fact.reason)


def _set_aside(fact: facts.ReportSetAside, by: str) -> str:
    return _end(f"{by} reported {fact.report} about order {fact.order}, which does not count", fact.reason)


def _control_noted(fact: facts.ControlNoted, by: str) -> str:
    if fact.refused or fact.signed is None:
        return _end(f"A control record ({fact.kind}, position {fact.position}) does not count", fact.refused)
    try:
        message = peek(fact.signed).message(CONTROL)
    except MessageError as error:
        return _end(f"{by} wrote control record {fact.id} ({fact.kind}), which cannot be shown", str(error))
    return _CONTROL[type(message)](message, by, fact.id)


def _entry(entry: KeyEntry) -> str:
    areas = f", areas {', '.join(entry.areas)}" if entry.areas else ""
    return f"{entry.name} (team {entry.team}, {' and '.join(entry.roles)}{areas})"


def _halt_raised(message: HaltRaised, by: str, halt: str) -> str:
    subjects = (
        "everything"
        if any(subject.kind == "all" for subject in message.subjects)
        else names(str(subject).replace(":", " ", 1) for subject in message.subjects)
    )
    revert = ", and wants undone what was in flight" if message.revert else ""
    return _end(f"{by} halted {subjects} (halt {halt}){revert}", message.reason)


_CONTROL: Mapping[type, Callable[[Any, str, str], str]] = {
    LogFounded: lambda message, _by, _id: f"The log was founded, with the root key of {_entry(message.root)}.",
    KeyRegistered: lambda message, by, _id: (
        f"{by} registered the key {key_id(message.key.public)} of {_entry(message.key)}."
    ),
    KeyRevoked: lambda message, by, _id: _end(f"{by} revoked the key {message.key}", message.reason),
    ApprovalRevoked: lambda message, by, _id: _end(
        f"{by} revoked approval {message.approval} of rollout {message.rollout}", message.reason
    ),
    HaltRaised: _halt_raised,
    HaltLifted: lambda message, by, _id: _end(f"{by} lifted halt {message.halt}", message.reason),
}


def _credential_stopped(fact: facts.CredentialStopped, by: str) -> str:
    return (
        f"{by} saw {fact.device} refuse the login {fact.credential}, which is used nowhere until halt {fact.halt} "
        "is lifted."
    )


def _host_keys(fact: facts.HostKeysRecorded, by: str) -> str:
    instead = " in place of all earlier ones" if fact.replace else ""
    return _end(f"{by} recorded {counted(len(fact.keys), 'host key')} of {fact.device}{instead}", fact.reason)


def _submitted(fact: facts.ChangeSubmitted, _by: str) -> str:
    whose = f"{fact.author} of team {fact.team}"
    return f"{whose} submitted “{fact.title}” (ticket {fact.ticket}, {short(fact.change)}) for devices {fact.selector}."


def _proposed(fact: facts.RolloutProposed, _by: str) -> str:
    what = f"“{fact.title}” (ticket {fact.ticket}, {short(fact.change)})"
    text = f"{fact.requester} asked to roll out {what} to {counted(fact.count, 'device')} as {fact.rollout}"
    return _end(text, fact.reason)


def _frozen(fact: facts.TargetsFrozen, _by: str) -> str:
    devices = [target.device for target in fact.targets]
    return f"{counted(len(devices), 'device')} became its targets for good: {names(devices)}."


def _wave_planned(fact: facts.WavePlanned, _by: str) -> str:
    which = wave_name(fact.wave)
    return f"{which[0].upper()}{which[1:]} is to have {counted(len(fact.devices), 'device')}: {names(fact.devices)}."


def _approved(fact: facts.PlanApproved, _by: str) -> str:
    until = f"until {fact.until:%Y-%m-%d %H:%M} UTC"
    text = f"{fact.approver} approved plan {short(fact.plan)} for {fact.area} {until} (approval {fact.approval})"
    return _end(text, fact.note)


def _released(fact: facts.OrderReleased, _by: str) -> str:
    what = {PlanDevice.wire: "read", RollBackDevice.wire: "bring back"}.get(fact.work, "change")
    if fact.unresolved:
        what = "find out about"
    return f"The workers were given the order to {what} {fact.device} ({fact.order})."


def _planned(fact: facts.DevicePlanned, by: str) -> str:
    plan = fact.planned
    lines = f"{counted(plan.added, 'line')} to add and {counted(plan.removed, 'line')} to remove"
    text = f"{by} read {fact.device}: {lines}, undone by {plan.undo}"
    unsaved = (
        f"; {counted(plan.foreign_unsaved, 'line')} on it that others left unsaved" if plan.foreign_unsaved else ""
    )
    return f"{text}{unsaved}."


def _staged(fact: facts.DeviceStaged, by: str) -> str:
    undo = "nothing undoes it by itself" if fact.undo == "none" else f"its {fact.undo} undoes it unless it is confirmed"
    return f"{by} is about to write to {fact.device}; {undo}."


def _verified(fact: facts.DeviceVerified, by: str) -> str:
    checks = _checks(fact.checks)
    return f"{by} changed {fact.device} and read back that it is saved, in {_seconds(fact.took_ms)}{checks}."


def _reverted(fact: facts.DeviceReverted, by: str) -> str:
    how = f"{by} changed {fact.device}, which did not hold and is undone"
    # Where checks failed, the reason says which.
    checks = "" if fact.reason.cause is Cause.CHECKS_FAILED and fact.reason.detail else _checks(fact.checks)
    return _end(f"{how}, after {_seconds(fact.took_ms)}", f"{_reason(fact.reason)}{checks}")


def _lost(fact: facts.DeviceLost, by: str) -> str:
    again = f"it is looked at again at {fact.look_again_at:%H:%M:%S} UTC"
    return _end(f"{by} cannot tell what {fact.device} has; {again}", _reason(fact.reason))


def _returned(fact: facts.DeviceReturned, by: str) -> str:
    return _end(f"{by} gave the order for {fact.device} back before anything was written", _reason(fact.reason))


def _bake(fact: facts.BakeStarted, _by: str) -> str:
    which = wave_name(fact.wave)
    return f"{which[0].upper()}{which[1:]} is done and is watched until {fact.until:%H:%M:%S} UTC."


def _halting(fact: facts.RolloutHalting, by: str) -> str:
    revert = "; what was in flight and went well is to be undone too" if fact.revert else ""
    return _end(f"{by} stopped it (halt {fact.halt}): nothing new starts{revert}", fact.reason)


def _rollback(fact: facts.RollbackStarted, by: str) -> str:
    if fact.whole:
        return _end(f"{by} had all that it changed brought back", fact.reason)
    return _end(f"{by} had {counted(len(fact.devices), 'device')} brought back ({names(fact.devices)})", fact.reason)


#: One for every type of fact there is.
TELLERS: Mapping[type[facts.Fact], Teller] = {
    facts.CommandRefused: _command_refused,
    facts.RecordQuarantined: _quarantined,
    facts.ReportSetAside: _set_aside,
    facts.ControlNoted: _control_noted,
    facts.CredentialStopped: _credential_stopped,
    facts.HostKeysRecorded: _host_keys,
    facts.ChangeSubmitted: _submitted,
    facts.RolloutProposed: _proposed,
    facts.TargetsFrozen: _frozen,
    facts.PlanningStarted: lambda _fact, _by: "Workers began to read the devices.",
    facts.WavePlanned: _wave_planned,
    facts.DevicePlanned: _planned,
    facts.DeviceUnchanged: lambda fact, by: f"{by} found {fact.device} to be as it should be; nothing was written.",
    facts.DevicePlanFailed: lambda fact, by: _end(
        f"{by} could not plan for {fact.device}, which is left out", _reason(fact.reason)
    ),
    facts.PlanSealed: lambda fact, _by: f"The plan was sealed: {fact.plan}.",
    facts.PlanApproved: _approved,
    facts.ApprovalWithdrawn: lambda fact, _by: _end(f"Approval {fact.approval} counts no longer", fact.reason),
    facts.RolloutScheduled: lambda _fact, _by: "Everybody who has to agree has agreed.",
    facts.PlanRejected: lambda fact, by: _end(f"{by} rejected the plan for {fact.area}", fact.reason),
    facts.RolloutWithdrawn: lambda fact, by: _end(f"{by} withdrew it", fact.reason),
    facts.RolloutExpired: lambda fact, _by: _end("It expired", fact.reason),
    facts.WaveStarted: lambda fact, _by: f"Work on {wave_name(fact.wave)} began.",
    facts.OrderReleased: _released,
    facts.PushStarted: lambda fact, by: f"{by} went to {fact.device} to change it (order {fact.order}).",
    facts.DeviceStaged: _staged,
    facts.DeviceVerified: _verified,
    facts.DeviceReverted: _reverted,
    facts.DeviceFailed: lambda fact, by: _end(f"{by} changed nothing on {fact.device}", _reason(fact.reason)),
    facts.DeviceRefused: lambda fact, by: _end(
        f"{by} wrote nothing to {fact.device}, since it would not have been what was approved", _reason(fact.reason)
    ),
    facts.DeviceDrifted: lambda fact, by: _end(
        f"{by} wrote nothing to {fact.device}, which somebody had changed since it was planned", _reason(fact.reason)
    ),
    facts.DeviceLost: _lost,
    facts.DeviceReturned: _returned,
    facts.ForeignDriftNoted: lambda fact, by: _end(f"{by} noticed something else on {fact.device}", fact.detail),
    facts.DeviceSkipped: lambda fact, by: _end(f"{by} decided to leave {fact.device} as it is", fact.reason),
    facts.DeviceRetried: lambda fact, by: _end(f"{by} had {fact.device} tried once more", fact.reason),
    facts.DeviceRolledBack: lambda fact, by: f"{by} brought {fact.device} back, in {_seconds(fact.took_ms)}.",
    facts.DeviceRollbackFailed: lambda fact, by: _end(
        f"{by} could not bring {fact.device} back; a person has to", _reason(fact.reason)
    ),
    facts.BakeStarted: _bake,
    facts.RolloutHeld: lambda fact, by: _end(f"{by} put it on hold: nothing new starts", fact.reason),
    facts.RolloutResumed: lambda fact, by: _end(f"{by} let it go on", fact.reason),
    facts.RolloutHalting: _halting,
    facts.RolloutHalted: lambda _fact, _by: "It stands still: nothing is in flight any more.",
    facts.RollbackStarted: _rollback,
    facts.RolloutRolledBack: lambda _fact, _by: "All that it had changed is undone.",
    facts.PartRolledBack: lambda _fact, _by: "What was to be undone is undone; the rest waits for a decision.",
    facts.RollbackFailed: lambda fact, _by: (
        f"{counted(len(fact.devices), 'device')} could not be brought back: {names(fact.devices)}."
    ),
    facts.RolloutCompleted: lambda _fact, _by: "It is completed: every device of every wave is decided.",
}
