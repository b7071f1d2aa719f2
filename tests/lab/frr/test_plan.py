"""Names and addresses: distinct, in their slot, and refused beyond what the plan has room for."""

from itertools import combinations

import pytest

from lab.frr.plan import LARGEST, SLOTS, Plan, make_plan


def test_addresses_of_a_lab_are_all_different_and_inside_its_block() -> None:
    plan = make_plan(0, LARGEST)
    addresses = _addresses(plan)
    assert len(set(addresses)) == len(addresses)
    assert all(address in plan.block for address in addresses)


def test_labs_in_different_slots_share_no_address_and_no_port() -> None:
    plans = [make_plan(slot, 1) for slot in range(SLOTS)]
    assert not any(one.block.overlaps(other.block) for one, other in combinations(plans, 2))
    ports = [port for plan in plans for port in (plan.in_band_port, plan.management_port)]
    assert len(set(ports)) == 2 * SLOTS
    assert all(len(port) <= 13 for port in ports), "with a letter for the far end, 15 is all the kernel takes"


def test_both_routers_of_a_site_share_its_lan_with_the_host_and_the_gateway() -> None:
    site = make_plan(3, 5).sites[4]
    lan = site.host_address.network
    assert [router.lan.network for router in site.routers] == [lan, lan]
    assert site.gateway in lan
    assert [router.name for router in site.routers] == ["s05-r1", "s05-r2"]
    assert site.host == "s05-h1"


def test_each_uplink_has_the_core_at_its_other_end() -> None:
    for router in make_plan(0, LARGEST).routers:
        assert router.uplink.network == router.core_address.network
        assert router.uplink.ip != router.core_address.ip


@pytest.mark.parametrize(
    ("slot", "sites"),
    [
        pytest.param(0, 0, id="no site"),
        pytest.param(0, LARGEST + 1, id="a site too many"),
        pytest.param(-1, 1, id="slot below the first"),
        pytest.param(SLOTS, 1, id="slot beyond the last"),
    ],
)
def test_a_lab_that_does_not_fit_is_refused(slot: int, sites: int) -> None:
    with pytest.raises(ValueError, match="1 to 62 sites and a slot from 0 to 7"):
        make_plan(slot, sites)


def _addresses(plan: Plan) -> list[object]:
    of_routers = [
        address
        for router in plan.routers
        for address in (
            router.loopback,
            router.uplink.ip,
            router.core_address.ip,
            router.lan.ip,
            router.management.ip,
        )
    ]
    of_sites = [address for site in plan.sites for address in (site.host_address.ip, site.gateway)]
    return [*of_routers, *of_sites, plan.worker.ip, plan.core.ip, plan.manager.ip]
