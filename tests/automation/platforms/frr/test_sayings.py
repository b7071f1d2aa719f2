"""What vtysh says, told apart: taken, taken with a remark, refused. All of it was said by FRR 8.4."""

import pytest

from automation.platforms.frr import sayings


@pytest.mark.parametrize(
    "said",
    [
        "",
        "\n",
        "This command is deprecated, because it is not VRF-aware.",
        'Please, use "ip ospf passive" on an interface instead.',
        "Static Route to 10.9.0.0/16 not installed currently because dependent config not fully available",
        "% OSPF: Reference bandwidth is changed.\nPlease ensure reference bandwidth is consistent across all routers",
        "The route-map 'R' does not exist.",
    ],
)
def test_a_line_was_taken(said: str) -> None:
    assert sayings.refusal(said) == ""


@pytest.mark.parametrize(
    "said",
    [
        "% Unknown command: frobnicate",
        "% Command incomplete: area 0",
        "bgpd is not running",
        "Please remove all ip ospf area x.x.x.x commands first.",
        "Must remove previous area config before changing ospf area",
        "BGP is already running; AS is 65000",
        "something that nobody has seen before",
    ],
)
def test_a_line_was_refused(said: str) -> None:
    assert sayings.refusal(f"\n{said}\n") == said


def test_a_remark_beside_a_refusal_is_no_excuse() -> None:
    said = "This command is deprecated\n% Configuration failed."
    assert sayings.refusal(said) == said


@pytest.mark.parametrize(
    ("said", "configuration"),
    [
        ("Building configuration...\n\nfrr version 8.4.4\nend\n", "frr version 8.4.4\nend\n"),
        ("frr version 8.4.4\n", "frr version 8.4.4\n"),
        ("no configuration", "no configuration"),
    ],
)
def test_a_configuration_begins_with_its_version(said: str, configuration: str) -> None:
    assert sayings.configuration(said) == configuration


@pytest.mark.parametrize(("command", "endless"), [("ping 192.0.2.1", True), ("show pinging", False), ("pings", False)])
def test_pings_do_not_end(command: str, endless: bool) -> None:
    assert (sayings.ENDLESS.match(command) is not None) is endless
