"""Metrics that are a fold of the facts: all that the issue lists, bounded, and the same however they came about."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, disable_created_metrics, generate_latest

from automation.rollout.evolve import evolve
from automation.rollout.state import empty
from automation.rollout.states import RolloutState
from events import commands
from events.codec import decode_fact
from events.control import HaltLifted, HaltRaised, Subject
from events.log.contract import Partition, Topic
from workers.serving.fact_metrics import FactMetrics, _wave

HASH = "sha256:" + "7" * 64


def page(world: Any, *, step: int = 10_000) -> str:
    """What Prometheus is told about a log, refreshed after every so many facts."""
    disable_created_metrics()  # type: ignore[no-untyped-call]
    registry = CollectorRegistry()
    metrics = FactMetrics(registry)
    state = empty(world.name)
    reader = world.log.reader({Partition(Topic.FACTS, 0): 0})
    contents: list[bytes] = []
    while reader.position(Partition(Topic.FACTS, 0)) < reader.end(Partition(Topic.FACTS, 0)):
        contents += [stored.value for stored in reader.poll(timedelta(milliseconds=50))]
    reader.close()
    for number, content in enumerate(contents):
        record, head = decode_fact(content)
        state = evolve(state, record, head)
        metrics.fold(state, record)
        if number % step == 0:
            metrics.refresh()
    metrics.refresh()
    return generate_latest(registry).decode()


def told(world: Any) -> dict[str, float]:
    """The samples, without those that are 0 and those of buckets."""
    pairs = (line.rsplit(" ", 1) for line in page(world).splitlines() if not line.startswith("#"))
    return {name.removeprefix("wavegate_"): float(value) for name, value in pairs if float(value) and "le=" not in name}


@pytest.fixture
def world(make_quick_world: Any) -> Any:
    made = make_quick_world(sites=3)
    made.coordinator()
    made.worker()
    return made


def test_nothing_is_told_of_a_log_without_facts() -> None:
    registry = CollectorRegistry()
    FactMetrics(registry).refresh()
    assert b"wavegate_facts_total 0.0" in generate_latest(registry)


def test_a_rollout_that_waits_for_its_approval(world: Any) -> None:
    world.devices["store-003-sw2"].deaf = True
    world.await_state(world.request(world.submit()), "awaiting_approval")
    found = told(world)
    assert found['rollouts{state="awaiting_approval"}'] == 1
    assert found['approvals_waiting{area="network-ops"}'] == 1
    assert found['rollout_devices{state="planned",wave="canary"}'] == 1
    assert found['rollout_devices{state="failed",wave="none"}'] == 1
    assert found['planning_outcomes_total{outcome="planned",platform="eos"}'] == 5
    assert found['planning_outcomes_total{outcome="failed",platform="eos"}'] == 1
    assert not any(name.startswith("push_outcomes") for name in found)
    assert sum(value for name, value in found.items() if name.startswith("rollout_devices")) == 6
    assert "devices_in_flight" not in found


def test_a_rollout_that_could_be_planned_nowhere_does_not_go_unnoticed(world: Any) -> None:
    # Given devices none of which answers: the rollout has nothing to do, and nobody is unhealthy
    for device in world.devices.values():
        device.deaf = True
    world.await_state(world.request(world.submit()), "completed", "withdrawn")
    # Then it is told how planning ended
    found = told(world)
    assert found['planning_outcomes_total{outcome="failed",platform="eos"}'] == 6
    assert "devices_unhealthy" not in found


def test_what_has_nothing_to_do_at_planning_is_no_push(world: Any) -> None:
    rollout = world.request(world.submit())
    world.approve(rollout)
    world.await_state(rollout, "completed")
    world.await_state(world.request(world.submit()), "completed")
    found = told(world)
    assert found['planning_outcomes_total{outcome="planned",platform="eos"}'] == 6
    assert found['planning_outcomes_total{outcome="unchanged",platform="eos"}'] == 6
    assert 'push_outcomes_total{outcome="unchanged",platform="eos"}' not in found


def test_one_in_the_middle_of_its_canary(world: Any) -> None:
    # Given a push that is held up
    rollout = world.request(world.submit())
    world.await_state(rollout, "awaiting_approval")
    reached, release = world.gate("store-001-sw1", "stage")
    world.approve(rollout)
    assert reached.wait(20)
    world.until(lambda: world.device(rollout, "store-001-sw1").state == "in_progress")
    # Then it is told as in flight, in its wave, and no approval is missing
    found = told(world)
    assert found['rollouts{state="running"}'] == 1
    assert found["devices_in_flight"] == 1
    assert found['rollout_devices{state="in_progress",wave="canary"}'] == 1
    assert not any(name.startswith("approvals_waiting") for name in found)
    release.set()
    # And once it is over, as an outcome with its duration, by platform
    world.await_state(rollout, "completed")
    found = told(world)
    assert found['rollouts{state="completed"}'] == 1
    assert found['push_outcomes_total{outcome="verified",platform="eos"}'] == 6
    assert found['push_duration_seconds_count{outcome="verified",platform="eos"}'] == 6
    assert found['push_duration_seconds_sum{outcome="verified",platform="eos"}'] > 0
    assert "devices_in_flight" not in found
    assert not any(name.startswith("rollout_devices") for name in found)


def test_one_that_hurts_is_told_with_its_halt(world: Any) -> None:
    # Given a rollout whose check fails at a device
    checked = "checks: [{name: the name is right, command: show hostname, lacks: store-002-sw1}]\n"
    change = CHANGE + checked
    rollout = world.request(world.submit(change))
    world.approve(rollout)
    world.await_state(rollout, "halted")
    world.until(lambda: not world.state().own_halts)
    # Then it is told who halted, what stands, and how many ended badly
    found = told(world)
    assert found['rollouts{state="halted"}'] == 1
    assert found["devices_unhealthy"] == 1
    assert found['push_outcomes_total{outcome="reverted",platform="eos"}'] == 1
    assert found['halts_total{by="coordinator"}'] == found["halts_standing"] == 1
    # And that a person's halt is a person's, and gone once it is lifted
    halt = world.operator.client.control(HaltRaised(subjects=(Subject(kind="all"),), reason="look"))
    world.until(lambda: halt in world.state().authority.halts)
    found = told(world)
    assert (found['halts_total{by="person"}'], found["halts_standing"]) == (1, 2)
    world.operator.client.control(HaltLifted(halt=halt))
    world.until(lambda: halt not in world.state().authority.halts)
    found = told(world)
    assert (found['halts_total{by="person"}'], found["halts_standing"]) == (1, 1)


def test_refusals_by_their_code(world: Any) -> None:
    for _ in range(2):
        world.operator.ask(commands.HoldRollout(rollout="r-nobody", reason="x"))
    world.engineer.ask(commands.HoldRollout(rollout="r-nobody", reason="x"))
    world.engineer.ask(commands.RequestRollout(change=HASH))
    found = told(world)
    assert found['commands_refused_total{code="unknown-rollout"}'] == 2
    assert found['commands_refused_total{code="not-allowed"}'] == 1
    assert found['commands_refused_total{code="unknown-change"}'] == 1


def test_how_many_facts_there_are_and_when_the_last_one_was_written(world: Any) -> None:
    world.submit()
    found = told(world)
    assert found["facts_total"] == len(world.facts())
    last = datetime.fromtimestamp(found["last_fact_timestamp_seconds"], UTC)
    assert last == world.facts()[-1].at


def test_what_is_told_does_not_depend_on_how_often_it_was_asked(world: Any) -> None:
    # Given the facts of a rollout that was rolled back
    rollout = world.request(world.submit())
    world.approve(rollout)
    world.await_state(rollout, "completed")
    world.operator.ask(commands.RollBack(rollout=rollout, reason="not after all"))
    world.await_state(rollout, "rolled_back")
    # Then it is the same to the byte, folded in one go or asked for after every fact
    assert page(world, step=1) == page(world)
    assert told(world)['push_outcomes_total{outcome="rolled_back",platform="eos"}'] == 6


def test_every_state_of_a_rollout_has_its_series_from_the_beginning(world: Any) -> None:
    world.submit()
    text = page(world)
    assert all(f'wavegate_rollouts{{state="{state.value}"}} 0.0' in text for state in RolloutState)


@pytest.mark.parametrize(
    ("wave", "label"), [(None, "none"), (0, "canary"), (1, "1"), (10, "10"), (11, "over 10"), (4_000, "over 10")]
)
def test_waves_are_bounded(wave: int | None, label: str) -> None:
    assert _wave(wave) == label


def test_areas_are_bounded_and_none_is_lost(make_quick_world: Any) -> None:
    # Given changes that twenty-five areas have to agree to
    world = make_quick_world(sites=1)
    world.coordinator()
    world.worker()
    for numbers in (range(13), range(13, 25)):
        wanted = ", ".join(f"{{area: area-{number:02d}}}" for number in numbers)
        change = CHANGE.replace("approvals: [{area: network-ops, count: 1}]", f"approvals: [{wanted}]")
        world.await_state(world.request(world.submit(change)), "awaiting_approval")
    # Then twenty are told by name, and the others together
    waiting = {name: value for name, value in told(world).items() if name.startswith("approvals_waiting")}
    assert len(waiting) == 21
    assert waiting['approvals_waiting{area="other"}'] == 5
    assert sum(waiting.values()) == 25


CHANGE = """
title: Another NTP server
ticket: NET-1
team: netauto
select: platform=eos
config: {eos: ntp.j2}
checks_within: 1s
strategy: {canary: 1, waves: [50%], max_in_flight: 20, max_unhealthy: 20, halt_at: 1, bake: 0s}
approvals: [{area: network-ops, count: 1}]
"""
