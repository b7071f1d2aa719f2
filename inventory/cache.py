"""Keeps a checked estate, so that it is ready at once as long as its files stay as they are.

The file is text: a line for the format, lines of JSON with up to a thousand things each, and a line with the digest of
all before it. It is read line by line, which keeps 50,000 devices below 150 MB, and pydantic checks the shape of
everything again: a cache that somebody forged can mislead, but it runs no code. What is damaged or foreign is not used.
"""

import hashlib
import json
import logging
import os
import stat
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from inventory import geography
from inventory.estate import Estate
from inventory.model import CredentialReference, Device, JumpHost, Scope, Site
from inventory.problems import Problem
from inventory.sources.files import Sources

_FORMAT: Final = b"wavegate estate 1\n"
_SUFFIX: Final = ".estate"
_IN_A_LINE: Final = 1_000
#: Estates that are kept: one in use, some of branches that people switch between.
_MOST_KEPT: Final = 8

_ADAPTERS: dict[str, TypeAdapter[Any]] = {
    "sites": TypeAdapter(list[Site]),
    "devices": TypeAdapter(list[Device]),
    "jump_hosts": TypeAdapter(list[JumpHost]),
    "credentials": TypeAdapter(list[CredentialReference]),
    "regions": TypeAdapter(list[Scope]),
    "countries": TypeAdapter(list[Scope]),
    "roles": TypeAdapter(list[Scope]),
    "warnings": TypeAdapter(list[Problem]),
}
_log = logging.getLogger(__name__)


def key_of(sources: Sources, platforms: Mapping[str, int]) -> str:
    """What a cached estate depends on: contents and names of the files, the platforms, the tables of places."""
    parts = [_FORMAT.decode(), geography.EDITION, sources.content_hash, *(file.name for file in sources.files)]
    parts += [str(warning) for warning in sources.warnings]
    parts += [f"{name}={port}" for name, port in sorted(platforms.items())]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def read_cached(folder: Path, key: str, content_hash: str) -> Estate | None:
    """The estate kept under a key; None where there is none, or none that can be trusted to be whole and our own."""
    path = folder / f"{key}{_SUFFIX}"
    try:
        with path.open("rb") as stream:
            _refuse_foreign(os.fstat(stream.fileno()))
            things = _things(stream)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError) as error:
        # A ValidationError would quote the estate.
        reason = "it has another shape" if isinstance(error, ValidationError) else error
        _log.warning("the cached estate %s is not used: %s", path, reason)
        return None
    with suppress(OSError):
        path.touch()  # keeps it from being thrown away as old; the cache may be on a disk that is read-only
    return Estate.of(content_hash=content_hash, **things)


def write_cached(folder: Path, key: str, estate: Estate) -> None:
    """Keeps an estate. Where that fails (a full disk) the estate is merely slower next time, so it is only logged."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(folder, folder / f"{key}{_SUFFIX}", estate)
        _prune(folder)
    except OSError as error:
        _log.warning("the estate is not cached in %s: %s", folder, error)


def _refuse_foreign(status: os.stat_result) -> None:
    if status.st_uid != os.geteuid() or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise PermissionError("somebody else could have written it")


def _things(stream: Iterable[bytes]) -> dict[str, list[Any]]:
    digest = hashlib.blake2b()
    # Of what an estate has none of there is no line.
    things: defaultdict[str, list[Any]] = defaultdict(list, sites=[], devices=[])
    lines = iter(stream)
    if next(lines, b"") != _FORMAT:
        raise ValueError("it is of another version")
    for line in lines:
        section, _, payload = line.partition(b" ")
        if section == b"end":
            if payload.strip().decode() != digest.hexdigest():
                raise ValueError("it is damaged")
            return things
        digest.update(line)
        things[section.decode()] += _ADAPTERS[section.decode()].validate_json(payload)
    raise ValueError("its end is missing")


def _write(folder: Path, path: Path, estate: Estate) -> None:
    """Writes beside and renames, so that nobody ever reads half a file. mkstemp gives it the mode 0600."""
    descriptor, beside = tempfile.mkstemp(dir=folder, suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            digest = hashlib.blake2b()
            stream.write(_FORMAT)
            for line in _lines(estate):
                digest.update(line)
                stream.write(line)
            stream.write(f"end {digest.hexdigest()}\n".encode())
        Path(beside).replace(path)
    except OSError:
        Path(beside).unlink(missing_ok=True)
        raise


def _lines(estate: Estate) -> Iterator[bytes]:
    for section, adapter in _ADAPTERS.items():
        found: Mapping[str, object] | Sequence[object] = getattr(estate, section)
        things = iter(found.values() if isinstance(found, Mapping) else found)
        while part := list(islice(things, _IN_A_LINE)):
            yield b"%s %s\n" % (section.encode(), adapter.dump_json(part, exclude_defaults=True))


def _prune(folder: Path) -> None:
    with suppress(FileNotFoundError):  # another process may be doing the same
        kept = sorted(folder.glob(f"*{_SUFFIX}"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
        for path in kept[_MOST_KEPT:]:
            path.unlink()
