"""How fast a rollout goes: canary, waves, bakes, caps, and what brings it to a stop."""

from typing import Any

import pytest

from events import commands, facts
from events.facts import Strategy


def pushed(drill: Any) -> list[str]:
    """The devices that have an order now."""
    return sorted(order.device for order in drill.orders())


# Waves and bakes


def test_the_canary_goes_first_and_alone(drill: Any, build: Any) -> None:
    drill.begun(build.singles(6), strategy=Strategy(canary=2, waves=(2,), bake_s=60))
    assert (drill.rollout.wave, pushed(drill)) == (0, ["s000-r1", "s001-r1"])


def test_a_wave_begins_once_the_one_before_has_baked(drill: Any, build: Any) -> None:
    drill.begun(build.singles(5), strategy=Strategy(canary=1, waves=(2,), bake_s=60))
    for wave, devices in enumerate((["s000-r1"], ["s001-r1", "s002-r1"], ["s003-r1", "s004-r1"])):
        assert (drill.standing, drill.rollout.wave, pushed(drill)) == ("running", wave, devices)
        drill.work()
        assert (drill.standing, drill.rollout.wave, pushed(drill)) == ("baking", wave, [])
        drill.tick(59)
        assert (drill.standing, pushed(drill)) == ("baking", [])
        drill.tick(1)
    assert (drill.standing, drill.counts) == ("completed", {"verified": 5})


def test_the_clock_of_a_bake_starts_with_the_waves_last_device(drill: Any, build: Any) -> None:
    drill.begun(build.singles(3), strategy=Strategy(canary=2, bake_s=60))
    drill.carry_out(drill.order("s000-r1"))
    drill.tick(3_600)
    assert (drill.standing, drill.rollout.bake_until) == ("running", None)
    drill.carry_out(drill.order("s001-r1"))
    assert (drill.rollout.bake_until - drill.now).total_seconds() == 60


def test_without_a_bake_the_next_wave_follows_at_once(drill: Any, build: Any) -> None:
    drill.begun(build.singles(3), strategy=Strategy(canary=1, waves=(1,), bake_s=0))
    drill.work()
    assert (drill.standing, drill.counts) == ("completed", {"verified": 3})


def test_a_wave_of_devices_that_were_skipped_is_done(drill: Any, build: Any) -> None:
    drill.begun(build.singles(3), strategy=Strategy(canary=1, waves=(1,), bake_s=60))
    drill.ask("olga", commands.SkipDevices(rollout=drill.rid, devices=("s001-r1",), reason="x"))
    drill.work()
    drill.tick(60)
    assert (drill.standing, drill.rollout.wave) == ("baking", 1)
    drill.tick(60)
    assert pushed(drill) == ["s002-r1"]


# What ends well without a change, or without harm: it is counted, and nobody stops for it.
HARMLESS = {"already": "unchanged", "refused": "refused", "drifted": "drifted"}


@pytest.mark.parametrize(("how", "state"), HARMLESS.items())
def test_a_device_on_which_nothing_was_written_stops_nothing(how: str, state: str, drill: Any, build: Any) -> None:
    drill.begun(build.singles(2), strategy=Strategy(canary=1, bake_s=0, halt_at=1))
    drill.work(s000_r1=how)
    assert (drill.standing, drill.counts) == ("completed", {state: 1, "verified": 1})
    assert drill.rollout.unhealthy == 0


# Caps


@pytest.mark.parametrize("cap", [1, 2, 5, 6, 50])
def test_no_more_are_in_flight_than_the_change_allows(cap: int, drill: Any, build: Any) -> None:
    drill.begun(build.singles(6), strategy=Strategy(canary=6, max_in_flight=cap, bake_s=0))
    seen = 0
    while drill.orders():
        seen = max(seen, drill.rollout.in_flight)
        drill.carry_out(drill.orders()[0])
    assert seen == min(cap, 6)
    assert drill.counts == {"verified": 6}


