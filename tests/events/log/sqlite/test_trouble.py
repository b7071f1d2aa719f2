"""A log in SQLite in trouble: stuck writers, full disks, dead members of another boot."""

import os
import sqlite3
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from events.log.contract import LogFullError, LogUnavailableError, Mark, Partition, Topic
from events.log.sqlite.log import SqliteLog
from events.log.terms import Terms

FACTS = Partition(Topic.FACTS, 0)
CONTROL = Partition(Topic.CONTROL, 0)
ORDERS = [Partition(Topic.ORDERS, number) for number in range(4)]
HURRIED = Terms(session=timedelta(seconds=2), margin=timedelta(milliseconds=500), deadline=timedelta(milliseconds=200))


def open_log(folder: Path, closing: Any) -> SqliteLog:
    log = SqliteLog(folder, spread=4, terms=HURRIED)
    closing(log.close)
    return log


def test_a_stuck_writer_of_the_main_file_does_not_hold_a_halt_up(
    tmp_path: Path, request: Any, stuck: Any, help_: Any
) -> None:
    log, other = (open_log(tmp_path, request.addfinalizer) for _ in range(2))
    reader = other.reader({CONTROL: 0})

    with stuck(tmp_path / "log.db"):
        log.append([help_.record(Topic.CONTROL, "halt")])

        assert help_.values(help_.read(reader, 1)) == [b"halt"]
        assert reader.position(CONTROL) == reader.end(CONTROL)
        with pytest.raises(LogUnavailableError):
            log.append([help_.record()])


