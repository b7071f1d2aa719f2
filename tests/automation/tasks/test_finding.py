"""Tasks and their versions."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.tasks.finding import TaskError, find_source, find_task

SOURCE = b"def acl(task):\n    pass\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "acl.py").write_bytes(SOURCE)
    (tmp_path / "_private.py").write_bytes(SOURCE)
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_bytes(SOURCE)
    return tmp_path


def test_a_task_is_a_file_of_its_name(folder: Path) -> None:
    found = find_source(folder, "acl")

    assert (found.name, found.code, found.place) == ("acl", SOURCE, str(folder / "acl.py"))
    assert found.version.startswith("sha256:")
    assert len(found.version) == len("sha256:") + 64


def test_the_version_is_the_same_wherever_the_folder_is(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "acl.py").write_bytes(SOURCE)

    assert find_task(folder, "acl") == find_task(elsewhere, "acl")


@pytest.mark.parametrize("change", [b"\n", b" ", b"# a comment\n", b"\x00"])
def test_any_byte_is_another_version(folder: Path, change: bytes) -> None:
    before = find_task(folder, "acl")
    (folder / "acl.py").write_bytes(SOURCE + change)

    assert find_task(folder, "acl").version != before.version


def test_other_files_are_no_part_of_it(folder: Path) -> None:
    before = find_task(folder, "acl")
    (folder / "other.py").write_bytes(b"x = 1\n")

    assert find_task(folder, "acl") == before


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("acll", r"there is no task 'acll'; did you mean 'acl'\?"),
        ("something_else", r"there is no task 'something_else'; there are _private, acl"),
        ("package", "there is no task 'package'"),
        ("a-b", "'a-b' cannot be the name of a task: it is the name of a function"),
        ("a/b", "'a/b' cannot be the name of a task"),
        ("acl.py", "'acl.py' cannot be the name of a task"),
        ("x" * 64, "cannot be the name of a task"),
    ],
)
def test_what_is_not_there_is_told(folder: Path, name: str, message: str) -> None:
    with pytest.raises(TaskError, match=message):
        find_task(folder, name)


@pytest.mark.parametrize("where", [None, Path("/nowhere/at/all")])
def test_without_a_folder_there_is_none(where: Path | None) -> None:
    with pytest.raises(TaskError, match=r"there is no task 'acl'; put acl\.py into the tasks folder"):
        find_task(where, "acl")


def test_a_source_that_is_too_large_is_refused(folder: Path) -> None:
    (folder / "acl.py").write_bytes(b"#" * 1_000_001)

    with pytest.raises(TaskError, match=r"acl.py is larger than 1000000 bytes"):
        find_task(folder, "acl")


@given(st.text(max_size=30))
def test_no_name_leads_anywhere(name: str) -> None:
    with pytest.raises(TaskError):
        find_task(Path("/nowhere"), name)
