"""Cisco IOS and IOS-XE."""

import re
from itertools import pairwise

from automation.config.merge import AmbiguousChangeError
from automation.config.tree import Line, Tree
from automation.config.vendor import Multiline, Vendor
from automation.config.vendors.addresses import entry_with_wildcards, masked_network, vlan_ranges, without_host_bits
from automation.config.vendors.passive import without_idle_exceptions
from automation.config.vendors.prefix_lists import numbered

_I = r"interface \S+"
_BGP = r"router bgp \d+"
_QUAD = r"\d+\.\d+\.\d+\.\d+"
_TERMINALS = re.compile(r"line vty (?P<first>\d+)(?: (?P<last>\d+))?$")


def _completed(change: Tree, running: Tree) -> Tree:
    """The change with the numbers that prefix lists get; terminal lines have to be named as the device has them."""
    for line in change:
        _check_terminals(line.positive, running)
    return numbered(change, running)


def _check_terminals(header: str, running: Tree) -> None:
    wanted = _terminals(header)
    others = [line.text for line in running if wanted & _terminals(line.text)]
    if others and header not in others:
        raise AmbiguousChangeError(
            f"{header!r}: the device has {' and '.join(repr(other) for other in others)} and would split or join them; "
            "write those"
        )


def _terminals(header: str) -> frozenset[int]:
    match = _TERMINALS.match(header)
    return frozenset(range(int(match["first"]), int(match["last"] or match["first"]) + 1)) if match else frozenset()


def _resequenced(now: Line, wanted: Line) -> tuple[Line, ...]:
    """An access list edited entry by entry, so that at no moment it is missing: a missing list permits everything.

    The entries are numbered anew in steps of a thousand, so that there is room between any two, then taken out and
    put in by number, and numbered in tens again. Numbers are not kept over a reload by all releases, and not shown by
    all, so what they are is not relied on.
    """
    if _has_no_numbers(now.text):
        return (Line(f"no {now.text}"), wanted)
    name = now.text.removeprefix("ip access-list ").split(" ", 1)[-1]
    edits = (*_removals(now, wanted), *_insertions(now, wanted))
    return (
        Line(f"ip access-list resequence {name} 1000 1000"),
        Line(now.text, edits),
        Line(f"ip access-list resequence {name} 10 10"),
    )


def _has_no_numbers(header: str) -> bool:
    return not header.startswith("ip access-list ")


def _kept(now: Line, wanted: Line) -> list[tuple[int, int]]:
    """Pairs of places, before and after, of the entries that stay, in an order common to both."""
    places = {entry.text: place for place, entry in enumerate(now.children)}
    pairs: list[tuple[int, int]] = []
    for new, entry in enumerate(wanted.children):
        old = places.get(entry.text)
        if old is not None and (not pairs or old > pairs[-1][0]):
            pairs.append((old, new))
    return pairs


def _removals(now: Line, wanted: Line) -> tuple[Line, ...]:
    kept = {old for old, _ in _kept(now, wanted)}
    return tuple(Line(f"no {1000 * (place + 1)}") for place in range(len(now.children)) if place not in kept)


def _insertions(now: Line, wanted: Line) -> tuple[Line, ...]:
    anchors = [(-1, -1), *_kept(now, wanted), (len(now.children), len(wanted.children))]
    return tuple(
        Line(f"{1000 * (old + 1) + step} {wanted.children[place].text}")
        for (old, new), (_, following) in pairwise(anchors)
        for step, place in enumerate(range(new + 1, following), start=1)
    )


