"""Making an installation."""

import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from console.cli.app import assembled

#: Nobody listens on this port of this machine.
NOBODY = "127.0.0.1:1"


def _run(*arguments: str) -> Any:
    return CliRunner().invoke(assembled(arguments), list(arguments), env={"WAVEGATE_HOME": None, "COLUMNS": "200"})


def test_a_folder_with_all_that_is_needed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    made = _run("init", str(home), "--admin", "ada", "--team", "noc")
    assert made.exit_code == 0
    assert f"The root key {home}/keys/root.pem is ada's, who is an admin." in made.stdout
    assert "wavegate up --home" in made.stdout
    for secret in ("root.pem", "coordinator.pem", "data.key"):
        assert stat.S_IMODE((home / "keys" / secret).stat().st_mode) == 0o600
    assert stat.S_IMODE((home / "keys").stat().st_mode) == 0o700
    keys = _run("key", "list", "--home", str(home))
    assert "ada          noc   admin" in keys.stdout


def test_as_machines_see_it(tmp_path: Path) -> None:
    made = _run("init", str(tmp_path / "home"), "--admin", "ada", "--json")
    assert made.exit_code == 0
    assert made.stdout.count("\n") == 1
    assert '"admin":"ada"' in made.stdout


def test_an_installation_is_never_written_over(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert _run("init", str(home)).exit_code == 0
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    again = _run("init", str(home))
    assert again.exit_code == 1
    assert f"{home} holds an installation already" in again.stderr
    assert {path: path.read_bytes() for path in home.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("options", "says"),
    [
        pytest.param(("--admin", "a b"), "--admin 'a b' is no name", id="an admin"),
        pytest.param(("--team", ""), "--team '' is no name", id="a team"),
        pytest.param(("--log", "kafka"), "--kafka-bootstrap HOST:PORT goes with --log kafka", id="no address"),
        pytest.param(("--kafka-bootstrap", NOBODY), "goes with --log kafka, and only with that", id="no Kafka"),
        pytest.param(("--log", "redis"), "'redis' is not one of 'sqlite', 'kafka'", id="another log"),
    ],
)
def test_what_cannot_be_meant(tmp_path: Path, options: tuple[str, ...], says: str) -> None:
    refused = _run("init", str(tmp_path / "home"), *options)
    assert refused.exit_code == 2
    assert says in refused.stderr
    assert not (tmp_path / "home").exists()


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    refused = _run("init", str(tmp_path / "file" / "home"))
    assert refused.exit_code == 1
    assert "cannot be written: Not a directory" in refused.stderr


def test_without_a_broker_the_rest_is_made_and_it_is_said_how_to_go_on(tmp_path: Path) -> None:
    home = tmp_path / "home"
    # In a process of its own: Kafka's client leaves sockets open on which it was refused.
    options = ("--log", "kafka", "--kafka-bootstrap", NOBODY, "--kafka-prefix", "x-")
    made = subprocess.run(
        [sys.executable, "-m", "console.cli", "init", str(home), *options],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert made.returncode == 3
    assert "the log is not founded yet: " in made.stderr
    assert '"logger"' not in made.stderr
    assert f"When it can be reached: wavegate topics apply --home {home}" in made.stderr
    settings = (home / "wavegate.toml").read_text()
    assert f'kafka_bootstrap = "{NOBODY}"' in settings
    assert 'kafka_prefix = "x-"' in settings
    assert (home / "keys" / "founding.txt").exists()


def test_the_log_is_founded_once(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert _run("init", str(home)).exit_code == 0
    again = _run("topics", "apply", "--home", str(home), "--json")
    assert (again.exit_code, again.stdout) == (0, '{"topics":[],"records":0}\n')


def test_what_init_could_not_write_topics_apply_writes(tmp_path: Path) -> None:
    # Given an installation whose log went away before anything was written to it
    home = tmp_path / "home"
    assert _run("init", str(home), "--admin", "ada").exit_code == 0
    for path in (home / "log").iterdir():
        path.unlink()
    (home / "log").rmdir()
    lost = _run("key", "list", "--home", str(home))
    assert lost.exit_code == 1
    assert "there is no log in" in lost.stderr
    # When its topics are applied, then the same root founds it
    applied = _run("topics", "apply", "--home", str(home))
    assert "Wrote 2 first records." in applied.stdout
    assert "ada" in _run("key", "list", "--home", str(home)).stdout


def test_elsewhere_the_first_records_are_not_to_be_had(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert _run("init", str(home)).exit_code == 0
    (home / "keys" / "founding.txt").unlink()
    for path in (home / "log").iterdir():
        path.unlink()
    refused = _run("topics", "apply", "--home", str(home))
    assert refused.exit_code == 1
    assert "the log is not founded, and" in refused.stderr
    assert "run this where the installation was made" in refused.stderr


@pytest.mark.parametrize(
    ("line", "says"),
    [
        pytest.param('estat = "x"', "there is no setting 'estat'; did you mean 'estate'?", id="an unknown setting"),
        pytest.param("capacity = 0", "capacity: Input should be greater than or equal to 1", id="a number"),
        pytest.param('kafka_protocol = "SASL_SSL"\nlog = "kafka"', "for Kafka do not go together", id="half a login"),
        pytest.param("= broken", "wavegate.toml cannot be read", id="no TOML"),
    ],
)
def test_settings_that_are_wrong(tmp_path: Path, line: str, says: str) -> None:
    home = tmp_path / "home"
    assert _run("init", str(home)).exit_code == 0
    path = home / "wavegate.toml"
    kept = [each for each in path.read_text().splitlines() if not each.startswith("log =")]
    path.write_text("\n".join([*kept, line, ""]))
    refused = _run("key", "list", "--home", str(home))
    assert refused.exit_code == 1
    assert says in refused.stderr
    assert "Traceback" not in refused.stderr
