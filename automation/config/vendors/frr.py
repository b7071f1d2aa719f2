"""FRRouting 8.4 or later, through vtysh. What it makes of lines was seen on real routers: see its tests."""

import re

from automation.config.vendor import Rewrite, Vendor
from automation.config.vendors.addresses import shortest_address, without_host_bits
from automation.config.vendors.frr_changes import completed, settled
from automation.config.vendors.frr_lines import lengths_in_order, static_route

_I = r"interface \S+"
_ETHERNET = r"interface (eth|en|br|bond|vlan|veth|macvlan|dummy|team|swp)\S*$"
_BGP = r"router bgp \d+"
_AF = r"address-family \S+ \S+$"
_OSPF = r"router ospf(?!6)"
_MAP = r"route-map \S+ (?:permit|deny) \d+$"
_LISTS = (
    r"(?:(?:ip|ipv6) prefix-list|(?:ipv6 )?access-list|bgp (?:large-|ext)?community-list \S+|"
    r"bgp as-path access-list) (?P<list>\S+)"
)
_HOP = r"(?!Null0|blackhole|reject)(\S+(?: (?!tag |table |nexthop-vrf |label |onlink|color |bfd)[a-zA-Z]\S*)?)"
_SINGLE_ROUTES = (
    r"(ip|ipv6) route (\S+) (?:Null0|blackhole|reject)\b",
    rf"(ip|ipv6) route (\S+) {_HOP}(?:(?= ).* (table \d+))?",
)
_V6 = r"(?P<address>[0-9A-Fa-f]*:[0-9A-Fa-f:.]+)"
_IN_FULL = "write its words in full, as FRR shows them"
_IN_SESSION = "vtysh keeps it to its own session, and no router shows it: set it in the router's operating system"
_IN_FAMILY = "write it below 'address-family ipv4 unicast', where FRR puts it"
_OF_FAMILY = (
    r"(network|aggregate-address|redistribute|maximum-paths|distance|table-map) |"
    r"neighbor \S+ (activate|(route-map|prefix-list|filter-list|distribute-list|maximum-prefix|weight|next-hop-self|"
    r"soft-reconfiguration|default-originate|send-community|allowas-in|route-reflector-client|as-override|"
    r"remove-private-AS|attribute-unchanged|unsuppress-map|addpath-tx\S*)\b)"
)


def _masks(before: str) -> Rewrite:
    return re.compile(rf"^(?:no )?{before}(?P<prefix>[0-9A-Fa-f.:]+/[\d.]+)"), without_host_bits


