"""An installation's processes in this one: they wait for their log, get ready, and let go of everything."""

import json
import os
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import structlog.testing

from events.log.contract import LogMismatchError
from events.signing import Signer
from inventory.problems import InventoryError
from workers.bootstrap import make_coordinator, make_projector, make_worker, opened, process_name
from workers.bootstrap_stores import derived, make_log
from workers.control_watch import ControlWatch
from workers.founding import Founded, found_log, prepare
from workers.running import Kind, Ready, await_log, run
from workers.serving.web import AddressInUseError
from workers.settings import Settings, SettingsFileError, read_settings

ESTATE = """\
sites: {ber: {country: DE, timezone: Europe/Berlin, region: emea}}
credentials: {lab: {username: ops, password: env:NO_SUCH_PASSWORD}}
devices: {ber-sw1: {site: ber, role: switch, platform: eos, address: 127.0.9.2, credentials: lab}}
"""


def until(condition: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 20
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not become true in time"
        time.sleep(0.02)
    return found


@pytest.fixture
def founded(tmp_path: Path) -> Founded:
    """An installation whose log nobody has made yet."""
    made = prepare(tmp_path, {})
    (tmp_path / "estate" / "all.yaml").write_text(ESTATE)
    return made


@pytest.fixture
def settings(founded: Founded) -> Settings:
    return read_settings(founded.home)


def make_and_found(settings: Settings, founded: Founded) -> None:
    log = make_log(settings)
    found_log(log, founded, "root", "security", datetime.now(UTC))
    log.close()


class Started:
    """A process that was started in a thread of this one."""

    def __init__(self, settings: Settings, *kinds: Kind) -> None:
        self.ready: list[Ready] = []
        self.ended: list[BaseException | None] = []
        self.stopping = threading.Event()
        self._arguments = (settings, kinds, self.stopping, self.ready.append)
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        self.ended.append(run(*self._arguments))

    def end(self) -> BaseException | None:
        self.stopping.set()
        self.thread.join(20)
        assert not self.thread.is_alive()
        return self.ended[0]


@pytest.fixture
def no_thread_stays() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    until(lambda: set(threading.enumerate()) <= before)


@pytest.mark.usefixtures("no_thread_stays")
@pytest.mark.parametrize("kinds", [(Kind.COORDINATOR,), (Kind.WORKER,), (Kind.PROJECTOR,), tuple(Kind)], ids=str)
def test_a_process_gets_ready_once_and_lets_go_of_everything(
    settings: Settings, founded: Founded, kinds: tuple[Kind, ...]
) -> None:
    make_and_found(settings, founded)
    process = Started(settings, *kinds)
    until(lambda: process.ready or process.ended)
    (ready,) = process.ready
    assert ready.kinds == kinds
    assert ready.name.startswith(kinds[0].value if len(kinds) == 1 else "wavegate")
    with urllib.request.urlopen(f"http://{ready.address}:{ready.port}/metrics", timeout=20) as answer:
        assert b"wavegate_log_reachable" in answer.read()
    assert process.end() is None
    assert len(process.ready) == 1
    # Its port is free again, and its log can be opened by others.
    make_log(settings).close()


@pytest.mark.usefixtures("no_thread_stays")
def test_a_log_without_its_first_records_is_waited_for(settings: Settings, founded: Founded) -> None:
    # Given a log that is there, and that nobody has founded
    make_log(settings).close()
    with structlog.testing.capture_logs() as logged:
        process = Started(settings, Kind.COORDINATOR)
        waiting = until(lambda: [line for line in logged if line["event"] == "waiting for the log"])
        # Then it says once what it waits for, and how to mend it
        assert "'wavegate topics apply' writes its first records" in waiting[0]["reason"]
        assert not process.ready
        # When it is founded, then the process gets ready by itself
        make_and_found(settings, founded)
        until(lambda: process.ready)
    assert process.end() is None


class Impatient(threading.Event):
    """Waits for no time at all, and is set once it has been waited for so often."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.left = times

    def wait(self, _timeout: float | None = None) -> bool:
        self.left -= 1
        if not self.left:
            self.set()
        return self.is_set()


def test_what_it_waits_for_is_told_once_and_not_every_second(settings: Settings) -> None:
    make_log(settings).close()
    stopping = Impatient(5)
    with structlog.testing.capture_logs() as logged:
        assert await_log(settings, stopping) is None
    assert stopping.left == 0
    assert [line["event"] for line in logged] == ["waiting for the log"]


@pytest.mark.usefixtures("no_thread_stays")
def test_what_waits_can_be_told_to_end(settings: Settings) -> None:
    make_log(settings).close()
    process = Started(settings, Kind.WORKER)
    assert process.end() is None
    assert not process.ready


def test_an_embedded_log_that_is_not_there_is_not_waited_for(settings: Settings) -> None:
    # On one machine nobody else will bring it: an empty one in its place would know no halt.
    with pytest.raises(LogMismatchError, match="there is no log in"):
        await_log(settings, threading.Event())


def test_a_log_of_somebody_else_is_not_taken_for_ours(settings: Settings, founded: Founded, tmp_path: Path) -> None:
    # Given a log that another root key founded
    other = Founded(home=tmp_path, root=Signer.generate(), coordinator=Signer.generate())
    log = make_log(settings)
    found_log(log, other, "mallory", "x", datetime.now(UTC))
    log.close()
    with structlog.testing.capture_logs() as logged:
        process = Started(settings, Kind.WORKER)
        until(lambda: [line for line in logged if line["event"] == "waiting for the log"])
        process.end()
    assert not process.ready


@pytest.mark.usefixtures("no_thread_stays")
def test_whoever_cannot_be_told_that_it_is_ready_ends_it(settings: Settings, founded: Founded) -> None:
    make_and_found(settings, founded)

    def gone(_ready: Ready) -> None:
        raise BrokenPipeError("nobody reads")

    with pytest.raises(BrokenPipeError):
        run(settings, tuple(Kind), threading.Event(), gone)


@pytest.mark.usefixtures("no_thread_stays")
def test_a_port_that_is_taken_starts_nothing(settings: Settings, founded: Founded) -> None:
    make_and_found(settings, founded)
    first = Started(settings, Kind.PROJECTOR)
    until(lambda: first.ready)
    second = read_settings(founded.home, metrics_port=first.ready[0].port)
    with pytest.raises(AddressInUseError):
        run(second, (Kind.PROJECTOR,), threading.Event(), lambda _ready: None)
    assert first.end() is None


@pytest.mark.usefixtures("no_thread_stays")
def test_an_inventory_that_is_wrong_starts_nothing(settings: Settings, founded: Founded) -> None:
    make_and_found(settings, founded)
    (founded.home / "estate" / "all.yaml").write_text("devices: {x: {site: nowhere}}\n")
    with pytest.raises(InventoryError, match=r"all\.yaml"):
        run(settings, (Kind.WORKER,), threading.Event(), lambda _ready: None)


@pytest.mark.parametrize(
    ("content", "mode", "why"),
    [
        pytest.param(b"no key", 0o600, "cannot be used: this is no unencrypted private key in PEM", id="no key"),
        pytest.param(None, 0o600, "cannot be read: No such file or directory; restore it", id="none"),
        pytest.param(b"", 0o644, "can be read by others; set its mode to 0600", id="open"),
    ],
)
def test_a_coordinator_s_key_that_cannot_be_used_is_named(
    settings: Settings, founded: Founded, content: bytes | None, mode: int, why: str
) -> None:
    make_and_found(settings, founded)
    key = founded.home / "keys" / "coordinator.pem"
    key.unlink()
    if content is not None:
        key.write_bytes(content)
        key.chmod(mode)
    with pytest.raises(SettingsFileError) as caught:
        run(settings, (Kind.COORDINATOR,), threading.Event(), lambda _ready: None)
    assert str(key) in str(caught.value)
    assert why in str(caught.value)


def test_only_a_coordinator_needs_its_key(settings: Settings, founded: Founded) -> None:
    make_and_found(settings, founded)
    (founded.home / "keys" / "coordinator.pem").unlink()
    process = Started(settings, Kind.PROJECTOR)
    until(lambda: process.ready)
    assert process.end() is None


def test_parts_are_made_of_what_the_settings_say(founded: Founded) -> None:
    settings = read_settings(founded.home, capacity=7, drain_s=3.0, connect_s=4.0, answer_s=5.0)
    installation = opened(settings, make_log(settings))
    try:
        worker = make_worker(installation, ControlWatch(installation.log, settings.log_name), "w-1")
        assert (worker.capacity, worker.drain.total_seconds(), worker.workshop.name) == (7, 3.0, "w-1")
        limits = worker.workshop.limits
        assert (limits.connect.total_seconds(), limits.answer.total_seconds()) == (4.0, 5.0)
        assert set(worker.workshop.platforms) >= {"ios", "eos", "frr"}
        assert make_coordinator(installation, "c-1").name == "c-1"
        projector = make_projector(installation)
        assert projector.views.engine.url.database == str(founded.home / "views.db")
        projector.views.close()
    finally:
        installation.close()


def test_every_worker_digests_alike_and_nobody_without_the_key_does(founded: Founded) -> None:
    key = (founded.home / "keys" / "data.key").read_bytes()
    assert derived(key, b"digests") == derived(key, b"digests")
    assert len({derived(key, b"digests"), derived(key, b"blobs"), derived(b"k" * 32, b"digests"), key}) == 4


def test_a_process_has_a_name_that_people_can_find() -> None:
    kind, *host, number, run = process_name("worker").split("-")
    assert kind == "worker"
    assert host
    assert int(number) == os.getpid()
    # Started again in a container, where host and number are the same, it is still told from the run before
    assert process_name("worker") != process_name("worker")
    assert int(run, 16) >= 0
    assert json.loads(json.dumps(process_name("worker"))).isascii()
