"""What the guide shows is true: its files load, its selectors are read, its program runs."""

import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from inventory.estate import Estate
from inventory.selectors import ATTRIBUTES, parse_selector
from inventory.shapes import FIELDS
from inventory.sources.records import Kind

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "inventory.md"

Load = Callable[[Mapping[str, str]], Estate]


def block(language: str) -> str:
    """The one block of the guide in a language."""
    [found] = re.findall(rf"^```{language}\n(.*?)^```$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return str(found)


def test_its_yaml_loads(load_files: Load) -> None:
    estate = load_files({"estate.yaml": block("yaml")})
    assert list(estate.devices) == ["store-0042-rtr1"]
    assert [warning.message.split(":")[0] for warning in estate.warnings] == ["device 'store-0042-rtr1'"]


def test_its_csv_says_the_same_device(load_files: Load) -> None:
    text = block("yaml")
    before, _, after = text.partition("devices:\n")
    without = before + after[after.index("variables:\n  regions:") :]
    device = load_files({"estate.yaml": without, "devices.csv": block("csv")}).devices["store-0042-rtr1"]
    assert (device.labels, device.variables) == ({"pilot": "yes"}, {"mgmt_vlan": 120})


def test_its_program_runs(tmp_path: Path) -> None:
    (tmp_path / "estate").mkdir()
    (tmp_path / "estate" / "estate.yaml").write_text(block("yaml"))
    done = subprocess.run(
        [sys.executable, "-c", block("python")], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    expected = {"mgmt_vlan": 120, "ntp": ["10.42.0.1"], "snmp_location_suffix": "Norge"}
    assert done.stdout == f"store-0042-rtr1 {expected}\n"


def rows_of_selectors() -> list[str]:
    table = GUIDE.read_text(encoding="utf-8").partition("## Selectors")[2].partition("Terms are joined")[0]
    return re.findall(r"^\| `([^`]+)`", table, re.MULTILINE)


@pytest.mark.parametrize("text", rows_of_selectors())
def test_its_selectors_are_read(text: str) -> None:
    assert parse_selector(text).terms


def test_it_shows_every_form_of_a_term() -> None:
    assert len(rows_of_selectors()) == 9


def test_it_names_every_attribute_and_field() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    for name in (*ATTRIBUTES, *FIELDS[Kind.SITE], *FIELDS[Kind.DEVICE], *FIELDS[Kind.CREDENTIAL]):
        assert f"`{name}`" in text