def test_a_slot_that_is_free_is_taken_at_once(drill: Any, build: Any) -> None:
    drill.begun(build.singles(4), strategy=Strategy(canary=4, max_in_flight=2))
    assert pushed(drill) == ["s000-r1", "s001-r1"]
    drill.carry_out(drill.order("s001-r1"))
    assert pushed(drill) == ["s000-r1", "s002-r1"]


def test_what_is_in_flight_may_still_fail_and_counts_as_if_it_had(drill: Any, build: Any) -> None:
    # Given room for three that are unhealthy, and a halt at three
    strategy = Strategy(canary=6, max_in_flight=6, max_unhealthy=3, halt_at=3)
    drill.begun(build.singles(6), strategy=strategy)
    assert len(drill.orders()) == 3
    # When one fails, only two are in flight
    drill.carry_out(drill.orders()[0], "failed")
    assert (drill.rollout.unhealthy, len(drill.orders()), drill.standing) == (1, 2, "running")
    # When one goes well, another takes its place
    drill.carry_out(drill.orders()[0])
    assert len(drill.orders()) == 2
    # And at no time are there more than three
    drill.work_as(lambda _: "failed")
    assert drill.counts == {"failed": 3, "verified": 1, "planned": 2}
    assert drill.standing == "halted"


@pytest.mark.parametrize(("halt_at", "failures"), [(1, 1), (2, 2), (3, 3), (9, 4)])
def test_it_halts_at_so_many_and_at_the_latest_when_no_room_is_left(
    halt_at: int, failures: int, drill: Any, build: Any
) -> None:
    strategy = Strategy(canary=8, max_in_flight=1, max_unhealthy=4, halt_at=halt_at)
    drill.begun(build.singles(8), strategy=strategy)
    for count in range(1, failures + 1):
        assert drill.standing == "running"
        drill.carry_out(drill.orders()[0], "reverted")
        assert drill.rollout.unhealthy == count
    assert (drill.standing, drill.counts["planned"]) == ("halted", 8 - failures)


# Halting by itself


def test_what_hurts_is_named_in_the_halt(drill: Any, build: Any) -> None:
    drill.begun(build.singles(12), strategy=Strategy(canary=12, max_in_flight=12, max_unhealthy=12, halt_at=10))
    for order in drill.orders()[:10]:
        drill.carry_out(order, "failed")
    halting = next(record.fact for record in drill.records if isinstance(record.fact, facts.RolloutHalting))
    assert halting.halt.startswith(f"auto.{drill.rid}.")
    assert halting.reason.startswith("10 unhealthy, the change stops at 10: s000-r1, s001-r1")
    assert halting.reason.endswith("s007-r1 and 2 more")


def test_a_halt_waits_for_what_is_in_flight(drill: Any, build: Any) -> None:
    drill.begun(build.singles(4), strategy=Strategy(canary=3, max_in_flight=3, max_unhealthy=9, halt_at=1))
    drill.carry_out(drill.order("s000-r1"), "reverted")
    assert (drill.standing, pushed(drill)) == ("halting", ["s001-r1", "s002-r1"])
    drill.carry_out(drill.order("s001-r1"))
    assert drill.standing == "halting"
    drill.carry_out(drill.order("s002-r1"), "failed")
    assert (drill.standing, drill.counts) == ("halted", {"reverted": 1, "verified": 1, "failed": 1, "planned": 1})


def test_a_bake_that_hurts_halts_too(drill: Any, build: Any) -> None:
    """A device that was unknown to the end of its wave is not seen in a bake; one that is retried from there is."""
    drill.begun(build.singles(2), strategy=Strategy(canary=1, bake_s=600, max_unhealthy=2, halt_at=2))
    drill.work(s000_r1="failed")
    assert drill.standing == "baking"
    drill.ask("olga", commands.RetryDevices(rollout=drill.rid))
    assert (drill.standing, pushed(drill)) == ("running", ["s000-r1"])
    drill.work()
    assert (drill.standing, drill.counts["verified"]) == ("baking", 1)


