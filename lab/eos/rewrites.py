"""How EOS rewrites what it accepts, and what it refuses although it reads well."""

import ipaddress
import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace

from lab.config.draft import Draft, RefusedLineError, Rewrite, Rewrites
from lab.config.grammar import Grammar
from lab.config.hashes import Salt, new_sha512
from lab.config.rewriting import entries, interface_headers, interfaces, passive_interface, trunk_vlans, vlan_headers
from lab.config.tree import Node

DUPLICATE_SEQUENCE = "Duplicate sequence number"
_STEP = 10


def eos_rewrites(grammar: Grammar, ports: AbstractSet[str], salt: Salt) -> Rewrites:
    """The functions that the tables of `lab/eos/tables` name, for a switch with these ports."""
    rewrite: Mapping[str, Rewrite] = {
        "access-group": _access_group,
        "acl": _access_list,
        "address": _address,
        "enable": lambda draft: _enable(draft, salt),
        "entry": entries(step=_STEP, tidy=tidy_entry, taken=DUPLICATE_SEQUENCE),
        "interface": interfaces(grammar, ports, unknown="Interface does not exist", removal=""),
        "mask-network": _mask_network,
        "passive": passive_interface,
        "prefix-entry": entries(step=_STEP, lead="seq ", taken=DUPLICATE_SEQUENCE),
        "secret": lambda draft: draft.stored() if draft.negated else draft.becomes(_hashed(draft.text, salt)).stored(),
        "service-acl": _service_acl,
        "trunk": trunk_vlans,
        "username": lambda draft: _username(draft, salt),
        "wildcard-network": _wildcard_network,
    }
    expand = {"interfaces": interface_headers(grammar), "vlans": vlan_headers}
    return Rewrites(rewrite=rewrite, expand=expand)


def _hashed(text: str, salt: Salt) -> str:
    """The line with its secret as sha512, whether it was typed in clear (`secret 0 X`, `secret X`) or hashed."""
    match = re.fullmatch(r"(.*?\b(?:secret|password) )(?:(0|5|sha512) )?(\S+)(.*)", text)
    if match is None:
        return text
    lead, kind, secret, rest = match[1], match[2] or "0", match[3], match[4]
    if kind == "0":
        return f"{lead}sha512 {new_sha512(secret, salt)}{rest}"
    if not re.fullmatch(rf"\${'1' if kind == '5' else '6'}\$[./0-9A-Za-z]+\$[./0-9A-Za-z]+", secret):
        raise RefusedLineError("Invalid encrypted password")
    return text


def _enable(draft: Draft, salt: Salt) -> Node:
    text = draft.text.replace("enable secret", "enable password", 1)
    as_password = draft.becomes(text, key="enable password")
    return as_password.stored() if draft.negated else as_password.becomes(_hashed(text, salt)).stored()


_USER_PARTS = ("privilege", "role", "shell", "secret")
_USER = re.compile(
    r"(?: privilege (?P<privilege>1[0-5]|\d)| role (?P<role>\S+)| shell (?P<shell>\S+)"
    r"|(?P<nopassword> nopassword)| secret (?P<secret>(?:(?:0|5|sha512) )?\S+))"
)


def _username(draft: Draft, salt: Salt) -> Node:
    """A user's attributes add up over several lines; a new user has privilege 1 and needs a password of some kind."""
    if draft.negated:
        return draft.stored()
    old = draft.section.child(draft.key)
    attributes = {"privilege": "1"} | (_attributes(old.text.removeprefix(draft.key)) if old else {})
    attributes |= _attributes(draft.text.removeprefix(draft.key))
    if "secret" not in attributes:
        raise RefusedLineError("User must have a secret or nopassword")
    shown = [f" {part} {attributes[part]}" for part in _USER_PARTS if attributes.get(part)]
    text = (
        _hashed(draft.key + "".join(shown), salt) if attributes["secret"] else f"{draft.key}{''.join(shown)} nopassword"
    )
    return draft.becomes(text.replace(" privilege 1 ", " ") if attributes["privilege"] == "1" else text).stored()


def _attributes(words: str) -> dict[str, str]:
    found: dict[str, str] = {}
    end = 0
    for match in _USER.finditer(words):
        if match.start() != end:
            break
        end = match.end()
        named = {name: value for name, value in match.groupdict().items() if value is not None}
        found |= {"secret": ""} if "nopassword" in named else named
    if end != len(words):
        raise RefusedLineError(f"Invalid input (at token 2: {words[end:].split(maxsplit=1)[0]!r})")
    return found


