"""Filters for addresses, masks, VLANs and interfaces.

Two traps of Python's own functions are closed: an address without a prefix length is not taken for one of /32, and a
host that lies outside its network does not exist.
"""

import ipaddress
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType

from netutils.interface import abbreviated_interface_name, canonical_interface_name
from netutils.mac import mac_to_format
from netutils.vlan import vlanlist_to_config

from automation.render.errors import RefusedError
from automation.render.values import called

Interface = ipaddress.IPv4Interface | ipaddress.IPv6Interface
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MAX_SUBNETS = 4096
MAX_VLAN = 4094

_MAC_FORMATS = {".": "MAC_DOT_FOUR", ":": "MAC_COLON_TWO", "-": "MAC_DASH_TWO", "": "MAC_NO_SPECIAL"}


def ip_address(value: object) -> str:
    """``10.1.2.3/24`` → ``10.1.2.3``."""
    return str(_interface(value, needs_prefix=False).ip)


def ip_network(value: object) -> str:
    """``10.1.2.3/24`` → ``10.1.2.0/24``."""
    return str(_network(value))


def network_address(value: object) -> str:
    """``10.1.2.3/24`` → ``10.1.2.0``."""
    return str(_network(value).network_address)


def netmask(value: object) -> str:
    """``10.1.2.3/24`` → ``255.255.255.0``."""
    return str(_network(value).netmask)


def wildcard(value: object) -> str:
    """``10.1.2.3/24`` → ``0.0.0.255``."""
    return str(_network(value).hostmask)


def broadcast(value: object) -> str:
    """``10.1.2.3/24`` → ``10.1.2.255``."""
    return str(_network(value).broadcast_address)


def prefix_length(value: object) -> int:
    """``10.1.2.3/24`` → ``24``."""
    return _network(value).prefixlen


def host(value: object, number: int) -> str:
    """``10.1.2.0/24``, 1 → ``10.1.2.1``; numbers below zero count from the end, without the broadcast address."""
    network = _network(value)
    place = number if number >= 0 else network.num_addresses - _has_broadcast(network) + number
    if not 0 <= place < network.num_addresses:
        raise RefusedError(f"the network has no host number {number}", detail=f"{network} has {network.num_addresses}")
    return str(network.network_address + place)


def cidr(value: object, mask: object) -> str:
    """``10.1.2.0``, ``255.255.255.0`` → ``10.1.2.0/24``."""
    network = _parsed(f"0.0.0.0/{mask}").network
    # Python takes 0.0.0.255 for 255.255.255.0, which is what it is to be told from.
    if str(network.netmask) != str(mask):
        raise RefusedError("this is no network mask", detail=f"{mask!r}")
    return f"{_interface(value, needs_prefix=False).ip}/{network.prefixlen}"


def ip_add(value: object, number: int) -> str:
    """``10.1.2.3``, 2 → ``10.1.2.5``."""
    try:
        address = _interface(value, needs_prefix=False).ip + number
    except (ValueError, TypeError) as error:
        raise RefusedError("there is no such address", detail=f"{value} + {number}") from error
    return str(address)


def subnets(value: object, new_prefix: int) -> list[str]:
    """``10.1.0.0/22``, 24 → the four networks of that length in it."""
    network = _network(value)
    if not network.prefixlen <= new_prefix <= network.max_prefixlen:
        raise RefusedError("a subnet's prefix cannot be shorter than its network's", detail=f"{network}, /{new_prefix}")
    if new_prefix - network.prefixlen > MAX_SUBNETS.bit_length() - 1:
        raise RefusedError(f"these are more than {MAX_SUBNETS} subnets", detail=f"{network}, /{new_prefix}")
    return [str(subnet) for subnet in network.subnets(new_prefix=new_prefix)]


def vlan_ranges(value: object) -> str:
    """``[10, 11, 12, 20]`` → ``10-12,20``."""
    if not isinstance(value, list | tuple):
        raise RefusedError("VLANs must be a list of numbers", detail=f"there is {called(value)}")
    numbers = [_vlan(item) for item in value]
    return vlanlist_to_config(numbers, first_line_len=MAX_VLAN * 5, min_grouping_size=2)[0] if numbers else ""


