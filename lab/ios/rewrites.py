"""How IOS-XE rewrites what it accepts, and what it refuses although it reads well."""

import ipaddress
import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace

from lab.config.draft import Draft, MisplacedWordError, RefusedLineError, Rewrite, Rewrites
from lab.config.grammar import Grammar
from lab.config.hashes import Salt, new_type9
from lab.config.rewriting import entries, interface_headers, interfaces, passive_interface, trunk_vlans, vlan_headers
from lab.config.tree import Node

DUPLICATE_SEQUENCE = "% Duplicate sequence number"
_REDUNDANT = (
    "% Access rule can't be configured at higher sequence num as it is part of the existing rule at sequence num {}"
)
# The vendor's steps between entries; gaps are what lets a change insert one.
_ENTRY_STEP = 10
_PREFIX_STEP = 5


def ios_rewrites(grammar: Grammar, ports: AbstractSet[str], salt: Salt) -> Rewrites:
    """The functions that the tables of `lab/ios/tables` name, for a device with these ports."""
    rewrite: Mapping[str, Rewrite] = {
        "acl": _access_list,
        "address": _address,
        "entry": entries(step=_ENTRY_STEP, tidy=tidy_entry, same=_REDUNDANT, taken=DUPLICATE_SEQUENCE),
        "interface": interfaces(
            grammar,
            ports,
            unknown="",
            removal="% Removal of physical interfaces is not permitted",
        ),
        "mask-network": _mask_network,
        "passive": passive_interface,
        "prefix-list": _prefix_list,
        "resequence": _resequence,
        "route": _route,
        "secret": lambda draft: _secret(draft, salt),
        "trunk": trunk_vlans,
        "username": lambda draft: _username(draft, salt),
        "vty": _vty,
        "wildcard-network": _wildcard_network,
    }
    expand = {"interfaces": interface_headers(grammar), "vlans": vlan_headers, "vty": _vty_headers}
    return Rewrites(rewrite=rewrite, expand=expand)


def _hashed(text: str, salt: Salt) -> str:
    """The line with its secret as type 9, whether it was typed in clear (`secret 0 X`, `secret X`) or hashed."""
    match = re.fullmatch(r"(.*?\bsecret )(?:(0|5|8|9) )?(.+)", text)
    if match is None:
        return text
    lead, kind, secret = match[1], match[2] or "0", match[3]
    if kind == "0":
        return f"{lead}9 {new_type9(secret, salt)}"
    # A mistyped hash would lock everybody out, so the vendor looks at its form.
    if not re.fullmatch(rf"\${'1' if kind == '5' else kind}\$[./0-9A-Za-z]+\$[./0-9A-Za-z]+", secret):
        raise RefusedLineError("ERROR: The secret you entered is not a valid encrypted secret.")
    return text


def _secret(draft: Draft, salt: Salt) -> Node:
    if draft.negated:
        return draft.stored()
    return draft.becomes(_hashed(draft.text, salt)).stored()


_USER = re.compile(
    r"(?P<name>username \S+)(?P<privilege> privilege (?:1[0-5]|\d))?"
    r"(?P<secret> (?:secret (?:[0589] )?|password (?:[067] )?)\S+| nopassword)?"
    r"(?P<rest> (?:autocommand|access-class|view) .+)?"
)


def _username(draft: Draft, salt: Salt) -> Node:
    """A user's attributes add up over several lines; one attribute replaces another of its kind."""
    if draft.negated:
        return draft.stored()
    typed = _USER.fullmatch(draft.text)
    if typed is None:
        raise MisplacedWordError(2)
    old = draft.section.child(draft.key)
    before = _USER.fullmatch(old.text) if old else None
    parts = [typed[part] or (before[part] if before else None) or "" for part in ("privilege", "secret", "rest")]
    return draft.becomes(_hashed("".join((draft.key, *parts)), salt)).stored()


