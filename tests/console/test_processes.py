"""The processes of an installation, each alone and all in one: ready, well, measured, stopped."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.timeout(300)

PARTS = ("coordinator", "worker", "projector")
PATIENCE_S = 60.0


def until(condition: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE_S
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not become true in time"
        time.sleep(0.05)
    return found


def value(metrics: str, name: str) -> float:
    """The value of a metric that has no labels, or with these."""
    found = re.search(rf"^{re.escape(name)} (\S+)$", metrics, re.MULTILINE)
    assert found, f"no {name} in:\n{metrics}"
    return float(found[1])


@pytest.fixture(scope="module")
def place(make_place: Any) -> Any:
    """An installation whose only device answers to nobody."""
    made = make_place()
    estate = {
        "sites": {
            "ber": {
                "country": "DE",
                "timezone": "Europe/Berlin",
                "region": "emea",
                "variables": {"ntp_server": "192.0.2.7"},
            }
        },
        "credentials": {"lab": {"username": "netops", "password": "env:NO_SUCH_PASSWORD"}},
        "devices": {
            name: {"site": "ber", "role": "router", "platform": "ios", "address": address, "credentials": "lab"}
            for name, address in (("ber-r1", "127.127.127.1"), ("ber-r2", "127.127.127.2"))
        },
    }
    (made.home / "estate" / "all.yaml").write_text(json.dumps(estate))
    return made


@pytest.fixture(scope="module")
def parts(place: Any) -> Any:
    """Coordinator, worker and projector, each as a process of its own."""
    running = {kind: place.start("run", kind) for kind in PARTS}
    yield running
    for each in running.values():
        each.end()


@pytest.fixture(scope="module")
def rollout(place: Any, parts: Any) -> str:
    """A rollout that was requested and planned by these processes; no device could be reached."""
    change = place.change("processes", select="platform=ios", line="ntp server 192.0.2.7\n")
    asked = place("rollout", "request", str(change), "--json", by="ed")
    assert asked.code == 0, asked.err
    name = str(asked.json["rollout"])
    until(lambda: place("rollout", "show", name, "--json").json["rollout"]["state"] == "withdrawn")
    return name


@pytest.mark.parametrize("kind", PARTS)
def test_a_part_says_once_that_it_is_ready(parts: Any, kind: str) -> None:
    ready = parts[kind].ready
    assert ready["ready"] is True
    assert ready["kinds"] == [kind]
    assert re.fullmatch(rf"{kind}-[A-Za-z0-9-]+-{parts[kind].pid}-[0-9a-f]{{4}}", ready["name"])
    assert parts[kind].page("/healthz")[0] == 200


@pytest.mark.parametrize("kind", PARTS)
def test_its_logs_are_json(parts: Any, rollout: str, kind: str) -> None:
    for line in parts[kind].logged():
        assert {"event", "level", "timestamp"} <= set(line)


def test_three_processes_plan_together(place: Any, rollout: str) -> None:
    shown = place("rollout", "show", rollout)
    assert shown.code == 0
    assert "2 devices without what the change wants:" in shown.out
    assert "  2 devices (ber-r1, ber-r2; not planned): failed, credential-missing: " in shown.out
    failures = place("rollout", "show", rollout, "--json").json["failures"]
    assert {each["cause"] for each in failures} == {"credential-missing"}
    assert "the environment of this process has no such variable" in failures[0]["detail"]
    assert "Give the worker the environment variable" in shown.out


@pytest.mark.promtool
@pytest.mark.parametrize("kind", PARTS)
def test_prometheus_has_nothing_to_complain_about(parts: Any, rollout: str, kind: str) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        if os.environ.get("CI"):
            pytest.fail("no promtool: install Debian's prometheus")
        pytest.skip("no promtool: install Debian's prometheus")
    _, metrics = parts[kind].page("/metrics")
    checked = subprocess.run([promtool, "check", "metrics"], input=metrics, text=True, capture_output=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        pytest.param(
            "coordinator", ["wavegate_coordinator_active", "wavegate_coordinator_batches_total"], id="coordinator"
        ),
        pytest.param(
            "worker",
            ["wavegate_worker_orders_in_flight", "wavegate_worker_lease_age_seconds", "wavegate_control_age_seconds"],
            id="worker",
        ),
        pytest.param(
            "projector", ["wavegate_views_lag", "wavegate_views_facts", "wavegate_facts_total"], id="projector"
        ),
    ],
)
def test_each_part_counts_its_own(parts: Any, rollout: str, kind: str, names: list[str]) -> None:
    _, metrics = parts[kind].page("/metrics")
    for name in ("wavegate_log_reachable", "process_resident_memory_bytes", *names):
        assert value(metrics, name) >= 0
    assert value(metrics, "wavegate_log_reachable") == 1


def test_what_is_counted_is_what_happened(place: Any, parts: Any, rollout: str) -> None:
    facts = len(place("log", "--last", "0", "--json").lines)
    _, metrics = parts["projector"].page("/metrics")
    assert value(metrics, "wavegate_facts_total") == facts
    assert value(metrics, 'wavegate_rollouts{state="withdrawn"}') >= 1
    assert value(metrics, 'wavegate_planning_outcomes_total{outcome="failed",platform="ios"}') >= 2
    _, coordinator = parts["coordinator"].page("/metrics")
    assert value(coordinator, "wavegate_coordinator_facts_total") == facts
    assert value(coordinator, "wavegate_coordinator_active") == 1
    _, worker = parts["worker"].page("/metrics")
    assert value(worker, 'wavegate_worker_orders_total{outcome="PlanFailed",work="PlanDevice"}') == 2
    assert value(worker, "wavegate_control_position") == len(place("key", "list", "--json").lines)


def test_no_label_holds_what_people_choose(parts: Any, rollout: str) -> None:
    for running in parts.values():
        _, metrics = running.page("/metrics")
        assert rollout not in metrics
        assert "ber-r1" not in metrics
        assert "netauto" not in metrics


def test_there_is_nothing_else_on_the_page(parts: Any) -> None:
    assert parts["worker"].page("/")[0] == 404
    assert parts["worker"].page("/metrics/../etc/passwd")[0] == 404


def test_a_second_coordinator_stands_by_and_takes_over(place: Any, parts: Any, rollout: str) -> None:
    # Given a standby
    standby = place.start("run", "coordinator")
    assert standby.health() == {}
    assert value(standby.page("/metrics")[1], "wavegate_coordinator_active") == 0
    # When the active one is stopped
    assert parts["coordinator"].end() == 0
    # Then the other one is active, and decides
    until(lambda: value(standby.page("/metrics")[1], "wavegate_coordinator_active") == 1)
    refused = place("rollout", "withdraw", rollout, "-r", "too late", by="ed")
    assert refused.code == 1
    assert "refused (wrong-state)" in refused.err
    parts["coordinator"] = standby


def facts_told(metrics: str) -> list[str]:
    """The metrics that are a fold of the facts: they have to be the same after a rebuild."""
    own = ("wavegate_views_lag", "wavegate_log_")
    return [line for line in metrics.splitlines() if "wavegate_" in line and not any(name in line for name in own)]


def test_what_the_facts_say_is_the_same_after_a_rebuild(place: Any, parts: Any, rollout: str) -> None:
    # Given what a projector shows, as views and as metrics
    before = facts_told(parts["projector"].page("/metrics")[1])
    shown = place("rollout", "show", rollout, "--json").out
    history = place("log", "--last", "0", "--json").out
    # When its views are made anew, and another process folds all facts from the first on
    assert parts["projector"].end() == 0
    rebuilt = place("views", "rebuild", "--json")
    assert rebuilt.json == {"facts": len(history.splitlines())}
    parts["projector"] = place.start("run", "projector")
    # The views are not behind, but this process has to fold what they are made of before it can count it.
    facts = len(history.splitlines())
    until(lambda: value(parts["projector"].page("/metrics")[1], "wavegate_facts_total") == facts)
    # Then nothing has changed
    assert facts_told(parts["projector"].page("/metrics")[1]) == before
    assert place("rollout", "show", rollout, "--json").out == shown
    assert place("log", "--last", "0", "--json").out == history


def test_views_can_be_rebuilt_under_a_projector_that_runs(place: Any, parts: Any, rollout: str) -> None:
    shown = place("rollout", "show", rollout, "--json").out
    assert place("views", "rebuild").code == 0
    place("change", "submit", str(place.change("processes", select="platform=ios")), by="ed")
    assert place("rollout", "show", rollout, "--json").out == shown
    assert parts["projector"].health() == {}
    types = [each["type"] for each in place("log", "--last", "0", "--json").lines]
    assert types.count("RolloutProposed") == 1
    assert types[-1] == "ChangeSubmitted"


def test_old_views_are_shown_as_old(place: Any, parts: Any, rollout: str) -> None:
    # Given views that nobody keeps up to date
    assert parts["projector"].end() == 0
    place("change", "submit", str(place.change("processes", select="platform=ios", title="newer")), by="ed")
    # When somebody looks
    listed = place("rollout", "list")
    # Then they are told
    assert listed.code == 0
    assert "this is old: 1 fact came since" in listed.err
    assert "Is a projector running?" in listed.err
    parts["projector"] = place.start("run", "projector")
    until(lambda: place("rollout", "list").err == "")


def test_without_views_it_is_said_what_to_do(make_place: Any) -> None:
    place = make_place(people=False)
    for arguments in (("rollout", "list"), ("log",), ("audit", "--person", "ada"), ("device", "history", "x")):
        refused = place(*arguments)
        assert refused.code == 1
        assert "there are no views in" in refused.err
        assert "'wavegate views rebuild' makes them anew from the log" in refused.err


@pytest.mark.parametrize(
    ("number", "code"), [pytest.param(signal.SIGTERM, 0, id="SIGTERM"), pytest.param(signal.SIGINT, 130, id="Ctrl-C")]
)
def test_a_process_stops_cleanly(place: Any, number: int, code: int) -> None:
    running = place.start("run", "worker")
    assert running.end(number) == code
    assert "Traceback" not in running.errors.read_text()
    assert running.logged()[-1]["event"] == "settling"


def test_everything_in_one_process(make_place: Any, place: Any) -> None:
    # Given an installation with an inventory
    own = make_place()
    (own.home / "estate" / "all.yaml").write_text((place.home / "estate" / "all.yaml").read_text())
    # When it is started with one command
    up = own.start("up")
    assert up.ready["kinds"] == list(PARTS)
    # Then all parts are there, well and measured
    assert up.health() == {}
    _, metrics = up.page("/metrics")
    assert value(metrics, "wavegate_coordinator_active") + value(metrics, "wavegate_views_lag") >= 0
    submitted = own("change", "submit", str(own.change(select="platform=ios")), by="ed")
    assert submitted.code == 0, submitted.err
    assert up.end() == 0


def test_a_part_that_fails_takes_the_process_down_and_says_why(make_place: Any, place: Any) -> None:
    own = make_place()
    (own.home / "estate" / "all.yaml").write_text((place.home / "estate" / "all.yaml").read_text())
    up = own.start("up")
    until(lambda: own("rollout", "list").err == "")
    with (own.home / "views.db").open("r+b") as views:
        views.truncate(100)
    own("change", "submit", str(own.change(select="platform=ios")), by="ed")
    assert up.process.wait(PATIENCE_S) == 1
    failed = [line for line in up.logged() if line["level"] == "error"]
    assert [line["part"] for line in failed] == ["projector"]


def test_a_port_that_is_taken(place: Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = place.shell("run", "projector", WAVEGATE_METRICS_PORT=str(port))
    assert refused.code == 1
    assert f"cannot listen on 127.0.0.1 port {port} for /metrics and /healthz: Address already in use" in refused.err
    assert "set metrics_port (0 takes any free one)" in refused.err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
def test_a_log_that_is_not_there_yet_is_waited_for(place: Any, number: int) -> None:
    # Given a Kafka that nobody has started
    place.settings.update(WAVEGATE_LOG="kafka", WAVEGATE_KAFKA_BOOTSTRAP="127.0.0.1:1")
    try:
        process = place.popen("run", "worker")
        # When a process is started, then it says what it waits for
        assert process.stderr
        logged = (json.loads(line) for line in process.stderr)
        waiting = next(line for line in logged if line["event"] == "waiting for the log")
        assert "127.0.0.1:1" in waiting["reason"]
        # And can be stopped while it does
        process.send_signal(number)
        assert process.wait(PATIENCE_S) == (0 if number == signal.SIGTERM else 130)
    finally:
        place.settings.clear()


def test_an_inventory_that_is_wrong_keeps_a_process_from_starting(make_place: Any) -> None:
    place = make_place(people=False)
    (place.home / "estate" / "all.yaml").write_text("devices:\n  x: {site: nowhere}\n")
    refused = place.shell("up")
    assert refused.code == 1
    assert "the estate cannot be used:" in refused.err
    assert refused.out == ""


def test_a_data_key_that_others_can_read_keeps_a_process_from_starting(place: Any) -> None:
    key = place.home / "keys" / "data.key"
    key.chmod(0o644)
    refused = place.shell("run", "worker")
    key.chmod(0o600)
    assert refused.code == 1
    assert f"{key} can be read by others; set its mode to 0600" in refused.err
