"""What the guide shows is true: its change packs and validates, renders what it prints, and fails as it says."""

import re
import shutil
import subprocess
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import pytest

from automation.change.bundle import Bundle
from automation.change.entries import FIELDS
from automation.change.model import Change
from automation.change.packing import open_bundle, pack
from automation.change.rendering import names_for, render
from automation.change.validation import validate
from automation.platforms.contract import Platform
from automation.render.filters import FILTERS, TESTS
from automation.tasks.engineer import text_for
from automation.tasks.finding import find_task
from inventory.estate import Estate
from inventory.model import Device, Scope, Site

GUIDE = (Path(__file__).parents[3] / "docs" / "guides" / "writing-a-change.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"^`((?:acl|tasks)/[^`]+)`:\n\n```\w+\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL))
TEXTS = re.findall(r"^```text\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The guide's files, written out."""
    for name, text in FILES.items():
        place = tmp_path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def branches() -> Estate:
    """The estate that the guide has in mind."""
    jump, of_oslo = {"jump_prefix": "192.0.2.0/26"}, {"jump_prefix": "192.0.2.64/26"}
    sites = [
        Site(name="ber-1", country="DE", timezone="Europe/Berlin", region="emea", tier="store"),
        Site(
            name="osl-1",
            country="NO",
            timezone="Europe/Oslo",
            region="emea",
            variables=of_oslo,
        ),
    ]
    devices = [
        Device(name=name, site=name[:5], role="router", platform=platform, address=name, credentials="tacacs")
        for name, platform in (("ber-1-r1", "ios"), ("ber-1-r2", "eos"), ("osl-1-r1", "ios"))
    ]
    return Estate.of(sites=sites, devices=devices, regions=[Scope(name="emea", variables=jump)])


def change_of(folder: Path) -> Change:
    return open_bundle(pack(folder / "acl" / "change.yaml", partial(find_task, folder / "tasks")).encode())


def test_its_change_is_valid(folder: Path, branches: Estate, platforms: Mapping[str, Platform]) -> None:
    assert sorted(FILES) == [
        "acl/change.yaml", "acl/stores.csv", "acl/templates/eos.j2", "acl/templates/ios.j2", "tasks/mgmt_acl.py"
    ]  # fmt: skip
    assert validate(change_of(folder), branches, platforms) == ()


def test_it_prints_what_is_rendered(folder: Path, branches: Estate) -> None:
    change = change_of(folder)

    assert render(change, branches, branches.device("ber-1-r1")) == TEXTS[1]
    assert " permit 192.0.2.64 0.0.0.63\n deny any log\n" in render(change, branches, branches.device("osl-1-r1"))


def test_it_tells_what_would_be_wrong(folder: Path, branches: Estate, platforms: Mapping[str, Platform]) -> None:
    eos = folder / "acl" / "templates" / "eos.j2"
    eos.write_text(eos.read_text().replace("jump_prefix", "jump_prefx"))
    (folder / "acl" / "stores.csv").write_text("site,admin\nber-1,10.1.0.10\n")
    bundle = pack(folder / "acl" / "change.yaml")

    found = validate(open_bundle(bundle.encode()), branches, platforms)

    assert [f"{problem.severity.value}: acl/{problem}" for problem in found] == TEXTS[0].splitlines()


def test_its_task_gives_the_same_acl(folder: Path, branches: Estate) -> None:
    file = folder / "acl" / "change.yaml"
    text = re.sub(r"^config:\n(?:  .*\n)+", "task: mgmt_acl\n", file.read_text(), flags=re.MULTILINE)
    file.write_text(text)

    lines = text_for(change_of(folder), branches, branches.device("ber-1-r1"), folder / "tasks")

    assert lines == (
        "ip access-list standard MGMT\n permit 192.0.2.0 0.0.0.63\n permit 198.51.100.0 0.0.0.255\n deny any log\n"
    )


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed (Debian's package openssl)")
def test_its_shell_script_makes_the_bundle(folder: Path) -> None:
    [script] = re.findall(r"^```sh\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)

    made = subprocess.run(
        ["/bin/sh", "-euc", script], cwd=folder / "acl", capture_output=True, text=True, check=True
    ).stdout

    content = (folder / "acl" / "bundle.json").read_bytes()
    assert made.split()[0] == Bundle.decode(content).id.removeprefix("sha256:")
    assert content == pack(folder / "acl" / "change.yaml").encode()


def test_what_it_keeps_can_be_kept(folder: Path) -> None:
    [keeping] = re.findall(r"^```yaml\n(select: .*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    file = folder / "acl" / "change.yaml"
    # Given the first example with these fields in place of its own
    text = re.sub(r"^(?:select: .*\n|config:\n(?:  .*\n)+)", "", file.read_text(), flags=re.MULTILINE)
    text = re.sub(r"^checks:\n(?:  .*\n)+", "", text, flags=re.MULTILINE)
    file.write_text(text + keeping)
    (folder / "acl" / "templates" / "whole.j2").write_text("hostname {{ row.admin }}\n")
    # Then it packs
    change = change_of(folder)
    assert (change.mode, change.keep[0], len(change.keep)) == ("replace", "username", 4)


def test_it_has_every_field() -> None:
    table = GUIDE.partition("## The change file")[2].partition("Time spans")[0]
    strategy = GUIDE.partition("## Strategy")[2].partition("## A task")[0]

    assert set(re.findall(r"^\| `(\w+)`", table, re.MULTILINE)) == set(FIELDS[""])
    assert set(re.findall(r"^\| `(\w+)`", strategy, re.MULTILINE)) == set(FIELDS["strategy"])


def test_it_has_every_filter_and_test() -> None:
    filters = GUIDE.partition("Filters:")[2].partition("Tests:")[0]
    tests = GUIDE.partition("Tests:")[2].partition("What a template may do")[0]
    comparisons = {"eq", "equalto", "ge", "greaterthan", "gt", "le", "lessthan", "lt", "ne"}

    assert set(re.findall(r"`(\w+)(?:\([a-z]+\))?`", filters)) == set(FILTERS)
    named = set(re.findall(r"`(\w+)(?:\([a-z]+\))?`", tests)) - {"range", "namespace"}
    assert named == {name for name in TESTS if name.isalnum() or "_" in name} - comparisons


def test_it_has_every_name_that_templates_see(folder: Path, branches: Estate) -> None:
    names = names_for(change_of(folder), branches, branches.device("ber-1-r1"))
    table = GUIDE.partition("Templates see plain data:")[2].partition("Blocks stand")[0]

    for name in ("device", "site", "change"):
        [row] = re.findall(rf"^\| `{name}` \| (.*) \|$", table, re.MULTILINE)
        value = names[name]
        assert isinstance(value, dict)
        assert re.findall(r"`(\w+)`", row) == list(value)
