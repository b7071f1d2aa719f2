"""The fenced writer, for every adapter."""

from typing import Any

import pytest

from events.log.contract import EventLog, FencedError, LogError, Partition, Topic

FACTS = Partition(Topic.FACTS, 0)
COMMANDS = Partition(Topic.COMMANDS, 0)
CONTROL = Partition(Topic.CONTROL, 0)


def test_records_and_moves_happen_together(log: EventLog, help_: Any) -> None:
    # given
    writer = log.fenced_writer("coordinator")
    order = help_.record(Topic.ORDERS, "order", key=help_.key_for(2))
    moves = {COMMANDS: 7, CONTROL: 3, Partition(Topic.REPORTS, 1): 11}

    # when
    writer.commit([help_.record(value="fact"), order], moves)

    # then
    reader = log.reader({FACTS: 0, Partition(Topic.ORDERS, 2): 0})
    assert set(help_.values(help_.read(reader, 2))) == {b"fact", b"order"}
    assert writer.marks() == moves


def test_nothing_to_commit_is_nothing_asked(log: EventLog) -> None:
    writer = log.fenced_writer("coordinator")

    writer.commit([], {})

    assert writer.marks() == {}


def test_commits_follow_one_another_in_order(log: EventLog, help_: Any) -> None:
    writer = log.fenced_writer("coordinator")

    for number in range(20):
        writer.commit([help_.record(value=f"{number}a"), help_.record(value=f"{number}b")], {COMMANDS: number})

    stored = help_.read_to_end(log.reader({FACTS: 0}), FACTS, at_least=40)
    assert [record.value.decode() for record in stored] == [f"{n}{half}" for n in range(20) for half in "ab"]
    assert writer.marks() == {COMMANDS: 19}


def test_a_successor_finds_what_was_moved_and_moves_it_on(world: Any, help_: Any) -> None:
    first = world.open().fenced_writer("coordinator")
    first.commit([help_.record(value="1")], {COMMANDS: 5, CONTROL: 1})

    second = world.open().fenced_writer("coordinator")
    second.commit([], {COMMANDS: 6})

    assert second.marks() == {COMMANDS: 6, CONTROL: 1}


@pytest.mark.parametrize("moves", [{COMMANDS: 99}, {}], ids=["with moves", "records alone"])
def test_whoever_opens_the_name_shuts_the_earlier_one_out(world: Any, help_: Any, moves: dict[Partition, int]) -> None:
    # given
    log = world.open()
    evicted = log.fenced_writer("coordinator")
    evicted.commit([help_.record(value="before")], {})
    successor = world.open().fenced_writer("coordinator")

    # when
    with pytest.raises(FencedError, match=r"taken over|took this writer's name over"):
        evicted.commit([help_.record(value="too late")], moves)

    # then
    with pytest.raises(FencedError):
        evicted.commit([help_.record(value="still too late")], {})
    successor.commit([help_.record(value="after")], {})
    stored = help_.read_to_end(log.reader({FACTS: 0}), FACTS, at_least=2)
    assert help_.values(stored) == [b"before", b"after"]
    assert successor.marks() == {}


def test_a_writer_of_another_name_is_not_in_the_way(log: EventLog, help_: Any) -> None:
    coordinator, notary = log.fenced_writer("coordinator"), log.fenced_writer("notary")

    notary.commit([help_.record(Topic.CHECKPOINTS)], {FACTS: 1})
    coordinator.commit([help_.record()], {COMMANDS: 1})

    assert notary.marks() == {FACTS: 1}
    assert coordinator.marks() == {COMMANDS: 1}


def test_a_record_of_control_is_refused_with_everything_beside_it(log: EventLog, help_: Any) -> None:
    writer = log.fenced_writer("coordinator")

    with pytest.raises(ValueError, match="control is never in a transaction"):
        writer.commit([help_.record(), help_.record(Topic.CONTROL)], {COMMANDS: 1})

    reader = log.reader({FACTS: 0, CONTROL: 0})
    assert (reader.end(FACTS), reader.end(CONTROL)) == (0, 0)
    assert writer.marks() == {}


def test_a_plain_append_between_commits_is_read_in_its_place(log: EventLog, help_: Any) -> None:
    writer = log.fenced_writer("coordinator")

    writer.commit([help_.record(value="1")], {})
    log.append([help_.record(value="2")])
    writer.commit([help_.record(value="3")], {})

    stored = help_.read_to_end(log.reader({FACTS: 0}), FACTS, at_least=3)
    assert help_.values(stored) == [b"1", b"2", b"3"]


def test_a_closed_writer_writes_nothing_more(log: EventLog, help_: Any) -> None:
    writer = log.fenced_writer("coordinator")
    writer.close()
    writer.close()

    with pytest.raises(LogError):
        writer.commit([help_.record()], {})

    assert log.reader({FACTS: 0}).end(FACTS) == 0
