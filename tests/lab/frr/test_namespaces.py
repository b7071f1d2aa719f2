"""Network namespaces without names: apart from one another, told what is wrong, gone when nobody holds them."""

from collections.abc import Iterator

import pytest

from lab.frr.errors import CommandError, MissingError
from lab.frr.namespaces import Network, run
from lab.frr.pings import Pings, ping

pytestmark = pytest.mark.frr


@pytest.fixture
def pair(real_frr: None) -> Iterator[tuple[Network, Network]]:
    """Two namespaces with a cable between them: 192.0.2.1 and 192.0.2.2."""
    one, other = Network(), Network()
    one.ip(f"link add eth0 type veth peer name eth0 netns {other.path}", "address add 192.0.2.1/24 dev eth0")
    other.ip("address add 192.0.2.2/24 dev eth0", "link set eth0 up")
    one.ip("link set eth0 up")
    yield one, other
    one.close()
    other.close()


def test_each_has_its_own_interfaces(pair: tuple[Network, Network]) -> None:
    for network in pair:
        assert sorted(_ports(network)) == ["eth0", "lo"]
    assert run(["ip", "-o", "link"]) != run(pair[0].inside("ip", "-o", "link"))


def test_with_the_last_holder_the_far_end_of_its_cables_goes(real_frr: None) -> None:
    held, dropped = Network(), Network()
    held.ip(f"link add eth0 type veth peer name eth0 netns {dropped.path}")
    held.ip("link del eth0")
    assert _ports(dropped) == ["lo"]
    dropped.close()
    held.close()


def test_a_line_that_fails_is_told_with_its_number(pair: tuple[Network, Network]) -> None:
    with pytest.raises(CommandError, match=r"(?s)ip -batch - ended with 1: .*Command failed -:2"):
        pair[0].ip("link set eth0 up", "link set nosuch0 up")


def test_kernel_parameters_are_set_in_there_alone(pair: tuple[Network, Network]) -> None:
    one, other = pair
    one.write({"net/ipv4/ip_forward": "1"})
    other.write({"net/ipv4/ip_forward": "0"})
    assert [run(network.inside("cat", "/proc/sys/net/ipv4/ip_forward")) for network in pair] == ["1\n", "0\n"]
    with pytest.raises(CommandError):
        one.write({"net/ipv4/nosuch": "1"})


def test_pings_go_from_one_to_the_other(pair: tuple[Network, Network]) -> None:
    one, other = pair
    assert ping(one, "192.0.2.2", count=3, timeout_s=1.0)
    other.ip("link set eth0 down")
    assert not ping(one, "192.0.2.2", count=1, timeout_s=0.1)


def test_a_stream_counts_what_it_sent_and_what_came_back(pair: tuple[Network, Network]) -> None:
    with Pings(pair[0], "192.0.2.2") as stream:
        assert ping(pair[0], "192.0.2.2", count=5, timeout_s=1.0)
    assert stream.sent >= 4
    assert stream.lost <= 1


def test_a_command_that_fails_tells_what_it_said() -> None:
    with pytest.raises(CommandError, match=r"sh -c echo no >&2; exit 9 ended with 9: no"):
        run(["sh", "-c", "echo no >&2; exit 9"])


def test_all_that_is_missing_is_told_at_once() -> None:
    error = MissingError(("this", "that"))
    assert str(error) == "real FRR routers cannot run here: this; that"
    assert error.missing == ("this", "that")


def _ports(network: Network) -> list[str]:
    return [line.split(":")[1].split("@")[0].strip() for line in run(network.inside("ip", "-o", "link")).splitlines()]
