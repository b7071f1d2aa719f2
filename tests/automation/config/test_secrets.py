"""Secrets in configurations: found, replaced by tags, and told by digests to nobody who lacks the key."""

from typing import Any

import pytest

from automation.config.difference import as_text, difference
from automation.config.reading import read_device
from automation.config.secrets import (
    Digester,
    cut_logins,
    holds_secret,
    redacted,
    redacted_answer,
    redacted_edits,
    salted_edits,
    unsalted,
)
from automation.config.tree import Tree
from automation.config.vendors.eos import EOS
from automation.config.vendors.ios import IOS

DIGESTER = Digester(b"k" * 32)
CANARY = "canary-0"

LINES = [
    (IOS, f"enable secret 9 {CANARY}"),
    (IOS, f"enable password {CANARY}"),
    (IOS, f"username bob privilege 15 secret 9 {CANARY}"),
    (IOS, f"username bob password 7 {CANARY}"),
    (IOS, f"snmp-server community {CANARY} RO MGMT-IN"),
    (IOS, f"snmp-server host 10.0.0.1 version 2c {CANARY}"),
    (IOS, f"snmp-server host 10.0.0.1 {CANARY}"),
    (IOS, f"snmp-server user bob ops v3 auth sha {CANARY} priv aes 128 {CANARY}"),
    (IOS, f"ntp authentication-key 1 md5 {CANARY} 7"),
    (IOS, f"tacacs-server host 10.0.0.1 key 7 {CANARY}"),
    (IOS, f"key 7 {CANARY}"),
    (IOS, f"key-string {CANARY}"),
    (IOS, f"password 7 {CANARY}"),
    (IOS, f"neighbor 10.0.0.1 password {CANARY}"),
    (IOS, f"ip ospf message-digest-key 1 md5 {CANARY}"),
    (IOS, f"standby 1 authentication md5 key-string {CANARY}"),
    (IOS, f"crypto isakmp key {CANARY} address 10.0.0.1"),
    (IOS, f"pre-shared-key local {CANARY}"),
    (EOS, f"enable password sha512 {CANARY}"),
    (EOS, f"username bob privilege 15 role network-admin secret sha512 {CANARY}"),
    (EOS, f"snmp-server community {CANARY} ro"),
    (EOS, f"snmp-server host 10.0.0.1 version 2c {CANARY}"),
    (EOS, f"ntp authentication-key 1 md5 7 {CANARY}"),
    (EOS, f"tacacs-server host 10.0.0.1 key 7 {CANARY}"),
    (EOS, f"neighbor 10.0.0.1 password 7 {CANARY}"),
    (EOS, f"shared-key 7 {CANARY}"),
]


def tree(text: str, vendor: Any = IOS) -> Tree:
    return read_device(text, vendor)


@pytest.mark.parametrize(("vendor", "line"), LINES, ids=[f"{vendor.name}: {line}" for vendor, line in LINES])
def test_a_secret_is_replaced_by_a_tag_of_its_own(vendor: Any, line: str) -> None:
    shown, other = (redacted(text, vendor, DIGESTER) for text in (line, line.replace(CANARY, "canary-1")))
    assert "canary" not in shown
    assert "<secret " in shown
    assert shown != other
    assert holds_secret(tree(line, vendor), vendor)


@pytest.mark.parametrize(
    "line",
    [
        "hostname a",
        "snmp-server location Berlin",
        "snmp-server host 10.0.0.1 traps version 3",
        "key chain A",
        "login local",
    ],
)
def test_what_is_no_secret_stays(line: str) -> None:
    assert redacted(line, IOS, DIGESTER) == line
    assert not holds_secret(tree(line), IOS)


def test_what_a_device_quotes_back_is_found_anywhere() -> None:
    line = "snmp-server community canary-community ro"
    answer = f"% Invalid input\nin {line!r}: canary-community is too long\nusername bob secret 9 canary-other"
    shown = redacted_answer(answer, line, IOS, DIGESTER)
    assert "canary" not in shown
    assert "is too long" in shown


def test_a_difference_that_people_see_has_no_secret_and_shows_that_one_changed() -> None:
    edits = difference(tree("snmp-server community canary-a RO"), tree("snmp-server community canary-b RO"), IOS)
    shown = as_text(redacted_edits(edits, IOS, DIGESTER))
    assert "canary" not in shown
    minus, plus = shown.splitlines()
    assert minus.removeprefix("-") != plus.removeprefix("+")


def test_digests_need_the_key() -> None:
    config = tree("snmp-server community canary RO")
    assert DIGESTER.tree(config, IOS) == Digester(b"k" * 32).tree(config, IOS)
    assert DIGESTER.tree(config, IOS) != Digester(b"l" * 32).tree(config, IOS)
    assert "k" * 8 not in repr(DIGESTER)


def test_digests_do_not_depend_on_an_order_without_a_meaning() -> None:
    assert DIGESTER.tree(tree("vlan 10\nvlan 20"), IOS) == DIGESTER.tree(tree("vlan 20\nvlan 10"), IOS)
    one, other = (
        "ip access-list standard A\n permit any\n deny any",
        "ip access-list standard A\n deny any\n permit any",
    )
    assert DIGESTER.tree(tree(one), IOS) != DIGESTER.tree(tree(other), IOS)


def test_a_salted_secret_can_be_blanked() -> None:
    one, other = (f"enable secret 9 $9${salt}$xyz\nhostname a" for salt in ("aa", "bb"))
    assert tree(one) != tree(other)
    assert unsalted(tree(one), IOS) == unsalted(tree(other), IOS)


@pytest.mark.parametrize(
    ("line", "salted"),
    [
        ("enable secret 9 $9$a$b", True),
        ("username bob secret 9 $9$a$b", True),
        ("snmp-server community a RO", False),
        ("hostname a", False),
    ],
)
def test_lines_that_set_a_salted_secret_are_known(line: str, salted: bool) -> None:
    edits = difference(tree(""), tree(line), IOS)
    assert bool(salted_edits(edits, IOS)) is salted
    assert not salted_edits(difference(tree(line), tree(""), IOS), IOS)


@pytest.mark.parametrize(
    ("line", "cuts"),
    [
        ("username netops privilege 15 secret 9 x", True),
        ("username somebody privilege 15 secret 9 x", False),
        ("enable secret 9 x", True),
        ("aaa new-model", True),
        ("aaa authentication login default group tacacs+", True),
        ("hostname a", False),
    ],
)
def test_lines_that_the_own_login_depends_on_are_known(line: str, cuts: bool) -> None:
    assert bool(cut_logins(difference(tree(line), tree(""), IOS), IOS, "netops")) is cuts
    assert bool(cut_logins(difference(tree(""), tree(line), IOS), IOS, "netops")) is cuts
