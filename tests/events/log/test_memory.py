"""The log in memory under a clock of the test's own: what simulations build on."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from events.log.contract import Mark, Partition, Topic
from events.log.memory import MemoryLog, MemoryMembership, MemoryStore
from events.log.terms import Terms

NOW = timedelta(0)
FACTS = Partition(Topic.FACTS, 0)
ORDERS = [Partition(Topic.ORDERS, number) for number in range(4)]
TERMS = Terms(session=timedelta(seconds=6), margin=timedelta(seconds=1))


class Clock:
    """Monotonic seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(clock: Clock) -> MemoryStore:
    return MemoryStore(spread=4, terms=TERMS, clock=clock)


@pytest.fixture
def join(store: MemoryStore) -> Callable[[str], MemoryMembership]:
    return lambda name: MemoryLog(store).join("workers", Topic.ORDERS, name)


def held(membership: MemoryMembership) -> list[int]:
    return [partition.number for partition in ORDERS if membership.holds(partition)]


def test_a_lease_ends_a_margin_before_the_session(join: Any, clock: Clock) -> None:
    only = join("a")
    only.poll(NOW)

    clock.advance(4.99)
    assert held(only) == [0, 1, 2, 3]
    clock.advance(0.01)
    assert held(only) == []


def test_renewing_starts_the_lease_anew(join: Any, clock: Clock) -> None:
    only = join("a")
    only.poll(NOW)
    clock.advance(4)

    assert only.renew({})

    clock.advance(4.9)
    assert held(only) == [0, 1, 2, 3]


def test_nobody_takes_over_before_the_session_has_ended(join: Any, clock: Clock) -> None:
    silent, follower = join("a"), join("b")
    silent.poll(NOW)

    clock.advance(5.5)
    follower.poll(NOW)
    assert held(silent) == held(follower) == []
    clock.advance(0.5)
    follower.poll(NOW)
    assert held(follower) == [0, 1, 2, 3]


def test_a_lapsed_member_that_nobody_followed_may_renew(join: Any, clock: Clock) -> None:
    only = join("a")
    only.poll(NOW)
    clock.advance(5.5)

    assert only.renew({})

    assert held(only) == [0, 1, 2, 3]


def test_a_member_that_does_not_poll_cannot_renew_for_ever(join: Any, clock: Clock) -> None:
    deaf = join("a")
    deaf.poll(NOW)

    renewals = []
    for _ in range(4):
        clock.advance(2)
        renewals.append(deaf.renew({}))

    assert renewals == [True, True, True, False]


def test_after_its_session_a_member_loses_and_regains_what_it_had(join: Any, clock: Clock) -> None:
    only = join("a")
    only.poll(NOW)
    clock.advance(6)

    delivery = only.poll(NOW)

    assert delivery.lost == delivery.gained == frozenset(ORDERS)
    assert held(only) == [0, 1, 2, 3]


def test_partitions_move_only_when_their_owner_polls(join: Any) -> None:
    first, second = join("a"), join("b")
    first.poll(NOW)

    assert second.poll(NOW).gained == frozenset()
    assert held(first) == [0, 1, 2, 3]
    assert first.poll(NOW).lost == frozenset(ORDERS[2:])
    assert held(first) == [0, 1]
    assert second.poll(NOW).gained == frozenset(ORDERS[2:])


def test_a_gained_partition_starts_at_its_mark(store: MemoryStore, join: Any, help_: Any) -> None:
    log = MemoryLog(store)
    positions = log.append([help_.record(Topic.ORDERS, value, key=help_.key_for(0)) for value in "abc"])
    first = join("a")
    first.poll(NOW)
    first.renew({ORDERS[0]: Mark(position=positions[2], note="n")})
    first.leave()

    second = join("b")

    assert help_.values(second.poll(NOW).records) == [b"c"]
    assert second.mark(ORDERS[0]) == Mark(position=positions[2], note="n")


def test_a_commit_spends_a_position_as_kafka_does(store: MemoryStore, help_: Any) -> None:
    log = MemoryLog(store)
    writer = log.fenced_writer("coordinator")

    for _ in range(3):
        writer.commit([help_.record(), help_.record()], {})

    reader = log.reader({FACTS: 0})
    assert [record.position for record in reader.poll(NOW)] == [0, 1, 3, 4, 6, 7]
    assert reader.position(FACTS) == reader.end(FACTS) == 9


def test_a_group_cannot_share_two_topics(store: MemoryStore) -> None:
    log = MemoryLog(store)
    log.join("workers", Topic.ORDERS, "a")

    with pytest.raises(ValueError, match="'workers' shares orders, not reports"):
        log.join("workers", Topic.REPORTS, "b")


def test_two_members_may_have_one_name(join: Any) -> None:
    first, second = join("same"), join("same")

    for _ in range(2):
        first.poll(NOW)
        second.poll(NOW)

    assert (held(first), held(second)) == ([0, 1], [2, 3])


def test_a_store_has_partitions(store: MemoryStore) -> None:
    with pytest.raises(ValueError, match="1 to 1,000"):
        MemoryStore(spread=0)

    assert [partition.number for partition in store.partitions(Topic.ORDERS)] == [0, 1, 2, 3]
