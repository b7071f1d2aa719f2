"""Halts and SIGTERM in the middle of a wave: nothing new starts, and what is in flight settles."""

import signal
from itertools import count
from typing import Any

import pytest

from lab.journal import Event

pytestmark = pytest.mark.timeout(300)

DEVICES = 8
#: How many are pushed to at a time, so that a wave has a middle.
AT_ONCE = 2
_servers = count(10)


@pytest.fixture(scope="module")
def company(found_company: Any, enrolled: Any) -> Any:
    """Four sites with a router and a switch each; every part runs as a process of its own."""
    made = found_company(4, DEVICES)
    for part in ("coordinator", "projector", "worker"):
        made.start("run", part)
    enrolled(made)
    return made


@pytest.fixture(scope="module")
def oracle(company: Any, oracle_of: Any) -> Any:
    return oracle_of(company)


@pytest.fixture
def middle(company: Any, until: Any) -> str:
    """A rollout in the middle of its one wave behind the canary, with devices in the confirm window."""
    number = next(_servers)
    strategy = f"{{max_in_flight: {AT_ONCE}, waves: ['100%']}}"
    line = f"ntp server 192.0.2.{number}"
    change = company.change(f"stopped-{number}", line=f"{line}\n", checks_hold="2s", strategy=strategy)
    rollout = company.approved(change)
    until(lambda: len(company.running(line)) >= DEVICES - 3, "the middle of the wave")
    return str(rollout)


def pending(company: Any) -> set[str]:
    """Devices on which a timer runs."""
    ends = (Event.CONFIRMED, Event.REVERTED)
    return {
        device
        for device in company.devices
        if len(company.noted(Event.TIMER_ARMED, device)) > sum(len(company.noted(end, device)) for end in ends)
    }


def told(company: Any, rollout: str, kind: str) -> set[str]:
    """The devices of which there is a fact of this kind."""
    return {fact["data"]["device"] for fact in company.facts(rollout) if fact["type"] == kind}


def test_a_halt_lets_what_is_in_flight_settle_and_starts_nothing(company: Any, oracle: Any, middle: str) -> None:
    # When operations halts it
    before = len(company.noted(Event.TIMER_ARMED))
    company("rollout", "halt", middle, "-r", "tills are down", by="olga")
    # Then what was in flight is verified, for it is well, and the others were not begun
    counts = company.reaches(middle, "halted")["rollout"]["counts"]
    assert set(counts) == {"verified", "planned"}
    assert sum(counts.values()) == DEVICES
    # What had passed the point of no return while the halt was on its way is in flight as well.
    assert len(company.noted(Event.TIMER_ARMED)) - before <= AT_ONCE
    assert not pending(company)
    oracle.reconcile()
    # And goes on once it is lifted
    company("rollout", "resume", middle, "--yes", by="olga")
    assert company.reaches(middle, "completed")["rollout"]["counts"] == {"verified": DEVICES}
    oracle.reconcile()


def test_a_halt_that_reverts_undoes_what_was_in_flight(company: Any, oracle: Any, until: Any, middle: str) -> None:
    # When operations halts it, and wants back what is in flight
    company("rollout", "halt", middle, "-r", "tills are down", "--revert", "--yes", by="olga")
    # Then that is undone as well, and what was verified before is not
    until(lambda: any(fact["type"] == "PartRolledBack" for fact in company.facts(middle)), "the undo of a part")
    counts = company.reaches(middle, "halted")["rollout"]["counts"]
    assert set(counts) == {"verified", "rolled_back", "planned"}
    assert 0 < counts["rolled_back"] <= AT_ONCE
    assert sum(counts.values()) == DEVICES
    oracle.reconcile()
    # And all of it can be undone from there
    company("rollout", "lift", company("rollout", "halts", "--json").lines[0]["halt"], by="olga")
    company("rollout", "rollback", middle, "-r", "not today", "--yes", by="olga")
    company.reaches(middle, "rolled_back")
    oracle.reconcile()


def test_a_worker_that_is_told_to_end_settles_what_is_in_flight(
    company: Any, oracle: Any, until: Any, middle: str
) -> None:
    # Given devices in the confirm window
    worker = next(each for each in company.processes if each.ready["kinds"] == ["worker"])
    # When the worker is told to end
    assert worker.end() == 0
    # Then it leaves no timer and no session behind, and said how each of its pushes ended
    assert not pending(company)
    assert [status.sessions for status in company.lab.devices()] == [0] * DEVICES
    assert worker.logged()[-1]["event"] == "settling"
    until(lambda: told(company, middle, "DeviceVerified") == told(company, middle, "DeviceStaged"), "all outcomes")
    assert len(told(company, middle, "DeviceVerified")) < DEVICES
    # And the next one goes on where it stopped
    company.start("run", "worker")
    assert company.reaches(middle, "completed")["rollout"]["counts"] == {"verified": DEVICES}
    oracle.reconcile()


def test_a_halt_needs_no_coordinator(company: Any, oracle: Any, until: Any) -> None:
    # Given orders that are released, while nobody works; and then nobody decides either
    running = {each.ready["kinds"][0]: each for each in company.processes}
    line = f"ntp server 192.0.2.{next(_servers)}"
    rollout = company.planned(company.change("alone", line=f"{line}\n"))
    assert running["worker"].end() == 0
    company("rollout", "approve", rollout, "--yes", by="olga")
    until(lambda: [each for each in company.facts(rollout) if each["data"].get("work") == "PushDevice"], "the orders")
    assert running["coordinator"].end(signal.SIGKILL) == -signal.SIGKILL
    # When operations halts it, and a worker comes by
    company("rollout", "halt", rollout, "-r", "tills are down", by="olga")
    worker = company.start("run", "worker")
    # Then it gives the orders back, and no device was written to
    until(lambda: 'outcome="OrderReturned",work="PushDevice"' in worker.metrics(), "the orders being given back")
    assert not company.running(line)
    # And whoever decides next has read the same
    company.start("run", "coordinator")
    company.reaches(rollout, "halted")
    company("rollout", "resume", rollout, "--yes", by="olga")
    assert company.reaches(rollout, "completed")["rollout"]["counts"] == {"verified": DEVICES}
    oracle.reconcile()
