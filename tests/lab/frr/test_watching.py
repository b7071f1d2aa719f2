"""Watching a kernel: what came and went is told, however briefly it was there."""

from collections.abc import Callable

import pytest

from lab.frr.lab import FrrDevice, FrrLab
from lab.frr.namespaces import Network
from lab.frr.watching import KernelWatch, WatchError

pytestmark = pytest.mark.frr

Eventually = Callable[[Callable[[], object], str], None]


def test_what_came_and_went_is_told(lab: FrrLab, scratch: FrrDevice, eventually: Eventually) -> None:
    name, route, address = scratch.name, "10.91.0.0/16", "10.92.0.1/32"
    with lab.watching(name) as seen:
        lab.vtysh(name, "configure terminal", f"ip route {route} Null0", "interface lo", f"ip address {address}")
        eventually(lambda: seen.came(f"blackhole {route}") and seen.came(address), "both came")
        assert not seen.went(route)
        assert not seen.went(address)
        lab.vtysh(name, "configure terminal", f"no ip route {route} Null0", "interface lo", f"no ip address {address}")
        eventually(lambda: seen.went(f"blackhole {route}") and seen.went(address), "both went")
    assert route not in {each["dst"] for each in lab.kernel_routes(name)}


def test_other_routers_are_not_told_of(lab: FrrLab, scratch: FrrDevice, eventually: Eventually) -> None:
    other = lab.devices[3].name
    with lab.watching(other) as elsewhere, lab.watching(scratch.name) as here:
        lab.vtysh(scratch.name, "configure terminal", "ip route 10.93.0.0/16 Null0")
        eventually(lambda: here.came("10.93.0.0/16"), "the route came")
        assert not elsewhere.came("10.93.0.0/16")


def test_its_process_ends_with_it(lab: FrrLab, scratch: FrrDevice) -> None:
    with pytest.raises(ZeroDivisionError), lab.watching(scratch.name) as seen:
        1 / 0  # noqa: B018
    assert seen._process.poll() is not None


def test_a_namespace_that_is_gone_cannot_be_watched(real_frr: None) -> None:
    network = Network()
    network.close()
    with pytest.raises(WatchError, match="does not listen"):
        KernelWatch(network).__enter__()
