"""What a configuration says about the device that runs it."""

import pytest

from lab.config import facts
from lab.config.editor import Editor
from lab.config.loading import Typist
from lab.config.tree import Node
from lab.hardware import ports_of
from lab.ios import vtys

IOS = """
hostname r1
no ip domain lookup
username admin privilege 15 secret 9 $9$nhEmQVczB7dqsO$X.HsgL6x1il0RxkOSSvyQYwucySCt7qFm4v7pqCxkKM
username guest nopassword
username clear password 0 in-clear
enable password 0 low
interface Loopback0
 ip address 10.0.0.1 255.255.255.255
 ip address 10.0.1.1 255.255.255.0 secondary
interface Vlan10
 ip address 10.1.10.1 255.255.255.0
 shutdown
interface Vlan20
ip access-list standard IN
 10 permit 10.0.0.0 0.255.255.255
line vty 0 4
 access-class IN in
 exec-timeout 5 30
 length 50
line vty 5 7
 exec-timeout 0 0
 transport input telnet ssh
line vty 8 9
 transport input none
"""


@pytest.fixture
def config(ios_editor: Editor) -> Node:
    typist = Typist(ios_editor)
    list(typist.type(IOS.splitlines()))
    return typist.config


def test_values(config: Node) -> None:
    assert facts.value(config, "hostname") == "r1"
    assert facts.value(config, "ip domain lookup") is None
    assert facts.value(config, "nothing") is None
    assert facts.value(None, "hostname") is None


def test_addresses_the_primary_one_first(config: Node) -> None:
    found = {name: [str(each) for each in facts.addresses(node)] for name, node in facts.interfaces(config)}

    assert found["Loopback0"] == ["10.0.0.1/32", "10.0.1.1/24"]
    assert found["Vlan20"] == []


def test_addresses_of_eos(eos_editor: Editor) -> None:
    typist = Typist(eos_editor)
    list(typist.type(["interface Vlan10", "ip address 10.0.0.1/24", "ip address 10.0.1.1/24 secondary"]))

    assert [str(each) for _, node in facts.interfaces(typist.config) for each in facts.addresses(node)] == [
        "10.0.0.1/24",
        "10.0.1.1/24",
    ]


@pytest.mark.parametrize(
    ("address", "carried", "up"),
    [("10.0.0.1", 1, True), ("10.0.1.1", 1, True), ("10.1.10.1", 1, False), ("10.9.9.9", 0, False)],
    ids=["up", "a secondary address", "shut", "nobody's"],
)
def test_who_carries_an_address(config: Node, address: str, carried: int, up: bool) -> None:
    assert len(facts.carriers(config, address)) == carried
    assert facts.carries(config, address) is up


def test_lines(config: Node) -> None:
    assert vtys.count(config) == 10
    assert [vtys.access_class(vtys.section(config, number)) for number in (0, 4, 5, 77)] == ["IN", "IN", None, None]
    assert [vtys.takes_ssh(vtys.section(config, number)) for number in (0, 5, 8)] == [True, True, False]
    assert [vtys.idle_minutes(vtys.section(config, number)) for number in (0, 5, 8)] == [5.5, None, 10]
    assert vtys.setting(vtys.section(config, 0), "length", 24) == 50
    assert vtys.setting(vtys.section(config, 5), "length", 24) == 24


@pytest.mark.parametrize(
    ("number", "peer", "let_in"),
    [(0, "10.9.9.9", True), (0, "11.0.0.1", False), (5, "11.0.0.1", True), (8, "10.9.9.9", False)],
    ids=["permitted", "denied", "without a list", "without SSH"],
)
def test_who_is_let_in(config: Node, number: int, peer: str, let_in: bool) -> None:
    assert vtys.lets_in(config, number, peer, "10.0.0.1") is let_in


def test_users(config: Node) -> None:
    admin, guest, clear = (vtys.user(config, name) for name in ("admin", "guest", "clear"))

    assert admin is not None
    assert admin.secret is not None
    assert (admin.privilege, admin.secret[:3]) == (15, "$9$")
    assert guest == vtys.User(privilege=1, secret=None)
    assert clear == vtys.User(privilege=1, secret="in-clear")
    assert vtys.user(config, "nobody") is None


def test_the_enable_secret_goes_before_the_password(config: Node, ios_editor: Editor) -> None:
    with_secret = ios_editor.apply(config, (), "enable secret 9 $9$nhEmQVczB7dqsO$X")

    assert vtys.enable_secret(config) == "low"
    assert vtys.enable_secret(with_secret.config) == "$9$nhEmQVczB7dqsO$X"  # type: ignore[union-attr]


def test_ports_are_what_the_startup_config_mentions(ios_editor: Editor) -> None:
    names = ("gi0/0/1", "GigabitEthernet0/0/2.10", "Vlan10", "Te1/1/1", "nonsense")
    startup = "\n!\n".join(f" interface {name}" for name in names)

    assert ports_of(ios_editor.grammar, startup) == {"GigabitEthernet0/0/1", "TenGigabitEthernet1/1/1"}
