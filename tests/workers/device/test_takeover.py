"""A worker dies in the middle of a push, at each step of the protocol; another one finds out what it did."""

import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from events import commands
from events.codec import decode_report
from events.control import ApprovalRevoked, HaltRaised, Subject
from events.log.contract import Record, Topic
from events.reports import PushIntended, PushStaged, PushVerified, Report

ADDED = "ntp server 10.0.0.2"
DEVICE = "store-001-sw1"

CHECKED = """
title: Another NTP server
ticket: NET-1
team: netauto
select: platform=eos
config: {eos: ntp.j2}
checks: [{name: no loop, command: show spanning-tree, lacks: mode none}]
checks_within: 2s
strategy: {canary: 1, waves: [50%], max_in_flight: 20, max_unhealthy: 20, halt_at: 1, bake: 0s}
approvals: [{area: network-ops, count: 1}]
"""


class KilledError(BaseException):
    """The end of a worker's thread: no handler of the product catches it, as none catches kill -9."""


@dataclass
class Killer:
    """Ends a worker the moment it comes to something for the ``nth`` time; its thread then does nothing more."""

    nth: int = 1
    dead: list[threading.Thread] = field(default_factory=list)
    died: threading.Event = field(default_factory=threading.Event)
    _seen: int = 0

    def at(self, matches: bool) -> None:
        if threading.current_thread() in self.dead:
            raise KilledError
        if not matches or self.died.is_set():
            return
        self._seen += 1
        if self._seen == self.nth:
            self.dead.append(threading.current_thread())
            self.died.set()
            raise KilledError

    def at_step(self, device: Any, step: str) -> None:
        device.before = lambda name: self.at(name.startswith(step))

    def at_report(self, kind: type[Report]) -> Callable[[Sequence[Record]], None]:
        return lambda records: self.at(any(told(record) == (kind, DEVICE) for record in records))


def told(record: Record) -> tuple[type[Report], str] | None:
    if record.topic is not Topic.REPORTS:
        return None
    report = decode_report(record.value).report
    return type(report), report.device


def writes(device: Any) -> list[str]:
    """What of a device's journal changed it, without the labels."""
    kinds = {"commit", "confirm", "revert", "save", "timer-fired"}
    return [kind for step in device.journal if (kind := step.split(maxsplit=1)[0]) in kinds]


@dataclass
class Scene:
    """A rollout over one site whose first device's worker is about to die."""

    world: Any
    log: Any
    first: Any
    rollout: str

    @property
    def device(self) -> Any:
        return self.world.devices[DEVICE]

    def begin(self, killer: Killer) -> None:
        """Approves, and waits until the worker is dead and another one can have its partitions."""
        self.world.approve(self.rollout)
        assert killer.died.wait(20)
        self.world.until(lambda: self.first.in_flight == 0)
        self.first.stop()

    def take_over(self, *ends: str) -> Any:
        """Another worker comes; waits for how it ends."""
        self.world.worker("worker-2")
        return self.world.await_state(self.rollout, *(ends or ("completed", "halted")))

    def of_device(self, *kinds: type[Report]) -> list[Report]:
        return [report for report in self.world.reports() if report.device == DEVICE and isinstance(report, kinds)]


@pytest.fixture
def scene(make_quick_world: Any) -> Scene:
    world = make_quick_world(sites=1)
    world.coordinator()
    log = world.meddling()
    first = world.worker("worker-1", log=log)
    rollout = world.request(world.submit())
    world.await_state(rollout, "awaiting_approval")
    return Scene(world, log, first, rollout)


def is_as_wanted(device: Any) -> bool:
    return device.running.get(ADDED) is not None and device.startup.get(ADDED) is not None


