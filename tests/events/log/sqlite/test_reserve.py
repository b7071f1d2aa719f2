"""Room that is kept for halts on a disk that is full."""

from pathlib import Path
from typing import Any

import pytest

from events.log.contract import LogFullError, Partition, Record, Topic
from events.log.sqlite.log import SqliteLog
from events.log.sqlite.reserve import SIZE, Reserve

CONTROL = Partition(Topic.CONTROL, 0)
FACTS = Partition(Topic.FACTS, 0)


def size(folder: Path) -> int:
    return (folder / "control.reserve").stat().st_size


def append_for_ever(log: SqliteLog, record: Record) -> None:
    while True:
        log.append([record])


@pytest.mark.parametrize("left", [None, 0, 1000, SIZE], ids=["none", "all given away", "some given away", "whole"])
@pytest.mark.parametrize("control_first", [False, True], ids=["whole log", "control first"])
def test_opening_a_log_makes_the_reserve_whole(tmp_path: Path, left: int | None, control_first: bool) -> None:
    SqliteLog(tmp_path).close()
    if left is None:
        (tmp_path / "control.reserve").unlink()
    else:
        (tmp_path / "control.reserve").write_bytes(bytes(left))

    SqliteLog(tmp_path, control_first=control_first).close()

    assert size(tmp_path) == SIZE


def test_on_a_full_disk_a_halt_is_written_though_nobody_has_the_log_open(small_disk: Any, help_: Any) -> None:
    # given
    folder = small_disk.folder / "log"
    SqliteLog(folder).close()
    small_disk.fill()

    # when
    log = SqliteLog(folder, control_first=True)
    log.append([help_.record(Topic.CONTROL, "halt")])
    log.close()

    # then
    log = SqliteLog(folder, control_first=True)
    assert help_.values(help_.read_to_end(log.reader({CONTROL: 0}), CONTROL)) == [b"halt"]
    log.close()
    assert 0 < size(folder) < SIZE


def test_on_a_full_disk_halts_are_written_by_whoever_has_the_log_open(small_disk: Any, help_: Any) -> None:
    # given
    folder = small_disk.folder / "log"
    log = SqliteLog(folder)
    small_disk.fill()
    with pytest.raises(LogFullError, match="no room"):
        log.append([help_.record(value=bytes(100_000))])

    # when
    for number in range(20):
        log.append([help_.record(Topic.CONTROL, f"halt {number}")])

    # then
    assert len(help_.read_to_end(log.reader({CONTROL: 0}), CONTROL)) == 20
    # and with room it is kept again
    small_disk.free()
    log.append([help_.record(Topic.CONTROL, "lift")])
    assert size(folder) == SIZE
    log.close()


def test_once_it_is_used_up_a_full_disk_is_an_error_as_ever(small_disk: Any, help_: Any) -> None:
    folder = small_disk.folder / "log"
    log = SqliteLog(folder)
    small_disk.fill()

    with pytest.raises(LogFullError, match=r"no room for .*control\.db .*free some"):
        append_for_ever(log, help_.record(Topic.CONTROL, bytes(100_000)))

    assert size(folder) == 0
    small_disk.free()
    log.append([help_.record(Topic.CONTROL, "halt")])
    log.close()


def test_a_disk_with_little_room_is_not_filled_by_the_reserve_itself(tiny_disk: Any) -> None:
    (tiny_disk.folder / "file").write_bytes(bytes(1_500_000))

    SqliteLog(tiny_disk.folder / "log").close()

    assert not (tiny_disk.folder / "log" / "control.reserve").exists()


def test_what_somebody_else_takes_first_is_given_again(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path)
    reserve.restore()
    sizes: list[int] = []

    def write() -> str:
        sizes.append(size(tmp_path))
        if len(sizes) < 4:
            raise LogFullError("no room")
        return "written"

    assert reserve.given_room(write) == "written"
    assert sizes == sorted(set(sizes), reverse=True)
    assert sizes[0] == SIZE


def test_where_there_is_none_the_error_stands(tmp_path: Path) -> None:
    def write() -> None:
        raise LogFullError("no room")

    with pytest.raises(LogFullError, match="no room"):
        Reserve(tmp_path).given_room(write)


def test_a_folder_that_cannot_be_written_is_nobody_s_trouble(tmp_path: Path) -> None:
    Reserve(tmp_path / "nowhere").restore()
