"""What was rendered and named once is rendered and named so for ever: workers of different ages must agree."""

from pathlib import Path

import pytest

from automation.change.packing import open_bundle
from automation.change.rendering import render
from inventory.estate import Estate

GOLDEN = Path(__file__).parent / "golden"
BUNDLE = GOLDEN / "everything.json"
ID = (GOLDEN / "everything.id").read_text().strip()


def test_the_digest_is_the_changes_name() -> None:
    assert open_bundle(BUNDLE.read_bytes()).id == ID


@pytest.mark.parametrize("device", ["ber-1-r1", "ber-1-r2", "osl-1-r1"])
def test_the_renderings_are_to_the_byte(estate: Estate, device: str) -> None:
    change = open_bundle(BUNDLE.read_bytes())

    assert render(change, estate, estate.device(device)) == (GOLDEN / f"{device}.txt").read_text()


def test_what_else_the_change_says() -> None:
    change = open_bundle(BUNDLE.read_bytes())

    assert change.title == "Everything that templates can do"
    assert change.platforms == ("eos", "ios")
    assert [check.command for check in change.checks_for("eos")] == ["show version", "show vlan"]
    assert change.strategy.waves == (3, "25%")
    assert change.strategy.bake_s == 90.0
    assert [(wanted.area, wanted.count) for wanted in change.approvals] == [("network-ops", 2), ("security", 1)]
