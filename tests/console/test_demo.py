"""The demonstration, as ``make demo`` plays it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

WAVEGATE = [sys.executable, "-m", "console.cli"]


def play(folder: Path, *more: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Runs it in a process of its own, as a user would."""
    command = [*WAVEGATE, "demo", "--folder", str(folder), *more]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=600, check=False, env=os.environ | (environment or {})
    )


def figures(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr[-3000:]
    lines = done.stdout.splitlines()
    assert len(lines) == 1, "one object and nothing else"
    found: dict[str, Any] = json.loads(lines[0])
    return found


def lab_journals(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """What each device noted of what was done to it."""
    journals = folder / "lab" / "journal"
    return {
        path.name.removesuffix(".jsonl"): [json.loads(line) for line in path.read_text().splitlines()]
        for path in journals.iterdir()
    }


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_story_ends_as_it_is_told(tmp_path: Path) -> None:
    # When the demonstration is played on the embedded log
    found = figures(play(tmp_path / "demo", "--json"))
    # Then every device of the first rollout is accounted for, one undid the change by itself, and all came back
    assert found["devices"] == 100
    assert found["verified"] + found["unchanged"] + found["reverted"] == 100
    assert (found["reverted"], found["failed"], found["unknown"]) == (1, 0, 0)
    assert found["rolled_back"] == 100
    assert found["log"] == "sqlite"
    # And it was a device's own timer that did so, with nobody having asked for a fault
    fired = {
        name: [entry for entry in entries if entry["event"] == "timer-fired"]
        for name, entries in lab_journals(tmp_path / "demo").items()
    }
    assert [name for name, entries in fired.items() if entries] == ["us-037-rtr1"]
    # And nothing of it runs on
    assert not running(tmp_path / "demo")


@pytest.mark.slow
@pytest.mark.kafka
@pytest.mark.timeout(600)
def test_it_is_the_same_on_a_real_broker_with_processes_of_their_own(tmp_path: Path, bootstrap: str) -> None:
    found = figures(play(tmp_path / "demo", "--json", "--log", "kafka", environment={"KAFKA_BOOTSTRAP": bootstrap}))
    assert found["verified"] + found["unchanged"] + found["reverted"] == 100
    assert (found["reverted"], found["failed"], found["unknown"], found["rolled_back"]) == (1, 0, 0, 100)
    assert found["log"] == "kafka"
    assert not running(tmp_path / "demo")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        pytest.param(["--log", "kafka"], "KAFKA_BOOTSTRAP", id="no broker is named"),
        pytest.param(["--folder", "."], "holds something else", id="the folder is somebody else's"),
    ],
)
def test_what_it_cannot_do_it_says(tmp_path: Path, arguments: list[str], why: str) -> None:
    (tmp_path / "precious").write_text("mine")
    environment = {name: value for name, value in os.environ.items() if name != "KAFKA_BOOTSTRAP"}
    command = [*WAVEGATE, "demo", "--folder", "demo", *arguments]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=tmp_path,
        env=environment | {"PYTHONPATH": str(Path.cwd())},
    )
    assert done.returncode != 0
    assert why in done.stderr
    assert (tmp_path / "precious").read_text() == "mine"


def running(folder: Path) -> list[str]:
    """The command lines of processes that name a folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(folder) in line and "pytest" not in line:
            found.append(line)
    return found
