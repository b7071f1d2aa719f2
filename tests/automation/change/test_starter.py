"""The starter: files to begin with, for any platforms and sites."""

from pathlib import Path

import pytest

from automation.change.packing import open_bundle, pack
from automation.change.starter import starter


@pytest.mark.parametrize("platforms", [("ios",), ("ios", "eos", "frr"), ("something",)])
def test_there_is_a_template_for_each_platform(platforms: tuple[str, ...]) -> None:
    files = starter(platforms)

    assert {name for name in files if name.startswith("templates/")} == {f"templates/{name}.j2" for name in platforms}


def test_there_is_a_row_for_each_site() -> None:
    rows = starter(["ios"], sites=[f"s{number}" for number in range(300)])["data.csv"].splitlines()

    assert rows[0] == "site,gateway"
    assert [row.split(",")[0] for row in rows[1:]] == [f"s{number}" for number in range(300)]
    assert len({row.split(",")[1] for row in rows[1:]}) == 254


def test_the_team_is_that_of_the_one_who_asks() -> None:
    assert "team: branch-network\n" in starter(["ios"], team="branch-network")["change.yaml"]


def test_every_field_is_explained() -> None:
    text = starter(["ios"])["change.yaml"]

    for word in ("select", "config", "mode", "data", "variables", "checks", "checks_within", "strategy", "approvals"):
        assert f"\n{word}:" in text
    assert text.count("#") > 15


@pytest.mark.parametrize("platforms", [("ios",), ("eos", "frr", "ios")])
def test_it_packs_as_it_is(tmp_path: Path, platforms: tuple[str, ...]) -> None:
    folder = tmp_path / "new"
    for name, text in starter(platforms).items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)

    change = open_bundle(pack(folder / "change.yaml").encode())

    assert change.select == f"platform in ({','.join(platforms)})"
    assert not change.notes
