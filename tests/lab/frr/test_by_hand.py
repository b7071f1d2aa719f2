"""`python -m lab.frr`: what it prints is what works."""

import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.frr

ROOT = Path(__file__).parents[3]


@pytest.fixture
def printed(real_frr: None) -> Iterator[list[str]]:
    """What a lab of one site prints until it waits for Ctrl-C."""
    command = [sys.executable, "-m", "lab.frr", "--sites", "1"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, encoding="utf-8") as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line.rstrip("\n"))
            if line.startswith("Ctrl-C"):
                break
        yield lines
        process.send_signal(signal.SIGINT)
    assert process.returncode == 0


def test_the_lines_it_prints_log_in_as_they_stand(printed: list[str]) -> None:
    assert [line.split()[0] for line in printed[:2]] == ["s01-r1", "s01-r2"]
    assert [line.split()[2] for line in printed[:2]] == ["in-band", "out-of-band"]
    [shell, verb] = [line for line in printed if line.startswith("ssh ")]
    said = subprocess.run(
        shlex.split(verb),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=True,
    ).stdout
    assert '"state": "idle"' in said
    assert verb == f"{shell} wavegate-deadman status"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        pytest.param(["--sites", "63"], "1 to 62 sites", id="too many sites"),
        pytest.param(["--sites", "many"], "invalid int value: 'many'", id="no number"),
        pytest.param(["--frobnicate"], "unrecognized arguments", id="unknown option"),
    ],
)
def test_what_it_cannot_do_it_says_without_a_traceback(real_frr: None, arguments: list[str], complaint: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "lab.frr", *arguments], cwd=ROOT, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode in {1, 2}
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr
