"""What a process shows of itself over HTTP: /metrics that Prometheus takes, and /healthz that tells the truth."""

import json
import os
import shutil
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from events.log.contract import LogUnavailableError, Record, Topic
from events.log.memory import MemoryLog, MemoryStore
from events.log.terms import Terms
from workers.bootstrap import opened
from workers.founding import found_log, prepare
from workers.process import Process
from workers.running import Assembly, Kind
from workers.serving.web import AddressInUseError, StatusPage
from workers.settings import read_settings

TERMS = Terms(session=timedelta(seconds=2), margin=timedelta(milliseconds=300), deadline=timedelta(seconds=1))

ESTATE = """\
sites: {ber: {country: DE, timezone: Europe/Berlin, region: emea}}
credentials: {lab: {username: ops, password: env:NO_SUCH_PASSWORD}}
devices: {ber-sw1: {site: ber, role: switch, platform: eos, address: 127.0.9.2, credentials: lab}}
"""


class Cut:
    """A log whose line a test cuts: whoever asks gets no answer, or, where it is only frozen, never anything new."""

    def __init__(self, log: Any) -> None:
        self._log = log
        self.cut = threading.Event()
        self.evicted = threading.Event()

    def _check(self) -> None:
        if self.cut.is_set():
            raise LogUnavailableError("the broker at 127.0.0.1:9092 does not answer")

    def append(self, records: Any) -> Any:
        self._check()
        return self._log.append(records)

    def reader(self, starts: Any) -> Any:
        self._check()
        return _Cut(self, self._log.reader(starts))

    def join(self, *arguments: Any) -> Any:
        self._check()
        return _Cut(self, self._log.join(*arguments))

    def fenced_writer(self, name: str) -> Any:
        self._check()
        return _Cut(self, self._log.fenced_writer(name))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)


class _Cut:
    """What was opened on such a log."""

    _ASKING = frozenset({"poll", "end", "commit", "marks", "mark"})

    def __init__(self, line: Cut, of: Any) -> None:
        self._line = line
        self._of = of

    def renew(self, marks: Any) -> bool:
        silent = self._line.cut.is_set() or self._line.evicted.is_set()
        return False if silent else bool(self._of.renew(marks))

    def __getattr__(self, name: str) -> Any:
        if name in self._ASKING:
            self._line._check()
        return getattr(self._of, name)


class Page:
    """A process that a test asks."""

    def __init__(self, port: int, log: Cut, assembly: Assembly) -> None:
        self.port = port
        self.log = log
        self.assembly = assembly

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def health(self) -> dict[str, str]:
        code, text = self.get("/healthz")
        told = json.loads(text)
        assert (code, told["ok"]) in {(200, True), (503, False)}
        assert told["ok"] == (not told["troubles"])
        return dict(told["troubles"])

    def told(self, part: str) -> dict[str, str]:
        """Waits until this is told among what is wrong."""
        until(lambda: part in self.health())
        return self.health()