def test_after_a_halt_it_goes_on_where_it_was(drill: Any, build: Any) -> None:
    drill.begun(build.singles(4), strategy=Strategy(canary=2, waves=(2,), max_in_flight=1, bake_s=0))
    drill.carry_out(drill.order("s000-r1"), "reverted")
    drill.raise_own_halts()
    drill.lift("olga")
    drill.ask("olga", commands.SkipDevices(rollout=drill.rid, devices=("s000-r1",), reason="x"))
    drill.ask("olga", commands.ResumeRollout(rollout=drill.rid))
    assert (drill.standing, drill.rollout.halts, pushed(drill)) == ("running", (), ["s001-r1"])
    drill.work()
    assert (drill.standing, drill.counts) == ("completed", {"skipped": 1, "verified": 3})


# Halts that stop a part of it

PARTS = {
    "a site": ("site:s001", ["s000-r1", "s002-r1"]),
    "a device": ("device:s001-r1", ["s000-r1", "s002-r1"]),
    "another rollout": ("rollout:r-other", ["s000-r1", "s001-r1", "s002-r1"]),
    "the credential": ("credential:tacacs", []),
    "another credential": ("credential:other", ["s000-r1", "s001-r1", "s002-r1"]),
}


@pytest.mark.parametrize(("subject", "released"), PARTS.values(), ids=PARTS)
def test_nothing_starts_on_what_is_halted(subject: str, released: list[str], drill: Any, build: Any) -> None:
    drill.submit()
    drill.request(build.singles(3), strategy=Strategy(canary=3))
    drill.work()
    halt = drill.halt("olga", subject)
    drill.approve()
    assert pushed(drill) == released
    assert drill.standing == "running"
    drill.lift("olga", halt)
    assert pushed(drill) == ["s000-r1", "s001-r1", "s002-r1"]


def test_a_wave_is_not_done_while_a_device_of_it_is_halted(drill: Any, build: Any) -> None:
    drill.submit()
    drill.request(build.singles(3), strategy=Strategy(canary=2, bake_s=0))
    drill.work()
    halt = drill.halt("olga", "site:s001")
    drill.approve()
    drill.work()
    drill.tick(3_600)
    assert (drill.standing, drill.rollout.wave) == ("running", 0)
    drill.lift("olga", halt)
    drill.work()
    assert drill.standing == "completed"


def test_an_order_says_how_far_control_had_been_read(drill: Any, build: Any) -> None:
    drill.begun(build.singles(2), strategy=Strategy(canary=1, bake_s=0))
    first = drill.order("s000-r1").control
    drill.halt("olga", "site:s999")
    drill.work_as(lambda order: "well" if order.device == "s000-r1" else "")
    assert (first, drill.order("s001-r1").control) == (drill.position - 1, drill.position)


# Orders that are given back


def test_an_order_that_is_given_back_goes_out_again_later_and_later(drill: Any, build: Any) -> None:
    drill.begun(build.singles(1))
    waits = []
    for _ in range(8):
        order = drill.order("s000-r1")
        drill.carry_out(order, "returned")
        assert (drill.device("s000-r1").state, drill.orders()) == ("planned", [])
        waits.append((drill.device("s000-r1").look_again_at - drill.now).total_seconds())
        drill.tick(waits[-1] - 0.5)
        assert not drill.orders()
        drill.tick(0.5)
    assert waits == [2, 4, 8, 16, 32, 60, 60, 60]
    drill.work()
    drill.tick(60)
    assert drill.standing == "completed"


def test_an_order_may_be_given_back_for_ever(drill: Any, build: Any) -> None:
    """What is doubled each time must not outgrow what a time span can hold."""
    drill.begun(build.singles(1))
    for _ in range(70):
        drill.carry_out(drill.order("s000-r1"), "returned")
        drill.tick(60)
    assert drill.device("s000-r1").returns == 70
    assert drill.orders()


def test_a_device_whose_order_is_given_back_makes_room_for_others(drill: Any, build: Any) -> None:
    drill.begun(build.singles(2), strategy=Strategy(canary=2, max_in_flight=1))
    drill.carry_out(drill.order("s000-r1"), "returned")
    assert pushed(drill) == ["s001-r1"]
