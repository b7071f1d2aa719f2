"""What an IOS device shows of itself."""

import ipaddress
import re

from lab.config import facts
from lab.config.rendering import rendered
from lab.config.tree import Node
from lab.ios import clock
from lab.ios.commands import CommandError, Commands, plain
from lab.ios.device import INDENT, IosDevice, Line
from lab.ios.files import nvram_updated

_IMAGE = "X86_64_LINUX_IOSD-UNIVERSALK9-M"
_MODEL, _SERIAL = "ISR4331/K9", "FDO2104A0AB"
# Around 2^32 / 250, as measured clocks are; a prime keeps the drift from looking like a counter.
_CLOCK_PERIOD, _DRIFT = 17179730, 97


def _running(line: Line, words: str) -> str:
    device = line.device
    name = words.partition(" interface ")[2].replace(" ", "")
    if name:
        section = device.running.child(f"interface {device.editor.grammar.interface.read(name)}")
        if section is None:
            raise CommandError("% Invalid input detected at '^' marker.")
        lines = [section.text, *rendered(section, INDENT, 1)]
    else:
        lines = [*_drifting(device), ""]
    body = "\n".join(("!", *_changes(device), *lines)) if not name else "\n".join(("!", *lines))
    text = f"{body.rstrip()}\n!\nend\n" if not name else f"{body}\nend\n"
    return f"Building configuration...\n\nCurrent configuration : {len(text.encode())} bytes\n{text}\n"


def _changes(device: IosDevice) -> list[str]:
    by = f" by {device.changed_by}" if device.changed_by else ""
    changed = f"! Last configuration change at {clock.stamp(device.changed, device.running)}{by}"
    return [line for line in (changed, nvram_updated(device), "!") if line]


def _drifting(device: IosDevice) -> list[str]:
    """The running lines, with the clock period that IOS measures and writes among them."""
    lines = list(rendered(device.running, INDENT))
    first = next((index for index, text in enumerate(lines) if re.match(r"ntp (server|peer) ", text)), None)
    if first is not None and device.running.child("ntp clock-period") is None:
        period = _CLOCK_PERIOD + round(device.bench.now().timestamp()) % _DRIFT
        lines.insert(first, f"ntp clock-period {period}")
    return lines


def _startup(line: Line, _words: str) -> str:
    device = line.device
    if device.startup is device.base:
        return "startup-config is not present"
    text = device.text(device.startup)
    return f"Using {len(text.encode())} out of 33554432 bytes\n{text}"


def _version(line: Line, _words: str) -> str:
    device, version = line.device, line.device.spec.version
    since = clock.uptime(device.bench.now() - device.booted)
    model = device.spec.model or _MODEL
    return f"""Cisco IOS XE Software, Version {version}
Cisco IOS Software [Cupertino], ISR Software ({_IMAGE}), Version {version}, RELEASE SOFTWARE (fc3)
Technical Support: http://www.cisco.com/techsupport
Copyright (c) 1986-2023 by Cisco Systems, Inc.

ROM: IOS-XE ROMMON

{device.hostname} uptime is {since}
Uptime for this control processor is {since}
System returned to ROM by {device.restart_reason}
System image file is "bootflash:isr4300-universalk9.{version}.SPA.bin"
Last reload reason: {device.restart_reason}

cisco {model} (1RU) processor with 1795999K/6147K bytes of memory.
Processor board ID {device.spec.serial or _SERIAL}
3 Gigabit Ethernet interfaces
32768K bytes of non-volatile configuration memory.
4194304K bytes of physical memory.
7341807K bytes of flash memory at bootflash:.

Configuration register is 0x2102
"""


def _clock(line: Line, _words: str) -> str:
    device = line.device
    mark = "" if _ntp_servers(device.running) else "*"
    return f"{mark}{clock.stamp_ms(device.bench.now(), device.running)}"


def _users(line: Line, _words: str) -> str:
    rows = [
        f"{'*' if other is line else ' '}{other.number + 2:3} vty {other.number}     {other.user:<10} idle"
        f"                 00:00:00 {other.peer}"
        for other in sorted(line.device.lines, key=lambda each: each.number)
    ]
    return "\n".join(("    Line       User       Host(s)              Idle       Location", *rows, "", _USERS_TAIL))


_USERS_TAIL = "  Interface    User               Mode         Idle     Peer Address"


def _interfaces(line: Line, _words: str) -> str:
    rows = [f"{'Interface':<22} {'IP-Address':<15} OK? Method Status                Protocol"]
    for name, section in facts.interfaces(line.device.running):
        have = facts.addresses(section)
        address, method = (str(have[0].ip), "NVRAM") if have else ("unassigned", "unset")
        down = section.child("shutdown") is not None
        status, protocol = ("administratively down", "down") if down else ("up", "up")
        rows.append(f"{name:<22} {address:<15} YES {method:<6} {status:<21} {protocol}")
    return "\n".join(rows)


def _descriptions(line: Line, _words: str) -> str:
    rows = ["Interface                      Status         Protocol Description"]
    for name, section in facts.interfaces(line.device.running):
        down = section.child("shutdown") is not None
        status, protocol = ("admin down", "down") if down else ("up", "up")
        rows.append(f"{name:<30} {status:<14} {protocol:<8} {facts.value(section, 'description') or ''}".rstrip())
    return "\n".join(rows)


