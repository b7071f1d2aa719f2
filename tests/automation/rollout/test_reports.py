"""What follows from a report: every report of every order, in time and late, twice, of another's order."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from automation.rollout.reports import judge
from events import commands
from events.codec import ReportRecord
from events.facts import Strategy
from events.reports import REPORTS

Told = Callable[..., Any]

STRATEGY = Strategy(canary=1, max_unhealthy=9, halt_at=9, bake_s=0)


def released_plan(drill: Any, build: Any) -> Any:
    drill.submit()
    drill.request(build.singles(1))
    return drill.order("s000-r1")


def released_push(drill: Any, build: Any) -> Any:
    drill.begun(build.singles(1), strategy=STRATEGY)
    return drill.order("s000-r1")


def staged_push(drill: Any, build: Any) -> Any:
    order = released_push(drill, build)
    drill.tell(drill.report(order, "intended"))
    drill.tell(drill.report(order, "staged"))
    return order


def look_after_a_push(drill: Any, build: Any) -> Any:
    drill.tell(drill.report(staged_push(drill, build), "unknown"))
    drill.tick(5)
    return drill.order("s000-r1")


def released_undo(drill: Any, build: Any) -> Any:
    drill.tell(drill.report(staged_push(drill, build), "verified"))
    drill.ask("olga", commands.RollBack(rollout=drill.rid, reason="no"))
    return drill.order("s000-r1")


def staged_undo(drill: Any, build: Any) -> Any:
    order = released_undo(drill, build)
    drill.tell(drill.report(order, "intended"))
    drill.tell(drill.report(order, "staged"))
    return order


#: What a report becomes, by where its order is; "-" where it is set aside, since it cannot be so. The outcome of an
#: order that it cannot have ends it all the same: its worker is done with it.
BECOMES: Mapping[str, tuple[Told, Mapping[str, str]]] = {
    "an order to plan": (
        released_plan,
        {
            "computed": "DevicePlanned",
            "nothing": "DeviceUnchanged",
            "plan-failed": "DevicePlanFailed",
            "returned": "DeviceReturned",
            **dict.fromkeys(("intended", "staged", "noted"), "-"),
            **dict.fromkeys(("verified", "already", "reverted", "failed", "refused"), "DevicePlanFailed"),
            **dict.fromkeys(("drifted", "unknown"), "DevicePlanFailed"),
        },
    ),
    "a push that nobody has begun": (
        released_push,
        {
            "intended": "PushStarted",
            "staged": "DeviceStaged",
            "noted": "-",
            "verified": "DeviceVerified",
            "already": "DeviceUnchanged",
            "reverted": "DeviceReverted",
            "failed": "DeviceFailed",
            "refused": "DeviceRefused",
            "drifted": "DeviceDrifted",
            "unknown": "DeviceFailed",
            "returned": "DeviceReturned",
            **dict.fromkeys(("computed", "nothing", "plan-failed"), "DeviceFailed"),
        },
    ),
    "a push that was staged": (
        staged_push,
        {
            "intended": "PushStarted",
            "staged": "DeviceStaged",
            "noted": "ForeignDriftNoted",
            "verified": "DeviceVerified",
            "already": "DeviceLost",
            "reverted": "DeviceReverted",
            "failed": "DeviceFailed",
            "refused": "DeviceRefused",
            "drifted": "DeviceDrifted",
            "unknown": "DeviceLost",
            "returned": "DeviceReturned",
            **dict.fromkeys(("computed", "nothing", "plan-failed"), "DeviceLost"),
        },
    ),
    "a look at what was lost": (
        look_after_a_push,
        {
            "intended": "PushStarted",
            "staged": "DeviceStaged",
            "noted": "ForeignDriftNoted",
            "verified": "DeviceVerified",
            "already": "DeviceLost",
            "reverted": "DeviceReverted",
            "failed": "DeviceFailed",
            "refused": "DeviceRefused",
            "drifted": "DeviceDrifted",
            "unknown": "DeviceLost",
            "returned": "DeviceReturned",
            **dict.fromkeys(("computed", "nothing", "plan-failed"), "DeviceLost"),
        },
    ),
    "an undo that nobody has begun": (
        released_undo,
        {
            "intended": "PushStarted",
            "staged": "DeviceStaged",
            "noted": "-",
            "verified": "DeviceRolledBack",
            "already": "DeviceRolledBack",
            **dict.fromkeys(("reverted", "failed", "refused", "drifted", "unknown"), "DeviceRollbackFailed"),
            "returned": "DeviceReturned",
            **dict.fromkeys(("computed", "nothing", "plan-failed"), "DeviceRollbackFailed"),
        },
    ),
    "an undo that was staged": (
        staged_undo,
        {
            "intended": "PushStarted",
            "staged": "DeviceStaged",
            "noted": "ForeignDriftNoted",
            "verified": "DeviceRolledBack",
            "already": "DeviceLost",
            **dict.fromkeys(("reverted", "failed", "refused", "drifted"), "DeviceRollbackFailed"),
            "unknown": "DeviceLost",
            "returned": "DeviceReturned",
            **dict.fromkeys(("computed", "nothing", "plan-failed"), "DeviceLost"),
        },
    ),
}
CASES = {f"{where}: {how}": (where, how) for where, (_, becomes) in BECOMES.items() for how in becomes}


def test_the_table_has_every_report_but_that_of_a_refused_login(drill: Any, build: Any) -> None:
    order = released_push(drill, build)
    for _, becomes in BECOMES.values():
        assert {drill.report(order, how).wire for how in becomes} | {"CredentialRefused"} == {
            report.wire for report in REPORTS
        }


@pytest.mark.parametrize(("where", "how"), CASES.values(), ids=CASES)
def test_what_a_report_becomes(where: str, how: str, drill: Any, build: Any) -> None:
    bring, becomes = BECOMES[where]
    order = bring(drill, build)
    before = drill.state
    fact = drill.tell(drill.report(order, how))
    assert fact.wire == (becomes[how] if becomes[how] != "-" else "ReportSetAside")
    if becomes[how] == "-":
        assert drill.state.rollouts == before.rollouts
        assert "it cannot be so" in fact.reason


# Each outcome that an order cannot have, and what is said about it.
MISFITS = {
    "a plan of a push": (staged_push, "computed", "w1 ended a PushDevice with PlanComputed, which it cannot end with"),
    "a push of a plan": (
        released_plan,
        "verified",
        "w1 ended a PlanDevice with PushVerified, which it cannot end with",
    ),
}


@pytest.mark.parametrize(("bring", "how", "detail"), MISFITS.values(), ids=MISFITS)
def test_an_outcome_that_cannot_be_is_a_defect_that_is_said(
    bring: Told, how: str, detail: str, drill: Any, build: Any
) -> None:
    fact = drill.tell(drill.report(bring(drill, build), how))
    assert (fact.reason.cause, fact.reason.detail) == ("internal", detail)


# Late, twice, of another's order


@pytest.mark.parametrize("how", [how for how in BECOMES["a push that was staged"][1] if how != "noted"])
def test_after_an_orders_end_nothing_that_is_said_about_it_counts(how: str, drill: Any, build: Any) -> None:
    order = staged_push(drill, build)
    drill.tell(drill.report(order, "reverted"))
    before = drill.state
    fact = drill.tell(drill.report(order, how))
    assert (fact.wire, fact.order) == ("ReportSetAside", order.id)
    assert fact.reason == f"order {order.id} has ended; s000-r1 is reverted"
    assert drill.state.rollouts == before.rollouts


@pytest.mark.parametrize("where", BECOMES)
def test_a_report_that_comes_twice_counts_once(where: str, drill: Any, build: Any) -> None:
    bring, becomes = BECOMES[where]
    order = bring(drill, build)
    outcome = next(how for how, becoming in becomes.items() if becoming.startswith("Device") and how != "staged")
    drill.tell(drill.report(order, outcome), "w-1")
    before = drill.state
    assert drill.tell(drill.report(order, outcome), "w-1").wire == "ReportSetAside"
    assert drill.state.rollouts == before.rollouts


def test_a_report_about_an_earlier_order_is_set_aside(drill: Any, build: Any) -> None:
    earlier = staged_push(drill, build)
    drill.tell(drill.report(earlier, "unknown"))
    drill.tick(5)
    now = drill.order("s000-r1")
    fact = drill.tell(drill.report(earlier, "verified"))
    assert (fact.wire, fact.reason) == ("ReportSetAside", f"s000-r1's order is {now.id} now")
    assert drill.device("s000-r1").state == "unknown"


# What a report may be about that is not there.
NOWHERE: dict[str, tuple[dict[str, str], str]] = {
    "a rollout that is not there": ({"rollout": "r-none"}, "there is no s000-r1 in rollout r-none"),
    "a device that is no target": ({"device": "s999-r1"}, "there is no s999-r1 in rollout {rid}"),
    "an order that was never released": ({"order": "r-x.s000-r1.77"}, "s000-r1's order is {order} now"),
}


@pytest.mark.parametrize(("given", "why"), NOWHERE.values(), ids=NOWHERE)
def test_what_is_about_nothing_is_set_aside(given: dict[str, str], why: str, drill: Any, build: Any) -> None:
    order = staged_push(drill, build)
    fact = drill.tell(drill.report(order, "verified").model_copy(update=given))
    assert (fact.wire, fact.reason) == ("ReportSetAside", why.format(rid=drill.rid, order=order.id))
    assert drill.device("s000-r1").state == "in_progress"


def test_what_a_worker_says_is_the_workers_word(drill: Any, build: Any) -> None:
    order = staged_push(drill, build)
    record = ReportRecord(id="w-77", at=drill.now, report=drill.report(order, "verified", "w7"))
    decision = judge(drill.state, record, drill.now)
    assert (decision.by, decision.cause) == ("w7", "report:w-77")
    assert judge(drill.state, record, drill.now) == decision


# Workers that take over


def test_who_takes_an_order_over_is_believed_and_not_who_had_it(drill: Any, build: Any) -> None:
    order = staged_push(drill, build)
    drill.tell(drill.report(order, "intended", "w2"))
    assert drill.device("s000-r1").worker == "w2"
    fact = drill.tell(drill.report(order, "verified", "w1"))
    assert fact.reason == "w2 has taken the order over from w1"
    assert drill.device("s000-r1").state == "in_progress"
    assert drill.tell(drill.report(order, "reverted", "w2")).wire == "DeviceReverted"


def test_who_takes_it_back_is_believed_again(drill: Any, build: Any) -> None:
    order = staged_push(drill, build)
    for worker in ("w2", "w1"):
        drill.tell(drill.report(order, "intended", worker))
    assert drill.device("s000-r1").superseded == {"w2"}
    assert drill.tell(drill.report(order, "verified", "w2")).wire == "ReportSetAside"
    assert drill.tell(drill.report(order, "verified", "w1")).wire == "DeviceVerified"


def test_who_said_nothing_before_may_end_it(drill: Any, build: Any) -> None:
    order = released_push(drill, build)
    assert drill.tell(drill.report(order, "verified", "w3")).wire == "DeviceVerified"


def test_an_order_of_its_own_starts_with_no_history(drill: Any, build: Any) -> None:
    order = staged_push(drill, build)
    drill.tell(drill.report(order, "intended", "w2"))
    drill.tell(drill.report(order, "unknown", "w2"))
    drill.tick(5)
    look = drill.order("s000-r1")
    assert drill.tell(drill.report(look, "verified", "w1")).wire == "DeviceVerified"


# What is kept of a report


def test_what_a_roll_back_needs_is_kept(drill: Any, build: Any) -> None:
    drill.tell(drill.report(staged_push(drill, build), "verified"))
    device = drill.device("s000-r1")
    assert (device.before, device.after, device.reason, device.staged) == (build.BEFORE, build.AFTER, None, None)


@pytest.mark.parametrize("how", ["reverted", "failed", "refused", "drifted", "unknown", "returned"])
def test_why_it_ended_so_is_kept(how: str, drill: Any, build: Any) -> None:
    drill.tell(drill.report(staged_push(drill, build), how))
    assert str(drill.device("s000-r1").reason) == "checks-failed: no route"


def test_an_order_given_back_leaves_nothing_to_reconcile(drill: Any, build: Any) -> None:
    drill.tell(drill.report(staged_push(drill, build), "returned"))
    assert (drill.device("s000-r1").staged, drill.device("s000-r1").unresolved) == (None, None)
    drill.tick(2)
    assert drill.order("s000-r1").unresolved is None


# Refused logins


def test_a_refused_login_stops_its_credential_everywhere_at_once(drill: Any, build: Any) -> None:
    drill.begun(build.singles(3), strategy=STRATEGY.model_copy(update={"canary": 3, "max_in_flight": 2}))
    first, second = drill.orders()
    fact = drill.tell(drill.report(first, "credential"))
    assert (fact.wire, fact.credential, fact.device) == ("CredentialStopped", "tacacs", "s000-r1")
    drill.raise_own_halts()
    assert [halt.reason for halt in drill.state.authority.halts.values()] == ["s000-r1 refused the login"]
    drill.carry_out(first, "failed")
    drill.carry_out(second)
    assert not drill.orders(), "the third is not tried with it"
    drill.lift("olga")
    assert [order.device for order in drill.orders()] == ["s002-r1"]


@pytest.mark.parametrize("raised", [False, True], ids=["still being raised", "in control"])
def test_fifty_refusals_of_a_credential_are_one_thing_to_mend(raised: bool, drill: Any, build: Any) -> None:
    drill.begun(build.singles(2), strategy=STRATEGY.model_copy(update={"canary": 2}))
    first, second = drill.orders()
    halt = drill.tell(drill.report(first, "credential")).halt
    if raised:
        drill.raise_own_halts()
    fact = drill.tell(drill.report(second, "credential"))
    assert fact.reason == f"s001-r1 refused credential tacacs, which {halt} stops already"


def test_another_credential_is_another_thing(drill: Any, build: Any) -> None:
    drill.begun(build.singles(1), strategy=STRATEGY)
    order = drill.order("s000-r1")
    drill.tell(drill.report(order, "credential"))
    other = drill.report(order, "credential").model_copy(update={"credential": "jump-login"})
    assert drill.tell(other).wire == "CredentialStopped"
    assert len(drill.state.own_halts) == 2


def test_a_halt_on_everything_is_no_stop_of_the_credential(drill: Any, build: Any) -> None:
    """It would go when that halt is lifted, and nobody would have mended the credential."""
    drill.begun(build.singles(1), strategy=STRATEGY)
    order = drill.order("s000-r1")
    drill.halt("olga", "all")
    assert drill.tell(drill.report(order, "credential")).wire == "CredentialStopped"


def test_once_lifted_it_is_stopped_anew(drill: Any, build: Any) -> None:
    drill.begun(build.singles(1), strategy=STRATEGY)
    order = drill.order("s000-r1")
    first = drill.tell(drill.report(order, "credential")).halt
    drill.raise_own_halts()
    drill.lift("olga")
    assert drill.tell(drill.report(order, "credential")).halt != first