@pytest.mark.parametrize(
    ("step", "nth"),
    [
        pytest.param("connect", 1, id="not connected"),
        pytest.param("read running", 1, id="locked"),
        pytest.param("stage", 1, id="not staged"),
        pytest.param("commit ", 1, id="staged"),
        pytest.param("committed", 1, id="committed under timer"),
        pytest.param("read running", 2, id="checked"),
        pytest.param("confirm", 1, id="not confirmed"),
        pytest.param("read pending", 1, id="confirmed"),
        pytest.param("save", 1, id="confirmed and not saved"),
        pytest.param("read startup", 2, id="saved"),
    ],
)
def test_whoever_takes_over_finishes_what_was_begun_at_the_device(scene: Scene, step: str, nth: int) -> None:
    # Given a worker that dies at this step
    killer = Killer(nth)
    killer.at_step(scene.device, step)
    scene.begin(killer)
    # When another one takes its partition over
    scene.take_over("completed", "halted")
    # Then the device has the change, saved, from one commit, and there is one outcome
    assert scene.world.counts(scene.rollout) == {"verified": 2}
    assert is_as_wanted(scene.device)
    assert writes(scene.device).count("commit") == 1
    assert scene.device.pending() is None
    (outcome,) = scene.of_device(PushVerified)
    assert outcome.worker == "worker-2"


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("kind", [PushIntended, PushStaged, PushVerified], ids=lambda kind: str(kind.wire))
def test_or_between_a_step_and_its_report(scene: Scene, kind: type[Report], moment: str) -> None:
    # Given a worker that dies before, or after, this report is in the log
    killer = Killer()
    setattr(scene.log, moment, killer.at_report(kind))
    scene.begin(killer)
    # When another one takes its partition over
    scene.take_over("completed", "halted")
    # Then it was pushed once, and is told once
    assert scene.world.counts(scene.rollout) == {"verified": 2}
    assert is_as_wanted(scene.device)
    assert writes(scene.device) == ["commit", "confirm", "save"] + (
        ["save"] if (kind, moment) == (PushVerified, "before") else []
    )
    assert len(scene.of_device(PushVerified)) == 1


@pytest.mark.parametrize("step", ["connect", "read running", "confirm"])
def test_whoever_takes_over_from_somebody_who_had_taken_over_finds_it_out_as_well(scene: Scene, step: str) -> None:
    # Given a worker that died after its commit, and a second one that dies while it finds out about that
    killer = Killer()
    killer.at_step(scene.device, "committed")
    scene.begin(killer)
    again = Killer()
    again.at_step(scene.device, step)
    second = scene.world.worker("worker-2")
    assert again.died.wait(20)
    # But not before it has told the group how far it is
    renewed = second.renewed
    scene.world.until(lambda: second.renewed > renewed)
    second.stop()
    # When a third one takes over
    scene.world.worker("worker-3")
    scene.world.await_state(scene.rollout, "completed", "halted")
    # Then what is pending is confirmed: it is not taken for a device that is as it should be anyway
    assert scene.world.counts(scene.rollout) == {"verified": 2}
    assert writes(scene.device) == ["commit", "confirm", "save"]
    assert scene.device.pending() is None


def test_an_order_whose_outcome_was_told_is_not_even_looked_at(scene: Scene) -> None:
    killer = Killer()
    scene.log.after = killer.at_report(PushVerified)
    scene.begin(killer)
    seen = list(scene.device.journal)
    scene.take_over("completed")
    assert scene.device.journal == seen


def test_what_the_timer_undid_meanwhile_is_done_anew(scene: Scene) -> None:
    # Given a commit that nobody confirmed, and a timer that has run out since
    killer = Killer()
    killer.at_step(scene.device, "committed")
    scene.begin(killer)
    scene.device.monotonic = lambda: time.monotonic() + 3600
    # When somebody takes over
    scene.take_over("completed")
    # Then the device was back, and got the change from where it had been before
    assert writes(scene.device) == ["commit", "timer-fired", "commit", "confirm", "save"]
    assert is_as_wanted(scene.device)


def test_a_power_cut_meanwhile_loses_what_was_not_saved_and_it_is_done_anew(scene: Scene) -> None:
    killer = Killer()
    killer.at_step(scene.device, "save")
    scene.begin(killer)
    scene.device.power_cut()
    scene.take_over("completed")
    assert writes(scene.device) == ["commit", "confirm", "commit", "confirm", "save"]
    assert is_as_wanted(scene.device)


def test_what_was_committed_is_finished_although_a_halt_stands(scene: Scene) -> None:
    # Given a push past the point of no return whose worker died, and a halt since
    killer = Killer()
    killer.at_step(scene.device, "committed")
    scene.begin(killer)
    halt = HaltRaised(subjects=(Subject(kind="rollout", name=scene.rollout),), reason="wait")
    scene.world.operator.client.control(halt)
    # When somebody takes over
    scene.take_over("halted")
    # Then the healthy push is confirmed, and nothing else is begun
    scene.world.until(lambda: scene.world.device(scene.rollout, DEVICE).state == "verified")
    assert writes(scene.device) == ["commit", "confirm", "save"]
    assert not writes(scene.world.devices["store-001-sw2"])


