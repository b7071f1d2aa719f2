"""Lines on their way in: what is refused before it is sent, and where what was taken has landed."""

import pytest

from automation.platforms.contract import LineRejectedError
from automation.platforms.frr.entering import LONGEST, TOP, Entry, Place, entries


def test_lines_have_the_depth_that_their_indentation_says() -> None:
    lines = [
        "router bgp 65000",
        " address-family ipv4 unicast",
        "  network 10.0.0.0/8 ",
        "",
        "ip route 10.0.0.0/8 Null0",
    ]
    assert entries(lines) == (
        Entry(line="router bgp 65000", depth=0),
        Entry(line="address-family ipv4 unicast", depth=1),
        Entry(line="network 10.0.0.0/8", depth=2),
        Entry(line="ip route 10.0.0.0/8 Null0", depth=0),
    )


@pytest.mark.parametrize(
    "line",
    [
        *("end", "exit", " exit-address-family", "ex", "quit", "q", "do show version", "conf t", "configure terminal"),
        *("write", "write memory", "wr", "copy running-config startup-config", "clear ip ospf process", "enable"),
        *("terminal length 0", "show running-config", "ping 192.0.2.1", "ssh elsewhere", "start-shell bash", "find ip"),
        *(
            "description why?",
            "description a\ttab",
            "ip route 10.0.0.0/8 Null0\nend",
            "x\x1a",
            "description " + "x" * LONGEST,
        ),
    ],
)
def test_a_line_that_would_do_something_else_is_not_sent(line: str) -> None:
    with pytest.raises(LineRejectedError) as caught:
        entries(["ip route 10.0.0.0/8 Null0", line])
    assert caught.value.line == line


@pytest.mark.parametrize(
    "line", ["enable password x", "description end of line", "shutdown", "ip route 10.0.0.0/8 Null0"]
)
def test_a_line_that_only_looks_like_it_is_sent(line: str) -> None:
    assert [entry.line for entry in entries([line])] == [line]


def test_a_section_that_opened_is_one_deeper() -> None:
    place = Place()
    place.took(Entry(line="router bgp 65000", depth=0), "(config-router)")
    place.took(Entry(line="address-family ipv4 unicast", depth=1), "(config-router-af)")
    place.took(Entry(line="network 10.0.0.0/8", depth=2), "(config-router-af)")
    assert place.depth == 2
    place.left()
    assert place.depth == 1


@pytest.mark.parametrize("mode", ["(config-router)", TOP])
def test_a_line_that_was_taken_further_out_is_not_where_it_belongs(mode: str) -> None:
    place = Place()
    place.took(Entry(line="router bgp 65000", depth=0), "(config-router)")
    place.took(Entry(line="address-family ipv4 unicast", depth=1), "(config-router-af)")
    with pytest.raises(LineRejectedError) as caught:
        place.took(Entry(line="ip route 10.0.0.0/8 Null0", depth=2), mode)
    assert caught.value.answer == f"it was taken outside its section, at {mode}"
