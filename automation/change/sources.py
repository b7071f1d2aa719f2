"""Where a change's files come from: a folder in somebody's checkout, or a bundle. Both are read the same way."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from automation.change.bundle import CHANGE_FILE, MAX_BUNDLE_BYTES, TASK_FILE
from automation.change.model import TaskReference
from automation.errors import AutomationError
from inventory.problems import Suggester

FindTask = Callable[[str], TaskReference]


class MissingFileError(Exception):
    """A file cannot be had. Becomes a problem at the place that names it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class Source(Protocol):
    """Files of one change, by the paths that a bundle has them under."""

    def read(self, path: str) -> bytes:
        """A file's content.

        Raises:
            MissingFileError: it cannot be had.
        """
        ...

    def name(self, path: str) -> str:
        """How messages call a file."""
        ...

    def task(self, name: str) -> bytes:
        """What is recorded about the engineer's task of that name.

        Raises:
            MissingFileError: there is no such task.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """A change in a checkout: the change file and what lies below its folder."""

    change_file: Path
    find_task: FindTask | None = None

    def read(self, path: str) -> bytes:
        """A file's content; links that lead out of the folder are not followed."""
        if path == CHANGE_FILE:
            return _read(self.change_file)
        place = self.change_file.parent / path
        if not place.exists():
            raise MissingFileError(f"there is no file {path!r}", self._nearest(path))
        if not place.resolve().is_relative_to(self.change_file.parent.resolve()):
            raise MissingFileError(f"{path!r} is a link out of the change's folder", "put the file itself there")
        return _read(place)

    def name(self, path: str) -> str:
        """The path as a shell in the same working directory has it."""
        return str(self.change_file if path == CHANGE_FILE else self.change_file.parent / path)

    def task(self, name: str) -> bytes:
        """The task as this machine has it."""
        if self.find_task is None:
            raise MissingFileError(f"the task {name!r} is not to be found", "say where tasks are kept: settings, tasks")
        try:
            return self.find_task(name).encode()
        except AutomationError as error:
            raise MissingFileError(str(error)) from error

    def _nearest(self, path: str) -> str:
        """A file that may be meant; of the same name in another folder before one of a similar name."""
        root = self.change_file.parent
        found = [place for place in sorted(root.glob("**/*"))[:1000] if place.is_file()]
        there = [str(place.relative_to(root)) for place in found]
        same = [name for name in there if Path(name).name == Path(path).name]
        if same:
            return f"there is {same[0]!r}: paths are relative to the change file's folder"
        return Suggester().hint(path, there)


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """A bundle's files."""

    files: Mapping[str, bytes]

    def read(self, path: str) -> bytes:
        """A file's content."""
        if path not in self.files:
            raise MissingFileError(f"the bundle has no file {path!r}", Suggester().hint(path, self.files))
        return self.files[path]

    def name(self, path: str) -> str:
        """The path in the bundle."""
        return path

    def task(self, name: str) -> bytes:
        """The task as whoever packed the bundle had it."""
        if TASK_FILE not in self.files:
            raise MissingFileError(f"the bundle does not say which version of the task {name!r} it wants")
        return self.files[TASK_FILE]


def _read(place: Path) -> bytes:
    if not place.is_file():
        raise MissingFileError(f"{place.name!r} is not a regular file")
    try:
        with place.open("rb") as stream:
            content = stream.read(MAX_BUNDLE_BYTES + 1)
    except OSError as error:
        raise MissingFileError(f"{place.name!r} cannot be read: {error.strerror}") from error
    if len(content) > MAX_BUNDLE_BYTES:
        raise MissingFileError(f"{place.name!r} is larger than the {MAX_BUNDLE_BYTES} bytes of a whole change")
    return content