@pytest.mark.parametrize("begin", ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"])
def test_a_log_that_is_there_opens_past_a_stuck_writer(
    tmp_path: Path, request: Any, stuck: Any, help_: Any, begin: str
) -> None:
    open_log(tmp_path, request.addfinalizer).append([help_.record(value="before")])

    with stuck(tmp_path / "log.db", begin), stuck(tmp_path / "control.db", begin):
        log = SqliteLog(tmp_path, terms=HURRIED)
        request.addfinalizer(log.close)
        assert help_.values(help_.read_to_end(log.reader({FACTS: 0}), FACTS)) == [b"before"]


def test_control_alone_is_written_and_read_while_nobody_can_even_read_the_rest(
    tmp_path: Path, request: Any, stuck: Any, help_: Any
) -> None:
    # given
    open_log(tmp_path, request.addfinalizer).close()
    with stuck(tmp_path / "log.db", "BEGIN EXCLUSIVE", alone=True):
        # when
        log = SqliteLog(tmp_path, terms=HURRIED, control_first=True)
        request.addfinalizer(log.close)
        log.append([help_.record(Topic.CONTROL, "halt")])

        # then
        assert help_.values(help_.read_to_end(log.reader({CONTROL: 0}), CONTROL)) == [b"halt"]
        with pytest.raises(LogUnavailableError, match=r"log\.db was held by another process"):
            log.reader({FACTS: 0})
    # and the rest is there as soon as it is let go
    log.append([help_.record(value="after")])
    assert help_.values(help_.read_to_end(log.reader({FACTS: 0}), FACTS)) == [b"after"]


def test_waiting_for_a_stuck_writer_is_bounded_and_names_the_file(
    tmp_path: Path, request: Any, stuck: Any, help_: Any
) -> None:
    log = open_log(tmp_path, request.addfinalizer)
    writer = log.fenced_writer("coordinator")

    with stuck(tmp_path / "log.db"):
        for ask in (
            lambda: log.append([help_.record()]),
            lambda: writer.commit([help_.record()], {}),
            lambda: log.fenced_writer("notary"),
            lambda: log.join("workers", Topic.ORDERS, "m"),
        ):
            with pytest.raises(LogUnavailableError, match=r"log\.db was held by another process") as caught:
                ask()
            assert caught.value.retriable

    writer.commit([help_.record()], {FACTS: 1})
    assert log.reader({FACTS: 0}).end(FACTS) == 1


def test_a_stuck_writer_does_not_stop_readers(tmp_path: Path, request: Any, stuck: Any, help_: Any) -> None:
    log = open_log(tmp_path, request.addfinalizer)
    log.append([help_.record(value="before")])

    with stuck(tmp_path / "log.db"):
        assert help_.values(help_.read_to_end(log.reader({FACTS: 0}), FACTS)) == [b"before"]


def test_a_lease_cannot_be_renewed_past_a_stuck_writer(
    tmp_path: Path, request: Any, stuck: Any, help_: Any, worker: Any, run: Any
) -> None:
    only = worker(open_log(tmp_path, request.addfinalizer))
    run([only], lambda: only.held() == set(ORDERS))

    with stuck(tmp_path / "log.db"):
        assert not only.membership.renew({ORDERS[0]: Mark(position=0)})
        help_.until(lambda: only.held() == set())

    run([only], lambda: only.held() == set(ORDERS))


def test_a_full_disk_is_an_error_that_leaves_nothing_half_done(tiny_disk: Any, request: Any, help_: Any) -> None:
    # given
    log = open_log(tiny_disk.folder / "log", request.addfinalizer)
    writer = log.fenced_writer("coordinator")
    writer.commit([help_.record(value="before")], {CONTROL: 1})
    tiny_disk.fill()
    large = [help_.record(value=os.urandom(100_000)) for _ in range(5)]

    # when
    for ask in (lambda: log.append(large), lambda: writer.commit(large, {CONTROL: 2})):
        with pytest.raises(LogFullError, match="no room") as caught:
            ask()
        assert caught.value.retriable

    # then
    reader = log.reader({FACTS: 0})
    assert help_.values(help_.read_to_end(reader, FACTS)) == [b"before"]
    assert writer.marks() == {CONTROL: 1}
    tiny_disk.free()
    writer.commit(large, {CONTROL: 2})
    log.append(large)
    assert len(help_.read_to_end(reader, FACTS)) == 10
    assert writer.marks() == {CONTROL: 2}


def test_on_a_full_disk_a_lease_ends_and_comes_back_with_room(
    tiny_disk: Any, request: Any, help_: Any, worker: Any, run: Any
) -> None:
    log = open_log(tiny_disk.folder / "log", request.addfinalizer)
    only = worker(log)
    run([only], lambda: only.held() == set(ORDERS))
    tiny_disk.fill()

    note = "x" * 1000
    full = {partition: Mark(position=1, note=note) for partition in ORDERS}
    help_.until(lambda: not only.membership.renew(full))
    help_.until(lambda: only.held() == set())
    tiny_disk.free()

    run([only], lambda: only.held() == set(ORDERS))


@pytest.mark.parametrize(
    "spoil",
    [
        "UPDATE members SET boot = 'the boot before', until = until + 5",
        "UPDATE members SET until = 1e9",
    ],
    ids=["another boot's id", "a time that is too far off"],
)
def test_members_of_an_earlier_boot_are_taken_over_at_once(
    tmp_path: Path, request: Any, worker: Any, run: Any, spoil: str
) -> None:
    # given
    dead = worker(open_log(tmp_path, request.addfinalizer))
    run([dead], lambda: dead.held() == set(ORDERS))
    connection = sqlite3.connect(tmp_path / "log.db", isolation_level=None)
    connection.execute(spoil)
    connection.close()

    # when
    started = time.monotonic()
    follower = worker(open_log(tmp_path, request.addfinalizer))
    follower.step()

    # then
    assert follower.held() == set(ORDERS)
    assert time.monotonic() - started < HURRIED.session.total_seconds()


def test_members_with_different_sessions_do_not_put_each_other_out(
    tmp_path: Path, request: Any, worker: Any, run: Any
) -> None:
    patient = SqliteLog(tmp_path, spread=4, terms=Terms(session=timedelta(seconds=60)))
    request.addfinalizer(patient.close)
    first, second = worker(patient), worker(open_log(tmp_path, request.addfinalizer))
    run([first], lambda: first.held() == set(ORDERS))

    run([first, second], lambda: len(first.held()) == len(second.held()) == 2)

    assert len(first.lost) == 2


def test_an_append_of_many_records_is_read_whole_or_not_at_all(tmp_path: Path, request: Any, help_: Any) -> None:
    log, other = (open_log(tmp_path, request.addfinalizer) for _ in range(2))
    reader = other.reader({FACTS: 0})

    for _ in range(20):
        log.append([help_.record() for _ in range(50)])
        assert reader.end(FACTS) % 50 == 0
