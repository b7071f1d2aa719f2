"""Groups and their leases, for every adapter."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from events.log.contract import EventLog, LogError, Mark, Partition, Topic

pytestmark = pytest.mark.real_time

ORDERS = [Partition(Topic.ORDERS, number) for number in range(4)]
ZERO = ORDERS[0]


def test_one_member_owns_everything_and_reads_it(
    log: EventLog, help_: Any, worker: Any, run: Callable[..., None]
) -> None:
    log.append([help_.record(Topic.ORDERS, str(number), key=help_.key_for(number)) for number in range(4)])
    only = worker(log)

    run([only], lambda: len(only.records) == 4)

    assert sorted(only.gained) == ORDERS
    assert only.lost == []
    assert only.held() == set(ORDERS)


def test_two_members_share_evenly_and_the_first_keeps_what_it_can(world: Any, worker: Any, run: Any) -> None:
    first, second = worker(world.open()), worker(world.open())
    run([first], lambda: len(first.owned) == 4)

    run([first, second], lambda: len(first.held()) == len(second.held()) == 2)

    assert first.owned | second.owned == set(ORDERS)
    assert len(first.lost) == 2
    assert not set(first.lost) & first.owned


def test_a_partition_is_never_held_by_two(world: Any, worker: Any, run: Any) -> None:
    workers = [worker(world.open()) for _ in range(3)]
    doubly: list[Partition] = []

    def settled() -> bool:
        held = [partition for each in workers for partition in ORDERS if each.membership.holds(partition)]
        doubly.extend(partition for partition in held if held.count(partition) > 1)
        return sorted(len(each.owned) for each in workers) == [1, 1, 2]

    run(workers[:1], lambda: len(workers[0].owned) == 4)
    run(workers, settled)

    assert doubly == []


def test_who_leaves_is_followed_at_once_from_its_marks(world: Any, help_: Any, worker: Any, run: Any) -> None:
    # given
    log = world.open()
    positions = log.append([help_.record(Topic.ORDERS, value, key=help_.key_for(0)) for value in "abc"])
    leaver = worker(world.open())
    leaver.marks = {ZERO: Mark(position=positions[1], note="half done ✓")}
    run([leaver], lambda: len(leaver.records) == 3 and not leaver.marks)

    # when
    leaver.membership.leave()
    follower = worker(world.open())
    run([follower], lambda: len(follower.records) == 2, patience_s=world.terms.session.total_seconds() * 5)

    # then
    assert help_.values(follower.records) == [b"b", b"c"]
    assert follower.membership.mark(ZERO) == Mark(position=positions[1], note="half done ✓")
    assert follower.membership.mark(ORDERS[1]) is None
    assert not leaver.membership.holds(ZERO)


def test_a_member_that_falls_silent_is_taken_over_after_its_lease(world: Any, worker: Any, run: Any) -> None:
    silent, follower = worker(world.open()), worker(world.open())
    run([silent], lambda: silent.held() == set(ORDERS))
    overlap: list[Partition] = []

    def taken_over() -> bool:
        overlap.extend(silent.held() & follower.held())
        return bool(follower.held() == set(ORDERS))

    run([follower], taken_over)

    assert overlap == []
    assert silent.held() == set()


def test_a_member_that_was_taken_over_hears_of_it_and_joins_again(world: Any, worker: Any, run: Any) -> None:
    silent, follower = worker(world.open()), worker(world.open())
    run([silent], lambda: silent.held() == set(ORDERS))
    run([follower], lambda: follower.held() == set(ORDERS))

    assert not silent.membership.renew({ZERO: Mark(position=5)})
    run([silent, follower], lambda: len(silent.held()) == len(follower.held()) == 2)

    assert sorted(silent.lost) == ORDERS
    assert follower.membership.mark(ZERO) is None


def test_a_lease_ends_by_itself(world: Any, help_: Any, worker: Any, run: Any) -> None:
    only = worker(world.open())
    run([only], lambda: only.held() == set(ORDERS))

    help_.until(lambda: not only.membership.holds(ZERO), patience_s=world.terms.session.total_seconds())

    run([only], lambda: only.held() == set(ORDERS))


def test_marks_of_what_is_not_owned_are_left_out(world: Any, worker: Any, run: Any) -> None:
    first, second = worker(world.open()), worker(world.open())
    run([first, second], lambda: len(first.owned) == len(second.owned) == 2)
    theirs, mine = min(second.owned), min(first.owned)

    first.marks = {theirs: Mark(position=1), mine: Mark(position=0, note="n")}

    run([second, first], lambda: not first.marks)

    assert second.membership.mark(theirs) is None
    assert first.membership.mark(mine) == Mark(position=0, note="n")


def test_a_paused_partition_stays_owned_and_waits(log: EventLog, help_: Any, worker: Any, run: Any) -> None:
    # given
    only = worker(log)
    run([only], lambda: only.held() == set(ORDERS))
    only.membership.pause(frozenset({ZERO}))

    # when
    log.append([help_.record(Topic.ORDERS, str(number), key=help_.key_for(number)) for number in (0, 1)])
    run([only], lambda: only.records)
    only.step()

    # then
    assert help_.values(only.records) == [b"1"]
    assert only.membership.holds(ZERO)
    only.membership.pause(frozenset())
    run([only], lambda: len(only.records) == 2)
    assert help_.values(only.records) == [b"1", b"0"]


def test_what_is_kept_goes_on_where_it_was_and_stays_paused(world: Any, help_: Any, worker: Any, run: Any) -> None:
    # given
    log = world.open()
    log.append([help_.record(Topic.ORDERS, f"{number}", key=help_.key_for(number)) for number in range(4)])
    first, second = worker(world.open()), worker(world.open())
    run([first], lambda: len(first.records) == 4)
    first.membership.pause(frozenset(ORDERS))

    # when
    run([first, second], lambda: len(first.held()) == len(second.held()) == 2)
    kept = sorted(first.owned)
    log.append([help_.record(Topic.ORDERS, f"{part.number} again", key=help_.key_for(part.number)) for part in kept])
    for _ in range(3):
        first.step()

    # then
    assert len(first.records) == 4
    first.membership.pause(frozenset())
    run([first, second], lambda: len(first.records) == 6)
    assert sorted(help_.values(first.records[4:])) == [f"{part.number} again".encode() for part in kept]


@pytest.mark.parametrize(
    ("mark", "complaint"),
    [
        (Mark(position=-1), "start at 0"),
        (Mark(position=0, note="x" * 1001), "1001 characters"),
    ],
    ids=["below zero", "long note"],
)
def test_marks_that_no_log_takes_are_refused(log: EventLog, mark: Mark, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        log.join("workers", Topic.ORDERS, "m").renew({ZERO: mark})


def test_the_longest_note_comes_back(log: EventLog, worker: Any, run: Any) -> None:
    only = worker(log)
    run([only], lambda: only.held() == set(ORDERS))
    note = "\N{GRINNING FACE}" * 1000

    assert only.membership.renew({ZERO: Mark(position=3, note=note)})

    assert only.membership.mark(ZERO) == Mark(position=3, note=note)


def test_a_group_has_one_topic(log: EventLog, worker: Any) -> None:
    with pytest.raises(ValueError, match="control"):
        log.join("workers", Topic.CONTROL, "m")


def test_groups_do_not_know_of_each_other(log: EventLog, worker: Any, run: Any) -> None:
    one, other = worker(log, group="one"), worker(log, group="other")
    run([one, other], lambda: one.held() == other.held() == set(ORDERS))

    assert one.membership.renew({ZERO: Mark(position=4)})

    assert other.membership.mark(ZERO) is None


def test_reading_marks_nothing(world: Any, help_: Any, worker: Any, run: Any) -> None:
    world.open().append([help_.record(Topic.ORDERS, value, key=help_.key_for(0)) for value in "ab"])
    first = worker(world.open())
    run([first], lambda: len(first.records) == 2)
    first.membership.leave()

    second = worker(world.open())
    run([second], lambda: second.records)

    assert help_.values(second.records) == [b"a", b"b"]
    assert second.membership.mark(ZERO) is None


def test_who_has_left_gets_no_more(log: EventLog, worker: Any, run: Any) -> None:
    leaver = worker(log)
    run([leaver], lambda: leaver.held() == set(ORDERS))

    leaver.membership.leave()
    leaver.membership.leave()

    assert not leaver.membership.renew({})
    with pytest.raises(LogError):
        leaver.membership.poll(timedelta(0))
