"""Platforms and schemas: what there is, told without an installation."""

import json
import re
from typing import Any

import pytest
from typer.testing import CliRunner

from automation.platforms.registry import platforms
from console.cli.app import assembled
from events.schema import schemas


def _run(*arguments: str) -> Any:
    return CliRunner().invoke(assembled(arguments), list(arguments), env={"WAVEGATE_HOME": None, "COLUMNS": "200"})


def test_the_platforms_and_what_each_can_do() -> None:
    lines = [json.loads(line) for line in _run("platform", "list", "--json").stdout.splitlines()]
    assert {line["platform"] for line in lines} == set(platforms())
    eos = next(line for line in lines if line["platform"] == "eos")
    assert (eos["port"], eos["undo"]) == (443, ["timer"])
    assert {"atomic", "merge", "replace", "confirm_elsewhere"} <= set(eos["abilities"])
    assert "eos       443" in _run("platform", "list").stdout


@pytest.mark.parametrize("name", sorted(platforms()))
def test_every_command_that_may_be_sent(name: str) -> None:
    printed = _run("platform", "commands", name).stdout.splitlines()
    assert printed == list(platforms()[name].commands)
    for pattern in printed:
        re.compile(pattern)
    assert json.loads(_run("platform", "commands", name, "--json").stdout)["commands"] == printed


def test_a_platform_that_is_none() -> None:
    refused = _run("platform", "commands", "ioss")
    assert refused.exit_code == 2
    assert "there is no platform 'ioss'; did you mean 'ios'?" in refused.stderr


@pytest.mark.parametrize("name", ["SubmitChange", "HaltRaised", "DeviceVerified", "PushDevice", "PushVerified", "Plan"])
def test_the_schema_of_one_message(name: str) -> None:
    printed = json.loads(_run("schema", name).stdout)
    assert printed == next(kind[name] for kind in schemas().values() if name in kind)


def test_the_schemas_of_all() -> None:
    assert json.loads(_run("schema").stdout) == schemas()


def test_a_message_that_is_none() -> None:
    refused = _run("schema", "SubmitChnage")
    assert refused.exit_code == 2
    assert "there is no message 'SubmitChnage'; did you mean 'SubmitChange'?" in refused.stderr
