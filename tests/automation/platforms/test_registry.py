"""The platforms that there are, and what each says it sends."""

import re
from typing import Any

import pytest

from automation.platforms.contract import Abilities
from automation.platforms.registry import PORTS, platforms


def test_every_platform_has_a_port_and_a_language_of_its_own_name() -> None:
    assert set(PORTS) == set(platforms())
    assert {name: platform.name for name, platform in platforms().items()} == {name: name for name in PORTS}
    assert all(platform.vendor.name == name for name, platform in platforms().items())


@pytest.mark.parametrize("name", sorted(PORTS))
def test_what_a_platform_can_do_fits_together(name: str) -> None:
    abilities: Abilities = platforms()[name].abilities
    assert abilities.merge
    assert abilities.undo
    assert abilities.timer_step <= abilities.timer_longest


@pytest.mark.parametrize("name", sorted(PORTS))
def test_lists_of_commands_are_patterns_that_say_something(name: str) -> None:
    for pattern in platforms()[name].commands:
        re.compile(pattern)
        assert ".*" not in pattern, "whoever authorises commands has to know what they let through"


@pytest.mark.parametrize(
    ("name", "command", "listed"),
    [
        ("eos", "configure session wg-0123456789abcdef commit timer 00:01:30", True),
        ("eos", "configure session wg-0123456789abcdefu abort", True),
        ("eos", "configure session ops commit", False),
        ("eos", "reload now", False),
        ("ios", "configure terminal revert timer 2", True),
        ("ios", "reload in 3 wavegate wg-0123456789abcdef", True),
        ("ios", "reload in 3", False),
        ("ios", "write erase", False),
        ("ios", "write memory", True),
    ],
)
def test_what_is_listed(name: str, command: str, listed: bool) -> None:
    assert any(re.fullmatch(pattern, command) for pattern in platforms()[name].commands) is listed


def test_what_is_sent_is_listed_and_what_is_listed_is_sent(make_bench: Any) -> None:
    """A session that uses the whole contract; that nothing else is sent is checked behind every test of a device."""
    label = "wg-0123456789abcdef"
    for kind in ("eos", "ios", "ios-dead-man"):
        bench = make_bench(kind, enable="canary-enable-secret", **({"user_mode": True} if kind != "eos" else {}))
        session = bench.connect()
        session.startup()
        session.undo_rank()
        for finish in ("confirm", "revert"):
            session.lock(label)
            whole = finish == "revert" and kind == "eos"
            session.stage(session.running().splitlines() if whole else ("vlan 77",), label=label, replace=whole)
            session.arm(label, bench.platform.abilities.timer_step * 90)
            session.commit(label, bench.platform.abilities.timer_step * 90)
            session.pending()
            if (kind, finish) != ("ios-dead-man", "revert"):
                getattr(session, finish)(label)
            session.save()
        known = bench.platform.commands
        unlisted = [line for line in bench.own_commands() if not any(re.fullmatch(each, line) for each in known)]
        assert not unlisted
