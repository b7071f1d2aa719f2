"""A disk that fills up under processes that run: they say so, start nothing, and go on once there is room."""

import json
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def place(make_place: Any, small_disk: Any) -> Any:
    """An installation on a small disk, whose only device answers to nobody."""
    made = make_place(folder=small_disk.folder)
    device = {"site": "ber", "role": "router", "platform": "ios", "address": "127.127.127.1", "credentials": "lab"}
    estate = {
        "sites": {"ber": {"country": "DE", "timezone": "Europe/Berlin", "region": "emea"}},
        "credentials": {"lab": {"username": "netops", "password": "env:NO_SUCH_PASSWORD"}},
        "devices": {"ber-r1": device},
    }
    (made.home / "estate" / "all.yaml").write_text(json.dumps(estate))
    return made


def test_processes_outlive_a_disk_that_is_full(place: Any, small_disk: Any, until: Any) -> None:
    # Given an installation that runs, and a disk that fills up
    change = place.change("full", select="platform=ios", line="ntp server 192.0.2.7\n")
    up = place.start("up")
    until(lambda: up.health() == {})
    small_disk.fill()
    # When something is asked for, then it is said that there is no room
    refused = place("rollout", "request", str(change), "--within", "1", by="ed")
    assert refused.code == 1
    assert "no room for" in refused.err
    # And /healthz does not hide it
    until(up.health)
    # But everything can be halted
    halted = place.shell("halt", "--all", "--yes", "-r", "the disk is full", "--json", by="olga")
    assert halted.code == 0, halted.err
    assert up.process.poll() is None
    # And with room all goes on, in the same process
    small_disk.free()
    assert place("rollout", "lift", halted.json["halt"], by="olga").code == 0
    until(lambda: up.health() == {})
    asked = place("rollout", "request", str(change), "--json", by="ed")
    assert asked.code == 0, asked.err
    until(lambda: place("rollout", "show", asked.json["rollout"], "--json").json["rollout"]["state"] == "withdrawn")
    assert up.end() == 0
    assert "Traceback" not in up.errors.read_text()


def test_a_process_outlives_a_disk_that_has_no_room_for_its_log_lines(place: Any, until: Any) -> None:
    # Given that standard error goes where nothing fits
    with Path("/dev/full").open("w") as nowhere:
        process = place.popen("up", stderr=nowhere)
    # When it says something, which it does as soon as it works
    assert json.loads(process.stdout.readline())["ready"]
    change = place.change("unheard", select="platform=ios", line="ntp server 192.0.2.7\n")
    asked = place("rollout", "request", str(change), "--json", by="ed")
    # Then it goes on all the same, and ends as it should
    until(lambda: place("rollout", "show", asked.json["rollout"], "--json").json["rollout"]["state"] == "withdrawn")
    process.terminate()
    assert process.wait(30) == 0
