"""Engineers' own tasks, found by their name; the version of each is a digest over its source.

A task lies in the tasks folder as ``NAME.py``, one file with a function ``NAME``, or is installed with a package that
names it in the entry-point group ``wavegate.tasks``. A file imports no other file of the folder: what a version covers
must be all that it runs. Bigger tasks are packages.
"""

import hashlib
import importlib.util
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from automation.change.model import TaskReference
from automation.errors import AutomationError
from inventory.model import VARIABLE_PATTERN
from inventory.problems import Suggester

GROUP = "wavegate.tasks"
MAX_SOURCE_BYTES = 1_000_000
_MAX_FILES = 2_000

_NAME = re.compile(VARIABLE_PATTERN)


class TaskError(AutomationError):
    """An engineer's own task cannot be used, or gave no lines."""


class TaskVersionError(TaskError):
    """This machine has another version of a task than the one that was reviewed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSource:
    """Where a task comes from. ``code`` is the source of a file of the folder, ``entry`` what a package names."""

    name: str
    version: str
    place: str
    code: bytes | None = None
    entry: EntryPoint | None = None


def find_task(folder: Path | None, name: str) -> TaskReference:
    """The task of that name in the version that this machine has.

    Args:
        folder: the tasks folder; None where there is none.
        name: the name of the task, of its file and of its function.

    Raises:
        TaskError: there is none, or there are two.
    """
    found = find_source(folder, name)
    return TaskReference(name=found.name, version=found.version)


def find_source(folder: Path | None, name: str) -> TaskSource:
    """The same with its source.

    Raises:
        TaskError: there is none, or there are two.
    """
    if not _NAME.fullmatch(name):
        raise TaskError(f"{name[:63]!r} cannot be the name of a task: it is the name of a function")
    found = [*_in_folder(folder, name), *installed(name)]
    if not found:
        raise TaskError(f"there is no task {name!r}; {_known(folder, name)}")
    if len(found) > 1:
        places = " and ".join(source.place for source in found)
        raise TaskError(f"there are several tasks {name!r}: {places}; rename one of them")
    return found[0]


def _in_folder(folder: Path | None, name: str) -> Iterator[TaskSource]:
    place = folder / f"{name}.py" if folder is not None else None
    if place is not None and place.is_file():
        code = _read(place)
        yield TaskSource(name=name, version=_digest({place.name: code}), place=str(place), code=code)


@cache
def installed(name: str) -> tuple[TaskSource, ...]:
    """The tasks of that name in installed packages, as they were when this process first asked.

    Raises:
        TaskError: a package names one that is not there.
    """
    entries = entry_points(group=GROUP, name=name)
    return tuple(
        TaskSource(name=name, version=package_version(entry), place=f"the package of {entry.value}", entry=entry)
        for entry in entries
    )


def package_version(entry: EntryPoint) -> str:
    """Over all Python files of the package that the task is in: any of them may be part of what it does."""
    top = entry.module.partition(".")[0]
    spec = importlib.util.find_spec(top)
    if spec is None or spec.origin is None:
        raise TaskError(f"the task {entry.name!r} is in {top!r}, which is not installed; install it anew")
    if spec.submodule_search_locations is None:
        return _digest({Path(spec.origin).name: _read(Path(spec.origin))})
    root = Path(spec.origin).parent
    places = sorted(root.rglob("*.py"))
    if len(places) > _MAX_FILES:
        raise TaskError(f"the package {top!r} has more than {_MAX_FILES} files; put the task into one of its own")
    return _digest({place.relative_to(root).as_posix(): _read(place) for place in places})


def _digest(files: dict[str, bytes]) -> str:
    """Over names and contents, each behind its length, so that nothing can move from one to the other."""
    hashed = hashlib.sha256()
    for name, content in sorted(files.items()):
        for part in (name.encode(), content):
            hashed.update(len(part).to_bytes(8, "big"))
            hashed.update(part)
    return "sha256:" + hashed.hexdigest()


def _read(place: Path) -> bytes:
    try:
        with place.open("rb") as stream:
            content = stream.read(MAX_SOURCE_BYTES + 1)
    except OSError as error:
        raise TaskError(f"{place} cannot be read: {error.strerror}") from error
    if len(content) > MAX_SOURCE_BYTES:
        raise TaskError(f"{place} is larger than {MAX_SOURCE_BYTES} bytes")
    return content


def _known(folder: Path | None, name: str) -> str:
    there = [place.stem for place in sorted(folder.glob("*.py"))] if folder is not None and folder.is_dir() else []
    there += [entry.name for entry in entry_points(group=GROUP)]
    hint = Suggester().hint(name, there)
    return hint or (f"there are {', '.join(there)}" if there else f"put {name}.py into the tasks folder")
