"""FRRouting, through vtysh."""

import ipaddress
import re

from automation.config.vendor import Vendor
from automation.config.vendors.prefix_lists import numbered

_I = r"interface \S+"
_BGP = r"router bgp \d+"
_OSPF = r"router ospf6?"


def _masked(match: re.Match[str]) -> str:
    """A prefix without its host bits, as FRR shows it."""
    try:
        network = ipaddress.ip_network(match["prefix"], strict=False)
    except ValueError:
        return match[0]
    return f"{match['before']}{network}"


FRR = Vendor(
    name="frr",
    noise=(
        re.compile(r"Building configuration"),
        re.compile(r"Current configuration"),
        re.compile(r"frr (version|defaults) "),
        re.compile(r"end$"),
        re.compile(r"exit(-\S+)?$"),
    ),
    rewrites=(
        (re.compile(r"^(?P<before>(?:no )?network )(?P<prefix>\S+/\d+)"), _masked),
        (re.compile(r"^(?P<before>(?:no )?ip route )(?P<prefix>\S+/\d+)"), _masked),
        (re.compile(r"^(?P<before>(?:no )?aggregate-address )(?P<prefix>\S+/\d+)"), _masked),
        (
            re.compile(r"^(?P<before>(?:no )?ip prefix-list \S+ (?:seq \d+ )?(?:permit|deny) )(?P<prefix>\S+/\d+)"),
            _masked,
        ),
    ),
    defaults=(
        (_I, r"no shutdown$"),
        (_OSPF, r"ospf abr-type cisco$"),
        (_I, r"ip ospf (cost 10|priority 1|hello-interval 10|dead-interval 40|retransmit-interval 5)$"),
    ),
    native_negations=(
        (r"no ip(v6)? forwarding$",),
        (r"no ipv6 nd ",),
        (_I, r"no (ip ospf passive|link-detect|multicast)$"),
        (_OSPF, r"no passive-interface \S+( \S+)?$"),
        (_BGP, r"no bgp (default ipv4-unicast|ebgp-requires-policy|network import-check|suppress-duplicates)$"),
        (_BGP, r"address-family \S+ \S+", r"no neighbor \S+ activate$"),
    ),
    single=(
        (r"hostname ",),
        (r"log (file|syslog|facility|timestamp precision|stdout) ?",),
        (r"(?:enable )?password ",),
        (_I, r"description "),
        (_I, r"bandwidth "),
        (_I, r"ip ospf (cost|priority|hello-interval|dead-interval|network|area|authentication-key) "),
        (_I, r"vrrp (\d+) (priority|advertisement-interval) "),
        (_OSPF, r"(ospf router-id|auto-cost reference-bandwidth|maximum-paths|default-metric) "),
        (_OSPF, r"timers throttle spf "),
        (_BGP, r"bgp router-id "),
        (_BGP, r"neighbor (\S+) (remote-as|description|password|update-source|peer-group|timers) "),
        (_BGP, r"address-family \S+ \S+", r"neighbor (\S+) (route-map \S+|prefix-list \S+|weight) ?"),
        (r"route-map \S+ \S+ \d+", r"(description|set (?:local-preference|metric|weight|ip next-hop)) "),
        (r"ip(?:v6)? prefix-list (\S+) seq (\d+) ",),
    ),
    negations=((((r"ip(?:v6)? prefix-list \S+ seq \d+ ",), r"^", "no ")),),
    secrets=(
        re.compile(r"^(?:enable )?password(?: 8)? (?P<secret>\S+)"),
        re.compile(r"^neighbor \S+ password (?P<secret>\S+)"),
        re.compile(r"^ip ospf (?:authentication-key|message-digest-key \d+ md5) (?P<secret>\S+)"),
        re.compile(r"^area \S+ virtual-link \S+ .*(?:authentication-key|md5) (?P<secret>\S+)"),
        re.compile(r"^key-string (?P<secret>\S+)"),
        re.compile(r"^ip rip authentication string (?P<secret>\S+)"),
    ),
    salted=(re.compile(r"^(?:enable )?password 8 (?P<secret>\S+)"),),
    login=(re.compile(r"^username (?P<user>\S+) "),),
    nested_exit="exit",
    complete=numbered,
)