def vlan_list(value: object) -> list[int]:
    """``10-12,20`` → ``[10, 11, 12, 20]``."""
    found: set[int] = set()
    for part in str(value).split(","):
        ends = [_vlan(end) for end in part.split("-", 1)]
        found.update(range(ends[0], ends[-1] + 1))
    return sorted(found)


def interface_name(value: object) -> str:
    """``Gi1/0/1`` → ``GigabitEthernet1/0/1``."""
    return str(canonical_interface_name(_text(value)))


def interface_short(value: object) -> str:
    """``GigabitEthernet1/0/1`` → ``Gi1/0/1``."""
    return str(abbreviated_interface_name(_text(value)))


def mac_address(value: object, separator: str = ":") -> str:
    """A MAC address in small letters, with ``:``, ``-``, ``.`` (in groups of four) or nothing between its parts."""
    if separator not in _MAC_FORMATS:
        raise RefusedError("the parts of a MAC address stand apart by one of : - . or nothing")
    try:
        return str(mac_to_format(_text(value), _MAC_FORMATS[separator])).lower()
    except ValueError as error:
        raise RefusedError("this is no MAC address", detail=f"{value!r}") from error


def is_ipv4(value: object) -> bool:
    """Whether a value is an IPv4 address, with or without a prefix length."""
    return _version(value) == 4


def is_ipv6(value: object) -> bool:
    """Whether a value is an IPv6 address, with or without a prefix length."""
    return _version(value) == 6


def is_in_network(value: object, network: object) -> bool:
    """Whether an address, or a whole network, lies within a network."""
    outer, inner = _network(network), _interface(value, needs_prefix=False).network
    if inner.version != outer.version:
        return False
    return inner.prefixlen >= outer.prefixlen and int(inner.network_address) & int(outer.netmask) == int(
        outer.network_address
    )


NETWORK_FILTERS: Mapping[str, Callable[..., object]] = MappingProxyType(
    {
        "broadcast": broadcast,
        "cidr": cidr,
        "host": host,
        "interface_name": interface_name,
        "interface_short": interface_short,
        "ip_add": ip_add,
        "ip_address": ip_address,
        "ip_network": ip_network,
        "mac_address": mac_address,
        "netmask": netmask,
        "network_address": network_address,
        "prefix_length": prefix_length,
        "subnets": subnets,
        "vlan_list": vlan_list,
        "vlan_ranges": vlan_ranges,
        "wildcard": wildcard,
    }
)
NETWORK_TESTS: Mapping[str, Callable[..., bool]] = MappingProxyType(
    {"in_network": is_in_network, "ipv4": is_ipv4, "ipv6": is_ipv6}
)


def _network(value: object) -> Network:
    return _interface(value, needs_prefix=True).network


def _interface(value: object, *, needs_prefix: bool) -> Interface:
    text = _text(value)
    interface = _parsed(text)
    if needs_prefix and "/" not in text:
        raise RefusedError("this address has no prefix length", "write it as 192.0.2.0/24", detail=repr(text))
    return interface


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Interface:
    try:
        return ipaddress.ip_interface(text)
    except ValueError as error:
        raise RefusedError("this is no IP address or network", detail=repr(text[:60])) from error


def _has_broadcast(network: Network) -> bool:
    return network.version == 4 and network.prefixlen < network.max_prefixlen - 1


def _version(value: object) -> int:
    try:
        return _interface(value, needs_prefix=False).version
    except RefusedError:
        return 0


def _vlan(value: object) -> int:
    text = str(value).strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= MAX_VLAN):
        raise RefusedError(f"a VLAN is a number from 1 to {MAX_VLAN}", detail=f"there is {text[:40]!r}")
    return int(text)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise RefusedError("an address or a name must be text", detail=f"it is {called(value)}")
    return value