def _access_list(draft: Draft) -> Node:
    name = draft.key.split()[-1]
    other = f"ip access-list {name}" if " standard " in draft.key else f"ip access-list standard {name}"
    if not draft.negated and draft.section.child(other):
        raise RefusedLineError(f"ACL type conflicts with existing ACL {name}")
    return draft.stored()


def tidy_entry(content: str) -> str:
    """An entry's addresses as the switch stores them: a wildcard becomes a prefix, a prefix of one host `host`."""
    if content.startswith("remark "):
        return content
    tidy = re.sub(r"(\d+(?:\.\d+){3}) (\d+(?:\.\d+){3})", lambda match: _prefixed(match[1], match[2]), content)
    tidy = re.sub(r"^(permit|deny) (\d+(?:\.\d+){3})$", r"\1 host \2", tidy)
    return re.sub(r"(?<= )0\.0\.0\.0/0(?= |$)", "any", re.sub(r"(?<= )(\d+(?:\.\d+){3})/32(?= |$)", r"host \1", tidy))


def _prefixed(address: str, wildcard: str) -> str:
    mask = ipaddress.IPv4Address(int(ipaddress.IPv4Address(wildcard)) ^ 0xFFFFFFFF)
    try:
        return str(ipaddress.IPv4Network(f"{address}/{mask}", strict=False))
    except ValueError:
        return f"{address} {wildcard}"


def _access_group(draft: Draft) -> Node:
    """An interface has one list in each direction."""
    if draft.negated:
        return draft.without([draft.key]) if draft.section.child(draft.key) else _group_without(draft)
    way = draft.text.rsplit(" ", 1)[1]
    return draft.becomes(draft.text, key=f"ip access-group {way}").stored()


def _group_without(draft: Draft) -> Node:
    named = draft.key.split()[2:]
    gone = [node.key for node in draft.section.children if node.text.split()[:2] == ["ip", "access-group"]]
    kept = {node.key: node.text.split()[2] for node in draft.section.children if node.key in gone}
    return draft.without(key for key, name in kept.items() if not named or name == named[0])


def _service_acl(draft: Draft) -> Node:
    """A service has one list in each VRF; the list is named without a direction too."""
    words = draft.text.split()
    vrf = words[words.index("vrf") + 1] if "vrf" in words[3:] else ""
    key = f"ip access-group vrf {vrf}" if vrf else "ip access-group"
    if draft.negated:
        return draft.without([key])
    text = f"ip access-group {words[2]}{f' vrf {vrf}' if vrf else ''} in"
    return draft.becomes(text, key=key).stored()


def _address(draft: Draft) -> Node:
    if draft.negated:
        return draft.stored()
    interface = ipaddress.IPv4Interface(draft.text.split()[2])
    network = interface.network
    if network.prefixlen < 31 and interface.ip in {network.network_address, network.broadcast_address}:
        raise RefusedLineError(f"Invalid IP address: {interface.ip} is not a host address of {network}")
    other = _overlapping(draft, network)
    if other:
        raise RefusedLineError(f"Address {interface} overlaps with the address of {other}")
    return draft.stored()


def _overlapping(draft: Draft, network: ipaddress.IPv4Network) -> str:
    own_vrf = draft.section.child("vrf")
    for node in draft.config.children:
        address = node.child("ip address") if node.text.startswith("interface ") and node.key != draft.path[0] else None
        if address is None or address.text.endswith("dhcp") or node.child("vrf") != own_vrf:
            continue
        if network.overlaps(ipaddress.IPv4Interface(address.text.split()[2]).network):
            return node.text.removeprefix("interface ")
    return ""


def _wildcard_network(draft: Draft) -> Node:
    _, address, wildcard, *area = draft.text.split()
    text = " ".join(("network", _prefixed(address, wildcard), *area))
    return _as_network(draft, text)


def _mask_network(draft: Draft) -> Node:
    match = re.match(r"network (\S+) mask (\S+)", draft.text)
    if match is None:
        return draft.stored()
    network = ipaddress.IPv4Network(f"{match[1]}/{match[2]}", strict=False)
    return _as_network(draft, f"network {network}{draft.text[match.end() :]}")


def _as_network(draft: Draft, text: str) -> Node:
    rule = next(iter(draft.mode.reader.read(text).accepts), draft.rule)
    key = draft.mode.key(rule, text) or text
    return replace(draft, rule=rule, text=text, key=key, rank=(rule, ())).stored()
