"""What a change will make of an FRR router is what its daemons make of it, and it can be taken back.

The oracle is a real router: what is entered goes through the platform's own session.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from automation.config.compare import compare_merge, observe, undo
from automation.config.difference import Difference, as_text, difference
from automation.config.merge import AmbiguousChangeError
from automation.config.reading import read_change, read_device
from automation.config.secrets import Digester, redacted
from automation.config.tree import Tree
from automation.config.vendors.frr import FRR
from automation.platforms.contract import Endpoint, Limits, LineRejectedError, Session
from automation.platforms.registry import platforms
from inventory.credentials import Login

pytestmark = pytest.mark.frr

DIGESTER = Digester(b"k" * 32)

_BGP = "router bgp 65000\n neighbor 192.0.2.1 remote-as 65001\n"


def _cases() -> dict[str, tuple[str, str]]:
    """By name, what is there and the change."""
    texts = Path(__file__).with_name("frr_cases.conf").read_text().split("\n== ")[1:]
    named = (text.partition("\n") for text in texts)
    halves = ((name, rest.partition("--\n")) for name, _, rest in named)
    return {name: (there, change) for name, (there, _, change) in halves}


CASES = _cases()
#: What is entered for these is not what is written: an area has to go first, a rule keeps clear of numbers that were
#: taken, and sections are left by the session alone.
NOT_AS_WRITTEN = {"an interface's area changes", "a whole prefix list is replaced", "a VRF's section is left"}

# Each case: what is there, the change, and what is said to it.
AMBIGUOUS = {
    "a host name": ("", "hostname elsewhere", "set it in the router's operating system"),
    "a banner": ("", "banner motd line hello", "set it in the router's operating system"),
    "a route in a VRF": ("", "ip route 10.9.0.0/16 Null0 vrf BLUE", "write it below 'vrf NAME'"),
    "a network outside its family": ("", f"{_BGP} network 10.9.0.0/16", "below 'address-family ipv4 unicast'"),
    "who is active, said too late": (
        _BGP,
        "router bgp 65000\n no bgp default ipv4-unicast",
        "write it before the first neighbor",
    ),
    "an interface by a short word": ("", "int eth2\n description x", "write its words in full"),
    "a description by a short word": ("", "interface eth2\n desc x", "write its words in full"),
    "an address by a short word": ("", "interface eth2\n ip add 192.0.2.1/24", "write its words in full"),
    "a router by a short word": ("", "rout ospf\n distance 120", "write its words in full"),
    "no timeout": ("", "line vty\n no exec-timeout", "write it with its minutes and seconds"),
}


@dataclass(frozen=True)
class Router:
    """A router that is as new, and a session on it."""

    session: Session
    pristine: Tree

    def tree(self) -> Tree:
        """What its daemons have, as it is read."""
        return read_device(self.session.running(), FRR)

    def enter(self, lines: Sequence[str]) -> "Router":
        """Enters lines as a push does, but for its undo."""
        self.session.stage(lines, label="wg-00000000000000aa", replace=False)
        self.session.commit("wg-00000000000000aa", None)
        return self

    def takes_back(self, to: Tree) -> None:
        """Takes back all that is there besides; fails where something stays."""
        now = self.tree()
        touched = frozenset(line.text for line in (*now, *to))
        self.enter(undo(now, to, touched, FRR))
        assert shown(self.tree(), to) == ""


def shown(before: Tree, after: Tree) -> str:
    """What differs, for people; empty where nothing does."""
    return as_text(difference(before, after, FRR))


def assert_same(seen: Difference, wanted: Difference) -> None:
    """Fails where two differences are not the same, by the digest that a push goes by."""
    if DIGESTER.edits(seen) != DIGESTER.edits(wanted):
        assert sorted(as_text(seen).splitlines()) == sorted(as_text(wanted).splitlines())
        assert as_text(seen) == as_text(wanted)


@pytest.fixture(scope="module")
def session(frr_lab: Any) -> Iterator[Session]:
    """A session on the router that has bgpd."""
    device = frr_lab.devices[0]
    key = SecretStr(device.key_file.read_text())
    endpoint = Endpoint(
        name=device.name,
        address=device.address,
        port=device.port,
        credential="frr",
        login=Login(username=device.user, password=None, private_key=key),
        host_keys=(device.host_key.split(" ", 1)[1],),
    )
    limits = Limits(connect=timedelta(seconds=10), answer=timedelta(seconds=20))
    opened = platforms()["frr"].connect(endpoint, None, limits)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def pristine(session: Session) -> Tree:
    """What the router began with."""
    return read_device(session.running(), FRR)


@pytest.fixture
def router(session: Session, pristine: Tree) -> Iterator[Router]:
    """A router that is as new, and is so again after the test."""
    made = Router(session, pristine)
    yield made
    made.takes_back(pristine)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_what_is_predicted_is_what_happens_and_can_be_undone(case: tuple[str, str], router: Router) -> None:
    there, change = case
    router.enter(there.splitlines())
    before = router.tree()
    comparison = compare_merge(before, read_change(change, FRR), FRR)

    router.enter(comparison.lines)

    after = router.tree()
    seen = observe(before, after, comparison, FRR)
    assert_same(seen.edits, comparison.edits)
    assert (seen.strays, seen.foreign) == ((), ())
    assert compare_merge(after, read_change(change, FRR), FRR).reached
    router.takes_back(before)


@pytest.mark.parametrize("name", sorted(CASES.keys() - NOT_AS_WRITTEN))
def test_typed_as_it_is_written_it_comes_to_the_same(name: str, router: Router) -> None:
    there, change = CASES[name]
    router.enter(there.splitlines())
    before = router.tree()
    comparison = compare_merge(before, read_change(change, FRR), FRR)
    router.enter(change.splitlines())
    assert_same(observe(before, router.tree(), comparison, FRR).edits, comparison.edits)


@pytest.mark.parametrize("case", AMBIGUOUS.values(), ids=AMBIGUOUS.keys())
def test_what_cannot_be_predicted_is_said(case: tuple[str, str, str], router: Router) -> None:
    there, change, said = case
    router.enter(there.splitlines())
    with pytest.raises(AmbiguousChangeError) as caught:
        compare_merge(router.tree(), read_change(change, FRR), FRR)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("lines", "refused"),
    [
        pytest.param(["ip route 10.1.0.0/33 Null0"], "ip route 10.1.0.0/33 Null0", id="no prefix"),
        pytest.param(["route-map R permit 10", " set nonsense 7"], " set nonsense 7", id="unknown in its section"),
        pytest.param(["router eigrp 1", " network 10.0.0.0/8"], "router eigrp 1", id="its daemon does not run"),
        pytest.param(
            ["route-map R permit 10", " ip route 10.6.0.0/16 Null0"],
            "ip route 10.6.0.0/16 Null0",
            id="taken one level up",
        ),
        pytest.param(["ip route 10.1.0.0/16 Null0", "  tag 7"], "tag 7", id="below no section"),
        pytest.param(["interface eth2", " description why?"], " description why?", id="a call for help"),
        pytest.param(["interface eth2", " description " + "x" * 2000], " description " + "x" * 2000, id="too long"),
    ],
)
def test_a_line_that_is_not_taken_is_named(router: Router, lines: list[str], refused: str) -> None:
    with pytest.raises(LineRejectedError) as caught:
        router.enter(lines)
    assert caught.value.line.strip() == refused.strip()


@pytest.mark.parametrize(
    "line",
    [
        "password canary",
        "enable password 8 canary",
        "neighbor 192.0.2.1 password canary",
        "ip ospf authentication-key canary",
        "ip ospf message-digest-key 1 md5 canary",
        "area 0.0.0.0 virtual-link 192.0.2.1 message-digest-key 1 md5 canary",
        "key-string canary",
        "ip rip authentication string canary",
    ],
)
def test_secrets_are_not_shown(line: str) -> None:
    assert "canary" not in redacted(line, FRR, DIGESTER)
