"""Lines that the parsers refuse, and at which word: `refused.txt`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lab.config.editor import Edited, Place, Refused
from lab.config.tree import EMPTY


@dataclass
class Case:
    platform: str
    section: str
    line: str
    how: str
    word: int


def cases() -> list[Case]:
    found = []
    for text in (Path(__file__).parent / "refused.txt").read_text().splitlines():
        if not text.startswith("#"):
            platform, section, line, said = (part.strip() for part in text.split("|"))
            how, word = said.split()
            found.append(Case(platform, section, line, how, int(word)))
    return found


CASES = cases()


@pytest.mark.parametrize("case", CASES, ids=[f"{case.platform}: {case.section} / {case.line}" for case in CASES])
def test_is_refused_where_it_goes_wrong(case: Case, request: Any) -> None:
    editor = request.getfixturevalue(f"{case.platform}_editor")
    config = EMPTY
    place: Place = ()
    if case.section:
        entered = editor.apply(config, place, case.section)
        assert isinstance(entered, Edited)
        config, place = entered.config, entered.place

    result = editor.apply(config, place, case.line)

    assert isinstance(result, Refused), result
    assert result.misread is not None, result.message
    assert (result.misread.value, result.word) == (case.how, case.word)


@pytest.mark.parametrize("platform", ["ios", "eos"])
def test_a_refused_line_leaves_everything_as_it_was(platform: str, request: Any) -> None:
    editor = request.getfixturevalue(f"{platform}_editor")
    entered = editor.apply(EMPTY, (), "vlan 10")

    for case in CASES:
        if case.platform == platform and not case.section:
            assert isinstance(editor.apply(entered.config, (), case.line), Refused)

    assert [node.text for node in entered.config.children] == ["vlan 10"]
