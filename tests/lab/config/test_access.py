"""Who an access list lets in."""

import ipaddress
from collections.abc import Callable
from typing import Any

import pytest

from lab.config import access
from lab.config.loading import Typist

VISIT = access.Visit(
    source=ipaddress.IPv4Address("10.0.0.7"),
    target=ipaddress.IPv4Address("127.1.1.1"),
    services=frozenset({"22", "ssh"}),
)

# Each case: the entries of an extended IOS list, and whether 10.0.0.7 gets to 127.1.1.1 port 22.
EXTENDED = {
    "the source's network": (["permit ip 10.0.0.0 0.0.0.255 any"], True),
    "another network": (["permit ip 10.0.1.0 0.0.0.255 any"], False),
    "the first that fits decides": (["deny ip host 10.0.0.7 any", "permit ip any any"], False),
    "what does not fit is passed over": (["deny ip host 10.0.0.8 any", "permit ip any any"], True),
    "another protocol does not fit": (["permit udp any any"], False),
    "the port by number": (["permit tcp any any eq 22"], True),
    "another port": (["permit tcp any any eq 443"], False),
    "several ports": (["permit tcp any any eq 443"], False),
    "a range of ports": (["permit tcp any any range 20 25"], True),
    "a range without it": (["permit tcp any any range 80 443"], False),
    "less than": (["permit tcp any any lt 23"], True),
    "greater than": (["permit tcp any any gt 23"], False),
    "any but another port": (["permit tcp any any neq 443"], True),
    "any but this port": (["permit tcp any any neq 22"], False),
    "a port of the source is not known": (["permit tcp any eq 22 any"], False),
    "another target": (["permit ip any host 127.1.1.2"], False),
    "this target": (["permit ip any host 127.1.1.1"], True),
    "no entry at all permits": ([], True),
    "remarks are no entries": (["remark nothing yet"], True),
}


@pytest.mark.parametrize(("entries", "let_in"), EXTENDED.values(), ids=EXTENDED)
def test_extended_list_of_ios(ios_editor: Any, entries: list[str], let_in: bool) -> None:
    typist = Typist(ios_editor)
    assert all(not hasattr(each.result, "misread") for each in typist.type(["ip access-list extended A", *entries]))

    assert access.permits(typist.config.child("ip access-list extended A"), VISIT) is let_in


@pytest.mark.parametrize(
    ("entries", "let_in"),
    [
        (["permit 10.0.0.7"], True),
        (["permit 10.0.0.8"], False),
        (["permit 10.0.0.0 0.0.0.255"], True),
        (["deny 10.0.0.0 0.0.0.7", "permit any"], False),
        (["permit any log"], True),
    ],
    ids=str,
)
def test_standard_list_of_ios(ios_editor: Any, entries: list[str], let_in: bool) -> None:
    typist = Typist(ios_editor)
    list(typist.type(["ip access-list standard A", *entries]))

    assert access.permits(typist.config.child("ip access-list standard A"), VISIT) is let_in


@pytest.mark.parametrize(
    ("entries", "let_in"),
    [
        (["permit ip 10.0.0.0/24 any"], True),
        (["deny tcp 10.0.0.0/24 any eq ssh", "permit ip any any"], False),
        (["deny tcp 10.0.0.0/24 any eq https ssh", "permit ip any any"], False),
        (["permit tcp host 10.0.0.7 host 127.1.1.1 range ssh telnet"], False),
    ],
    ids=str,
)
def test_list_of_eos(eos_editor: Any, entries: list[str], let_in: bool) -> None:
    typist = Typist(eos_editor)
    list(typist.type(["ip access-list A", *entries]))

    assert access.permits(typist.config.child("ip access-list A"), VISIT) is let_in


def test_a_list_that_is_missing_permits(ios_types: Callable[..., Any]) -> None:
    assert access.permits(None, VISIT)
