"""The command as a whole: what there is, what it costs to ask, what it says to nonsense."""

import json
import subprocess
import sys
from importlib import metadata
from typing import Any

import pytest
from typer.testing import CliRunner

from console.cli.app import TABLE, assembled, loaded

#: Whoever imports one of these makes everybody wait who only wants to look.
HEAVY = ("napalm", "netmiko", "paramiko", "asyncssh", "sqlalchemy", "kafka", "nornir", "jinja2", "pydantic")


def _help(*arguments: str) -> str:
    done = CliRunner().invoke(assembled(arguments), [*arguments, "--help"], env={"COLUMNS": "120"})
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.parametrize("entry", TABLE, ids=lambda entry: entry.name)
def test_the_table_says_of_each_command_what_it_says_itself(entry: Any) -> None:
    app = loaded(entry.module)
    if entry.grouped:
        assert app.registered_commands or app.registered_groups
    else:
        assert entry.name in {command.name for command in app.registered_commands}
    assert entry.help.endswith(".")
    first = " ".join(_help(entry.name).split("Usage:")[1].split())
    assert entry.help.rstrip(".") in first


def test_the_help_names_every_command_and_every_exit_code() -> None:
    text = " ".join(_help().split())
    for entry in TABLE:
        assert f" {entry.name} " in text
    assert (
        "Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 not decided in time or the log cannot be reached, "
        "4 waiting for somebody, 130 interrupted."
    ) in text


def test_the_help_imports_nothing_that_takes_long() -> None:
    program = (
        "import json, sys\n"
        "from console.cli.main import main\n"
        "sys.argv = ['wavegate', '--help']\n"
        "try:\n    main()\n"
        "except SystemExit as ended:\n    print(json.dumps([ended.code, sorted(sys.modules)]), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    code, modules = json.loads(done.stderr)
    assert code == 0
    assert not {name for name in modules if name.partition(".")[0] in HEAVY}


def test_looking_at_rollouts_needs_no_driver() -> None:
    program = (
        "import json, sys\n"
        "from console.cli.app import loaded\n"
        "loaded('rollout'), loaded('history'), loaded('device')\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert not {name for name in json.loads(done.stdout) if name.partition(".")[0] in {"napalm", "netmiko", "paramiko"}}


def test_it_tells_its_version() -> None:
    done = CliRunner().invoke(assembled(("--version",)), ["--version"])
    assert (done.exit_code, done.stdout) == (0, f"wavegate {metadata.version('wavegate')}\n")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(("rollouts",), "No such command 'rollouts'.", id="a command"),
        pytest.param(("rollout", "aprove"), "No such command 'aprove'. Did you mean 'approve'?", id="of a group"),
        pytest.param(("rollout", "approve"), "Missing argument 'ID'.", id="an argument"),
        pytest.param(("rollout", "hold", "r-1"), "Missing option '--reason'", id="a reason"),
        pytest.param(("run", "notary"), "'notary' is not one of 'coordinator', 'worker', 'projector'.", id="a part"),
        pytest.param(("log", "--last", "-1"), "Input should be greater than or equal to 0", id="a number"),
        pytest.param(("change", "validate", "nowhere.yaml"), "file 'nowhere.yaml' does not exist.", id="a file"),
        pytest.param(("rollout", "list"), "which installation? Name its folder with --home DIR", id="a home"),
    ],
)
def test_wrong_usage(arguments: tuple[str, ...], says: str) -> None:
    done = CliRunner().invoke(assembled(arguments), list(arguments), env={"WAVEGATE_HOME": None, "COLUMNS": "200"})
    assert done.exit_code == 2
    assert says in done.stderr
    assert done.stdout == ""


def test_a_command_works_from_the_shell(make_place: Any) -> None:
    place = make_place(people=False)
    done = place.shell("key", "list", "--json")
    assert done.code == 0
    assert [key["name"] for key in done.lines] == ["ada", "coordinator"]
    assert done.err == ""


def test_a_home_that_is_none(tmp_path: Any) -> None:
    arguments = ["key", "list", "--home", str(tmp_path)]
    done = CliRunner().invoke(assembled(arguments), arguments)
    assert done.exit_code == 1
    assert f"{tmp_path} has no wavegate.toml: make an installation with 'wavegate init {tmp_path}'" in done.stderr