def _vlans(line: Line, _words: str) -> str:
    rows = ["VLAN Name                             Status    Ports", f"---- {'-' * 32} --------- {'-' * 31}"]
    named = {1: "default"}
    for node in line.device.running.children:
        match = re.fullmatch(r"vlan (\d+)", node.text)
        if match:
            named[int(match[1])] = facts.value(node, "name") or f"VLAN{int(match[1]):04d}"
    members = _members(line.device.running)
    rows += [
        f"{vlan:<4} {name:<32} active    {', '.join(members.get(vlan, []))}".rstrip()
        for vlan, name in sorted(named.items())
    ]
    return "\n".join(rows)


def _members(config: Node) -> dict[int, list[str]]:
    members: dict[int, list[str]] = {}
    for name, section in facts.interfaces(config):
        vlan = facts.value(section, "switchport access vlan")
        if vlan:
            members.setdefault(int(vlan), []).append(re.sub(r"^([A-Z][a-z])[A-Za-z-]*", r"\1", name))
    return members


def _access_lists(line: Line, words: str) -> str:
    wanted = words.partition("access-lists ")[2]
    shown = []
    for node in line.device.running.children:
        match = re.fullmatch(r"ip access-list (standard|extended) (\S+)", node.text)
        if match and wanted in {"", match[2]}:
            shown.append(f"{match[1].capitalize()} IP access list {match[2]}")
            shown.extend(f"    {entry.text}" for entry in node.children if " remark " not in entry.text)
    return "\n".join(shown)


def _static_routes(line: Line, _words: str) -> str:
    """Those of the global table, each as if it were the only one of its network."""
    rows = ["Codes: L - local, C - connected, S - static, R - RIP, M - mobile, B - BGP", ""]
    for node in line.device.running.children:
        match = re.match(r"ip route (?!vrf )(\S+) (\S+) (\S+)", node.text)
        if match:
            network = ipaddress.IPv4Network(f"{match[1]}/{match[2]}")
            way = f"via {match[3]}" if match[3][0].isdigit() else f"is directly connected, {match[3]}"
            rows.append(f"S     {network} [1/0] {way}")
    return "\n".join(rows)


def _ntp_servers(config: Node) -> list[str]:
    matches = (re.match(r"ntp (?:server|peer) (?:vrf \S+ )?(?:ip )?(\S+)", node.text) for node in config.children)
    return [match[1] for match in matches if match]


def _associations(line: Line, _words: str) -> str:
    rows = ["  address         ref clock       st   when   poll reach  delay  offset   disp"]
    for index, server in enumerate(_ntp_servers(line.device.running)):
        mark = "*~" if index == 0 else "+~"
        rows.append(f"{mark}{server:<15} .GPS.            1     25     64   377  1.000   0.123  1.204")
    rows.append(" * sys.peer, # selected, + candidate, - outlyer, x falseticker, ~ configured")
    return "\n".join(rows)


def _ntp_status(line: Line, _words: str) -> str:
    servers = _ntp_servers(line.device.running)
    if not servers:
        return "Clock is unsynchronized, stratum 16, no reference clock\nnominal freq is 250.0000 Hz"
    return f"Clock is synchronized, stratum 2, reference is {servers[0]}\nnominal freq is 250.0000 Hz"


def _inventory(line: Line, _words: str) -> str:
    spec = line.device.spec
    model = spec.model or _MODEL
    return (
        f'NAME: "Chassis", DESCR: "Cisco {model} Chassis"\nPID: {model:<18}, VID: V03  , SN: {spec.serial or _SERIAL}'
    )


def _log(line: Line, _words: str) -> str:
    head = (
        "Syslog logging: enabled (0 messages dropped, 3 messages rate-limited, 0 flushes, 0 overruns, xml disabled, "
        "filtering disabled)\n\n"
        f"    Monitor logging: level debugging, {len(line.device.log)} messages logged\n"
        f"    Buffer logging:  level debugging, {len(line.device.log)} messages logged\n\n"
        "Log Buffer (4096 bytes):\n"
    )
    return "\n".join((head, *line.device.log))


def _lock(line: Line, _words: str) -> str:
    owner = line.device.lock_owner
    pid, user, tty, kind, state = ("-1", "unknown", "-1", "NO LOCK", "FREE")
    if isinstance(owner, Line):
        pid, user, tty, kind, state = ("3", owner.user, str(owner.number + 2), "EXCLUSIVE", "LOCKED")
    elif owner is not None:
        pid, user, tty, kind, state = ("3", "unknown", "0", "EXCLUSIVE", "LOCKED")
    return (
        f"Parser Configure Lock\n---------------------\nOwner PID         : {pid}\nUser              : {user}\n"
        f"TTY               : {tty}\nType              : {kind}\nState             : {state}\n"
        f"Class             : {'EXPOSED' if owner else 'unknown'}\nCount             : {1 if owner else 0}\n"
        "Pending Requests  : 0\nUser debug info   : "
    )


SHOW_COMMANDS: Commands = {
    "show-running-config": plain(_running),
    "show-startup-config": plain(_startup),
    "show-version": plain(_version),
    "show-clock": plain(_clock),
    "show-users": plain(_users),
    "show-privilege": plain(lambda line, _words: f"Current privilege level is {line.privilege}"),
    "show-ip-interface-brief": plain(_interfaces),
    "show-ip-route-static": plain(_static_routes),
    "show-interfaces-description": plain(_descriptions),
    "show-vlan-brief": plain(_vlans),
    "show-access-lists": plain(_access_lists),
    "show-ntp-associations": plain(_associations),
    "show-ntp-status": plain(_ntp_status),
    "show-inventory": plain(_inventory),
    "show-logging": plain(_log),
    "show-configuration-lock": plain(_lock),
}
