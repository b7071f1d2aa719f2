"""Loads an estate: from its files, or from the cache when they are as they were."""

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from inventory.cache import key_of, read_cached, write_cached
from inventory.check import check
from inventory.draft import Draft, LineOf
from inventory.estate import Estate
from inventory.problems import Problem
from inventory.sources.csv_files import read_csv
from inventory.sources.files import Format, SourceFile, Sources, read_sources
from inventory.sources.records import Path as KeyPath
from inventory.sources.records import Reading, Record
from inventory.sources.yaml_files import field_lines, read_yaml

_READERS: Mapping[Format, Callable[[SourceFile], Reading]] = {
    Format.YAML: read_yaml,
    Format.SITES_CSV: read_csv,
    Format.DEVICES_CSV: read_csv,
}


def load(paths: Sequence[Path], *, platforms: Mapping[str, int], cache_dir: Path | None = None) -> Estate:
    """Reads and checks an estate.

    Args:
        paths: folders and files, see docs/guides/inventory.md.
        platforms: the platforms that exist, each with the TCP port that its management listens on by default.
        cache_dir: where checked estates are kept between runs; made if it is not there. None keeps nothing.

    Raises:
        EstateError: with everything that is wrong in ``problems``, each with its file and line.
    """
    sources = read_sources(paths)
    with _uncollected():
        return _read(sources, platforms) if cache_dir is None else _cached(sources, platforms, cache_dir)


def _cached(sources: Sources, platforms: Mapping[str, int], cache_dir: Path) -> Estate:
    key = key_of(sources, platforms)
    estate = read_cached(cache_dir, key, sources.content_hash)
    if estate is None:
        estate = _read(sources, platforms)
        write_cached(cache_dir, key, estate)
    return estate


@contextmanager
def _uncollected() -> Iterator[None]:
    """Puts the garbage collector off: half a million objects come and all of them stay, yet it looks at them each time.

    That is nearly half of the time that a cached estate takes.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _read(sources: Sources, platforms: Mapping[str, int]) -> Estate:
    records: list[Record] = []
    problems: list[Problem] = list(sources.warnings)
    gaps: list[Problem] = []
    for file in sources.files:
        reading = _READERS[file.format](file)
        records += reading.records
        problems += reading.problems
        gaps += reading.gaps
    draft = Draft(platforms=platforms, lines=_line_of(sources), complete=not gaps)
    return check(draft, records, content_hash=sources.content_hash, earlier=[*problems, *gaps])


def _line_of(sources: Sources) -> LineOf:
    """Looks lines up in the files; each is read a second time when the first question about it comes."""
    files = {file.name: file for file in sources.files if file.format is Format.YAML}

    @cache
    def lines(name: str) -> dict[KeyPath, int]:
        return field_lines(files[name])

    def line_of(name: str, path: KeyPath) -> int | None:
        known = lines(name) if name in files else {}
        nearest = (known.get(path[:length]) for length in range(len(path), 2, -1))
        return next((line for line in nearest if line is not None), None)

    return line_of
