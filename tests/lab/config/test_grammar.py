"""The notation of the grammar tables, and how lines are read by it."""

import pytest

from lab.config.grammar import Grammar, load_grammar
from lab.config.reader import Misread
from lab.errors import GrammarError

TABLE = r"""
interfaces: [Ethernet]
modes:
  global:
    lines:
      - hostname = WORD
      - show (running-config|startup-config)
      - shut
      - shutdown
      - ntp ~ server [vrf WORD] WORD = (prefer|iburst)*
      - route IPV4 [<1-255>]
      - route WORD name WORD
      - description = LINE
      - interface INTERFACE
"""


@pytest.fixture(scope="module")
def grammar() -> Grammar:
    return load_grammar(TABLE)


@pytest.mark.parametrize(
    ("line", "stored"),
    [
        ("hostname Core-1", "hostname Core-1"),
        ("HOSTNAME Core-1", "hostname Core-1"),
        ("  hostname   x  ", "hostname x"),
        ("sho run", "show running-config"),
        ("shut", "shut"),
        ("shutd", "shutdown"),
        ("ntp server vrf RED 1.1.1.1", "ntp server vrf RED 1.1.1.1"),
        ("ntp server 1.1.1.1 iburst prefer", "ntp server 1.1.1.1 iburst prefer"),
        ("route 1.1.1.1 20", "route 1.1.1.1 20"),
        ("route 1.1.1.1 name x", "route 1.1.1.1 name x"),
        ("description a  b   c ", "description a  b   c"),
        ("interface Et1", "interface Ethernet1"),
    ],
    ids=str,
)
def test_reads(grammar: Grammar, line: str, stored: str) -> None:
    reading = grammar.mode("global").reader.read(line)

    assert (reading.misread, reading.text) == (None, stored)


@pytest.mark.parametrize(
    ("line", "misread", "word", "offset"),
    [
        ("zonsense", Misread.INVALID, 0, 0),
        ("ntq", Misread.INVALID, 0, 2),
        ("ntp  peer", Misread.INVALID, 1, 5),
        ("hostname", Misread.INCOMPLETE, 1, 8),
        ("hostname a b", Misread.INVALID, 2, 11),
        ("sh", Misread.AMBIGUOUS, 0, 0),
        ("route 1.1.1.1 300", Misread.INVALID, 2, 14),
        ("description", Misread.INCOMPLETE, 1, 11),
    ],
    ids=str,
)
def test_says_where_a_line_goes_wrong(grammar: Grammar, line: str, misread: Misread, word: int, offset: int) -> None:
    reading = grammar.mode("global").reader.read(line)

    assert (reading.misread, reading.word, reading.offset) == (misread, word, offset)


def test_abbreviations_can_be_forbidden(grammar: Grammar) -> None:
    reading = grammar.mode("global").reader.read("show run", shorten=False)

    assert (reading.misread, reading.word) == (Misread.ABBREVIATED, 1)


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("hostname x", "hostname"),
        ("ntp server vrf RED 1.1.1.1 prefer", "ntp server vrf RED 1.1.1.1"),
        ("route 1.1.1.1 20", "route 1.1.1.1 20"),
        ("description a b", "description"),
    ],
    ids=str,
)
def test_gives_the_key_of_a_line(grammar: Grammar, line: str, key: str) -> None:
    mode = grammar.mode("global")
    reading = mode.reader.read(line)

    assert mode.key(reading.accepts[0], reading.text) == key


def test_knows_what_is_enough_for_a_negation(grammar: Grammar) -> None:
    mode = grammar.mode("global")
    rule = next(index for index, line in enumerate(mode.lines) if line.line.startswith("ntp"))

    assert mode.negates(rule, "ntp")
    assert not mode.negates(rule, "nt")


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("modes: {global: {lines: [hostname NAME]}}", "no argument is called NAME"),
        ("modes: {global: {lines: ['x [y = z]']}}", "'=' stands inside brackets"),
        ("modes: {global: {lines: ['x ) y']}}", "unexpected ')'"),
        ("modes: {global: {lines: [{line: x, enter: nowhere}]}}", "there is no mode 'nowhere'"),
        ("modes: {global: {include: [nowhere]}}", "it is included but not defined"),
        ("modes: {global: {lines: [{line: x, colour: blue}]}}", "Extra inputs are not permitted"),
        ("modes: [", "while parsing"),
    ],
    ids=[
        "unknown argument",
        "a mark in brackets",
        "a stray bracket",
        "no such mode",
        "no such include",
        "extra",
        "YAML",
    ],
)
def test_says_what_is_wrong_with_a_table(table: str, said: str) -> None:
    with pytest.raises(GrammarError) as caught:
        load_grammar(table)

    assert said in str(caught.value)


def test_knows_ports_from_other_interfaces(ios_editor: object) -> None:
    physical = load_grammar("{interfaces: [Ethernet, Vlan], physical: [Ethernet], modes: {global: {}}}")

    assert physical.is_physical("Ethernet1/2")
    assert not physical.is_physical("Ethernet1.10")
    assert not physical.is_physical("Vlan1")
