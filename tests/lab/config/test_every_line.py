"""Every line that a grammar has, by example: it is taken, shown, taken again, and gone after its negation."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lab.config.editor import Edited, Editor, Refused
from lab.config.loading import Typist
from lab.config.rendering import rendered
from lab.config.tree import EMPTY, Node

HERE = Path(__file__).parent
# Lines that only point to others, that only `no` has, or that ask for something to be done: none of them is stored.
NOT_STORED = {
    "ios": ("ip access-list resequence", "interface range", "interface IFTYPE"),
    "eos": ("interface WORD", "interface IFTYPE", "network IPV4"),
}
# Where one line's presence changes what another one's negation does, the pair is tested in the platform's own tests.
INTERTWINED = ("passive-interface", "username", "hostname", "aaa root", "spanning-tree mode", "max-lsa", "line vty")


@pytest.fixture(params=["ios", "eos"])
def platform(request: Any) -> str:
    return str(request.param)


@pytest.fixture
def editor(platform: str, request: Any) -> Editor:
    found: Editor = request.getfixturevalue(f"{platform}_editor")
    return found


@pytest.fixture
def example(platform: str) -> list[str]:
    return (HERE / f"{platform}.conf").read_text().splitlines()


def load(editor: Editor, lines: list[str]) -> Node:
    typist = Typist(editor)
    refused = [entered for entered in typist.type(lines) if isinstance(entered.result, Refused)]
    assert [(each.number, each.line, each.result.reason()) for each in refused] == []  # type: ignore[union-attr]
    return typist.config


def shown(config: Node, platform: str) -> list[str]:
    return [line for line in rendered(config, 1 if platform == "ios" else 3) if line.strip() != "!"]


def test_an_example_is_shown_as_it_is_typed(editor: Editor, example: list[str], platform: str) -> None:
    once = shown(load(editor, example), platform)

    assert sorted(once) == sorted(example)
    assert shown(load(editor, once), platform) == once


def test_an_example_can_be_typed_twice(editor: Editor, example: list[str], platform: str) -> None:
    config = load(editor, example)
    typist = Typist(editor, config)
    list(typist.type(example))

    assert shown(typist.config, platform) == shown(config, platform)


def test_every_line_of_the_grammar_has_an_example(editor: Editor, example: list[str], platform: str) -> None:
    config = load(editor, example)
    used: set[tuple[str, str]] = set()
    for mode, node in placed(editor, config):
        reading = mode.reader.read(node.text.split("\n")[0], skip=1 if node.text.startswith("no ") else 0)
        # A line that several entries accept is an example of each that could have stored it.
        used |= {(mode.name, mode.lines[rule].line) for rule in {*reading.accepts[:1], node.rank[0]}}
    wanted = {
        (mode.name, line.line)
        for mode in editor.grammar.modes.values()
        if mode.name not in {"user", "exec", "session"} and mode.name in {name for name, _ in used}
        for line in mode.lines
        if not (line.negative or line.run or line.alias or line.line.startswith(NOT_STORED[platform]))
    }

    # Lines that several modes include need one example in any of them.
    anywhere = {line for _, line in used}
    assert {line for _, line in wanted if line not in anywhere} == set()


def placed(editor: Editor, config: Node, mode: str = "global") -> Iterator[tuple[Any, Node]]:
    """Every line with the mode that it stands in."""
    found = editor.grammar.mode(mode)
    for node in config.children:
        yield found, node
        if node.opens:
            reading = found.reader.read(node.text)
            enter = next(found.lines[rule].enter for rule in reading.accepts if found.lines[rule].enter)
            yield from placed(editor, node, enter or "global")


def test_every_line_is_gone_after_its_negation(editor: Editor, example: list[str], platform: str) -> None:
    config = load(editor, example)
    for path, node in config.walk():
        if node.opens or any(part in node.text for part in INTERTWINED):
            continue
        place = place_of(editor, config, path)
        text = node.text.split("\n")[0]
        undone = text.removeprefix("no ") if text.startswith("no ") else f"no {text}"

        result = editor.apply(config, place, undone)

        assert isinstance(result, Edited), (undone, result)
        section = result.config.at(path)
        assert section is not None
        assert node not in section.children, undone


def place_of(editor: Editor, config: Node, path: tuple[str, ...]) -> Any:
    place: Any = ()
    section = config
    for key in path:
        node = section.child(key)
        assert node is not None
        result = editor.apply(config, place, node.text)
        assert isinstance(result, Edited)
        place, section = result.place, node
    return place


def test_every_section_is_gone_after_its_negation(editor: Editor, example: list[str], platform: str) -> None:
    config = load(editor, example)
    for path, node in config.walk():
        name = node.text.removeprefix("interface ")
        if not node.opens or editor.grammar.is_physical(name) or node.text.startswith("line "):
            continue

        result = editor.apply(config, place_of(editor, config, path), f"no {node.text}")

        assert isinstance(result, Edited), (node.text, result)
        assert result.config.at((*path, node.key)) is None, node.text


def test_a_default_undoes_either_form(editor: Editor, example: list[str], platform: str) -> None:
    config = load(editor, example)
    for path, node in config.walk():
        text = node.text.split("\n")[0].removeprefix("no ")
        if node.opens or any(part in node.text for part in INTERTWINED):
            continue

        result = editor.apply(config, place_of(editor, config, path), f"default {text}")

        assert isinstance(result, Edited), (text, result)
        section = result.config.at(path)
        assert section is not None
        assert node not in section.children, text


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_is_shown_can_be_loaded_whatever_was_typed(
    ios_editor: Editor, eos_editor: Editor, data: st.DataObject
) -> None:
    """Lines and negations in any order leave a configuration that shows as what it loads from."""
    platform = data.draw(st.sampled_from(["ios", "eos"]))
    editor = ios_editor if platform == "ios" else eos_editor
    lines = [line.strip() for line in (HERE / f"{platform}.conf").read_text().splitlines()]
    texts = ("banner", "certificate", "keep out", "^C", "EOF", "quit", "30")
    usable = [line for line in lines if not line.startswith(texts)]
    picked = data.draw(st.lists(st.sampled_from(usable), max_size=40))
    negated = data.draw(st.lists(st.booleans(), min_size=len(picked), max_size=len(picked)))
    typist = Typist(editor, EMPTY)
    for line, negate in zip(picked, negated, strict=True):
        list(typist.type([f"no {line}" if negate and not line.startswith("no ") else line]))

    before = shown(typist.config, platform)

    again = Typist(editor, EMPTY)
    list(again.type(before))
    assert shown(again.config, platform) == before


def test_every_word_cut_off_a_line_is_refused_or_is_another_line(
    editor: Editor, example: list[str], platform: str
) -> None:
    """No prefix of a line makes the parser fail in another way than the vendor's."""
    config = load(editor, example)
    for path, node in config.walk():
        place = place_of(editor, config, path)
        words = node.text.split("\n")[0].split()
        for count in range(1, len(words)):
            result = editor.apply(config, place, " ".join(words[:count]))

            assert isinstance(result, Edited | Refused)


def test_every_command_at_the_prompt_has_somebody_who_carries_it_out(
    editor: Editor, platform: str, names: Callable[[str], set[str]]
) -> None:
    modes = ("user", "exec", "session") if platform == "eos" else ("user", "exec")

    runs = {line.run for name in modes for line in editor.grammar.mode(name).lines}

    assert runs == names(platform)