def until(condition: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 20
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not become true in time"
        time.sleep(0.02)
    return found


@contextmanager
def running(home: Path, *kinds: Kind) -> Iterator[Page]:
    """A process of these parts on a log that can be cut, in this one."""
    with ExitStack() as closing:
        founded = prepare(home, {})
        settings = read_settings(home, session_s=2.0)
        (home / "estate" / "all.yaml").write_text(ESTATE)
        log = MemoryLog(MemoryStore(spread=2, terms=TERMS))
        closing.callback(log.close)
        found_log(log, founded, "root", "security", datetime.now(UTC))
        cut = Cut(log)
        assembly = Assembly(opened(settings, cut), kinds)
        closing.callback(assembly.stop)
        page = StatusPage("127.0.0.1", 0, registry=assembly.registry, health=assembly.health, refresh=assembly.refresh)
        closing.callback(page.stop)
        process = Process(assembly.start())
        closing.callback(process.end)
        process.start()
        page.start()
        yield Page(page.port, cut, assembly)


KINDS = [
    pytest.param((Kind.COORDINATOR,), id="coordinator"),
    pytest.param((Kind.WORKER,), id="worker"),
    pytest.param((Kind.PROJECTOR,), id="projector"),
    pytest.param(tuple(Kind), id="all in one"),
]


@pytest.mark.promtool
@pytest.mark.parametrize("kinds", KINDS)
def test_prometheus_takes_what_every_kind_of_process_shows(tmp_path: Path, kinds: tuple[Kind, ...]) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        if os.environ.get("CI"):
            pytest.fail("no promtool: install Debian's prometheus")
        pytest.skip("no promtool: install Debian's prometheus")
    with running(tmp_path, *kinds) as page:
        until(lambda: not page.health())
        code, metrics = page.get("/metrics")
    assert code == 200
    assert "wavegate_log_reachable 1.0" in metrics
    checked = subprocess.run([promtool, "check", "metrics"], input=metrics, text=True, capture_output=True, check=False)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


@pytest.mark.parametrize("kinds", KINDS)
def test_a_log_that_does_not_answer_is_told_until_it_does(tmp_path: Path, kinds: tuple[Kind, ...]) -> None:
    # Given a process that is well
    with running(tmp_path, *kinds) as page:
        until(lambda: page.health() == {})
        # When its log does not answer for longer than a session
        page.log.cut.set()
        # Then it says so, with the reason, and Prometheus is told too
        until(lambda: "the broker at 127.0.0.1:9092 does not answer" in page.health().get("log", ""))
        assert "wavegate_log_reachable 0.0" in page.get("/metrics")[1]
        # When it answers again, then all is well, without a restart
        page.log.cut.clear()
        until(lambda: page.health() == {})
        assert "wavegate_log_reachable 1.0" in page.get("/metrics")[1]


def test_a_worker_whose_polls_return_and_whose_lease_does_not_stand_says_so(tmp_path: Path) -> None:
    # Given a worker that is cut off from its group, while everything else answers: its polls return as ever
    with running(tmp_path, Kind.WORKER) as page:
        until(lambda: page.health() == {})
        page.log.evicted.set()
        # Then it does not pass for well
        troubles = page.told("lease")
        assert "its orders may be another worker's by now" in troubles["lease"]
        assert "log" not in troubles
        page.log.evicted.clear()
        until(lambda: page.health() == {})


def test_a_projector_tells_how_far_it_is(tmp_path: Path) -> None:
    with running(tmp_path, Kind.COORDINATOR, Kind.PROJECTOR) as page:
        until(lambda: "wavegate_views_facts 2.0" in page.get("/metrics")[1])
        metrics = page.get("/metrics")[1]
    assert "wavegate_views_lag 0.0" in metrics
    assert "wavegate_facts_total 2.0" in metrics
    assert "wavegate_coordinator_facts_total 2.0" in metrics


def test_a_part_that_died_is_told(tmp_path: Path) -> None:
    # Given a fact that no projector can read
    with running(tmp_path, Kind.PROJECTOR) as page:
        until(lambda: page.health() == {})
        writer = page.log.fenced_writer("somebody")
        writer.commit([Record(topic=Topic.FACTS, key="facts", value=b"poison")], {})
        # Then it is said which part failed, and why
        troubles = page.told("projector")
        assert troubles["projector"].startswith("failed: ")


def test_an_order_that_nobody_can_read_is_told(tmp_path: Path) -> None:
    with running(tmp_path, Kind.WORKER) as page:
        until(lambda: page.health() == {})
        page.log.append([Record(topic=Topic.ORDERS, key="ber", value=b"poison")])
        troubles = until(page.health)
        assert "the order at 0 in orders-" in troubles["worker"]


def test_no_metric_has_a_label_that_people_choose(tmp_path: Path) -> None:
    with running(tmp_path, *Kind) as page:
        until(lambda: "wavegate_views_facts 2.0" in page.get("/metrics")[1])
        ours = [line for line in page.get("/metrics")[1].splitlines() if line.startswith("wavegate_")]
    labels = {
        label.partition("=")[0] for line in ours if "{" in line for label in line[line.index("{") + 1 :].split(",")
    }
    assert labels <= {"state", "wave", "platform", "outcome", "code", "by", "area", "work", "le"}


@pytest.mark.parametrize("path", ["/", "/metrics/", "/healthz/x", "/../etc/passwd", "/metrics%00"])
def test_there_is_nothing_else(tmp_path: Path, path: str) -> None:
    with running(tmp_path, Kind.COORDINATOR) as page:
        assert page.get(path) == (404, "there is /metrics and /healthz\n")


def test_a_page_that_is_taken_is_told_with_what_to_set(tmp_path: Path) -> None:
    with running(tmp_path, Kind.COORDINATOR) as page, pytest.raises(AddressInUseError) as caught:
        StatusPage("127.0.0.1", page.port, registry=page.assembly.registry, health=dict)
    assert str(page.port) in str(caught.value)
    assert "set metrics_port (0 takes any free one) or listen" in str(caught.value)


def test_an_address_that_is_none_is_told_as_well() -> None:
    with pytest.raises(AddressInUseError, match=r"cannot listen on 192\.0\.2\.1 port 0"):
        StatusPage("192.0.2.1", 0, registry=CollectorRegistry(), health=dict)