IOS = Vendor(
    name="ios",
    noise=(
        re.compile(r"Building configuration"),
        re.compile(r"Current configuration"),
        re.compile(r"Using \d+ out of \d+ bytes"),
        re.compile(r"version \d"),
        re.compile(r"ntp clock-period "),
        re.compile(r"end$"),
        re.compile(r"exit(-\S+)?$"),
        re.compile(r"boot-(start|end)-marker$"),
    ),
    rewrites=(
        (re.compile(r"^no shut$"), "no shutdown"),
        (re.compile(r"^shut$"), "shutdown"),
        (re.compile(r"^(no )?logging (\d+\.\d+\.\d+\.\d+)"), r"\1logging host \2"),
        (
            re.compile(r"^(?:no )?ip prefix-list \S+ (?:seq \d+ )?(?:permit|deny) (?P<prefix>\S+/\d+)"),
            without_host_bits,
        ),
        (re.compile(rf"^(?:no )?network (?P<address>{_QUAD}) mask (?P<mask>{_QUAD})"), masked_network),
        (re.compile(rf"^(?:no )?network (?P<address>{_QUAD}) (?P<wildcard>{_QUAD})"), masked_network),
        (re.compile(r"^(?:no )?switchport trunk allowed vlan (?P<vlans>\d[\d,-]*)$"), vlan_ranges),
    ),
    inside=(((r"ip access-list ",), (re.compile(r"^(?:permit|deny) .*"), entry_with_wildcards)),),
    ambiguous=(
        ((r"interface (range |\S+ )",), "write each interface out, by its name in full and without a blank"),
        ((r"interface [a-z]",), "write the interface's name in full, as the device shows it"),
        ((r"vlan \d+[-,]",), "write each VLAN out"),
        ((_I, r"switchport trunk allowed vlan (add|remove|except)"), "write the whole list as it shall be"),
        (
            (r"access-list \d+",),
            "write 'ip access-list standard' or 'extended' with its number, and its entries below it",
        ),
        ((r"ip access-list resequence",), "entries are numbered anew wherever a list changes; leave it out"),
        ((r"route-map \S+$",), "write it with its action and number, as in 'route-map NAME permit 10'"),
    ),
    defaults=(
        (_I, r"no shutdown$"),
        (_I, r"mtu 1500$"),
        (_I, r"(speed|duplex) auto$"),
        (_I, r"switchport access vlan 1$"),
        (_I, r"switchport trunk allowed vlan (all|1-4094)$"),
        (r"vlan \d+", r"state active$"),
        (r"ip (domain[ -]lookup|source-route|gratuitous-arps|cef|routing|bootp server)$",),
        (r"cdp run$",),
        (_I, r"no ip address$"),
        (_I, r"ip redirects$"),
        (_I, r"ip unreachables$"),
        (_I, r"ip proxy-arp$"),
        (_I, r"logging event (subif-)?link-status$"),
        (_I, r"(switchport|ip route-cache|cdp enable|lldp (transmit|receive)|snmp trap link-status)$"),
        (r"logging (console|monitor)$",),
        (_BGP, r"bgp default ipv4-unicast$"),
        (r"line (vty|con|aux) ", r"exec$"),
    ),
    native_negations=(
        (r"no ip domain[ -]lookup$",),
        (r"no ip http (secure-)?server$",),
        (r"no ip (source-route|routing|cef|bootp server)$",),
        (r"no ip gratuitous-arps$",),
        (r"no service (pad|config|dhcp|password-encryption)$",),
        (r"no (cdp|lldp) run$",),
        (r"no logging (console|monitor|buffered)$",),
        (r"no aaa new-model$",),
        (_I, r"no (ip (redirects|unreachables|proxy-arp|route-cache)|switchport|cdp enable|keepalive|mop enabled)$"),
        (_I, r"no (lldp (transmit|receive)|snmp trap link-status|logging event link-status|negotiation auto)$"),
        (r"router (ospf|eigrp) \d+", r"no (passive-interface (?!default$)\S+|auto-summary)$"),
        (_BGP, r"no (bgp default ipv4-unicast|synchronization|auto-summary)$"),
        (r"line (vty|con|aux) ", r"no (exec|login)$"),
    ),
    single=(
        (r"hostname ",),
        (r"ip default-gateway ",),
        (r"ip domain[ -]name ",),
        (r"ip (http|ftp|tftp|ssh|tacacs|radius) source-interface ",),
        (r"ip ssh (version|time-out|authentication-retries) ",),
        (r"clock timezone ",),
        (r"clock summer-time ",),
        (r"enable secret ",),
        (r"enable password ",),
        (r"username (\S+) ",),
        (r"logging (trap|facility|source-interface|buffered|console|monitor|origin-id) ",),
        (r"ntp (source|authentication-key \d+|server \S+) ?",),
        (r"snmp-server (location|contact|chassis-id|trap-source|source-interface informs) ?",),
        (r"snmp-server community (\S+) ?",),
        (r"snmp-server user (\S+) ",),
        (r"spanning-tree mode ",),
        (r"spanning-tree vlan (\S+) priority ",),
        (r"vtp (mode|domain|version) ",),
        (r"vlan \d+", r"name "),
        (_I, r"description "),
        (_I, r"ip address \S+ \S+$"),
        (_I, r"ip address dhcp$"),
        (_I, r"ip access-group \S+ (in|out)$"),
        (_I, r"ip ospf (cost|priority|hello-interval|dead-interval|network|authentication-key) "),
        (_I, r"(standby|vrrp) (\d+) (priority|ip|timers|authentication) "),
        (_I, r"switchport (mode|access vlan|voice vlan|trunk native vlan|trunk allowed vlan) "),
        (_I, r"(mtu|bandwidth|duplex|speed|delay|encapsulation dot1Q|vrf forwarding|service-policy (input|output)) "),
        (_I, r"spanning-tree (cost|port-priority|guard|bpduguard) "),
        (r"line (?:vty|con|aux) ", r"(exec-timeout|transport input|transport output|password|login) ?"),
        (r"line (?:vty|con|aux) ", r"access-class \S+ (in|out)\b"),
        (_BGP, r"bgp router-id "),
        (_BGP, r"neighbor (\S+) (remote-as|description|password|update-source|peer-group|timers) "),
        (r"router ospf \d+", r"(router-id|auto-cost reference-bandwidth|maximum-paths) "),
        (r"route-map \S+ \S+ \d+", r"(description|set (?:local-preference|metric|weight|ip next-hop)) "),
        (r"archive", r"(path|maximum|time-period) "),
    ),
    exclusive=((r"ip prefix-list (\S+) seq (\d+) ",),),
    apart=(
        (r"ip domain[ -]lookup source-interface ",),
        (r"ip dhcp snooping vlan ",),
        (_I, r"switchport "),
    ),
    negations=(((r"username \S+ ",), r"^(username \S+) .*", r"no \1"), ((r"snmp-server user ",), r"^", "no ")),
    ordered=(
        re.compile(r"ip access-list (standard|extended) "),
        re.compile(r"ipv6 access-list "),
        re.compile(r"policy-map "),
    ),
    multiline=(Multiline(start=re.compile(r"(?P<head>banner (motd|login|exec|incoming)) (?P<mark>\^C|\x03|\S)")),),
    # What is shown as ^C cannot be typed: it gives the line up.
    text_marks="@~|%&$+=;_*#",
    secrets=(
        re.compile(r"^enable (?:secret|password)(?: \d+)? (?P<secret>\S+)"),
        re.compile(r"^username \S+ .*(?:secret|password)(?: \d+)? (?P<secret>\S+)"),
        re.compile(r"^snmp-server community (?P<secret>\S+)"),
        re.compile(r"^snmp-server host \S+ (?:version (?:1|2c) )?(?P<secret>(?!version|informs|traps)\S+)$"),
        re.compile(r"^snmp-server user .* auth (?:md5|sha) (?P<secret>\S+.*)"),
        re.compile(r"^ntp authentication-key \d+ md5 (?P<secret>\S+)"),
        re.compile(r"^(?:tacacs-server|radius-server) .*key(?: \d)? (?P<secret>\S+)"),
        re.compile(r"^(?:server-private \S+ )?key(?: [067])? (?P<secret>\S+)$"),
        re.compile(r"^key-string(?: \d)? (?P<secret>\S+)"),
        re.compile(r"^password(?: \d)? (?P<secret>\S+)"),
        re.compile(r"^neighbor \S+ password(?: \d)? (?P<secret>\S+)"),
        re.compile(r"^ip ospf (?:authentication-key|message-digest-key \d+ md5)(?: \d)? (?P<secret>\S+)"),
        re.compile(r"^(?:standby|vrrp) \d+ authentication (?:md5 key-string |text )?(?P<secret>\S+)"),
        re.compile(r"^crypto isakmp key(?: \d)? (?P<secret>\S+)"),
        re.compile(r"^pre-shared-key(?: (?:local|remote))?(?: \d)? (?P<secret>\S+)"),
        re.compile(r"^ppp chap password(?: \d)? (?P<secret>\S+)"),
    ),
    salted=(
        re.compile(r"^enable (?:secret|algorithm-type \S+ secret)(?: \d+)? (?P<secret>\S+)"),
        re.compile(r"^username \S+ .*secret(?: \d+)? (?P<secret>\S+)"),
        re.compile(r"^snmp-server user .* (?P<secret>auth .*)"),
    ),
    login=(
        re.compile(r"^username (?P<user>\S+) "),
        re.compile(r"^enable (secret|password) "),
        re.compile(r"^aaa (new-model|authentication login|authorization exec) ?"),
    ),
    complete=_completed,
    settle=without_idle_exceptions,
    reorder=_resequenced,
)
