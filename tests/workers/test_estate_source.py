"""The inventory as its files have it now."""

import os
import threading
from datetime import timedelta
from pathlib import Path

import pytest
import structlog.testing

from inventory.estate import Estate
from inventory.model import Site
from inventory.problems import EstateError, Problem
from workers.estate_source import EstateSource


class Files:
    """A file that names sites, one a line, and counts how often it was read; the word "wrong" is no site."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.reads = 0
        self.patience_s = 0.0
        self._clock = 1_000_000_000
        self._changed = threading.Condition()

    def write(self, text: str) -> None:
        self.path.write_text(text)
        self._clock += 1_000_000_000
        os.utime(self.path, ns=(self._clock, self._clock))

    def await_read(self, count: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self.reads >= count, 20)

    def go_on(self) -> None:
        with self._changed:
            self.patience_s, self.reads = 0.0, self.reads + 1
            self._changed.notify_all()

    def load(self) -> Estate:
        with self._changed:
            self.reads += 1
            self._changed.notify_all()
            # Whoever reads at the same time gets the time to show it.
            self._changed.wait_for(lambda: self.reads > 2, self.patience_s)
        names = self.path.read_text().split()
        if "wrong" in names:
            raise EstateError([Problem(file=str(self.path), line=1, message="this is no site", hint="")])
        sites = [Site(name=name, country="DE", timezone="Europe/Berlin", region="emea") for name in names]
        return Estate.of(sites=sites, devices=[])


@pytest.fixture
def files(tmp_path: Path) -> Files:
    made = Files(tmp_path / "estate" / "sites.txt")
    made.path.parent.mkdir()
    made.write("ber")
    return made


@pytest.fixture(params=["a file", "a folder"])
def source(request: pytest.FixtureRequest, files: Files) -> EstateSource:
    paths = [files.path if request.param == "a file" else files.path.parent]
    return EstateSource(paths, files.load, every=timedelta(0))


def names(estate: Estate) -> list[str]:
    return sorted(estate.sites)


def test_it_is_read_once_for_as_long_as_nothing_changes(source: EstateSource, files: Files) -> None:
    for _ in range(5):
        assert names(source.current()) == names(source.good()) == ["ber"]
    assert files.reads == 1


def test_and_again_when_it_has_changed(source: EstateSource, files: Files) -> None:
    files.write("ber par")
    assert names(source.good()) == ["ber", "par"]
    assert names(source.current()) == ["ber", "par"]
    assert files.reads == 2


def test_a_file_that_is_new_in_a_folder_is_a_change(files: Files) -> None:
    source = EstateSource([files.path.parent], files.load)
    (files.path.parent / "more.txt").write_text("x")
    source.current()
    assert files.reads == 2


def test_one_that_is_wrong_from_the_start_is_not_opened(files: Files) -> None:
    files.write("wrong")
    with pytest.raises(EstateError, match="this is no site"):
        EstateSource([files.path], files.load)


def test_while_it_is_wrong_whoever_asks_for_now_is_told_and_orders_go_on(source: EstateSource, files: Files) -> None:
    files.write("wrong")
    with pytest.raises(EstateError, match="this is no site"):
        source.current()
    assert names(source.good()) == ["ber"]
    # And when it is mended, both have it
    files.write("ber tok")
    assert names(source.good()) == names(source.current()) == ["ber", "tok"]


def test_what_is_wrong_is_read_and_told_once(source: EstateSource, files: Files) -> None:
    # Given an inventory of thousands of devices that is wrong: to read it takes seconds
    files.write("wrong")
    with structlog.testing.capture_logs() as logged:
        for _ in range(10):
            source.good()
            with pytest.raises(EstateError):
                source.current()
    assert files.reads == 2
    assert [line["event"] for line in logged] == ["the inventory is wrong now; orders go on with the last good one"]
    assert "this is no site" in logged[0]["reason"]
    # But what is wrong in another way is read
    files.write("wrong again")
    source.good()
    assert files.reads == 3


def test_what_was_put_back_as_it_was_is_good_again(source: EstateSource, files: Files) -> None:
    before = files.path.stat()
    files.write("wrong")
    source.good()
    files.path.write_text("ber")
    os.utime(files.path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert names(source.current()) == ["ber"]
    assert files.reads == 2


def test_many_threads_read_it_once(source: EstateSource, files: Files) -> None:
    files.write("ber par")
    files.patience_s = 0.2
    threads = [threading.Thread(target=source.good) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert files.reads == 2


def test_files_are_looked_at_once_in_a_while(files: Files) -> None:
    now = [100.0]
    source = EstateSource([files.path], files.load, every=timedelta(seconds=1), monotonic=lambda: now[0])
    files.write("ber par")
    now[0] += 0.9
    assert names(source.good()) == ["ber"]
    now[0] += 0.1
    assert names(source.known) == ["ber"]
    assert names(source.good()) == names(source.known) == ["ber", "par"]
    # But whoever asks for now, gets now
    files.write("tok")
    assert names(source.current()) == ["tok"]


def test_who_asks_while_it_is_read_goes_on_with_what_is_known(files: Files) -> None:
    # Given somebody who reads an inventory of thousands of devices
    source = EstateSource([files.path], files.load, every=timedelta(0))
    files.write("ber par")
    files.patience_s = 20.0
    reading = threading.Thread(target=source.good)
    reading.start()
    files.await_read(2)
    # When somebody else asks, then they do not wait for it
    assert names(source.good()) == names(source.known) == ["ber"]
    files.go_on()
    reading.join(20)
    assert names(source.good()) == ["ber", "par"]
