"""Orders that change hands although nobody died: workers that join in the middle of pushes, brokers that stall."""

import time
import uuid
from typing import Any

import pytest

from lab.faults import Fault, FaultKind
from lab.journal import Event

pytestmark = [pytest.mark.timeout(300), pytest.mark.slow, pytest.mark.real_time]

ROUTES = [f"ip route 203.0.113.{number * 8} 255.255.255.248 Null0" for number in range(16)]
ALL_AT_ONCE = "{canary: 4, halt_at: 99, waves: ['100%']}"
#: Longer than a lease, and than it may stay open whose an order is: 3 s and 10 s.
STALL_S = 16.0


def ios_devices(company: Any) -> list[str]:
    return [branch.name for branch in company.branches if branch.platform.value == "ios"]


def test_workers_that_join_in_the_middle_of_a_push_leave_no_half_of_it(
    found_company: Any, enrolled: Any, oracle_of: Any, until: Any
) -> None:
    # Given one worker, and devices that take their time over each of many lines
    company = found_company(4, 8)
    for part in ("coordinator", "worker", "projector"):
        company.start("run", part)
    enrolled(company)
    oracle = oracle_of(company)
    change = company.change("routes", line="\n".join(ROUTES) + "\n", select="platform=ios", strategy=ALL_AT_ONCE)
    rollout = company.planned(change)
    devices = ios_devices(company)
    for device in devices:
        company.lab.set_fault(device, Fault(kind=FaultKind.SLOW, match="ip route", seconds=0.3))
    company("rollout", "approve", rollout, "--yes", by="olga")
    until(
        lambda: any(
            len([entry for entry in company.noted(Event.COMMAND, device) if entry.line in ROUTES]) >= 4
            for device in devices
        ),
        "a push in the middle of its lines",
    )
    # When three more come, and the group shares its partitions anew
    for _ in range(3):
        company.start("run", "worker")
    # Then each device has all of it, saved, or none of it, and the log says which
    counts = company.reaches(rollout, "completed")["rollout"]["counts"]
    assert set(counts) <= {"verified", "reverted"}
    assert sum(counts.values()) == len(devices)
    for device in devices:
        has = [route for route in ROUTES if route in company.lab.running(device)]
        assert has in ([], ROUTES), device
    oracle.reconcile()


@pytest.mark.kafka
def test_a_broker_that_stalls_in_the_confirm_window_leaves_no_order_without_an_outcome(
    own_broker: Any, found_company: Any, enrolled: Any, oracle_of: Any, until: Any
) -> None:
    # Given commits that wait for their confirmation
    where = ("--kafka-bootstrap", own_broker.bootstrap, "--kafka-prefix", f"e2e-{uuid.uuid4().hex[:10]}-")
    company = found_company(2, 4, "--log", "kafka", *where, "--replicas", "1", settings={"session_s": 3.0})
    for part in ("coordinator", "worker", "projector"):
        company.start("run", part)
    enrolled(company)
    oracle = oracle_of(company)
    change = company.change("stalled", checks_hold="3s", strategy=ALL_AT_ONCE)
    rollout = company.approved(change)
    until(lambda: len(company.noted(Event.TIMER_ARMED)) == 4, "all commits")
    # When the broker stops answering for longer than anybody may be unsure whose an order is
    with own_broker.frozen():
        time.sleep(STALL_S)
    # Then the worker whose orders these still are finds out about each, and ends it
    counts = company.reaches(rollout, "completed")["rollout"]["counts"]
    assert set(counts) <= {"verified", "reverted"}
    assert sum(counts.values()) == 4
    oracle.reconcile()
