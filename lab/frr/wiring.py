"""Cables and boot scripts: who is connected to whom, and what a machine does when it is switched on."""

from dataclasses import dataclass

from lab.frr.errors import CommandError
from lab.frr.namespaces import Network, run
from lab.frr.plan import SLOTS, Plan, Router, Site, make_plan

_KERNEL = {
    "net/ipv4/ip_forward": "1",
    "net/ipv4/conf/all/rp_filter": "0",
    "net/ipv4/conf/default/rp_filter": "0",
    "net/ipv4/fib_multipath_hash_policy": "1",
    # OSPF joins its groups once for every interface; the kernel's 20 are ten sites.
    "net/ipv4/igmp_max_memberships": "1000",
    "net/ipv6/conf/all/disable_ipv6": "1",
    "net/ipv6/conf/default/disable_ipv6": "1",
}
_ROUTER_RC = """\
ip link set lo up
ip link set eth0 up
ip link set eth1 up
ip address add {management} dev eth2
ip link set eth2 up
# VRRP's virtual router is a macvlan with the group's MAC address; vrrpd finds it by that and by the address.
ip link add vrrp4-1 link eth1 type macvlan mode bridge
ip link set vrrp4-1 address 00:00:5e:00:01:01
ip address add {gateway}/32 dev vrrp4-1
ip link set vrrp4-1 up
install -d -m 0755 -o frr -g frr /run/frr
install -d -m 0755 /run/sshd
install -d -m 0700 -o wavegate -g wavegate /run/wavegate
sed -i 's/^bgpd=.*/bgpd={bgp}/' /etc/frr/daemons
/usr/lib/frr/frrinit.sh start
/usr/sbin/sshd -o HostKey=/etc/ssh/lab_host_key -o PidFile=none
# sshd goes to the background before it listens.
until grep -q ':0016 00000000:0000 0A' /proc/net/tcp; do sleep 0.01; done
"""
CORE_RC = """\
ip link set lo up
install -d -m 0755 -o frr -g frr /run/frr
/usr/lib/frr/frrinit.sh start
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Networks:
    """The namespaces of a lab: each is a machine's cables, and outlives its power cuts."""

    core: Network
    management: Network
    routers: dict[str, Network]
    hosts: dict[str, Network]

    def close(self) -> None:
        """Let all of them go."""
        for network in (self.core, self.management, *self.routers.values(), *self.hosts.values()):
            network.close()


def claim_slot(sites: int) -> Plan:
    """Take the first slot nobody has, by making this machine's interfaces in it. Raises CommandError if all are taken.

    The kernel lets only one process make a link of a name, and removes it when the far end's namespace goes.
    """
    trouble: CommandError | None = None
    for slot in range(SLOTS):
        plan = make_plan(slot, sites)
        try:
            _make_worker_ports(plan)
        except CommandError as error:
            trouble = error
        else:
            return plan
    raise CommandError(f"all {SLOTS} slots for labs of FRR routers are taken on this machine") from trouble


def release_slot(plan: Plan) -> None:
    """Remove this machine's interfaces; their far ends go with them."""
    for port in (plan.in_band_port, plan.management_port):
        run(["ip", "link", "del", port])


def make_networks(sites: int) -> Networks:
    """The namespaces of so many sites, still without cables."""
    plan = make_plan(0, sites)
    networks = Networks(
        core=Network(),
        management=Network(),
        routers={router.name: Network() for router in plan.routers},
        hosts={site.host: Network() for site in plan.sites},
    )
    for network in (networks.core, *networks.routers.values()):
        network.write(_KERNEL)
    # The collector's sockets are made in there: a busy router must never have to wait for the journal.
    networks.management.write({"net/unix/max_dgram_qlen": "65536"})
    return networks


def connect(plan: Plan, networks: Networks) -> None:
    """Lay all cables: worker to core and management network, routers to the core, their site's LAN and management."""
    run(["ip", "-batch", "-"], standard_input="\n".join(_worker_cables(plan, networks)) + "\n")
    networks.core.ip(*(line for router in plan.routers for line in _uplink(router, networks)))
    networks.management.ip("link add br0 type bridge", "link set br0 up", *_management(plan, networks))
    for site in plan.sites:
        networks.hosts[site.host].ip(*_site_lan(site, networks))


def unplug(network: Network) -> None:
    """What losing power does to a router's kernel: links down, and every address and route forgotten."""
    ports = ("eth0", "eth1", "eth2", "lo")
    network.ip(
        "link del vrrp4-1",
        *(f"link set {port} down" for port in ports),
        *(f"address flush dev {port}" for port in ports),
        "route flush table main",
        "nexthop flush",
    )


def router_rc(site: Site, router: Router, *, bgp: bool) -> str:
    """What a router runs when it is switched on; bgpd only if asked for."""
    return _ROUTER_RC.format(management=router.management, gateway=site.gateway, bgp="yes" if bgp else "no")


def _make_worker_ports(plan: Plan) -> None:
    _make_port(plan.in_band_port)
    try:
        _make_port(plan.management_port)
    except CommandError:
        # A lab that was killed a moment ago: the kernel has not removed its second port yet.
        run(["ip", "link", "del", plan.in_band_port])
        raise


def _make_port(name: str) -> None:
    run(["ip", "link", "add", name, "type", "veth", "peer", "name", f"{name}p"])


def _worker_cables(plan: Plan, networks: Networks) -> list[str]:
    near, out_of_band = plan.in_band_port, plan.management_port
    return [
        f"link set {near}p netns {networks.core.path} name eth0",
        f"address add {plan.worker} dev {near}",
        f"link set {near} up",
        f"route add {plan.block} via {plan.core.ip} dev {near}",
        f"link set {out_of_band}p netns {networks.management.path} name worker",
        f"address add {plan.manager} dev {out_of_band}",
        f"link set {out_of_band} up",
    ]


def _uplink(router: Router, networks: Networks) -> list[str]:
    far = networks.routers[router.name].path
    return [f"link add {router.core_port} type veth peer name eth0 netns {far}", f"link set {router.core_port} up"]


def _management(plan: Plan, networks: Networks) -> list[str]:
    cables = [
        f"link add {router.core_port} type veth peer name eth2 netns {networks.routers[router.name].path}"
        for router in plan.routers
    ]
    ports = ["worker", *(router.core_port for router in plan.routers)]
    return cables + [line for port in ports for line in (f"link set {port} master br0", f"link set {port} up")]


def _site_lan(site: Site, networks: Networks) -> list[str]:
    lines = ["link set lo up", "link add br0 type bridge"]
    for router in site.routers:
        far = networks.routers[router.name].path
        lines += [
            f"link add {router.core_port} type veth peer name eth1 netns {far}",
            f"link set {router.core_port} master br0",
            f"link set {router.core_port} up",
        ]
    return [
        *lines,
        f"address add {site.host_address} dev br0",
        "link set br0 up",
        f"route add default via {site.gateway}",
    ]
