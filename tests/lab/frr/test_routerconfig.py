"""The configurations that routers boot with first: who speaks what, and to whom."""

import pytest

from lab.frr.plan import make_plan
from lab.frr.routerconfig import core_router, site_router

PLAN = make_plan(0, 3)


@pytest.mark.parametrize(
    ("number", "priority"), [pytest.param(0, True, id="first"), pytest.param(1, False, id="second")]
)
def test_the_first_router_of_a_site_is_preferred_by_vrrp(number: int, priority: bool) -> None:
    site = PLAN.sites[2]
    blocks = _blocks(site_router(site, site.routers[number], "8.4.4"))
    assert ("vrrp 1 priority 200" in blocks["interface eth1"]) is priority
    assert f"vrrp 1 ip {site.gateway}" in blocks["interface eth1"]


def test_a_router_has_its_own_addresses_and_speaks_ospf_on_all_of_them() -> None:
    site = PLAN.sites[1]
    router = site.routers[0]
    blocks = _blocks(site_router(site, router, "8.4.4"))
    expected = {"eth0": router.uplink, "eth1": router.lan, "lo": f"{router.loopback}/32"}
    for port, address in expected.items():
        assert {f"ip address {address}", "ip ospf area 0.0.0.0"} <= set(blocks[f"interface {port}"])
    assert f"ospf router-id {router.loopback}" in blocks["router ospf"]
    assert "interface eth2" not in blocks, "the management port is the system's, not FRR's"


def test_the_core_has_a_port_for_every_router_and_sends_the_worker_no_ospf() -> None:
    blocks = _blocks(core_router(PLAN, "8.4.4"))
    for router in PLAN.routers:
        assert f"ip address {router.core_address}" in blocks[f"interface {router.core_port}"]
    assert "ip ospf passive" in blocks["interface eth0"]


def test_the_version_is_the_one_installed() -> None:
    site = PLAN.sites[0]
    assert site_router(site, site.routers[0], "9.1").startswith("frr version 9.1\n")


def _blocks(text: str) -> dict[str, list[str]]:
    parts = (part.strip().splitlines() for part in text.split("!\n"))
    return {lines[0]: [line.strip() for line in lines[1:]] for lines in parts if lines}
