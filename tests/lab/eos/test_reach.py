"""What a pushed configuration does to the way to the switch."""

from collections.abc import Callable
from typing import Any

import pytest

API = "management api http-commands"
# Each case: the lines of a session that take the way from 127.0.0.1 away.
CUTS = {
    "the list of the API": ("ip access-list standard MGMT-IN", "no 10", "10 permit 10.0.0.0/8"),
    "another list": ("ip access-list standard NEW", "10 permit 10.0.0.0/8", API, "ip access-group NEW in"),
    "a list in the VRF": ("ip access-list standard NEW", "10 deny any", API, "vrf default", "ip access-group NEW"),
    "the API shut down": (API, "shutdown"),
    "no HTTPS": (API, "no protocol https"),
    "no API": (f"no {API}",),
    "the interface shut down": ("interface Management1", "shutdown"),
    "the interface without its address": ("interface Management1", "no ip address"),
    "the interface in a VRF where the API is not": ("interface Management1", "vrf MGMT"),
}


@pytest.mark.parametrize("lines", CUTS.values(), ids=CUTS)
def test_a_commit_that_takes_the_way_away_reverts_by_itself(
    eos: Any, lines: tuple[str, ...], eventually: Callable[..., None]
) -> None:
    eapi, other = eos.eapi(), eos.eapi()
    other.run("show clock")

    with pytest.raises((OSError, EOFError)):
        eapi.run("configure session s1", *lines, "commit timer 00:00:02")

    with pytest.raises((OSError, EOFError)):
        other.run("show clock")
    assert not eos.reaches("sw1")
    assert eos.events("sw1").count("session-cut") == 2
    eventually(lambda: eos.reaches("sw1"))
    assert eos.eapi().run("show configuration sessions")[0]["sessions"] == {}


def test_nothing_behind_the_cut_is_done(eos: Any) -> None:
    eapi = eos.eapi()

    with pytest.raises((OSError, EOFError)):
        eapi.run("configure session s1", *CUTS["another list"], "commit", "write memory")

    assert "NEW" not in eos.lab.startup("sw1")
    assert "write memory" not in eos.lines("sw1")


def test_without_a_session_the_list_counts_when_configuration_mode_ends(eos: Any) -> None:
    eapi = eos.eapi()

    with pytest.raises((OSError, EOFError)):
        eapi.run("configure", *CUTS["the list of the API"], "hostname last")

    # Every line of the request was applied before its end.
    assert eos.lab.device("sw1").hostname == "last"
    assert not eos.reaches("sw1")


@pytest.mark.parametrize(
    "lines",
    [
        (API, "ip access-group NOBODY-WROTE-IT in"),
        ("ip access-list standard EMPTY", API, "ip access-group EMPTY in"),
        (API, "ip access-group OTHER vrf RED in"),
        ("interface Management1", "vrf MGMT", API, "vrf MGMT", "no shutdown"),
    ],
    ids=["a list that is missing", "an empty list", "a list in another VRF", "the API in the interface's VRF"],
)
def test_what_leaves_the_way_open(eos: Any, lines: tuple[str, ...]) -> None:
    eos.eapi().run("configure session s1", *lines, "commit")

    assert eos.eapi().run("show clock")


def test_a_list_of_the_vrf_counts_in_it(eos: Any) -> None:
    eapi = eos.eapi()
    lines = ("interface Management1", "vrf MGMT", API, "vrf MGMT", "no shutdown")

    with pytest.raises((OSError, EOFError)):
        eapi.run(
            "configure session s1",
            "ip access-list standard NEW",
            "10 permit 10.0.0.0/8",
            *lines,
            "exit",
            "ip access-group NEW vrf MGMT",
            "commit",
        )

    assert not eos.reaches("sw1")
