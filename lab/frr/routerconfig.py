"""The routers' first startup configuration, written as FRR 8.4 itself writes it (a test compares the two)."""

from lab.frr.plan import Plan, Router, Site

_HEAD = """\
frr version {version}
frr defaults traditional
hostname {hostname}
no ipv6 forwarding
{more}log commands
service integrated-vtysh-config
!
"""
_OSPF = """\
 ip ospf area 0.0.0.0
 ip ospf dead-interval 3
 ip ospf hello-interval 1
 ip ospf network point-to-point
 ip ospf retransmit-interval 1
"""
# With next-hop groups in the kernel, FRR 8.4 forgets one of two equal paths for good when its link was down once.
_ROUTE_BY_ROUTE = "no zebra nexthop kernel enable\n"
# Without these, routers that start together wait five seconds for each other's first link states; and while several
# states come after one another, each new route is held back for longer than the one before.
_TIMERS = " timers throttle spf 0 1 1\n timers throttle lsa all 0\n timers lsa min-arrival 0\n"


def site_router(site: Site, router: Router, version: str) -> str:
    """OSPF on both links, VRRP on the LAN; the first router of a site is VRRP's preferred master."""
    priority = " vrrp 1 priority 200\n" if router.number == 1 else ""
    return "".join((
        _HEAD.format(version=version, hostname=router.name, more=""),
        f"interface eth0\n description uplink to the core\n ip address {router.uplink}\n{_OSPF}exit\n!\n",
        f"interface eth1\n description site LAN\n ip address {router.lan}\n{_OSPF}",
        f" vrrp 1\n{priority} vrrp 1 advertisement-interval 200\n vrrp 1 ip {site.gateway}\nexit\n!\n",
        f"interface lo\n ip address {router.loopback}/32\n ip ospf area 0.0.0.0\nexit\n!\n",
        f"router ospf\n ospf router-id {router.loopback}\n{_TIMERS}exit\n!\n",
    ))  # fmt: skip


def core_router(plan: Plan, version: str) -> str:
    """One OSPF router with a port for every router of every site, and the worker behind `eth0`."""
    ports = (
        f"interface {router.core_port}\n description {router.name}\n ip address {router.core_address}\n{_OSPF}exit\n!\n"
        for router in plan.routers
    )
    return "".join((
        _HEAD.format(version=version, hostname="core", more=_ROUTE_BY_ROUTE),
        f"interface eth0\n description worker\n ip address {plan.core}\n",
        " ip ospf area 0.0.0.0\n ip ospf passive\nexit\n!\n",
        *ports,
        f"router ospf\n ospf router-id {plan.core.ip}\n{_TIMERS}exit\n!\n",
    ))  # fmt: skip
