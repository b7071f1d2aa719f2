"""Marks: how far a partition is done when its orders end in any order."""

import pytest

from events.log.contract import Mark, Partition, Topic
from workers.device.tracker import Tracker, reports_from

ORDERS = Partition(Topic.ORDERS, 3)


def tracker_with(*positions: int) -> Tracker:
    tracker = Tracker()
    tracker.take(ORDERS, Mark(position=10, note="7"), orders_end=10, reports_end=20)
    for position in positions:
        tracker.came(ORDERS, position)
    return tracker


@pytest.mark.parametrize(
    ("came", "done", "mark"),
    [
        pytest.param([], [], 10, id="nothing came: where the group stood"),
        pytest.param([10, 11, 12], [], 10, id="nothing is done"),
        pytest.param([10, 11, 12], [11, 12], 10, id="the first is not done"),
        pytest.param([10, 11, 12], [10, 12], 11, id="one in the middle is not done"),
        pytest.param([10, 14, 19], [10, 14, 19], 20, id="all are done, with gaps between them"),
    ],
)
def test_the_mark_is_the_lowest_position_that_is_not_done(came: list[int], done: list[int], mark: int) -> None:
    tracker = tracker_with(*came)
    for position in done:
        tracker.done(ORDERS, position)
    assert tracker.marks()[ORDERS].position == mark


def test_the_note_says_from_where_the_reports_tell_about_what_is_not_done() -> None:
    # Given an order that came after the reports had ended at 20, and one that came after they had ended at 31
    tracker = tracker_with(10)
    tracker.reported(ORDERS, 30)
    tracker.came(ORDERS, 11)
    # Then as long as the first is not done, its reports count
    assert tracker.marks()[ORDERS].note == "20"
    tracker.done(ORDERS, 10)
    assert tracker.marks()[ORDERS].note == "31"
    tracker.done(ORDERS, 11)
    assert tracker.marks()[ORDERS] == Mark(position=12, note="31")


def test_until_all_that_earlier_owners_had_is_done_the_next_one_reads_what_was_read_here() -> None:
    # Given a partition whose earlier owners can have had the orders before 13, and reported on them from 7 to 20
    tracker = Tracker()
    tracker.take(ORDERS, Mark(position=10, note="7"), orders_end=13, reports_end=20)
    for position in (10, 11, 12, 13):
        tracker.came(ORDERS, position)
    tracker.reported(ORDERS, 24)
    # Then as long as one of them is not done, whoever comes next has to read all of that again
    told = []
    for position in (10, 13, 11, 12):
        told.append(tracker.marks()[ORDERS])
        tracker.done(ORDERS, position)
    assert told == [Mark(position=10, note="7"), *[Mark(position=11, note="7")] * 2, Mark(position=12, note="7")]
    assert tracker.marks()[ORDERS] == Mark(position=14, note="25")


def test_a_partition_of_which_nothing_has_come_yet_is_left_as_it_was_found() -> None:
    tracker = Tracker()
    tracker.take(ORDERS, Mark(position=10, note="7"), orders_end=13, reports_end=20)
    assert tracker.marks()[ORDERS] == Mark(position=10, note="7")


def test_a_partition_that_was_lost_is_marked_no_more() -> None:
    tracker = tracker_with(10)
    tracker.drop(ORDERS)
    tracker.done(ORDERS, 10)
    tracker.reported(ORDERS, 40)
    assert tracker.marks() == {}


@pytest.mark.parametrize(
    ("mark", "start"),
    [
        pytest.param(None, 0, id="nobody was there before"),
        pytest.param(Mark(position=4, note="17"), 17, id="where the note says"),
        pytest.param(Mark(position=4, note="gibberish"), 0, id="from the beginning where the note is none of ours"),
    ],
)
def test_reports_are_read_back_from_where_the_mark_says(mark: Mark | None, start: int) -> None:
    assert reports_from(mark) == start
