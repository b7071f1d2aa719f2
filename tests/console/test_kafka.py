"""The same command line on a real Apache Kafka: made, run as processes of its own, asked, halted, stopped."""

import os
import uuid
from typing import Any

import pytest

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def bootstrap() -> str:
    """Where a real Kafka is; skips loudly without one, and fails where CI is set."""
    found = os.environ.get("KAFKA_BOOTSTRAP")
    if not found:
        what = "no Kafka: set KAFKA_BOOTSTRAP, or run the tests through deploy/kafka/with-broker"
        if os.environ.get("CI"):
            pytest.fail(what)
        pytest.skip(what)
    return found


@pytest.fixture(scope="module")
def place(make_place: Any, bootstrap: str) -> Any:
    """An installation whose log is on that Kafka, with its three parts as processes."""
    prefix = f"test-{uuid.uuid4().hex[:10]}-"
    options = ("--log", "kafka", "--kafka-bootstrap", bootstrap, "--kafka-prefix", prefix, "--replicas", "1")
    made = make_place(*options)
    (made.home / "estate" / "all.yaml").write_text(
        "sites: {ber: {country: DE, timezone: Europe/Berlin, region: emea, variables: {ntp_server: 192.0.2.7}}}\n"
        "credentials: {lab: {username: netops, password: 'env:NO_SUCH_PASSWORD'}}\n"
        "devices: {ber-r1: {site: ber, role: router, platform: ios, address: 127.127.127.1, credentials: lab}}\n"
    )
    running = [made.start("run", kind) for kind in ("coordinator", "worker", "projector")]
    yield made, running
    for each in running:
        each.end()


def test_topics_are_made_once(place: Any) -> None:
    made, _ = place
    again = made("topics", "apply", "--replicas", "1", "--json")
    assert again.code == 0, again.err
    assert again.json == {"topics": [], "records": 0}


def test_a_rollout_is_planned_and_told(place: Any, until: Any) -> None:
    made, running = place
    asked = made("rollout", "request", str(made.change(select="platform=ios")), "--json", "--within", "30", by="ed")
    assert asked.code == 0, asked.err
    rollout = asked.json["rollout"]
    until(lambda: made("rollout", "show", rollout, "--json").json["rollout"]["state"] == "withdrawn")
    shown = made("rollout", "show", rollout)
    assert "credential-missing" in shown.out
    assert shown.err == ""
    assert "could not plan for ber-r1, which is left out" in made("device", "history", "ber-r1").out
    for each in running:
        assert each.health() == {}


def test_a_halt_needs_nobody(place: Any) -> None:
    made, _ = place
    halted = made("rollout", "halt", "--all", "-r", "smoke", "--yes", "--json", by="ed")
    assert halted.code == 0, halted.err
    assert [halt["halt"] for halt in made("rollout", "halts", "--json").lines] == [halted.json["halt"]]
    assert made("rollout", "lift", halted.json["halt"], by="ed").code == 0


def test_views_are_not_behind_for_ever_behind_kafka_s_own_markers(place: Any, until: Any) -> None:
    made, running = place
    until(lambda: "wavegate_views_lag 0.0" in running[2].page("/metrics")[1])
    assert made("rollout", "list").err == ""
    assert running[2].health() == {}
