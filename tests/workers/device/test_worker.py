"""A device worker's loop: who waits for whom, what it says is wrong, and how it settles."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import structlog.testing

from events.blobs.contract import BlobFullError
from events.codec import decode_report
from events.log.contract import LogError, LogFullError, LogUnavailableError, Record, Topic
from events.reports import OrderReturned, Outcome, PlanFailed, PushStaged, PushVerified, Report

POISON = Record(topic=Topic.ORDERS, key="store-001", value=b"\xff no order")


class Group:
    """A log whose group, for as long as a test says so, does not answer."""

    def __init__(self, log: Any) -> None:
        self._log = log
        self.poll_fails = threading.Event()
        self.mark_fails = threading.Event()
        self.lease_gone = threading.Event()
        self.failure: LogError = LogUnavailableError("the broker is gone")
        self.polled = threading.Event()

    def join(self, group: str, topic: Topic, member: str) -> Any:
        outer, membership = self, self._log.join(group, topic, member)

        class Member:
            def poll(self, timeout: Any) -> Any:
                if outer.poll_fails.is_set():
                    outer.polled.set()
                    raise outer.failure
                return membership.poll(timeout)

            def mark(self, partition: Any) -> Any:
                if outer.mark_fails.is_set():
                    raise LogUnavailableError("no answer")
                return membership.mark(partition)

            def holds(self, partition: Any) -> bool:
                return not outer.lease_gone.is_set() and membership.holds(partition)

            def __getattr__(self, name: str) -> Any:
                return getattr(membership, name)

        return Member()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)


def planned(world: Any, sites: int, **wanted: Any) -> str:
    """A rollout whose plan waits for its approval."""
    rollout = world.request(world.submit(**wanted))
    world.await_state(rollout, "awaiting_approval")
    return str(rollout)


def test_a_slow_device_holds_up_nobody(make_quick_world: Any) -> None:
    # Given a device that does not get on with its push
    world = make_quick_world(sites=4)
    world.coordinator()
    worker = world.worker()
    rollout = planned(world, 4)
    reached, release = world.gate("store-003-sw1", "stage")
    world.approve(rollout)
    assert reached.wait(20)

    # Then all those that may go at the same time go, and it alone is at work
    def others() -> bool:
        states = {name: device.state for name, device in world.rollout(rollout).devices.items()}
        wave = world.rollout(rollout).devices["store-003-sw1"].wave
        mates = [name for name, device in world.rollout(rollout).devices.items() if device.wave == wave]
        return all(states[name] == "verified" for name in mates if name != "store-003-sw1")

    world.until(others)
    world.until(lambda: worker.in_flight == 1)
    # When it gets on, then so does the rollout
    release.set()
    world.await_state(rollout, "completed")
    assert world.counts(rollout) == {"verified": 8}


def test_a_slow_device_does_not_keep_the_marks_from_what_is_done(make_quick_world: Any) -> None:
    # Given a device of the canary that hangs, with its order in hand
    world = make_quick_world(sites=1)
    world.coordinator()
    first = world.worker("worker-1", drain_s=0.0)
    rollout = planned(world, 1)
    reached, release = world.gate("store-001-sw1", "stage")
    world.approve(rollout)
    assert reached.wait(20)
    # When its worker is told to end, with no time to wait
    first.stop()
    # Then the next one finds the order, although the first has not come back from it
    world.worker("worker-2")
    world.until(lambda: world.device(rollout, "store-001-sw1").worker == "worker-2" or _ended(world, rollout))
    release.set()
    world.await_state(rollout, "completed")
    assert world.counts(rollout) == {"verified": 2}


def _ended(world: Any, rollout: str) -> bool:
    return world.rollout(rollout).state in {"completed", "halted"}


@pytest.mark.parametrize("most", [1, 2])
def test_no_more_orders_go_through_a_jump_host_than_it_bears(make_quick_world: Any, most: int) -> None:
    # Given many sites behind one jump host, and devices that wait a moment for more company than it bears
    world = make_quick_world(sites=3, jump_host=most)
    inside, seen, changed = set[str](), [0], threading.Condition()

    def enter(name: str) -> Callable[[str], None]:
        def note(step: str) -> None:
            with changed:
                if step == "connect":
                    inside.add(name)
                    seen[0] = max(seen[0], len(inside))
                    changed.notify_all()
                    changed.wait_for(lambda: seen[0] > most, 0.1)
                elif step == "read startup":
                    inside.discard(name)

        return note

    for name, device in world.devices.items():
        device.before = enter(name)
    world.coordinator()
    world.worker()
    # When all of them are read for a plan
    planned(world, 3)
    # Then as many of them at once as it bears, and never more
    assert seen[0] == most


@pytest.mark.parametrize("poisoned", ["before", "after"])
def test_an_order_that_cannot_be_read_is_told_for_as_long_as_it_is_there(
    make_quick_world: Any, poisoned: str, waiting: Callable[..., object]
) -> None:
    # Given poison in a partition of orders
    world = make_quick_world(sites=1)
    world.coordinator()
    if poisoned == "before":
        world.log.append([POISON])
    worker = world.worker()
    rollout = planned(world, 1)
    if poisoned == "after":
        world.log.append([POISON])
    # Then it is told, also after the lease was renewed, and the other orders are carried out
    world.until(lambda: worker.trouble)
    renewed = worker.renewed
    world.until(lambda: worker.renewed > renewed)
    assert "the order at" in worker.trouble
    world.approve(rollout)
    world.await_state(rollout, "completed")
    assert "the order at" in worker.trouble
    # And whoever comes next is told too: it was not passed over
    worker.stop()
    successor = world.worker("worker-2")
    world.until(lambda: successor.trouble)


def test_what_an_earlier_owner_did_has_to_be_known_first(make_quick_world: Any) -> None:
    # Given a group whose marks cannot be read
    world = make_quick_world(sites=1)
    world.coordinator()
    log = Group(world.open_log())
    log.mark_fails.set()
    worker = world.worker(log=log)
    rollout = world.request(world.submit())
    # Then nothing is touched, and it is told why
    world.until(lambda: worker.trouble)
    assert "what was done in orders-" in worker.trouble
    assert "cannot be read: no answer" in worker.trouble
    assert not any(device.journal for device in world.devices.values())
    # When they can be read again
    log.mark_fails.clear()
    # Then the work is done, and all is well
    world.await_state(rollout, "awaiting_approval")
    world.until(lambda: worker.trouble == "")


@pytest.mark.parametrize(
    "failure", [LogUnavailableError("the broker is gone"), LogFullError("no room on /var")], ids=["gone", "full"]
)
def test_a_log_that_is_gone_or_full_is_told_until_it_is_back(make_quick_world: Any, failure: LogError) -> None:
    world = make_quick_world(sites=1)
    world.coordinator()
    log = Group(world.open_log())
    log.failure = failure
    worker = world.worker(log=log)
    world.until(lambda: worker.renewed)
    log.poll_fails.set()
    world.until(lambda: worker.trouble == str(failure))
    log.poll_fails.clear()
    rollout = world.request(world.submit())
    world.await_state(rollout, "awaiting_approval")
    world.until(lambda: worker.trouble == "")


def test_what_is_in_flight_settles_before_a_worker_ends(make_quick_world: Any) -> None:
    # Given a push in the middle, and a worker that is told to end
    world = make_quick_world(sites=1)
    world.coordinator()
    worker = world.worker()
    rollout = planned(world, 1)
    reached, release = world.gate("store-001-sw1", "committed")
    world.approve(rollout)
    assert reached.wait(20)
    worker.stop()
    # When the device gets on
    release.set()
    # Then the push is confirmed, saved and told by this worker, and nothing new is begun
    world.until(lambda: world.device(rollout, "store-001-sw1").state == "verified")
    world.until(lambda: worker.in_flight == 0)
    (outcome,) = [report for report in world.reports() if isinstance(report, PushVerified)]
    assert outcome.worker == "worker-1"
    assert not any(step.startswith("commit") for step in world.devices["store-001-sw2"].journal)


def test_a_worker_settles_although_its_log_is_gone_for_a_while(make_quick_world: Any) -> None:
    # Given a push in the middle, and a worker that is told to end while the broker is gone
    world = make_quick_world(sites=1)
    world.coordinator()
    log = Group(world.open_log())
    worker = world.worker(log=log)
    rollout = planned(world, 1)
    reached, release = world.gate("store-001-sw1", "committed")
    world.approve(rollout)
    assert reached.wait(20)
    log.poll_fails.set()
    log.polled.clear()
    worker.stop()
    assert log.polled.wait(20)
    # When the broker is back, and the device gets on
    log.poll_fails.clear()
    release.set()
    # Then what was in flight is finished by this worker
    world.until(lambda: any(isinstance(report, PushVerified) for report in world.reports()))
    assert [report.worker for report in world.reports() if isinstance(report, PushVerified)] == ["worker-1"]


def verified_by(world: Any) -> list[str]:
    return [report.worker for report in world.reports() if isinstance(report, PushVerified)]


def test_an_order_whose_lease_was_gone_for_long_is_taken_up_again(make_quick_world: Any) -> None:
    # Given a commit, and a broker that stalls for longer than it may stay open whose the order is
    world = make_quick_world(sites=1)
    world.coordinator()
    log = Group(world.open_log())
    worker = world.worker(log=log, unsure_s=0.1)
    rollout = planned(world, 1)
    reached, release = world.gate("store-001-sw1", "committed")
    world.approve(rollout)
    assert reached.wait(20)
    log.lease_gone.set()
    release.set()
    # Then that is told, and nothing is confirmed
    world.until(lambda: "has no outcome yet" in worker.trouble)
    assert "confirm" not in " ".join(world.devices["store-001-sw1"].journal)
    # When it comes back and nobody has taken the partition, which nobody else then ever will
    log.lease_gone.clear()
    # Then this worker finds out what it did, and finishes it
    world.await_state(rollout, "completed")
    world.until(lambda: worker.trouble == "")
    assert world.counts(rollout) == {"verified": 2}
    changing = [step.split()[0] for step in world.devices["store-001-sw1"].journal]
    assert [step for step in changing if step in {"commit", "confirm", "save"}] == ["commit", "confirm", "save"]
    assert verified_by(world) == ["worker-1"] * 2


def test_what_the_device_undid_while_the_lease_was_gone_is_not_done_anew(make_quick_world: Any) -> None:
    # Given a commit that cuts the worker off from its log as well, and whose timer runs out meanwhile
    world = make_quick_world(sites=1)
    world.coordinator()
    log = Group(world.open_log())
    worker = world.worker(log=log, unsure_s=0.1)
    rollout = planned(world, 1)
    device = world.devices["store-001-sw1"]
    reached, release = world.gate("store-001-sw1", "committed")
    world.approve(rollout)
    assert reached.wait(20)
    log.lease_gone.set()
    release.set()
    world.until(lambda: "has no outcome yet" in worker.trouble)
    device.monotonic = lambda: time.monotonic() + 3600
    # When the log is back
    log.lease_gone.clear()
    # Then the device is said to have undone it, and is not cut off a second time
    world.await_state(rollout, "halted")
    assert world.device(rollout, "store-001-sw1").state == "reverted"
    assert [step.split()[0] for step in device.journal].count("commit") == 1


@pytest.mark.parametrize("kind", [PushStaged, PushVerified], ids=lambda kind: str(kind.wire))
def test_an_order_that_failed_unexpectedly_is_taken_up_again(make_quick_world: Any, kind: type[Report]) -> None:
    # Given a report that cannot be published, for no reason that anybody expects
    world = make_quick_world(sites=1)
    world.coordinator()
    log = world.meddling()
    failed = threading.Event()

    def fail(records: Sequence[Record]) -> None:
        reports = [decode_report(record.value).report for record in records if record.topic is Topic.REPORTS]
        if any(isinstance(report, kind) for report in reports) and not failed.is_set():
            failed.set()
            raise ZeroDivisionError

    log.before = fail
    worker = world.worker(log=log)
    rollout = planned(world, 1)
    world.approve(rollout)
    # Then it is carried out all the same, once
    world.until(failed.is_set)
    world.await_state(rollout, "completed", "halted")
    world.until(lambda: worker.in_flight == 0 and worker.trouble == "")
    for device in world.devices.values():
        assert [step.split()[0] for step in device.journal].count("commit") <= 1


def test_reports_of_an_order_that_is_taken_up_again_have_ids_of_their_own(make_quick_world: Any) -> None:
    world = make_quick_world(sites=1)
    world.coordinator()
    log = Group(world.open_log())
    world.worker(log=log, unsure_s=0.1)
    rollout = planned(world, 1)
    reached, release = world.gate("store-001-sw1", "committed")
    world.approve(rollout)
    assert reached.wait(20)
    log.lease_gone.set()
    release.set()
    log.lease_gone.clear()
    world.await_state(rollout, "completed")
    ids = [record.id for record in world.report_records()]
    assert len(ids) == len(set(ids))


class FullStore:
    """A blob store that is full from some moment on."""

    def __init__(self, blobs: Any) -> None:
        self._blobs = blobs
        self.full = False

    def put(self, content: bytes, *, secret: bool = False) -> str:
        if self.full:
            raise BlobFullError("no room on /var")
        return str(self._blobs.put(content, secret=secret))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._blobs, name)


def test_without_room_for_what_was_there_nothing_is_written_and_with_room_it_is(make_quick_world: Any) -> None:
    # Given a store that has no room for what a device has before its push
    world = make_quick_world(sites=1)
    world.coordinator()
    store = FullStore(world.blobs)
    world.worker(blobs=store)
    rollout = planned(world, 1)
    store.full = True
    world.approve(rollout)
    # Then the order is given back, with the reason, and the device is as it was
    world.until(lambda: any(isinstance(report, OrderReturned) for report in world.reports()))
    (returned, *_) = [report for report in world.reports() if isinstance(report, OrderReturned)]
    assert "no room on /var" in str(returned.reason)
    assert not any(step.startswith("commit") for device in world.devices.values() for step in device.journal)
    # When there is room again, then the rollout goes on by itself
    store.full = False
    world.await_state(rollout, "completed")
    assert world.counts(rollout) == {"verified": 2}


def test_whoever_watches_is_told_of_each_outcome(make_quick_world: Any) -> None:
    world = make_quick_world(sites=1)
    world.coordinator()
    told: list[tuple[str, type[Outcome]]] = []
    worker = world.worker()
    worker.observe = lambda order, outcome: told.append((order.device, type(outcome)))
    world.devices["store-001-sw1"].deaf = True
    planned(world, 1)
    world.until(lambda: len(told) == 2)
    assert ("store-001-sw1", PlanFailed) in told


def test_what_a_watcher_does_wrong_ends_no_order(make_quick_world: Any) -> None:
    world = make_quick_world(sites=1)
    world.coordinator()
    worker = world.worker()

    def wrong(*_arguments: object) -> None:
        raise ZeroDivisionError

    worker.observe = wrong
    with structlog.testing.capture_logs() as logged:
        rollout = planned(world, 1)
        world.approve(rollout)
        world.await_state(rollout, "completed")
        world.until(lambda: worker.in_flight == 0)
    # And it is not lost: what leaves a thread of a pool is seen by nobody
    assert len([line for line in logged if line["event"] == "an outcome could not be counted"]) == 4
