"""Partitions in hand: orders wait until it is known what was done with them, and what is lost stays lost."""

import pytest

from events.log.contract import Partition, Stored, Topic
from workers.device.recovery import Past
from workers.device.tenures import Tenures

FIRST, SECOND = Partition(Topic.ORDERS, 0), Partition(Topic.ORDERS, 1)
NOTHING = Past(frozenset(), {})


def order(partition: Partition, position: int) -> Stored:
    return Stored(partition=partition, position=position, key="s", value=b"")


@pytest.fixture
def tenures() -> Tenures:
    tenures = Tenures()
    tenures.begin(FIRST)
    return tenures


def test_orders_wait_until_it_is_known_what_an_earlier_owner_did(tenures: Tenures) -> None:
    tenures.deliver([order(FIRST, 1), order(FIRST, 2)])
    assert list(tenures.ready()) == []
    assert tenures.new() == (FIRST,)
    tenures.know(FIRST, NOTHING)
    assert [stored.position for stored, _ in tenures.ready()] == [1, 2]
    assert list(tenures.ready()) == []
    assert tenures.new() == ()


def test_orders_of_a_partition_that_was_lost_meanwhile_are_not_worked_on(tenures: Tenures) -> None:
    tenures.deliver([order(FIRST, 1)])
    tenures.end(FIRST)
    tenures.deliver([order(FIRST, 2)])
    tenures.begin(FIRST)
    tenures.know(FIRST, NOTHING)
    assert list(tenures.ready()) == []


def test_work_begun_in_one_tenure_is_lost_in_the_next(tenures: Tenures) -> None:
    # Given work on an order
    tenures.know(FIRST, NOTHING)
    tenures.deliver([order(FIRST, 1)])
    ((_, tenure),) = tenures.ready()
    # When the partition is lost and gained again
    tenures.begin(FIRST)
    # Then that work is nobody's any more, although the partition is ours
    assert not tenure.lasts
    assert tenures.held() == {FIRST}


def test_giving_everything_up_ends_every_tenure(tenures: Tenures) -> None:
    tenures.begin(SECOND)
    tenures.know(FIRST, NOTHING)
    tenures.deliver([order(FIRST, 1), order(SECOND, 1)])
    ((_, tenure),) = tenures.ready()
    tenures.end_all()
    assert not tenure.lasts
    assert tenures.held() == frozenset()