def test_what_was_only_staged_is_given_back_where_a_halt_stands(scene: Scene) -> None:
    killer = Killer()
    killer.at_step(scene.device, "commit ")
    scene.begin(killer)
    halt = HaltRaised(subjects=(Subject(kind="rollout", name=scene.rollout),), reason="wait")
    scene.world.operator.client.control(halt)
    scene.take_over("halted")
    assert writes(scene.device) == []
    assert scene.world.device(scene.rollout, DEVICE).state == "planned"


def test_what_was_only_staged_is_not_written_once_its_approval_is_revoked(scene: Scene) -> None:
    killer = Killer()
    killer.at_step(scene.device, "commit ")
    scene.begin(killer)
    (approval,) = scene.world.rollout(scene.rollout).approvals
    revoked = ApprovalRevoked(rollout=scene.rollout, approval=approval.approval, reason="not like this")
    scene.world.operator.client.control(revoked)
    scene.world.worker("worker-2")
    scene.world.until(lambda: scene.world.device(scene.rollout, DEVICE).order is None)
    assert writes(scene.device) == []
    assert scene.device.running.get(ADDED) is None


def test_a_commit_that_hurts_is_undone_by_whoever_takes_over(scene: Scene) -> None:
    # Given a change with a check, a commit whose worker died, and a device that has been in trouble since
    rollout = scene.world.request(scene.world.submit(CHECKED))
    scene.world.await_state(rollout, "awaiting_approval")
    scene = replace(scene, rollout=rollout)
    killer = Killer()
    killer.at_step(scene.device, "committed")
    scene.begin(killer)
    scene.device.edit("spanning-tree mode none\n")
    # When somebody takes over
    scene.take_over("halted")
    # Then what is pending is reverted, and nothing is confirmed
    assert writes(scene.device) == ["commit", "revert"]
    assert scene.world.device(scene.rollout, DEVICE).state == "reverted"


def test_reports_that_nobody_can_read_do_not_hide_those_that_can_be(scene: Scene) -> None:
    # Given poison among the reports of the site, before and after what the dead worker told
    poison = Record(topic=Topic.REPORTS, key="store-001", value=b"\xff not a report")
    scene.world.log.append([poison])
    killer = Killer()
    killer.at_step(scene.device, "committed")
    scene.begin(killer)
    scene.world.log.append([poison])
    # When somebody takes over
    scene.take_over("completed")
    # Then it is finished, not pushed anew
    assert writes(scene.device) == ["commit", "confirm", "save"]


@pytest.mark.parametrize(
    ("header", "told"),
    [
        pytest.param({"type": "PushStaged", "v": 99}, "upgrade this process", id="a version to come"),
        pytest.param({"type": "PushForeseen", "v": 1}, "written by newer software", id="a type to come"),
    ],
)
def test_what_newer_software_did_is_not_guessed(scene: Scene, header: dict[str, Any], told: str) -> None:
    # Given a report of software that is newer than this worker, among those of a dead one
    killer = Killer()
    killer.at_step(scene.device, "committed")
    scene.begin(killer)
    plain = {"id": "x", "at": "2027-01-01T00:00:00.000000Z", "data": {"what": "nobody knows"}} | header
    scene.world.log.append([Record(topic=Topic.REPORTS, key="store-001", value=json.dumps(plain).encode())])
    seen = list(scene.device.journal)
    # When this worker is given the partition
    second = scene.world.worker("worker-2")
    scene.world.until(lambda: told in second.trouble)
    # Then it touches no device there, and says what has to be done
    renewed = second.renewed
    scene.world.until(lambda: second.renewed > renewed)
    assert scene.device.journal == seen


def test_a_roll_back_that_was_interrupted_is_finished_too(scene: Scene) -> None:
    # Given a rollout that is completed, and a roll-back whose worker dies after its commit
    scene.world.approve(scene.rollout)
    scene.world.await_state(scene.rollout, "completed")
    scene.device.journal.clear()
    killer = Killer()
    killer.at_step(scene.device, "committed")
    scene.world.operator.ask(commands.RollBack(rollout=scene.rollout, reason="not after all"))
    assert killer.died.wait(20)
    scene.world.until(lambda: scene.first.in_flight == 0)
    scene.first.stop()
    # When somebody takes over
    scene.take_over("rolled_back", "rollback_failed")
    # Then it is brought back, once
    assert scene.world.counts(scene.rollout) == {"rolled_back": 2}
    assert writes(scene.device) == ["commit", "confirm", "save"]
    assert scene.device.running.get(ADDED) is None