FRR = Vendor(
    name="frr",
    noise=(
        re.compile(r"Building configuration"),
        re.compile(r"Current configuration"),
        re.compile(r"frr version "),
        re.compile(r"end$"),
        re.compile(r"exit(-\S+)?$"),
        re.compile(r"#"),
    ),
    rewrites=(
        _masks(r"network "),
        _masks(r"aggregate-address "),
        _masks(r"area \S+ range "),
        _masks(r"summary-address "),
        _masks(r"(?:ip|ipv6) prefix-list \S+ (?:seq \d+ )?(?:permit|deny) "),
        _masks(r"(?:ipv6 )?access-list \S+ (?:seq \d+ )?(?:permit|deny) "),
        (re.compile(r"^(?:no )?(?:ip|ipv6) route .+$"), static_route),
        _masks(r"(?:ip|ipv6) route "),
        (re.compile(r"^(?P<rule>(?:no )?(?:ip|ipv6) prefix-list .*) le (?P<le>\d+) ge (?P<ge>\d+)$"), lengths_in_order),
        (re.compile(r"^((?:no )?access-list \S+ (?:seq \d+ )?(?:permit|deny)) host (\S+)$"), r"\1 \2"),
        (re.compile(r"^((?:no )?log (?:file \S+|syslog|stdout)) debugging$"), r"\1"),
        (re.compile(r"^(no )?address-family (ipv[46])$"), r"\1address-family \2 unicast"),
        (re.compile(r"^((?:no )?neighbor \S+ ebgp-multihop)$"), r"\1 255"),
        (re.compile(r"^(exec-timeout \d+)$"), r"\1 0"),
        (
            re.compile(rf"^(?:no )?(?:neighbor|ipv6 address|ipv6 route \S+|set ipv6 next-hop \S+) {_V6}"),
            shortest_address,
        ),
    ),
    inside=(
        ((), (re.compile(r"^(no )?router-id "), r"\1ip router-id ")),
        ((_OSPF,), (re.compile(r"^(no )?router-id "), r"\1ospf router-id ")),
        ((_OSPF,), (re.compile(r"^(no )?write-multiplier "), r"\1ospf write-multiplier ")),
        ((_MAP,), (re.compile(r"^(no )?continue (\d+)$"), r"\1on-match goto \2")),
    ),
    ambiguous=(
        ((r"(hostname|domainname|banner|service integrated-vtysh-config|username|frr defaults)\b",), _IN_SESSION),
        ((r"(ip|ipv6) route (?:.* )?vrf ",), "write it below 'vrf NAME', where FRR puts it"),
        ((_BGP, _OF_FAMILY), _IN_FAMILY),
        ((r"line vty$", r"exec-timeout$"), "write it with its minutes and seconds"),
        ((_MAP, r"continue$"), "write 'on-match next'"),
        ((r"(in(?!terface )[a-z]*|ro|rou|rout|route|route-m|route-ma) ",), _IN_FULL),
        ((_I, r"(des(?!cription$|cription )[a-z]*|ip ad(?!dress )[a-z]*|ip os(?!pf )[a-z]*)(?: |$)"), _IN_FULL),
    ),
    defaults=(
        (r"ip(v6)? forwarding$",),
        (r"log facility daemon$",),
        (r"zebra nexthop kernel enable$",),
        (_I, r"(no shutdown|link-detect|multicast)$"),
        (_I, r"ip ospf (priority 1|hello-interval 10|dead-interval 40|retransmit-interval 5|transmit-delay 1)$"),
        (_ETHERNET, r"ip ospf network broadcast$"),
        (_I, r"vrrp \d+ (version 3|priority 100|advertisement-interval 1000|preempt)$"),
        (_I, r"no vrrp \d+ shutdown$"),
        (_OSPF, r"(ospf abr-type cisco|auto-cost reference-bandwidth 100|maximum-paths 64|ospf write-multiplier 20)$"),
        (_OSPF, r"(timers throttle spf 0 50 5000|no compatible rfc1583|timers lsa min-arrival 1000)$"),
        (_BGP, r"bgp (ebgp-requires-policy|default ipv4-unicast|network import-check|suppress-duplicates)$"),
        (_BGP, r"(timers bgp 60 180|bgp default local-preference 100)$"),
        (_BGP, r"no neighbor \S+ shutdown$"),
        (_BGP, _AF, r"neighbor \S+ send-community( both)?$"),
        (_BGP, r"address-family ipv4 unicast$", r"distance bgp 20 200 200$"),
        (r"line vty$", r"exec-timeout 10 0$"),
    ),
    native_negations=(
        (r"no ip(v6)? forwarding$",),
        (r"no zebra nexthop ",),
        (_I, r"no (link-detect|multicast)$"),
        (_I, r"no ipv6 nd "),
        (_I, r"no vrrp \d+ preempt$"),
        (_BGP, r"no bgp (default ipv4-unicast|ebgp-requires-policy|network import-check|suppress-duplicates)$"),
        (_BGP, _AF, r"no neighbor \S+ (activate|send-community)$"),
    ),
    single=(
        *((route,) for route in _SINGLE_ROUTES),
        *((r"vrf (\S+)", route) for route in _SINGLE_ROUTES),
        (rf"{_LISTS} (seq \d+|description|remark) ",),
        (r"log (file|syslog|facility|timestamp precision|stdout) ?",),
        (r"(?:enable )?password ",),
        (r"ip router-id ",),
        (r"ip protocol (\S+) route-map ",),
        (_I, r"(description|bandwidth) "),
        (_I, r"ip ospf (cost|priority|hello-interval|dead-interval|retransmit-interval|transmit-delay|network) "),
        (_I, r"ip ospf (authentication-key|authentication(?!-)|message-digest-key \d+) ?"),
        (_I, r"vrrp (\d+) (priority|advertisement-interval|version) "),
        (_OSPF, r"(ospf router-id|auto-cost reference-bandwidth|maximum-paths|default-metric|log-adjacency-changes) ?"),
        (_OSPF, r"(timers throttle \S+|timers lsa min-arrival|ospf write-multiplier|ospf abr-type) "),
        (_OSPF, r"(redistribute \S+|default-information originate|area \S+ (?:stub|nssa)|distance(?: ospf)?) ?"),
        (_BGP, r"(bgp router-id|bgp cluster-id|bgp default local-preference|timers bgp|coalesce-time) "),
        (_BGP, r"neighbor (\S+) (remote-as|description|password|update-source|ebgp-multihop|timers(?: connect)?) "),
        (_BGP, r"neighbor (\S+) (advertisement-interval|local-as|shutdown|ttl-security) ?"),
        (_BGP, _AF, r"network (\S+)"),
        (_BGP, _AF, r"(maximum-paths(?: ibgp)?|distance bgp|table-map) "),
        (_BGP, _AF, r"neighbor (\S+) (?:route-map|prefix-list|filter-list|distribute-list) \S+ (in|out)$"),
        (_BGP, _AF, r"neighbor (\S+) (weight|maximum-prefix|allowas-in|default-originate) ?"),
        (_MAP, r"(description|on-match|call) "),
        (_MAP, r"match ((?:ip|ipv6) \S+(?: prefix-list| prefix-len| type)?|\S+) "),
        (_MAP, r"set ((?:ip|ipv6|as-path|extcommunity) \S+|\S+) "),
        (r"line vty$", r"(exec-timeout|access-class) "),
    ),
    exclusive=(
        (r"route-map (\S+) (?:permit|deny) (\d+)$",),
        (_I, r"ip ospf area "),
        (_BGP, r"neighbor (\S+) peer-group "),
        (_BGP, _AF, r"(redistribute \S+|aggregate-address \S+)"),
    ),
    negations=(
        ((r"(?:enable )?password ",), r"^((?:enable )?password) .*", r"no \1"),
        ((_I, r"description "), r"^.*$", "no description"),
        ((_MAP, r"description "), r"^.*$", "no description"),
        ((_MAP, r"on-match goto "), r"^.*$", "no on-match goto"),
        ((_OSPF, r"area \S+ stub no-summary"), r"(.*) no-summary", r"no \1"),
        ((_OSPF, r"maximum-paths "), r"^.*$", "no maximum-paths"),
        ((_OSPF, r"log-adjacency-changes "), r"^.*$", "no log-adjacency-changes"),
        ((r"line vty$", r"exec-timeout "), r"^.*$", "exec-timeout 10 0"),
    ),
    secrets=(
        re.compile(r"^(?:enable )?password(?: 8)? (?P<secret>\S+)"),
        re.compile(r"^neighbor \S+ password (?P<secret>\S+)"),
        re.compile(r"^ip ospf (?:authentication-key|message-digest-key \d+ md5) (?P<secret>\S+)"),
        re.compile(r"^area \S+ virtual-link \S+ .*(?:authentication-key|md5) (?P<secret>\S+)"),
        re.compile(r"^key-string (?P<secret>\S+)"),
        re.compile(r"^ip rip authentication string (?P<secret>\S+)"),
    ),
    salted=(re.compile(r"^(?:enable )?password 8 (?P<secret>\S+)"),),
    nested_exit="",
    indent=" ",
    hollow=((_I,), (r"vrf \S+$",), (r"line vty$",), (_BGP, _AF)),
    last_out_first=True,
    complete=completed,
    settle=settled,
)