def _access_list(draft: Draft) -> Node:
    _, _, kind, name = draft.key.split()
    other = "standard" if kind == "extended" else "extended"
    if not draft.negated and draft.section.child(f"ip access-list {other} {name}"):
        raise RefusedLineError(f"%A named {other.capitalize()} IP access list with this name already exists")
    return draft.stored()


def tidy_entry(content: str) -> str:
    """An entry's addresses as the device stores them: host bits cleared, `host` and `any` where they fit."""
    if content.startswith("remark "):
        return content
    tidy = re.sub(r"(\d+(?:\.\d+){3}) (\d+(?:\.\d+){3})", lambda match: _masked(match[1], match[2]), content)
    # A standard entry for one host is stored without `host`.
    return re.sub(r"^(permit|deny) host (\S+)", r"\1 \2", tidy)


def _masked(address: str, wildcard: str) -> str:
    bits = int(ipaddress.IPv4Address(wildcard))
    if bits == 0:
        return f"host {address}"
    if bits == 0xFFFFFFFF:
        return "any"
    kept = int(ipaddress.IPv4Address(address)) & (bits ^ 0xFFFFFFFF)
    return f"{ipaddress.IPv4Address(kept)} {wildcard}"


def _resequence(draft: Draft) -> Node:
    *_, name, start, step = draft.text.split()
    listing = next((node for node in draft.section.children if _names(node, name)), None)
    if listing is None:
        raise RefusedLineError(f"% Access-list {name} does not exist")
    numbered = tuple(_renumbered(node, int(start) + index * int(step)) for index, node in enumerate(listing.children))
    return draft.config.put(draft.path, replace(listing, children=numbered))


def _names(node: Node, name: str) -> bool:
    return bool(re.fullmatch(rf"ip access-list (standard|extended) {re.escape(name)}", node.text))


def _renumbered(node: Node, number: int) -> Node:
    content = node.text.partition(" ")[2]
    return replace(node, text=f"{number} {content}", key=str(number), rank=(node.rank[0], ((0, number, ""),)))


_PREFIX = re.compile(r"(ip prefix-list \S+)(?: seq (\d+))? (.+)")


def _prefix_list(draft: Draft) -> Node:
    match = _PREFIX.fullmatch(draft.text)
    if match is None:
        return draft.stored()
    there = {
        found[2]: found[3]
        for node in draft.section.children
        if (found := _PREFIX.fullmatch(node.text)) and found[1] == match[1]
    }
    number = match[2] or next((seq for seq, content in there.items() if content == match[3]), None)
    if draft.negated:
        return draft.without([f"{match[1]} seq {number}"])
    number = number or str(max((int(seq) for seq in there), default=0) + _PREFIX_STEP)
    key = f"{match[1]} seq {number}"
    return draft.becomes(f"{key} {match[3]}", key=key, rank=_natural_rank(draft, key)).stored()


def _natural_rank(draft: Draft, key: str) -> tuple[int, tuple[tuple[int, int, str], ...]]:
    name, number = key.rsplit(" ", 1)
    return draft.rank[0], ((1, 0, name.lower()), (0, int(number), ""))


def _route(draft: Draft) -> Node:
    match = re.match(r"ip route (?:vrf \S+ )?(\S+) (\S+)", draft.text)
    if match and not draft.negated:
        network = ipaddress.ip_interface(f"{match[1]}/{match[2]}")
        if network.ip != network.network.network_address:
            raise RefusedLineError("%Inconsistent address and mask")
    return draft.stored()


def _address(draft: Draft) -> Node:
    if draft.negated:
        return draft.stored()
    address, mask = draft.text.split()[2:4]
    own = ipaddress.IPv4Interface(f"{address}/{mask}")
    if own.network.prefixlen < 31 and own.ip in {own.network.network_address, own.network.broadcast_address}:
        raise RefusedLineError(f"Bad mask /{own.network.prefixlen} for address {address}")
    other = _overlapping(draft, own.network)
    if other:
        raise RefusedLineError(f"% {own.network.network_address} overlaps with {other}")
    return draft.stored()


