"""Processes killed with -9 in the middle of pushes, on the embedded log and on a real broker.

Whoever comes after them finishes: every target is accounted for, and by the devices' own journals none was written to
twice.
"""

import signal
import uuid
from collections import Counter
from itertools import count
from typing import Any

import pytest

from lab.journal import Event

pytestmark = pytest.mark.timeout(300)

DEVICES = 8
#: Each rollout sets another server, so that one company serves all tests.
_servers = count(10)


@pytest.fixture(scope="module", params=["sqlite", pytest.param("kafka", marks=pytest.mark.kafka)])
def company(request: pytest.FixtureRequest, found_company: Any, enrolled: Any) -> Any:
    """Four sites with a router and a switch each; every part runs as a process of its own."""
    options: tuple[str, ...] = ()
    if request.param == "kafka":
        where = ("--kafka-bootstrap", request.getfixturevalue("bootstrap"), "--replicas", "1")
        options = ("--log", "kafka", "--kafka-prefix", f"e2e-{uuid.uuid4().hex[:10]}-", *where)
    # Six seconds are what a Kafka takes that nobody has set up for short sessions.
    made = found_company(4, DEVICES, *options, settings={"session_s": 6.0 if request.param == "kafka" else 2.0})
    for part in ("coordinator", "worker", "projector"):
        made.start("run", part)
    enrolled(made)
    return made


@pytest.fixture(scope="module")
def oracle(company: Any, oracle_of: Any) -> Any:
    return oracle_of(company)


def begun(company: Any) -> str:
    """A rollout over all devices that was approved, and waits in the confirm window of each for a while."""
    line = f"ntp server 192.0.2.{next(_servers)}\n"
    # What a kill made of a device is to be seen, not to stop the others.
    change = company.change(
        f"killed-{uuid.uuid4().hex[:6]}", line=line, checks_hold="1s", strategy="{halt_at: 9, waves: ['100%']}"
    )
    return str(company.approved(change))


def running(company: Any, part: str) -> Any:
    """The process of this part that was started last."""
    return [each for each in company.processes if each.ready["kinds"] == [part]][-1]


@pytest.mark.parametrize(
    ("event", "number"),
    [
        pytest.param(Event.TIMER_ARMED, 4, id="the fourth commit"),
        pytest.param(Event.CONFIRMED, 3, id="the third confirmation"),
        pytest.param(Event.SAVED, 4, id="the fourth save"),
    ],
)
def test_a_worker_is_killed_and_another_one_finishes(
    company: Any, oracle: Any, until: Any, event: Event, number: int
) -> None:
    # Given a worker in the middle of its pushes
    before, confirmed_before = len(company.noted(event)), len(company.noted(Event.CONFIRMED))
    rollout = begun(company)
    until(lambda: len(company.noted(event)) >= before + number, f"entry {number} of {event.value}")
    # When it is killed, and another one is started
    assert running(company, "worker").end(signal.SIGKILL) == -signal.SIGKILL
    confirmed = len(company.noted(Event.CONFIRMED)) - confirmed_before
    assert confirmed < DEVICES
    company.start("run", "worker")
    # Then the rollout goes on to its end, with each device verified or seen to be back
    counts = Counter(company.reaches(rollout, "completed")["rollout"]["counts"])
    assert counts["verified"] + counts["reverted"] == DEVICES
    assert counts["verified"] >= confirmed
    # And what was in flight was neither written to twice nor forgotten
    oracle.reconcile()


def test_a_coordinator_is_killed_and_its_successor_finishes(company: Any, oracle: Any, until: Any) -> None:
    # Given a rollout in the middle of a wave, and a coordinator that stands by
    active, standby = running(company, "coordinator"), company.start("run", "coordinator")
    before = len(company.noted(Event.TIMER_ARMED))
    rollout = begun(company)
    until(lambda: len(company.noted(Event.TIMER_ARMED)) >= before + 4, "the fourth commit")
    # When the one that decides is killed
    assert active.end(signal.SIGKILL) == -signal.SIGKILL
    # Then the other one takes over what was decided, and what was observed meanwhile
    assert company.reaches(rollout, "completed")["rollout"]["counts"] == {"verified": DEVICES}
    oracle.reconcile()
    until(lambda: "wavegate_coordinator_active 1.0" in standby.metrics(), "the successor's reign")
