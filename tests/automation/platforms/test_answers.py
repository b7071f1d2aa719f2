"""What devices say, made harmless."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.platforms.answers import controls, harmless, whole

CASES = {
    "colours": ("\x1b[31mred\x1b[0m", "red"),
    "a title": ("\x1b]0;owned\x07text", "text"),
    "a title that ends with ST": ("\x1b]0;owned\x1b\\text", "text"),
    "a string without an end": ("text\x1bPnever ends", "text"),
    "eight-bit controls": ("\x9b2Jtext\x9d", "text"),
    "a lone escape": ("a\x1b", "a"),
    "a repainted line": ("show clokc\x08\x08ck\n", "show clock\n"),
    "backspaces before anything": ("\x08\x08a", "a"),
    "the pager's wipe": (" --More-- " + "\x08" * 10 + " " * 10 + "\x08" * 10 + "next", "next"),
    "bells and nulls": ("a\x07b\x00c", "abc"),
    "ends of lines": ("a\r\nb\r\r\nc\n\rd\n", "a\nb\nc\nd\n"),
    "a return alone": ("a\rb", "ab"),
    "a tabulator stays": ("a\tb", "a\tb"),
}


@pytest.mark.parametrize(("text", "left"), CASES.values(), ids=CASES.keys())
def test_what_is_left_of_an_answer(text: str, left: str) -> None:
    assert harmless(text) == left


@given(st.text())
def test_nothing_that_a_terminal_obeys_is_left(text: str) -> None:
    left = harmless(text)
    assert not [letter for letter in left if unicodedata.category(letter) == "Cc" and letter not in "\n\t"]
    assert harmless(left) == left


@pytest.mark.parametrize(
    ("text", "complete"),
    [("a\nend\n", True), ("a\nend", True), ("a\n end \n\n", True), ("a\n", False), ("", False), ("the end\n", False)],
)
def test_a_configuration_is_whole_where_it_ends(text: str, complete: bool) -> None:
    assert whole(text, "end") is complete


@pytest.mark.parametrize(
    ("line", "pressed"),
    [("plain", False), ("ü", False), ("a\x03", True), ("a\nb", True), ("a\tb", False), ("\x1a", True)],
)
def test_keys_are_told_from_text(line: str, pressed: bool) -> None:
    assert controls(line) is pressed
