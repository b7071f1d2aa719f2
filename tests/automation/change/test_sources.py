"""Where files come from: a folder, or a bundle. Neither gives anything that lies outside."""

import os
from pathlib import Path

import pytest

from automation.change.bundle import CHANGE_FILE, TASK_FILE
from automation.change.model import TaskReference
from automation.change.sources import Folder, MissingFileError, Packed
from automation.errors import AutomationError

TASK = TaskReference(name="acl", version="sha256:" + "1" * 64)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "acl" / "templates").mkdir(parents=True)
    (tmp_path / "acl" / "mgmt.yaml").write_text("title: t")
    (tmp_path / "acl" / "templates" / "ios.j2").write_text("ip routing")
    (tmp_path / "outside.j2").write_text("root")
    return tmp_path / "acl"


def test_a_folder_has_its_files(folder: Path) -> None:
    source = Folder(change_file=folder / "mgmt.yaml")

    assert source.read(CHANGE_FILE) == b"title: t"
    assert source.read("templates/ios.j2") == b"ip routing"
    assert source.name(CHANGE_FILE) == str(folder / "mgmt.yaml")
    assert source.name("templates/ios.j2") == str(folder / "templates" / "ios.j2")


@pytest.mark.parametrize(
    ("path", "message", "hint"),
    [
        ("ios.j2", "there is no file 'ios.j2'",
         "there is 'templates/ios.j2': paths are relative to the change file's folder"),
        ("templates/isos.j2", "there is no file 'templates/isos.j2'", "did you mean 'templates/ios.j2'?"),
        ("templates/", "'templates' is not a regular file", ""),
        ("pipe", "'pipe' is not a regular file", ""),
        ("large.csv", "'large.csv' is larger than the 700000 bytes of a whole change", ""),
        ("link.j2", "'link.j2' is a link out of the change's folder", "put the file itself there"),
        ("linked/outside.j2", "'linked/outside.j2' is a link out of the change's folder", "put the file itself there"),
        ("dangling.j2", "there is no file 'dangling.j2'", ""),
    ],
)  # fmt: skip
def test_what_cannot_be_had_is_told(folder: Path, path: str, message: str, hint: str) -> None:
    os.mkfifo(folder / "pipe")
    (folder / "large.csv").write_bytes(b"x" * 700_001)
    (folder / "link.j2").symlink_to(folder.parent / "outside.j2")
    (folder / "linked").symlink_to(folder.parent)
    (folder / "dangling.j2").symlink_to(folder / "nothing")

    with pytest.raises(MissingFileError) as caught:
        Folder(change_file=folder / "mgmt.yaml").read(path)

    assert (str(caught.value), caught.value.hint) == (message, hint)


def test_a_folder_that_is_a_link_itself_is_no_link_out(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "same").symlink_to(folder)

    assert Folder(change_file=tmp_path / "same" / "mgmt.yaml").read("templates/ios.j2") == b"ip routing"


def test_a_task_is_found_by_whoever_is_asked(folder: Path) -> None:
    source = Folder(change_file=folder / "mgmt.yaml", find_task=lambda name: TaskReference(name=name, version="1"))

    assert source.task("acl") == b'{"name":"acl","version":"1"}'


def test_a_task_that_is_not_found_is_a_missing_file(folder: Path) -> None:
    def find(name: str) -> TaskReference:
        raise AutomationError(f"there is no task {name!r}")

    with pytest.raises(MissingFileError, match="there is no task 'acl'"):
        Folder(change_file=folder / "mgmt.yaml", find_task=find).task("acl")
    with pytest.raises(MissingFileError, match="the task 'acl' is not to be found"):
        Folder(change_file=folder / "mgmt.yaml").task("acl")


def test_a_bundle_has_its_files_and_no_others() -> None:
    source = Packed(files={CHANGE_FILE: b"title: t", TASK_FILE: TASK.encode(), "a.j2": b"x"})

    assert source.read("a.j2") == b"x"
    assert source.task("acl") == TASK.encode()
    assert source.name("a.j2") == "a.j2"
    with pytest.raises(MissingFileError, match=r"the bundle has no file 'b\.j2'") as caught:
        source.read("b.j2")
    assert caught.value.hint == "did you mean 'a.j2'?"


def test_a_bundle_without_a_version_has_no_task() -> None:
    with pytest.raises(MissingFileError, match="the bundle does not say which version of the task 'acl' it wants"):
        Packed(files={}).task("acl")
