"""Rollouts through the real coordinator and workers, on devices in memory: the whole of it, in one process."""

from typing import Any


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
    assert world.counts(rollout) == {"verified": 8}
    assert done.state == "completed"
    for device in world.devices.values():
        assert device.startup.get("ntp server 10.0.0.2")
        assert len([step for step in device.journal if step.startswith("commit ")]) == 1
