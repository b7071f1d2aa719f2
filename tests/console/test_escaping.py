"""Nothing that a device, a person or a file says can do anything to a terminal, or hide on it."""

import pytest

from console.escaping import block, visible


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        pytest.param("ber-r1", "ber-r1", id="plain"),
        pytest.param("Zürich ✓ 東京", "Zürich ✓ 東京", id="letters of all the world"),
        pytest.param("\x1b[31mred", "\\x1b[31mred", id="a colour"),
        pytest.param("\x1b]0;title\x07", "\\x1b]0;title\\x07", id="a window's title"),
        pytest.param("\x9b2J", "\\x9b2J", id="an eight-bit sequence"),
        pytest.param("ok\rFAILED", "ok\\rFAILED", id="a line that overwrites itself"),
        pytest.param("no\byes", "no\\x08yes", id="a backspace"),
        pytest.param("a\nb", "a\\nb", id="a second line"),
        pytest.param("a\tb", "a\\tb", id="a tab"),
        pytest.param("\u202egnp.exe", "\\u202egnp.exe", id="writing turned round"),
        pytest.param("a\u200bb", "a\\u200bb", id="a space of no width"),
        pytest.param("a\u2028b", "a\\u2028b", id="a line separator"),
        pytest.param("a\U000e0041b", "a\\U000e0041b", id="a tag that nobody sees"),
        pytest.param("a\udc80b", "a\\udc80b", id="half a surrogate"),
        pytest.param("a\x00b", "a\\x00b", id="a zero"),
        pytest.param("[bold]x[/bold] :smile:", "[bold]x[/bold] :smile:", id="markup, which is nobody's here"),
    ],
)
def test_one_line(hostile: str, shown: str) -> None:
    assert visible(hostile) == shown
    assert visible(hostile).isprintable()


def test_a_block_keeps_its_lines_and_tabs() -> None:
    assert block("a\n\tb\x1b[2J\r\nc") == "a\n\tb\\x1b[2J\nc"


def test_a_carriage_return_within_a_block_is_shown() -> None:
    assert block("done\rnot done") == "done\\rnot done"
