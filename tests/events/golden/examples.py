"""One example of every message, with every field given, from which golden files are written."""

from collections.abc import Mapping
from datetime import UTC, datetime

from events import commands, control, facts, orders, reports
from events.catalogue import Message
from events.facts import Strategy, Target
from events.plans import ApprovalWanted, Plan, PlannedDevice
from events.reports import CheckResult
from events.values import Access, Cause, Reason, UndoRank

AT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
LOG = "log-0123456789abcdef0123456789abcdef"
ROLLOUT = "r-abcd2345"
ORDER = "r-abcd2345.store-001-r1.2"
DIGEST = "sha256:" + "0123456789abcdef" * 4
KEYED = "hmac:" + "fedcba9876543210" * 4
BLOB = "sha256-" + "0123456789abcdef" * 4
SECRET_BLOB = "secret-" + "fedcba9876543210" * 4
SIGNED = "eyJhbGciOiJFZERTQSJ9.eyJsb2ciOiJsb2cifQ.c2lnbmF0dXJl"
PUBLIC = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
HOST_KEYS = ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE", "x509 sha256:abcdef")
REASON = Reason(cause=Cause.CHECKS_FAILED, detail="no route to 10.0.0.1 - „verloren“")
CHECKS = (CheckResult(name="the route is there", passed=False, seen="% Network not in table"),)
STRATEGY = Strategy(canary=2, waves=(10, "25%", "12.5%"), max_in_flight=60, max_unhealthy=5, halt_at=2, bake_s=90.5)
TARGET = Target(
    device="store-001-r1",
    site="store-001",
    region="emea",
    tier="store",
    role="router",
    platform="ios",
    group="store-001",
    via="jump-emea",
    credential="tacacs",
)
PLANNED = PlannedDevice(
    device="store-001-r1",
    site="store-001",
    platform="ios",
    role="router",
    os_version="17.9.4a",
    region="emea",
    tier="store",
    group="store-001",
    access=Access.IN_BAND,
    undo=UndoRank.DEAD_MAN,
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
KEY = control.KeyEntry(
    public=PUBLIC, name="olga", team="network-ops", areas=("noc", "unix"), roles=(control.Role.OPERATOR,)
)
UNRESOLVED = orders.Unresolved(order="r-abcd2345.store-001-r1.1", before=SECRET_BLOB, undo=UndoRank.TIMER)

_rollout = {"rollout": ROLLOUT}
_about = {"rollout": ROLLOUT, "device": "store-001-r1"}
_ordered = _about | {"order": ORDER}
_told = _ordered | {"worker": "worker-host-1"}
_ended = _told | {"took_ms": 4321}
_order = _about | {
    "id": ORDER,
    "change": DIGEST,
    "site": "store-001",
    "control": 17,
    "host_keys": HOST_KEYS,
    "via_host_keys": HOST_KEYS[:1],
}
_approved = {"plan": DIGEST, "area": "noc", "until": AT, "note": "as discussed"}

COMMANDS: tuple[Message, ...] = (
    commands.SubmitChange(bundle=DIGEST, files={"change.yaml": "dGl0bGU6IE5UUAo="}),
    commands.RequestRollout(change=DIGEST, only="region=emea", reason="before the audit"),
    commands.ApprovePlan(**_rollout, **_approved, accept_no_undo=("store-009-r1",), save_foreign=True),
    commands.RejectPlan(**_rollout, plan=DIGEST, area="noc", reason="not this week"),
    commands.WithdrawRollout(**_rollout, reason="superseded"),
    commands.HoldRollout(**_rollout, reason="lunch"),
    commands.ResumeRollout(**_rollout, reason="go on"),
    commands.SkipDevices(**_rollout, devices=("store-001-r1",), reason="it is being replaced"),
    commands.RetryDevices(**_rollout, devices=("store-001-r1",), reason="the line is back"),
    commands.RollBack(**_rollout, wave=1, devices=("store-001-r1",), reason="phones are down"),
    commands.RecordHostKeys(device="store-001-r1", keys=HOST_KEYS, replace=True, reason="new hardware"),
)

CONTROL: tuple[Message, ...] = (
    control.LogFounded(root=KEY, at=AT),
    control.KeyRegistered(key=KEY),
    control.KeyRevoked(key="k-0123456789abcdef", reason="left the company"),
    control.ApprovalRevoked(**_rollout, approval="c-1", reason="too early"),
    control.HaltRaised(
        subjects=(control.Subject(kind="all"), control.Subject(kind="site", name="store-001")),
        reason="tills are down",
        revert=True,
    ),
    control.HaltLifted(halt="halt-1", reason="tills are up"),
)

ORDERS: tuple[Message, ...] = (
    orders.PlanDevice(**_order),
    orders.PushDevice(**_order, plan=DIGEST, unresolved=UNRESOLVED, approvals=(SIGNED, SIGNED)),
    orders.RollBackDevice(
        **_order, plan=DIGEST, unresolved=UNRESOLVED, authority=SIGNED, before=SECRET_BLOB, after=KEYED
    ),
)

REPORTS: tuple[Message, ...] = (
    reports.PlanComputed(**_ended, planned=PLANNED),
    reports.PlanFoundNothing(**_ended),
    reports.PlanFailed(**_ended, reason=REASON),
    reports.PushIntended(**_told),
    reports.PushStaged(**_told, undo=UndoRank.TIMER, before=SECRET_BLOB),
    reports.DriftNoted(**_told, detail="logging host 10.9.9.9"),
    reports.PushVerified(**_ended, before=SECRET_BLOB, after=KEYED, observed=BLOB, checks=CHECKS),
    reports.AlreadyApplied(**_ended),
    reports.PushReverted(**_ended, reason=REASON, checks=CHECKS),
    reports.PushFailed(**_ended, reason=REASON),
    reports.PushRefused(**_ended, reason=REASON),
    reports.DriftFound(**_ended, reason=REASON),
    reports.PushUnknown(**_ended, reason=REASON),
    reports.OrderReturned(**_ended, reason=REASON),
    reports.CredentialRefused(**_told, credential="tacacs"),
)

FACTS: tuple[Message, ...] = (
    facts.CommandRefused(
        command="c-1", kind="ApprovePlan", code="own-change", reason="ann wrote it", authentic=True, rollout=ROLLOUT
    ),
    facts.RecordQuarantined(topic="reports", partition=3, position=99, content=BLOB, reason="no JSON"),
    facts.ReportSetAside(report="PushVerified", order=ORDER, reason="it has ended"),
    facts.ControlNoted(position=17, id="halt-1", kind="HaltRaised", signed=SIGNED, refused="not allowed"),
    facts.CredentialStopped(credential="tacacs", device="store-001-r1", halt="auto.tacacs.12"),
    facts.HostKeysRecorded(device="store-001-r1", keys=HOST_KEYS, replace=True, reason="new hardware"),
    facts.ChangeSubmitted(
        change=DIGEST, title="NTP", ticket="NET-1", team="netauto", author="ann", selector="role=router"
    ),
    facts.RolloutProposed(
        **_rollout,
        change=DIGEST,
        title="NTP",
        ticket="NET-1",
        team="netauto",
        authors=("ann", "bob"),
        requester="pipe",
        reason="before the audit",
        inventory=DIGEST,
        task=DIGEST,
        strategy=STRATEGY,
        approvals=(ApprovalWanted(area="noc", count=2),),
        count=5000,
    ),
    facts.TargetsFrozen(**_rollout, targets=(TARGET,)),
    facts.PlanningStarted(**_rollout),
    facts.WavePlanned(**_rollout, wave=1, devices=("store-001-r1", "store-002-r1")),
    facts.DevicePlanned(**_ordered, planned=PLANNED),
    facts.DeviceUnchanged(**_ordered, took_ms=12),
    facts.DevicePlanFailed(**_ordered, reason=REASON),
    facts.PlanSealed(**_rollout, plan=DIGEST),
    facts.PlanApproved(
        **_rollout, **_approved, approver="olga", key="k-0123456789abcdef", approval="c-2", signed=SIGNED
    ),
    facts.ApprovalWithdrawn(**_rollout, approval="c-2", reason="revoked by olga"),
    facts.RolloutScheduled(**_rollout),
    facts.PlanRejected(**_rollout, area="noc", reason="not this week"),
    facts.RolloutWithdrawn(**_rollout, reason="superseded"),
    facts.RolloutExpired(**_rollout, reason="nobody decided"),
    facts.WaveStarted(**_rollout, wave=0),
    facts.OrderReleased(**_ordered, work="PushDevice", control=17, unresolved="r-abcd2345.store-001-r1.1"),
    facts.PushStarted(**_ordered, worker="worker-host-1"),
    facts.DeviceStaged(**_ordered, undo=UndoRank.TIMER, before=SECRET_BLOB),
    facts.DeviceVerified(**_ordered, before=SECRET_BLOB, after=KEYED, observed=BLOB, checks=CHECKS, took_ms=4321),
    facts.DeviceReverted(**_ordered, reason=REASON, checks=CHECKS, took_ms=4321),
    facts.DeviceFailed(**_ordered, reason=REASON, took_ms=4321),
    facts.DeviceRefused(**_ordered, reason=REASON),
    facts.DeviceDrifted(**_ordered, reason=REASON),
    facts.DeviceLost(**_ordered, reason=REASON, took_ms=4321, look_again_at=AT),
    facts.DeviceReturned(**_ordered, reason=REASON, look_again_at=AT),
    facts.ForeignDriftNoted(**_ordered, detail="logging host 10.9.9.9"),
    facts.DeviceSkipped(**_about, reason="it is being replaced"),
    facts.DeviceRetried(**_about, reason="the line is back"),
    facts.DeviceRolledBack(**_ordered, took_ms=4321),
    facts.DeviceRollbackFailed(**_ordered, reason=REASON),
    facts.BakeStarted(**_rollout, wave=1, until=AT),
    facts.RolloutHeld(**_rollout, reason="lunch"),
    facts.RolloutResumed(**_rollout, reason="go on"),
    facts.RolloutHalting(**_rollout, halt="halt-1", reason="tills are down", revert=True),
    facts.RolloutHalted(**_rollout),
    facts.RollbackStarted(
        **_rollout, devices=("store-001-r1",), whole=False, reason="phones are down", authority=SIGNED
    ),
    facts.RolloutRolledBack(**_rollout),
    facts.PartRolledBack(**_rollout),
    facts.RollbackFailed(**_rollout, devices=("store-001-r1",)),
    facts.RolloutCompleted(**_rollout),
)

PLAN = Plan(
    log=LOG,
    rollout=ROLLOUT,
    change=DIGEST,
    title="NTP",
    ticket="NET-1",
    team="netauto",
    authors=("ann", "bob"),
    inventory=DIGEST,
    task=DIGEST,
    approvals=(ApprovalWanted(area="noc", count=2),),
    devices=(PLANNED,),
    waves=(("store-001-r1",),),
)

EXAMPLES: Mapping[str, tuple[Message, ...]] = {
    "commands": COMMANDS,
    "control": CONTROL,
    "facts": FACTS,
    "orders": ORDERS,
    "reports": REPORTS,
}
