"""hier_config's remediation between two configurations, typed into a device: there and back again."""

from pathlib import Path
from typing import Any

import pytest
from hier_config import Platform, WorkflowRemediation, get_hconfig

from lab.config.editor import Editor, Refused
from lab.config.loading import Typist
from lab.config.rendering import rendered
from lab.config.tree import Node

HERE = Path(__file__).parent / "circular"
PLATFORMS = {"ios": Platform.CISCO_IOS, "eos": Platform.ARISTA_EOS}


def text(platform: str, which: str) -> str:
    return (HERE / f"{platform}-{which}.conf").read_text()


def typed(editor: Editor, config: str | list[str], onto: Node | None = None) -> Node:
    typist = Typist(editor, onto) if onto is not None else Typist(editor)
    lines = config.splitlines() if isinstance(config, str) else config
    wrong = [(each.line, each.result.reason()) for each in typist.type(lines) if isinstance(each.result, Refused)]
    assert wrong == []
    return typist.config


def remediation(platform: str, config: Node, wanted: str) -> list[str]:
    shown = "\n".join(line for line in rendered(config, 1 if platform == "ios" else 3) if line.strip() != "!")
    workflow = WorkflowRemediation(get_hconfig(PLATFORMS[platform], shown), get_hconfig(PLATFORMS[platform], wanted))
    return [line.cisco_style_text() for line in workflow.remediation_config.all_children_sorted()]


@pytest.mark.parametrize("platform", ["ios", "eos"])
@pytest.mark.parametrize(("start", "end"), [("before", "after"), ("after", "before")], ids=["there", "back"])
def test_what_is_computed_to_get_there_gets_there(platform: str, start: str, end: str, request: Any) -> None:
    editor = request.getfixturevalue(f"{platform}_editor")
    config, wanted = typed(editor, text(platform, start)), typed(editor, text(platform, end))

    reached = typed(editor, remediation(platform, config, text(platform, end)), config)

    # Lines of one kind are shown as they came, which is another order on the way back.
    assert sorted(rendered(reached, 3)) == sorted(rendered(wanted, 3))
    assert remediation(platform, reached, text(platform, end)) == []


@pytest.mark.parametrize("platform", ["ios", "eos"])
@pytest.mark.parametrize("which", ["before", "after"])
def test_there_is_nothing_to_do_where_one_is_already(platform: str, which: str, request: Any) -> None:
    editor = request.getfixturevalue(f"{platform}_editor")

    assert remediation(platform, typed(editor, text(platform, which)), text(platform, which)) == []
