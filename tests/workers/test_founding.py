"""Founding: the first records of a log, written once, by whoever made the installation."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from events.control import Role
from events.log.contract import LogMismatchError, Record, Topic
from events.log.memory import MemoryLog, MemoryStore
from workers.bootstrap_stores import data_key, memory_log, open_log
from workers.control_watch import read_control
from workers.founding import FoundingError, complete_founding, found_log, founding_records, keep_founding, prepare
from workers.settings import SettingsFileError, read_settings

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def log() -> Iterator[MemoryLog]:
    opened = MemoryLog(MemoryStore())
    yield opened
    opened.close()


def test_what_is_kept_founds_the_log_later(log: MemoryLog, tmp_path: Path) -> None:
    founded = prepare(tmp_path, {})
    keep_founding(tmp_path, founding_records(founded, "ada", "noc", NOW))
    assert complete_founding(log, founded.log, tmp_path) == 2
    keys = read_control(log, founded.log).keys.values()
    assert {(key.name, key.roles) for key in keys} == {("ada", (Role.ADMIN,)), ("coordinator", (Role.COORDINATOR,))}


def test_once(log: MemoryLog, tmp_path: Path) -> None:
    founded = prepare(tmp_path, {})
    keep_founding(tmp_path, founding_records(founded, "ada", "noc", NOW))
    complete_founding(log, founded.log, tmp_path)
    position = read_control(log, founded.log).position
    assert complete_founding(log, founded.log, tmp_path) == 0
    assert read_control(log, founded.log).position == position


def test_what_was_interrupted_is_completed(log: MemoryLog, tmp_path: Path) -> None:
    founded = prepare(tmp_path, {})
    records = founding_records(founded, "ada", "noc", NOW)
    keep_founding(tmp_path, records)
    log.append([records[0]])
    assert complete_founding(log, founded.log, tmp_path) == 1
    assert len(read_control(log, founded.log).keys) == 2


def test_elsewhere_a_founded_log_needs_nothing(log: MemoryLog, tmp_path: Path) -> None:
    founded = prepare(tmp_path / "a", {})
    found_log(log, founded, "ada", "noc", NOW)
    assert complete_founding(log, founded.log, tmp_path / "b") == 0


def test_elsewhere_one_that_is_not_founded_is_refused(log: MemoryLog, tmp_path: Path) -> None:
    founded = prepare(tmp_path / "a", {})
    with pytest.raises(FoundingError, match="run this where the installation was made"):
        complete_founding(log, founded.log, tmp_path / "b")


@pytest.mark.parametrize("value", ['a"b', "back\\slash", "Zürich 😀", "tab\there", "new\nline"])
def test_whatever_a_setting_is_it_is_read_as_it_was_written(tmp_path: Path, value: str) -> None:
    prepare(tmp_path, {"kafka_user": value})
    assert read_settings(tmp_path).kafka_user == value


def test_an_embedded_log_is_not_made_by_the_way(tmp_path: Path) -> None:
    prepare(tmp_path, {})
    with pytest.raises(LogMismatchError, match=r"there is no log in .*: was it moved"):
        open_log(read_settings(tmp_path))


def test_a_log_in_memory_is_nobody_else_s() -> None:
    first, second = memory_log(), memory_log()
    first.append([Record(topic=Topic.CONTROL, key="x", value=b"x")])
    assert read_control(second, "log-" + "0" * 32).position == 0
    first.close()
    second.close()


@pytest.mark.parametrize(
    ("content", "mode", "says"),
    [
        pytest.param(b"k" * 32, 0o644, "can be read by others; set its mode to 0600", id="open"),
        pytest.param(b"k" * 31, 0o600, "holds 31 bytes; a data key has 32", id="short"),
        pytest.param(None, 0o600, "cannot be read: No such file or directory", id="none"),
    ],
)
def test_a_data_key_that_is_none(tmp_path: Path, content: bytes | None, mode: int, says: str) -> None:
    prepare(tmp_path, {})
    path = tmp_path / "keys" / "data.key"
    path.unlink()
    if content is not None:
        path.write_bytes(content)
        path.chmod(mode)
    with pytest.raises(SettingsFileError, match=says):
        data_key(read_settings(tmp_path))
