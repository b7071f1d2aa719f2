"""An estate that was checked is ready at once, and nothing but the same estate."""

import logging
import os
import stat
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from inventory.estate import Estate
from inventory.load import load

Write = Callable[[Mapping[str, str]], Path]


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def cached(
    write: Write, right: dict[str, str], platforms: dict[str, int], cache: Path, caplog: pytest.LogCaptureFixture
) -> Callable[[], Estate]:
    """Loads the right estate through the cache."""
    folder = write(right)

    def loaded() -> Estate:
        caplog.clear()
        with caplog.at_level(logging.WARNING, logger="inventory.cache"):
            return load([folder], platforms=platforms, cache_dir=cache)

    return loaded


def only_file(cache: Path) -> Path:
    [path] = cache.iterdir()
    return path


def is_from_cache(cache: Path, cached: Callable[[], Estate]) -> bool:
    """Whether loading leaves the file as it is: an estate that is read anew is written anew."""
    before = only_file(cache).stat().st_ino
    cached()
    return only_file(cache).stat().st_ino == before


def test_the_second_time_it_comes_from_the_cache(cached: Callable[[], Estate], cache: Path) -> None:
    cached()
    assert is_from_cache(cache, cached)


def test_it_is_the_same_estate_with_the_same_origins(cached: Callable[[], Estate]) -> None:
    first, second = cached(), cached()
    assert first == second
    for kind in ("sites", "devices", "jump_hosts", "credentials", "regions", "countries", "roles"):
        origins = [[thing.origin for thing in getattr(estate, kind).values()] for estate in (first, second)]
        assert origins[0] == origins[1]
        assert all(origin.line for origin in origins[0])


def test_values_of_every_type_come_back(
    write: Write, right: dict[str, str], platforms: dict[str, int], cache: Path
) -> None:
    values = "{text: '10', whole: 10, huge: 123456789012345678, decimal: 1.1, yes: true, nothing: ~, deep: [{a: [1]}]}"
    folder = write({**right, "variables.yaml": f"variables:\n  regions:\n    emea: {values}\n"})
    first, second = (load([folder], platforms=platforms, cache_dir=cache) for _ in range(2))
    assert first.regions == second.regions
    assert second.regions["emea"].variables == {
        "text": "10",
        "whole": 10,
        "huge": 123456789012345678,
        "decimal": 1.1,
        "yes": True,
        "nothing": None,
        "deep": [{"a": [1]}],
    }


def test_warnings_are_told_again(write: Write, right: dict[str, str], platforms: dict[str, int], cache: Path) -> None:
    folder = write({**right, "sites.yaml": right["sites.yaml"].replace("Europe/Oslo", "Europe/Paris")})
    first, second = (load([folder], platforms=platforms, cache_dir=cache).warnings for _ in range(2))
    assert len(first) == 1
    assert first == second


def test_an_estate_without_anything_in_it_is_kept_like_any_other(
    write: Write, platforms: dict[str, int], cache: Path
) -> None:
    folder = write({"sites.yaml": "sites: {}\n"})
    first, second = (load([folder], platforms=platforms, cache_dir=cache) for _ in range(2))
    assert first == second
    assert not second.sites
    assert not second.devices


def test_a_refused_estate_is_not_kept(
    write: Write, right: dict[str, str], platforms: dict[str, int], cache: Path
) -> None:
    folder = write({**right, "more.yaml": "devices:\n  x: {}\n"})
    for _ in range(2):
        with pytest.raises(Exception, match="5 problems"):
            load([folder], platforms=platforms, cache_dir=cache)
    assert not cache.exists()


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda folder: (folder / "sites.yaml").write_text(SITES), id="a file changed"),
        pytest.param(lambda folder: (folder / "more.yaml").touch(), id="a file came"),
        pytest.param(lambda folder: (folder / "variables.yaml").unlink(), id="a file went"),
        pytest.param(lambda folder: (folder / "sites.yaml").rename(folder / "places.yaml"), id="a file was renamed"),
        pytest.param(lambda folder: (folder / "routers.csv").touch(), id="a file came that is not read"),
    ],
)
def test_whatever_changes_is_read_anew(
    write: Write, right: dict[str, str], platforms: dict[str, int], cache: Path, change: Callable[[Path], object]
) -> None:
    folder = write(right)
    load([folder], platforms=platforms, cache_dir=cache)
    change(folder)
    fresh = load([folder], platforms=platforms)
    assert load([folder], platforms=platforms, cache_dir=cache) == fresh
    assert len(list(cache.iterdir())) == 2


