"""Which files make up an estate, read once: the bytes that are hashed are the bytes that are parsed."""

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from inventory.problems import EstateError, Problem, Severity

#: 50,000 devices with everything there is to say about them are some 20 MB of YAML.
MAX_FILE_BYTES = 64 * 1024 * 1024
MAX_TOTAL_BYTES = 256 * 1024 * 1024
MAX_FILES = 5_000

_YAML = re.compile(r".+\.ya?ml", re.IGNORECASE)
_CSV = re.compile(r".+\.csv", re.IGNORECASE)
_CSV_OF = re.compile(r"(sites|devices)([-_.].*)?\.csv", re.IGNORECASE)
_CSV_HINT = "begin its name with 'sites' or 'devices', as in devices-emea.csv"


class Format(StrEnum):
    """How a file is to be read."""

    YAML = "yaml"
    SITES_CSV = "sites"
    DEVICES_CSV = "devices"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """One file. ``name`` is how messages call it; ``digest`` is the SHA-256 of its content."""

    name: str
    format: Format
    content: bytes
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Everything that was read. ``content_hash`` depends on contents, order and names below the given paths."""

    files: tuple[SourceFile, ...]
    content_hash: str
    warnings: tuple[Problem, ...]


def read_sources(paths: Sequence[Path]) -> Sources:
    """Reads the files of an estate: each path is a file, or a folder that is searched downwards in order of names.

    Folders whose name begins with a dot are passed over, and so are links to folders.

    Raises:
        EstateError: when a path does not exist, a file cannot be read or is too large, or there is nothing to read.
    """
    problems: list[Problem] = []
    found = [(place, relative) for path in paths for place, relative in _found(path, problems)]
    if not found and not _errors(problems):
        problems.append(_nothing(paths))
    files, relatives = _read_all(found, problems)
    if _errors(problems):
        raise EstateError(_errors(problems))
    digests = "\n".join(f"{file.digest} {relative}" for file, relative in zip(files, relatives, strict=True))
    content_hash = "sha256:" + hashlib.sha256(digests.encode()).hexdigest()
    return Sources(files=tuple(files), content_hash=content_hash, warnings=tuple(problems))


def _found(path: Path, problems: list[Problem]) -> Iterator[tuple[Path, str]]:
    if path.is_dir():
        for place in _below(path, problems):
            if _format(place.name) is not None:
                yield place, str(place.relative_to(path))
            elif _CSV.fullmatch(place.name):
                problems.append(_problem(place, "this CSV file is not read", _CSV_HINT, Severity.WARNING))
    elif not path.exists():
        problems.append(_problem(path, "there is no such file or folder"))
    elif _format(path.name) is None:
        problems.append(_problem(path, "this is neither YAML nor a CSV of sites or devices", _CSV_HINT))
    else:
        yield path, path.name


def _below(folder: Path, problems: list[Problem]) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        # os.walk would pass over it, and nobody would miss its devices until they are needed.
        problems.append(_problem(Path(error.filename), f"the folder cannot be read: {error.strerror}"))

    for parent, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(parent, name) for name in sorted(names) if not name.startswith("."))


def _format(name: str) -> Format | None:
    if _YAML.fullmatch(name):
        return Format.YAML
    matched = _CSV_OF.fullmatch(name)
    return Format(matched[1].lower()) if matched else None


def _read_all(found: Sequence[tuple[Path, str]], problems: list[Problem]) -> tuple[list[SourceFile], list[str]]:
    files: list[SourceFile] = []
    relatives: list[str] = []
    left = MAX_TOTAL_BYTES
    if len(found) > MAX_FILES:
        problems.append(_problem(found[0][0].parent, f"{len(found)} files are more than the {MAX_FILES} that are read"))
        return files, relatives
    for place, relative in found:
        file = _read(place, min(left, MAX_FILE_BYTES), problems)
        if file is not None:
            left -= len(file.content)
            files.append(file)
            relatives.append(relative)
    return files, relatives


def _read(place: Path, limit: int, problems: list[Problem]) -> SourceFile | None:
    form = _format(place.name)
    if form is None or not place.is_file():
        problems.append(_problem(place, "this is not a regular file"))
        return None
    try:
        with place.open("rb") as stream:
            content = stream.read(limit + 1)
    except OSError as error:
        problems.append(_problem(place, f"the file cannot be read: {error.strerror}"))
        return None
    if len(content) > limit:
        problems.append(_problem(place, f"the file is too large: more than {limit} bytes", "split the estate"))
        return None
    return SourceFile(name=str(place), format=form, content=content, digest=hashlib.sha256(content).hexdigest())


def decoded(file: SourceFile) -> str:
    """The file's text; a byte order mark, which spreadsheets write, is left out.

    Raises:
        EstateError: when it is not UTF-8.
    """
    try:
        return file.content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = file.content.count(b"\n", 0, error.start) + 1
        message = "this is not UTF-8 text"
        raise EstateError([Problem(file=file.name, line=line, message=message, hint="save it as UTF-8")]) from error


def _errors(problems: Sequence[Problem]) -> list[Problem]:
    return [problem for problem in problems if problem.severity is Severity.ERROR]


def _nothing(paths: Sequence[Path]) -> Problem:
    places = ", ".join(map(str, paths)) or "no path"
    message = "there is no estate here: no *.yaml, sites*.csv or devices*.csv"
    return Problem(file=places, line=0, message=message)


def _problem(place: Path, message: str, hint: str = "", severity: Severity = Severity.ERROR) -> Problem:
    return Problem(file=str(place), line=0, message=message, hint=hint, severity=severity)
