"""Lines on their way into an IOS device."""

import pytest

from automation.platforms.contract import LineRejectedError
from automation.platforms.ios.entering import Entry, entries


def test_lines_are_typed_one_by_one() -> None:
    assert entries(("vlan 77", " name X", "", "exit")) == (
        Entry(line="vlan 77"),
        Entry(line=" name X"),
        Entry(line="exit"),
    )


def test_a_text_goes_with_its_header() -> None:
    lines = ("banner motd @", "  do reload", "end", "", "@", "hostname a")
    assert entries(lines) == (
        Entry(line="banner motd @", text=("  do reload", "end", "", "@")),
        Entry(line="hostname a"),
    )


def test_a_text_on_one_line_is_a_line() -> None:
    assert entries(("banner motd @hello@", "hostname a"))[0] == Entry(line="banner motd @hello@")


@pytest.mark.parametrize(
    ("lines", "refused", "why"),
    [
        (("hostname a", "end"), "end", "a command"),
        (("do write erase",), "do write erase", "a command"),
        (("do-exec reload",), "do-exec reload", "a command"),
        (("configure terminal",), "configure terminal", "a command"),
        (("tclsh",), "tclsh", "a command"),
        (("description a\x1ab",), "description a\x1ab", "control characters"),
        (("banner motd @", "a\x03b", "@"), "a\x03b", "control characters"),
        (("banner motd @", "never ends"), "banner motd @", "does not end with '@'"),
        (("description " + "x" * 600,), "description " + "x" * 600, "612 characters"),
    ],
    ids=["end", "do", "do-exec", "configure", "tcl", "a key", "a key in a text", "an endless text", "a long line"],
)
def test_what_is_not_sent(lines: tuple[str, ...], refused: str, why: str) -> None:
    with pytest.raises(LineRejectedError) as caught:
        entries(lines)
    assert caught.value.line == refused
    assert why in caught.value.answer


@pytest.mark.parametrize("line", ["domain-name a", "description the end", "endpoint a", "dot1x system-auth-control"])
def test_what_only_looks_like_a_command_is_sent(line: str) -> None:
    assert entries((line,)) == (Entry(line=line),)
