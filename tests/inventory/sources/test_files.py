"""Which files are read, and how much of them."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from inventory.problems import EstateError
from inventory.sources.files import MAX_FILE_BYTES, MAX_FILES, Format, read_sources


def names(folder: Path) -> list[tuple[str, Format]]:
    return [(str(Path(file.name).relative_to(folder)), file.format) for file in read_sources([folder]).files]


def test_files_are_read_in_order_of_their_names(tmp_path: Path) -> None:
    for name in ("b.yaml", "a.yml", "sites.csv", "devices-emea.csv", "DEVICES_2.CSV", "z/devices.csv", "a/x.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    assert names(tmp_path) == [
        ("DEVICES_2.CSV", Format.DEVICES_CSV),
        ("a.yml", Format.YAML),
        ("b.yaml", Format.YAML),
        ("devices-emea.csv", Format.DEVICES_CSV),
        ("sites.csv", Format.SITES_CSV),
        ("a/x.yaml", Format.YAML),
        ("z/devices.csv", Format.DEVICES_CSV),
    ]


def test_links_to_files_are_read_and_links_to_folders_are_not(tmp_path: Path) -> None:
    """Kubernetes mounts files as links into a hidden folder; a link to a folder above would go round for ever."""
    hidden = tmp_path / "..data"
    hidden.mkdir()
    (hidden / "sites.yaml").write_text("")
    (tmp_path / "sites.yaml").symlink_to(hidden / "sites.yaml")
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    assert names(tmp_path) == [("sites.yaml", Format.YAML)]


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    """Opening a named pipe would wait for a writer that never comes."""
    os.mkfifo(tmp_path / "sites.yaml")
    (tmp_path / "devices.yaml").symlink_to(tmp_path / "nowhere")
    with pytest.raises(EstateError) as caught:
        read_sources([tmp_path])
    assert [(Path(problem.file).name, problem.message) for problem in caught.value.problems] == [
        ("devices.yaml", "this is not a regular file"),
        ("sites.yaml", "this is not a regular file"),
    ]


def test_a_huge_file_is_refused_without_being_read(tmp_path: Path) -> None:
    with (tmp_path / "sites.yaml").open("wb") as stream:
        stream.truncate(MAX_FILE_BYTES + 1)
    with pytest.raises(EstateError, match=f"the file is too large: more than {MAX_FILE_BYTES} bytes; split the estate"):
        read_sources([tmp_path])


def test_very_many_files_are_refused(tmp_path: Path) -> None:
    for number in range(MAX_FILES + 1):
        (tmp_path / f"{number}.yaml").touch()
    with pytest.raises(EstateError, match=f"{MAX_FILES + 1} files are more than the {MAX_FILES} that are read"):
        read_sources([tmp_path])


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """The memory of a process is a regular file with nothing to read at its beginning, for root too."""
    (tmp_path / "sites.yaml").symlink_to("/proc/self/mem")
    with pytest.raises(EstateError, match="the file cannot be read: Input/output error"):
        read_sources([tmp_path])


def test_a_folder_that_may_not_be_read_is_told_and_not_passed_over(shared_folder: Path) -> None:
    (shared_folder / "sites.yaml").write_text("")
    (shared_folder / "emea").mkdir(mode=0o000)
    with unprivileged(), pytest.raises(EstateError, match="emea: the folder cannot be read: Permission denied"):
        read_sources([shared_folder])


@pytest.fixture
def shared_folder() -> Iterator[Path]:
    """A folder that everybody can read; pytest's own are for their user alone."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@contextmanager
def unprivileged() -> Iterator[None]:
    """Root may read everything, so it becomes somebody else for a while."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(before)


def test_several_paths_are_all_read(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "e.yaml").write_text(name)
    sources = read_sources([tmp_path / "b", tmp_path / "a"])
    assert [file.content for file in sources.files] == [b"b", b"a"]


def test_all_paths_that_are_wrong_are_told(tmp_path: Path) -> None:
    with pytest.raises(EstateError) as caught:
        read_sources([tmp_path / "x", tmp_path / "y"])
    assert len(caught.value.problems) == 2
