"""Where lines go, texts of several lines, questions, and files that are loaded."""

from typing import Any

import pytest

from lab.config.editor import Edited, Place, Refused
from lab.config.loading import Typist
from lab.config.rendering import rendered
from lab.config.tree import EMPTY


def modes(editor: Any, *lines: str) -> list[str]:
    """The prompt after each line."""
    config = EMPTY
    place: Place = ()
    prompts = []
    for line in lines:
        result = editor.apply(config, place, line)
        assert isinstance(result, Edited), result
        config, place = result.config, result.place
        prompts.append(editor.mode(place).prompt)
    return prompts


def test_sections_are_entered_and_left(ios_editor: Any) -> None:
    assert modes(
        ios_editor, "router bgp 1", "address-family ipv4", "exit", "exit", "interface Vlan1", "hostname a"
    ) == [
        "(config-router)",
        "(config-router-af)",
        "(config-router)",
        "(config)",
        "(config-if)",
        "(config)",
    ]


def test_a_line_that_is_unknown_in_a_section_belongs_further_out(ios_editor: Any) -> None:
    assert modes(ios_editor, "archive", "log config", "path flash:a", "hostname a") == [
        "(config-archive)",
        "(config-archive-log-cfg)",
        "(config-archive)",
        "(config)",
    ]


def test_the_refusal_that_came_furthest_is_told(ios_editor: Any) -> None:
    inside = ios_editor.apply(EMPTY, (), "interface Vlan1")

    result = ios_editor.apply(inside.config, inside.place, "ip route 10.0.0.0 nonsense")

    assert (result.word, result.offset) == (3, 18)


def test_a_refused_line_changes_nothing(ios_editor: Any) -> None:
    typist = Typist(ios_editor)
    list(typist.type(["access-list 10 permit nowhere"]))

    assert typist.config is EMPTY


@pytest.mark.parametrize(
    ("platform", "line", "body", "stored"),
    [
        ("ios", "banner motd ^CA", ["B^C"], "banner motd ^CA\nB^C"),
        ("ios", "banner motd #A#", [], "banner motd ^CA^C"),
        ("ios", "banner login \x03", ["x", "\x03"], "banner login ^C\nx\n^C"),
        ("eos", "banner login", ["# x", "  y", "EOF"], "banner login\n# x\n  y\nEOF"),
    ],
    ids=["caret", "one line", "control character", "eos"],
)
def test_collects_a_text(request: Any, platform: str, line: str, body: list[str], stored: str) -> None:
    editor = request.getfixturevalue(f"{platform}_editor")

    block = editor.block((), line)
    for each in body:
        block.feed(each)

    assert block.done
    assert block.stored() == stored
    assert editor.apply(EMPTY, (), line, text=block.stored()).config.children[0].text == stored


def test_other_lines_take_no_text(ios_editor: Any) -> None:
    assert ios_editor.block((), "hostname a") is None
    assert ios_editor.block((), "no banner motd") is None
    assert ios_editor.block((), "nonsense") is None


def test_ios_asks_before_it_removes_a_user(ios_editor: Any) -> None:
    typist = Typist(ios_editor)
    list(typist.type(["username bob nopassword"]))

    assert ios_editor.question(typist.config, (), "no username bob").endswith("[confirm]")
    assert ios_editor.question(typist.config, (), "no username eve") == ""
    assert ios_editor.question(typist.config, (), "username bob nopassword") == ""
    assert ios_editor.question(typist.config, (), "no hostname") == ""


def test_loading_goes_on_behind_a_refused_line(ios_editor: Any) -> None:
    typist = Typist(ios_editor)

    entered = list(typist.type(["hostname a", "nonsense", "banner motd #", "x#", "ntp source Loopback0"]))

    assert [each.number for each in entered if isinstance(each.result, Refused)] == [2]
    assert [each.number for each in entered] == [1, 2, 3, 5]
    assert [line.split()[0] for line in rendered(typist.config, 1) if line != "!"] == [
        "hostname",
        "banner",
        "x^C",
        "ntp",
    ]


def test_marks_stand_where_the_vendors_put_them(ios_editor: Any, eos_editor: Any) -> None:
    ios, eos = Typist(ios_editor), Typist(eos_editor)
    list(ios.type(["hostname a", "interface Vlan1", "shutdown", "ntp source Vlan1", "ntp server 1.1.1.1"]))
    list(eos.type(["router bgp 1", "router-id 1.1.1.1", "vrf X", "rd 1:1", "vrf Y"]))

    assert list(rendered(ios.config, 1)) == [
        "hostname a",
        "!",
        "interface Vlan1",
        " shutdown",
        "!",
        "ntp source Vlan1",
        "!",
        "ntp server 1.1.1.1",
    ]
    assert list(rendered(eos.config, 3)) == [
        "router bgp 1",
        "   router-id 1.1.1.1",
        "   !",
        "   vrf X",
        "      rd 1:1",
        "   !",
        "   vrf Y",
    ]
