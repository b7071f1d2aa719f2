"""The script that runs a command with a Kafka."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parents[3] / "deploy" / "kafka"
SCRIPT = DEPLOY / "with-broker"


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SCRIPT), *command], env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture
def java() -> None:
    if shutil.which("java") is None or shutil.which("mvn") is None:
        if os.environ.get("CI"):
            pytest.fail("no Java or no Maven")
        pytest.skip("starting a broker takes Java and Maven")


@pytest.fixture
def clean() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in {"KAFKA_BOOTSTRAP", "CI"}}


@pytest.mark.parametrize("code", [0, 1, 5, 42])
def test_an_existing_broker_is_used_and_the_exit_code_is_the_commands(code: int) -> None:
    done = run("/bin/sh", "-c", f'echo "$KAFKA_BOOTSTRAP"; exit {code}', KAFKA_BOOTSTRAP="elsewhere:9092")

    assert done.stdout == "elsewhere:9092\n"
    assert done.returncode == code


def test_a_command_that_a_signal_ended_is_told_from_one_that_ended() -> None:
    done = run("/bin/sh", "-c", "kill -TERM $$", KAFKA_BOOTSTRAP="elsewhere:9092")

    assert done.returncode == 128 + signal.SIGTERM


def test_without_java_the_command_runs_and_the_lack_is_announced() -> None:
    done = run("/bin/sh", "-c", 'echo "[$KAFKA_BOOTSTRAP]"; exit 3', PATH="/nowhere")

    assert "NO KAFKA: java and mvn not found" in done.stderr
    assert done.stdout == "[]\n"
    assert done.returncode == 3


def test_without_java_it_fails_where_ci_is_set() -> None:
    done = run("/bin/echo", "ran", PATH="/nowhere", CI="true")

    assert "NO KAFKA" in done.stderr
    assert (done.stdout, done.returncode) == ("", 1)


def test_without_a_command_it_says_how_it_is_used() -> None:
    assert "usage" in run(KAFKA_BOOTSTRAP="elsewhere:9092").stderr


def test_a_command_that_does_not_exist_is_an_error_that_says_so() -> None:
    done = run("/nowhere/at/all", KAFKA_BOOTSTRAP="elsewhere:9092")

    assert "could not be run" in done.stderr
    assert done.returncode != 0


def brokers() -> set[str]:
    """The folders of the brokers that this script has running."""
    running = set()
    for process in Path("/proc").iterdir():
        try:
            arguments = (process / "cmdline").read_text().split("\0")
        except OSError:
            continue
        running |= {each for each in arguments if "with-broker-" in each and each.endswith("server.properties")}
    return running


@pytest.mark.kafka
@pytest.mark.usefixtures("java")
def test_its_own_broker_is_there_for_the_command_and_gone_after_it(clean: dict[str, str]) -> None:
    before = brokers()

    done = run("/bin/sh", "-c", f'ls -d {DEPLOY}/target/with-broker-*; echo "$KAFKA_BOOTSTRAP"; exit 7', **clean)

    *folders, bootstrap = done.stdout.split()
    assert bootstrap.startswith("127.0.0.1:")
    assert done.returncode == 7
    assert brokers() <= before
    assert not all(Path(folder).exists() for folder in folders)


@pytest.mark.kafka
@pytest.mark.usefixtures("java")
def test_asked_to_end_it_ends_the_command_and_the_broker(clean: dict[str, str]) -> None:
    before = brokers()
    process = subprocess.Popen(
        [sys.executable, str(SCRIPT), "/bin/sh", "-c", "echo up; exec sleep 100"],
        env=clean,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "up\n"

    process.terminate()

    assert process.wait() == 128 + signal.SIGTERM
    process.stdout.close()
    assert brokers() <= before
