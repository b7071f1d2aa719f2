"""Rollouts through the real coordinator and workers, on devices in memory: the whole of it, in one process."""

from typing import Any

import pytest

from automation.platforms.contract import SessionLostError
from automation.rollout.commands import rollout_id
from events import commands, facts
from events.control import HaltLifted, HaltRaised, Role, Subject

ADDED = "ntp server 10.0.0.2"


def has(device: Any, line: str = ADDED) -> bool:
    return device.running.get(line) is not None and device.startup.get(line) is not None


def commits(device: Any) -> int:
    return sum(step.startswith("commit ") for step in device.journal)


def test_a_change_goes_to_every_device_once(make_world: Any) -> None:
    # Given an installation with a coordinator and a worker
    world = make_world(sites=4)
    world.coordinator()
    world.worker()
    # When a change is submitted, requested and approved
    rollout = world.request(world.submit())
    world.approve(rollout)
    # Then every device has it, saved, and was committed to once
    done = world.await_state(rollout, "completed", "halted")
    assert done.state == "completed"
    assert world.counts(rollout) == {"verified": 8}
    assert all(has(device) and commits(device) == 1 for device in world.devices.values())


def test_planning_writes_to_no_device(make_world: Any) -> None:
    world = make_world(sites=2)
    world.coordinator()
    world.worker()
    world.await_state(world.request(world.submit()), "awaiting_approval")
    steps = {step for device in world.devices.values() for step in device.journal}
    assert steps == {"connect", "read running", "read startup"}


def test_devices_that_have_it_already_are_unchanged(make_world: Any) -> None:
    world = make_world(sites=2)
    world.coordinator()
    world.worker()
    for name in ("store-001-sw1", "store-001-sw2"):
        world.devices[name].edit(ADDED)
        world.devices[name].save()
    rollout = world.request(world.submit())
    world.approve(rollout)
    world.await_state(rollout, "completed")
    assert world.counts(rollout) == {"unchanged": 2, "verified": 2}


def test_a_device_that_is_down_is_left_out_of_the_plan_and_holds_up_nobody(make_world: Any) -> None:
    world = make_world(sites=2)
    world.coordinator()
    world.worker()
    world.devices["store-002-sw1"].deaf = True
    rollout = world.request(world.submit())
    world.approve(rollout)
    world.await_state(rollout, "completed")
    assert world.counts(rollout) == {"failed": 1, "verified": 3}
    assert world.device(rollout, "store-002-sw1").reason.cause == "unreachable"


def test_a_device_that_is_hurt_stops_the_rollout_until_somebody_decides(make_world: Any) -> None:
    # Given a change whose check fails on one device
    world = make_world(sites=4)
    world.coordinator()
    world.worker()
    checked = "checks: [{name: the name is right, command: show hostname, lacks: store-003-sw1}]\n"
    rollout = world.request(world.submit(_change() + checked))
    # When it is rolled out
    world.approve(rollout)
    halted = world.await_state(rollout, "halted", "completed")
    # Then that device is as it was, the rollout waits, and what it waits for is said
    assert halted.state == "halted"
    assert world.device(rollout, "store-003-sw1").state == "reverted"
    assert not has(world.devices["store-003-sw1"])
    resumed = world.operator.ask(commands.ResumeRollout(rollout=rollout))
    assert resumed.refusal.code == "still-halted"
    # When operations lifts the halt, skips the device and resumes
    for halt in world.state().authority.halts:
        world.operator.client.control(HaltLifted(halt=halt))
    assert world.operator.ask(commands.ResumeRollout(rollout=rollout)).refusal.code == "unhealthy"
    world.operator.ask(commands.SkipDevices(rollout=rollout, devices=("store-003-sw1",), reason="looked at it"))
    assert world.operator.ask(commands.ResumeRollout(rollout=rollout)).refusal is None
    # Then the others get it
    world.await_state(rollout, "completed")
    assert world.counts(rollout) == {"skipped": 1, "verified": 7}


def test_everything_can_be_rolled_back(make_world: Any) -> None:
    world = make_world(sites=3)
    before = {name: device.running for name, device in world.devices.items()}
    world.coordinator()
    world.worker()
    rollout = world.request(world.submit())
    world.approve(rollout)
    world.await_state(rollout, "completed")
    world.operator.ask(commands.RollBack(rollout=rollout, reason="not after all"))
    world.await_state(rollout, "rolled_back", "rollback_failed")
    assert world.counts(rollout) == {"rolled_back": 6}
    for name, device in world.devices.items():
        assert set(device.running.texts()) == set(before[name].texts()), name
        assert device.startup == device.running


def test_a_roll_back_never_overwrites_what_somebody_did_since(make_world: Any) -> None:
    world = make_world(sites=1)
    world.coordinator()
    world.worker()
    template = "interface Vlan10\n description renamed\n"
    rollout = world.request(world.submit(template=template))
    world.approve(rollout)
    world.await_state(rollout, "completed")
    world.devices["store-001-sw1"].edit("interface Vlan10\n mtu 9000\n")
    world.operator.ask(commands.RollBack(rollout=rollout, reason="not after all"))
    world.await_state(rollout, "rollback_failed")
    assert world.counts(rollout) == {"rolled_back": 1, "rollback_failed": 1}
    assert world.device(rollout, "store-001-sw1").reason.cause == "later-change"
    assert "mtu 9000" in list(world.devices["store-001-sw1"].running.texts())


def test_the_author_cannot_approve(make_world: Any) -> None:
    world = make_world(sites=1)
    world.coordinator()
    world.worker()
    both = world.person("ben", Role.ENGINEER, Role.OPERATOR, areas=("network-ops",))
    change = world.submit()
    request = both.ask(commands.RequestRollout(change=change))
    answer = world.approve(rollout_id(request.command), by=both)
    assert answer.refusal.code == "own-change"


@pytest.mark.parametrize("moment", ["committed", "confirm", "save"])
def test_a_session_that_dies_is_found_out_by_reading_back(make_world: Any, moment: str) -> None:
    # Given a device whose session dies once, at this moment
    world = make_world(sites=1)
    world.coordinator()
    world.worker()
    device = world.devices["store-001-sw1"]
    died: list[str] = []

    def die(step: str) -> None:
        if step.split(maxsplit=1)[0] == moment and not died:
            died.append(step)
            raise SessionLostError("the line went dead")

    device.before = die
    # When a change is pushed
    rollout = world.request(world.submit())
    world.approve(rollout)
    world.await_state(rollout, "completed", "halted")
    # Then the device has it, once, and the log says so
    assert died
    assert world.counts(rollout) == {"verified": 2}
    assert has(device)
    assert commits(device) == 1


def test_an_error_that_nobody_expected_is_found_out_by_reading_back(make_world: Any) -> None:
    world = make_world(sites=1)
    world.coordinator()
    world.worker()
    died: list[str] = []

    def die(step: str) -> None:
        if step.startswith("committed") and not died:
            died.append(step)
            raise KeyError("a bug of ours")

    world.devices["store-001-sw1"].before = die
    rollout = world.request(world.submit())
    world.approve(rollout)
    world.await_state(rollout, "completed", "halted")
    assert died
    world.until(lambda: "unknown" not in world.counts(rollout))
    # Its own timer had undone it by the time it was looked at again.
    assert world.device(rollout, "store-001-sw1").state == "reverted"
    assert not has(world.devices["store-001-sw1"])


def test_what_somebody_changed_since_the_plan_is_not_pushed_over(make_world: Any) -> None:
    world = make_world(sites=1)
    world.coordinator()
    world.worker()
    rollout = world.request(world.submit(template="interface Vlan10\n description renamed\n"))
    world.await_state(rollout, "awaiting_approval")
    world.devices["store-001-sw1"].edit("interface Vlan10\n mtu 9000\n")
    world.devices["store-001-sw1"].save()
    world.approve(rollout)
    world.await_state(rollout, "completed", "halted")
    assert world.counts(rollout) == {"drifted": 1, "verified": 1}


def test_every_fact_names_who_and_why(make_world: Any) -> None:
    world = make_world(sites=1)
    world.coordinator()
    world.worker()
    rollout = world.request(world.submit())
    world.approve(rollout)
    world.await_state(rollout, "completed")
    by = {type(record.fact): record.by for record in world.facts()}
    assert by[facts.RolloutProposed] == "ann"
    assert by[facts.PlanApproved] == "olga"
    assert by[facts.DeviceVerified] == "worker-1"
    assert by[facts.RolloutCompleted] == "coordinator"


def test_a_halt_stops_new_work_although_no_coordinator_is_alive(make_world: Any) -> None:
    # Given a rollout whose first device waits in the middle of its push, and a coordinator that has stopped
    world = make_world(sites=4)
    coordinator = world.coordinator()
    worker = world.worker()
    rollout = world.request(world.submit())
    reached, release = world.gate("store-001-sw1", "stage")
    world.approve(rollout)
    reached.wait(20)
    coordinator.stop()
    # When somebody halts
    world.operator.client.control(HaltRaised(subjects=(Subject(kind="rollout", name=rollout),), reason="wait"))
    release.set()
    # Then the push is given back before its write
    world.until(lambda: worker.in_flight == 0)
    assert not any(commits(device) for device in world.devices.values())
    # And when a coordinator is back, the rollout is halted
    world.coordinator("coordinator-2")
    world.await_state(rollout, "halted")


def test_a_successor_goes_on_where_a_coordinator_stopped(make_world: Any) -> None:
    world = make_world(sites=4)
    first = world.coordinator("coordinator-1")
    world.worker()
    rollout = world.request(world.submit())
    reached, release = world.gate("store-002-sw1", "stage")
    world.approve(rollout)
    reached.wait(20)
    world.coordinator("coordinator-2")
    first.stop()
    release.set()
    world.await_state(rollout, "completed")
    assert world.counts(rollout) == {"verified": 8}
    assert all(commits(device) == 1 for device in world.devices.values())
    assert [record.seq for record in world.facts()] == list(range(len(world.facts())))


def test_orders_of_a_worker_that_is_stopped_are_done_by_another(make_world: Any) -> None:
    world = make_world(sites=6)
    world.coordinator()
    first = world.worker("worker-1", capacity=2)
    rollout = world.request(world.submit())
    reached, release = world.gate("store-002-sw1", "stage")
    world.approve(rollout)
    reached.wait(20)
    first.stop()
    release.set()
    world.worker("worker-2")
    world.await_state(rollout, "completed")
    assert world.counts(rollout) == {"verified": 12}
    assert all(commits(device) == 1 for device in world.devices.values())


def _change() -> str:
    return """
title: Another NTP server
ticket: NET-1
team: netauto
select: platform=eos
config: {eos: ntp.j2}
checks_within: 1s
strategy: {canary: 1, waves: [50%], max_in_flight: 20, max_unhealthy: 20, halt_at: 1, bake: 0s}
approvals: [{area: network-ops, count: 1}]
"""