SITES = """\
sites:
  hq: {country: FR, timezone: Europe/Paris, region: emea}
  store-1: {country: FR, timezone: Europe/Paris, region: emea}
  store-2: {country: FR, timezone: Europe/Paris, region: emea}
"""


def test_other_platforms_are_another_estate(
    cached: Callable[[], Estate], write: Write, right: dict[str, str], platforms: dict[str, int], cache: Path
) -> None:
    cached()
    estate = load([write(right)], platforms={**platforms, "eos": 8443}, cache_dir=cache)
    assert estate.devices["hq-sw1"].port == 8443


def test_nobody_else_can_read_it(cached: Callable[[], Estate], cache: Path) -> None:
    cached()
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700
    assert stat.S_IMODE(only_file(cache).stat().st_mode) == 0o600


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-200])


def flip(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"10.0.0.1", b"10.0.0.7"))


def spoil(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b'"role"', b'"rule"'))


def empty(path: Path) -> None:
    path.write_bytes(b"")


def other_version(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"wavegate estate 1", b"wavegate estate 0"))


def other_section(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"\ndevices [", b"\ndevises ["))


def binary(path: Path) -> None:
    path.write_bytes(b"wavegate estate 1\n\xff\xfe\x80\x04\x95")


def no_end(path: Path) -> None:
    path.write_bytes(path.read_bytes().rpartition(b"end ")[0])


def writable_by_others(path: Path) -> None:
    path.chmod(0o666)


def in_the_way(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (cut, "it has another shape"),
        (flip, "it is damaged"),
        (spoil, "it has another shape"),
        (empty, "it is of another version"),
        (other_version, "it is of another version"),
        (other_section, "'devises'"),
        (binary, "codec can't decode"),
        (no_end, "its end is missing"),
        (writable_by_others, "somebody else could have written it"),
    ],
)
def test_a_damaged_cache_is_read_past_and_mended(
    cached: Callable[[], Estate],
    cache: Path,
    caplog: pytest.LogCaptureFixture,
    damage: Callable[[Path], None],
    reason: str,
) -> None:
    fresh = cached()
    damage(only_file(cache))
    assert cached() == fresh
    assert reason in caplog.text
    assert is_from_cache(cache, cached)
    assert not caplog.text


def test_a_cache_that_cannot_be_written_is_only_logged(
    write: Write, right: dict[str, str], platforms: dict[str, int], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A file stands where the folder should be; a full disk fails in the same place."""
    blocked = tmp_path / "cache"
    blocked.touch()
    estate = load([write(right)], platforms=platforms, cache_dir=blocked)
    assert len(estate.devices) == 5
    assert "the estate is not cached in" in caplog.text


def test_a_write_that_fails_leaves_nothing_behind(
    cached: Callable[[], Estate], cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cached()
    in_the_way(only_file(cache))
    cached()
    assert "the estate is not cached in" in caplog.text
    assert only_file(cache).is_dir()


def test_old_estates_are_thrown_away(
    write: Write, right: dict[str, str], platforms: dict[str, int], cache: Path
) -> None:
    for number in range(12):
        load([write({**right, "more.yaml": f"# {number}\n"})], platforms=platforms, cache_dir=cache)
        for age, path in enumerate(sorted(cache.iterdir(), key=lambda path: path.stat().st_mtime_ns, reverse=True)):
            os.utime(path, (1_000_000 - age, 1_000_000 - age))
    assert len(list(cache.iterdir())) == 8


def test_secrets_are_not_in_it_because_they_are_nowhere(cached: Callable[[], Estate], cache: Path) -> None:
    """Only the references are there."""
    cached()
    content = only_file(cache).read_text()
    assert "env:TACACS_PASSWORD" in content
    assert "file:/run/secrets/enable" in content


def test_many_may_load_at_once(
    write: Write, right: dict[str, str], platforms: dict[str, int], cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Each writes a file of its own and renames it, so nobody reads half an estate."""
    folder = write(right)
    with ThreadPoolExecutor(8) as pool:
        estates = list(pool.map(lambda _: load([folder], platforms=platforms, cache_dir=cache), range(40)))
    assert all(estate == estates[0] for estate in estates)
    assert only_file(cache).suffix == ".estate"
    assert not caplog.text
