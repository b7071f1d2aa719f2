"""Processes killed with -9 in the middle of pushes, on the embedded log and on a real broker.

Whoever comes after them finishes: every target is accounted for, and by the devices' own journals none was written to
twice.
"""

import signal
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

import pytest

from lab.journal import Event

pytestmark = [pytest.mark.timeout(300), pytest.mark.real_time]

DEVICES = 8
#: What a minute of a device's timer lasts. An IOS timer that nobody can be sure of is waited out, which takes one.
MINUTE_S = 30.0
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
    settings = {"session_s": 6.0 if request.param == "kafka" else 2.0}
    made = found_company(4, DEVICES, *options, settings=settings, minute=MINUTE_S)
    for part in ("coordinator", "worker", "projector"):
        made.start("run", part)
    enrolled(made)
    return made


@pytest.fixture(scope="module")
def oracle(company: Any, oracle_of: Any) -> Any:
    return oracle_of(company)


def begun(company: Any) -> tuple[str, str]:
    """A rollout over all devices that was approved, and waits in the confirm window of each for a while; its line."""
    line = f"ntp server 192.0.2.{next(_servers)}"
    # What a kill made of a device is to be seen, not to stop the others.
    strategy = "{halt_at: 9, waves: ['100%']}"
    change = company.change(f"killed-{uuid.uuid4().hex[:6]}", line=f"{line}\n", checks_hold="1s", strategy=strategy)
    return str(company.approved(change)), line


def process(company: Any, part: str) -> Any:
    """The process of this part that was started last."""
    return [each for each in company.processes if each.ready["kinds"] == [part]][-1]


@pytest.mark.parametrize(
    ("number", "moment"),
    [
        # On IOS nothing is entered yet then.
        pytest.param(3, lambda company, _: company.noted(Event.TIMER_ARMED), id="the third timer"),
        pytest.param(4, lambda company, line: company.running(line), id="the fourth commit"),
        pytest.param(3, lambda company, _: company.noted(Event.CONFIRMED), id="the third confirmation"),
    ],
)
def test_a_worker_is_killed_and_another_one_finishes(
    company: Any, oracle: Any, until: Any, number: int, moment: Callable[[Any, str], Sequence[Any]]
) -> None:
    # Given a worker in the middle of its pushes
    before, confirmed_before = len(moment(company, "")), len(company.noted(Event.CONFIRMED))
    rollout, line = begun(company)
    until(lambda: len(moment(company, line)) >= before + number, "the moment")
    # When it is killed, and another one is started
    assert process(company, "worker").end(signal.SIGKILL) == -signal.SIGKILL
    confirmed = len(company.noted(Event.CONFIRMED)) - confirmed_before
    assert confirmed < DEVICES
    company.start("run", "worker")
    # Then the rollout goes on to its end, with each device verified or seen to be back
    counts = Counter(company.reaches(rollout, "completed")["rollout"]["counts"])
    assert counts["verified"] + counts["reverted"] == DEVICES
    assert counts["verified"] == len(company.running(line)) >= confirmed
    # And what was in flight was neither written to twice nor forgotten
    oracle.reconcile()


def test_a_coordinator_is_killed_and_its_successor_finishes(company: Any, oracle: Any, until: Any) -> None:
    # Given a rollout in the middle of a wave, and a coordinator that stands by
    active, standby = process(company, "coordinator"), company.start("run", "coordinator")
    rollout, line = begun(company)
    until(lambda: len(company.running(line)) >= 4, "the fourth commit")
    # When the one that decides is killed
    assert active.end(signal.SIGKILL) == -signal.SIGKILL
    # Then the other one takes over what was decided, and what was observed meanwhile
    assert company.reaches(rollout, "completed")["rollout"]["counts"] == {"verified": DEVICES}
    oracle.reconcile()
    until(lambda: "wavegate_coordinator_active 1.0" in standby.metrics(), "the successor's reign")
