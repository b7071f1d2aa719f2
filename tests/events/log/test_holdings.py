"""What a member of a group owns, and is yet to be told."""

import pytest

from events.log.contract import Partition, Topic
from events.log.holdings import Holdings

ORDERS = [Partition(Topic.ORDERS, number) for number in range(6)]


def partitions(*numbers: int) -> frozenset[Partition]:
    return frozenset(ORDERS[number] for number in numbers)


@pytest.fixture
def holdings() -> Holdings:
    return Holdings()


def test_what_is_gained_is_owned_and_told_once(holdings: Holdings) -> None:
    holdings.gain(partitions(1, 2))

    assert holdings.partitions == partitions(1, 2)
    assert holdings.changes() == (partitions(1, 2), frozenset())
    assert holdings.changes() == (frozenset(), frozenset())


def test_what_is_lost_is_not_owned_from_that_moment(holdings: Holdings) -> None:
    holdings.gain(partitions(1, 2))
    holdings.changes()

    holdings.lose(partitions(2))

    assert holdings.partitions == partitions(1)
    assert holdings.changes() == (frozenset(), partitions(2))


def test_what_is_lost_and_comes_back_is_told_as_both(holdings: Holdings) -> None:
    holdings.gain(partitions(1, 2))
    holdings.changes()

    holdings.lose(partitions(1, 2))
    holdings.gain(partitions(2, 3))

    assert holdings.changes() == (partitions(2, 3), partitions(1, 2))


def test_what_came_and_went_between_two_polls_is_told_to_nobody(holdings: Holdings) -> None:
    holdings.gain(partitions(1))
    holdings.lose(partitions(1))

    assert holdings.changes() == (frozenset(), frozenset())
