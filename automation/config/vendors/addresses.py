"""How devices write what they are given: prefixes without host bits, hosts and everything by name, ranges of VLANs."""

import ipaddress
import re
from collections.abc import Iterator

_QUAD = r"\d{1,3}(?:\.\d{1,3}){3}"
_PAIR = re.compile(rf"({_QUAD}) ({_QUAD})(?= |$)")
_PREFIX = re.compile(rf"{_QUAD}/\d+(?= |$)")
_NO_BITS, _ALL_BITS = "0.0.0.0", "255.255.255.255"  # noqa: S104 - a wildcard, nothing listens there


def without_host_bits(match: re.Match[str]) -> str:
    """A line whose group ``prefix`` is masked; the rest stays."""
    start, end = (position - match.start() for position in match.span("prefix"))
    return f"{match[0][:start]}{_network(match['prefix'])}{match[0][end:]}"


def shortest_address(match: re.Match[str]) -> str:
    """A line whose group ``address`` is written as RFC 5952 has it; what is no address stays."""
    start, end = (position - match.start() for position in match.span("address"))
    try:
        address = str(ipaddress.ip_address(match["address"]))
    except ValueError:
        return match[0]
    return f"{match[0][:start]}{address}{match[0][end:]}"


def masked_network(match: re.Match[str]) -> str:
    """A line whose group ``address`` is masked by its group ``mask``, or by its group ``wildcard``."""
    groups = match.groupdict()
    bits = int(ipaddress.IPv4Address(groups.get("mask") or groups["wildcard"]))
    kept = bits if groups.get("mask") else bits ^ 0xFFFFFFFF
    start, end = (position - match.start() for position in match.span("address"))
    address = ipaddress.IPv4Address(int(ipaddress.IPv4Address(match["address"])) & kept)
    return f"{match[0][:start]}{address}{match[0][end:]}"


def entry_with_wildcards(match: re.Match[str]) -> str:
    """An entry of an access list as IOS stores it."""
    entry = _PAIR.sub(lambda pair: _wildcard(pair[1], pair[2]), match[0])
    return re.sub(r"^((?:permit|deny) )host (\S+)( log)?$", r"\1\2\3", entry)


def entry_with_prefixes(match: re.Match[str]) -> str:
    """An entry of an access list as EOS stores it."""
    entry = _PAIR.sub(lambda pair: _as_prefix(pair[1], pair[2]), match[0])
    entry = _PREFIX.sub(lambda prefix: _named(_network(prefix[0])), entry)
    return re.sub(rf"^((?:permit|deny) )({_QUAD})( log)?$", r"\1host \2\3", entry)


def vlan_ranges(match: re.Match[str]) -> str:
    """A line whose group ``vlans`` is a list of VLANs: in order, and as ranges."""
    start, end = (position - match.start() for position in match.span("vlans"))
    return f"{match[0][:start]}{','.join(_runs(match['vlans']))}{match[0][end:]}"


def _network(prefix: str) -> str:
    try:
        return str(ipaddress.ip_network(prefix, strict=False))
    except ValueError:
        return prefix


def _wildcard(address: str, wildcard: str) -> str:
    if wildcard in {_NO_BITS, _ALL_BITS}:
        return "any" if wildcard == _ALL_BITS else f"host {address}"
    kept = int(ipaddress.IPv4Address(wildcard)) ^ 0xFFFFFFFF
    return f"{ipaddress.IPv4Address(int(ipaddress.IPv4Address(address)) & kept)} {wildcard}"


def _as_prefix(address: str, wildcard: str) -> str:
    mask = ipaddress.IPv4Address(int(ipaddress.IPv4Address(wildcard)) ^ 0xFFFFFFFF)
    network = _network(f"{address}/{mask}")
    return f"{address} {wildcard}" if network.endswith(str(mask)) else network


def _named(network: str) -> str:
    if network == f"{_NO_BITS}/0":
        return "any"
    return f"host {network.removesuffix('/32')}" if network.endswith("/32") else network


def _runs(vlans: str) -> Iterator[str]:
    numbers = sorted({number for part in vlans.split(",") for number in _span(part)})
    first = last = None
    for number in (*numbers, None):
        if first is not None and (number is None or last is None or number != last + 1):
            yield f"{first}" if first == last else f"{first}-{last}"
            first = number
        first = number if first is None else first
        last = number


def _span(part: str) -> range:
    low, _, high = part.partition("-")
    return range(int(low), int(high or low) + 1)