def _overlapping(draft: Draft, network: ipaddress.IPv4Network) -> str:
    own_vrf = _vrf(draft.section)
    for node in draft.config.children:
        if not node.text.startswith("interface ") or node.key == draft.path[0] or _vrf(node) != own_vrf:
            continue
        for line in node.children:
            match = re.match(r"ip address (\S+) (\d\S+)", line.text)
            if match and network.overlaps(ipaddress.IPv4Interface(f"{match[1]}/{match[2]}").network):
                return node.text.removeprefix("interface ")
    return ""


def _vrf(interface: Node) -> str:
    return next((line.text.rpartition(" ")[2] for line in interface.children if "vrf forwarding" in line.text), "")


def _wildcard_network(draft: Draft) -> Node:
    _, address, wildcard, *area = draft.text.split()
    kept = int(ipaddress.IPv4Address(address)) & (int(ipaddress.IPv4Address(wildcard)) ^ 0xFFFFFFFF)
    text = " ".join(("network", str(ipaddress.IPv4Address(kept)), wildcard, *area))
    return draft.becomes(text, key=text).stored()


def _mask_network(draft: Draft) -> Node:
    match = re.match(r"network (\S+) mask (\S+)", draft.text)
    if match is None:
        return draft.stored()
    network = ipaddress.IPv4Network(f"{match[1]}/{match[2]}", strict=False).network_address
    key = f"network {network} mask {match[2]}"
    return draft.becomes(key + draft.text[match.end() :], key=key).stored()


def _span(header: str) -> range:
    first, *last = (int(word) for word in header.split()[2:])
    return range(first, (last[0] if last else first) + 1)


def _vty_header(span: range) -> str:
    return f"line vty {span[0]} {span[-1]}" if len(span) > 1 else f"line vty {span[0]}"


def _vty_headers(header: str, section: Node) -> list[str]:
    """The sections that a range of lines covers: those that are there, and one for each gap."""
    wanted = _span(header)
    if not wanted:
        raise RefusedLineError("% Bad VTY line range")
    inside = [span for node in section.children if node.text.startswith("line vty ") and (span := _span(node.text))]
    covered = [span for span in inside if span[0] in wanted and span[-1] in wanted]
    if not covered:
        return [_vty_header(wanted)]
    missing = [line for line in wanted if not any(line in span for span in covered)]
    gaps: list[list[int]] = []
    for line in missing:
        if gaps and gaps[-1][-1] == line - 1:
            gaps[-1].append(line)
        else:
            gaps.append([line])
    spans = covered + [range(gap[0], gap[-1] + 1) for gap in gaps]
    return [_vty_header(span) for span in sorted(spans, key=lambda span: span[0])]


def _vty(draft: Draft) -> Node:
    """Entering a part of a range of lines splits the range; both halves keep its lines."""
    wanted = _span(draft.key)
    whole = next((node for node in draft.section.children if _contains(node, wanted)), None)
    if whole is None or draft.negated:
        return draft.stored()
    span = _span(whole.text)
    config = draft.config.drop(draft.path, whole.key)
    for part in (range(span[0], wanted[0]), wanted, range(wanted[-1] + 1, span[-1] + 1)):
        if part:
            header = _vty_header(part)
            config = config.put(
                draft.path, replace(whole, text=header, key=header, rank=(whole.rank[0], _vty_rank(part)))
            )
    return config


def _contains(node: Node, wanted: range) -> bool:
    if not node.text.startswith("line vty "):
        return False
    span = _span(node.text)
    return span != wanted and wanted[0] in span and wanted[-1] in span


def _vty_rank(span: range) -> tuple[tuple[int, int, str], ...]:
    return ((0, span[0], ""),)
