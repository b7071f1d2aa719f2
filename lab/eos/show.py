"""What an EOS switch shows of itself, in the text and the JSON encoding."""

import difflib
import re
from collections.abc import Mapping
from typing import Any

from lab.config import facts
from lab.config.rendering import rendered
from lab.config.tree import Node
from lab.eos.commands import Cli, CommandError, Commands, Output
from lab.eos.device import INDENT, EosDevice

_MEMORY, _FREE = 2014520, 1344376
_BITS = {"Ethernet": 10_000_000_000, "Management": 1_000_000_000}
_SECRET = re.compile(r"(?<=secret sha512 )\S+|(?<=password sha512 )\S+|(?<=snmp-server community )\S+")


def _as_json(section: Node) -> dict[str, Any]:
    """A section as EOS gives configuration in JSON: lines by their text, each with those below it or nothing."""
    return {node.text: {"cmds": _as_json(node), "comments": []} if node.children else None for node in section.children}


def _config(cli: Cli, config: Node, command: str, *, sanitized: bool = False) -> Output:
    device = cli.device
    header = (f"! Command: {command}", *device.header())
    text = "\n".join((*header, *rendered(config, INDENT), "!", "end", ""))
    data = {"cmds": _as_json(config), "comments": [], "header": [line.removeprefix("! ") for line in header[:2]]}
    return Output(text=_SECRET.sub("<removed>", text) if sanitized else text, data=data)


def _running(cli: Cli, words: str) -> Output:
    return _config(cli, cli.device.running, words, sanitized="sanitized" in words)


def _startup(cli: Cli, words: str) -> Output:
    return _config(cli, cli.device.startup, words)


def _section(cli: Cli, words: str) -> Output:
    """The sections whose header or lines match."""
    kind, pattern = words.split(maxsplit=3)[2:]
    wanted = re.compile(pattern, re.IGNORECASE)
    names = [f"interface {cli.device.editor.grammar.interface.read(pattern)}"] if kind == "interfaces" else []
    found = [
        node
        for node in cli.device.running.children
        if node.key in names
        or (not names and any(wanted.search(line) for line in (node.text, *rendered(node, INDENT))))
    ]
    lines = [line for node in found for line in (node.text, *rendered(node, INDENT, 1))]
    return Output(text="".join(f"{line}\n" for line in lines), data=None)


def _running_diffs(cli: Cli, _words: str) -> Output:
    device = cli.device
    return Output(
        text=_diff(device.startup, device.running, "flash:/startup-config", "system:/running-config"), data=None
    )


def _diff(left: Node, right: Node, left_name: str, right_name: str) -> str:
    lines = difflib.unified_diff(
        list(rendered(left, INDENT)), list(rendered(right, INDENT)), left_name, right_name, lineterm=""
    )
    return "".join(f"{line}\n" for line in lines)


def _session(cli: Cli, words: str) -> tuple[str, Node]:
    match = re.search(r" named (\S+)", words)
    name = match[1] if match else cli.session
    session = cli.device.config_sessions.get(name)
    if session is None:
        raise CommandError(f"Session {name} does not exist" if name else "Not currently in a session")
    return name, session.candidate


def _session_config(cli: Cli, words: str) -> Output:
    name, candidate = _session(cli, words)
    command = f"show session-configuration named {name}"
    return _config(cli, candidate, command, sanitized="sanitized" in words)


def _session_diffs(cli: Cli, words: str) -> Output:
    name, candidate = _session(cli, words)
    session = cli.device.config_sessions[name]
    base = session.before or cli.device.running
    return Output(text=_diff(base, candidate, "system:/running-config", f"session:/{name}-session-config"), data=None)


def _version(cli: Cli, _words: str) -> Output:
    device = cli.device
    spec, model = device.spec, device.spec.model or "vEOS-lab"
    data = {
        "mfgName": "Arista",
        "modelName": model,
        "hardwareRevision": "",
        "serialNumber": spec.serial or "SN-" + spec.name.upper(),
        "systemMacAddress": _mac(device, 0),
        "hwMacAddress": "00:00:00:00:00:00",
        "configMacAddress": "00:00:00:00:00:00",
        "version": spec.version,
        "architecture": "x86_64",
        "internalVersion": f"{spec.version}-33060893.{spec.version.replace('.', '')}",
        "internalBuildId": "b5bd5ef9-7fb9-4d5c-8d2f-a1b2c3d4e5f6",
        "imageFormatVersion": "3.0",
        "imageOptimization": "Default",
        "bootupTimestamp": device.booted.timestamp(),
        "uptime": round(device.uptime, 2),
        "memTotal": _MEMORY,
        "memFree": _FREE,
        "isIntlVersion": False,
    }
    text = (
        f"Arista {model}\nHardware version: \nSerial number: {data['serialNumber']}\n"
        f"Hardware MAC address: {data['systemMacAddress']}\nSystem MAC address: {data['systemMacAddress']}\n\n"
        f"Software image version: {spec.version}\nArchitecture: x86_64\n"
        f"Internal build version: {data['internalVersion']}\nInternal build ID: {data['internalBuildId']}\n\n"
        f"Uptime: {_span(device.uptime)}\nTotal memory: {_MEMORY} kB\nFree memory: {_FREE} kB\n"
    )
    return Output(text=text, data=data)


def _mac(device: EosDevice, number: int) -> str:
    tail = [int(part) for part in device.spec.address.split(".")[1:]]
    return ":".join(f"{part:02x}" for part in (0x50, number % 256, 0, *tail))


def _span(seconds: float) -> str:
    minutes = int(seconds) // 60
    days, hours = minutes // 1440, minutes // 60 % 24
    said = f"{hours} hours and {minutes % 60} minutes"
    return f"{days} days, {said}" if days else said


def _hostname(cli: Cli, _words: str) -> Output:
    name = cli.device.hostname
    domain = facts.value(cli.device.running, "dns domain")
    full = f"{name}.{domain}" if domain else name
    return Output(text=f"Hostname: {name}\nFQDN:     {full}\n", data={"hostname": name, "fqdn": full})


def _clock(cli: Cli, _words: str) -> Output:
    now = cli.device.bench.now()
    servers = _servers(cli.device.running)
    source = {"local": False, "ntpServer": servers[0]} if servers else {"local": True}
    zone = facts.value(cli.device.running, "clock timezone") or "UTC"
    local = {
        "year": now.year,
        "month": now.month,
        "dayOfMonth": now.day,
        "hour": now.hour,
        "min": now.minute,
        "sec": now.second,
    }
    data = {"utcTime": now.timestamp(), "timezone": zone, "localTime": local, "clockSource": source}
    said = f"NTP server ({servers[0]})" if servers else "local"
    return Output(text=f"{now:%a %b %d %H:%M:%S %Y}\nTimezone: {zone}\nClock source: {said}\n", data=data)


def _interface(device: EosDevice, number: int, name: str, section: Node) -> Mapping[str, Any]:
    down = section.child("shutdown") is not None
    kind = re.match(r"[A-Za-z-]+", name)
    have = facts.addresses(section)
    primary = {"address": str(have[0].ip), "maskLen": have[0].network.prefixlen} if have else None
    return {
        "name": name,
        "description": facts.value(section, "description") or "",
        "interfaceStatus": "disabled" if down else "connected",
        "lineProtocolStatus": "down" if down else "up",
        "lastStatusChangeTimestamp": device.booted.timestamp(),
        "mtu": int(facts.value(section, "mtu") or 1500),
        "bandwidth": _BITS.get(kind[0] if kind else "", 0),
        "physicalAddress": _mac(device, number),
        "hardware": "ethernet",
        "forwardingModel": "routed" if have else "bridged",
        "interfaceAddress": [{"primaryIp": primary, "secondaryIpsOrderedList": []}] if primary else [],
        "interfaceCounters": {},
    }


def _interfaces(cli: Cli, words: str) -> Output:
    wanted = words.split()[2:]
    found = {
        name: _interface(cli.device, number, name, section)
        for number, (name, section) in enumerate(facts.interfaces(cli.device.running), start=1)
        if not wanted or name == wanted[0]
    }
    text = "".join(
        f"{name} is {'administratively down' if each['interfaceStatus'] == 'disabled' else 'up'}, "
        f"line protocol is {each['lineProtocolStatus']} ({each['interfaceStatus']})\n"
        f"  Hardware is Ethernet, address is {each['physicalAddress']}\n"
        + (f"  Description: {each['description']}\n" if each["description"] else "")
        + f"  IP MTU {each['mtu']} bytes\n"
        for name, each in found.items()
    )
    return Output(text=text, data={"interfaces": found})


def _descriptions(cli: Cli, _words: str) -> Output:
    found = {
        name: {
            "description": facts.value(section, "description") or "",
            "interfaceStatus": "admin down" if section.child("shutdown") is not None else "up",
            "lineProtocolStatus": "down" if section.child("shutdown") is not None else "up",
        }
        for name, section in facts.interfaces(cli.device.running)
    }
    rows = [f"{'Interface':<30} {'Status':<14} {'Protocol':<18} Description"]
    rows += [
        f"{name:<30} {each['interfaceStatus']:<14} {each['lineProtocolStatus']:<18} {each['description']}".rstrip()
        for name, each in found.items()
    ]
    return Output(text="\n".join((*rows, "")), data={"interfaceDescriptions": found})


def _brief(cli: Cli, _words: str) -> Output:
    found = {}
    for name, section in facts.interfaces(cli.device.running):
        have = facts.addresses(section)
        down = section.child("shutdown") is not None
        if have:
            address = {"ipAddr": {"address": str(have[0].ip), "maskLen": have[0].network.prefixlen}}
            found[name] = {
                "name": name,
                "interfaceStatus": "disabled" if down else "connected",
                "lineProtocolStatus": "down" if down else "up",
                "mtu": int(facts.value(section, "mtu") or 1500),
                "interfaceAddress": address,
            }
    rows = [f"{'Interface':<17} {'IP Address':<21} {'Status':<12} {'Protocol':<14} MTU"]
    rows += [
        f"{name:<17} {_slashed(each):<21} {each['interfaceStatus']:<12} {each['lineProtocolStatus']:<14} {each['mtu']}"
        for name, each in found.items()
    ]
    return Output(text="\n".join((*rows, "")), data={"interfaces": found})


def _slashed(interface: Mapping[str, Any]) -> str:
    address = interface["interfaceAddress"]["ipAddr"]
    return f"{address['address']}/{address['maskLen']}"


def _static_routes(cli: Cli, _words: str) -> Output:
    """Those of the default VRF, each as if it were the best one to its prefix."""
    matches = (re.match(r"ip route (?!vrf )(\S+) (\S+)", node.text) for node in cli.device.running.children)
    found = {match[1]: match[2] for match in matches if match}
    rows = ["", "VRF: default", "Codes: C - connected, S - static, K - kernel,", ""]
    rows += [f" S        {prefix} [1/0] via {way}" for prefix, way in found.items()]
    routes = {
        prefix: {"routeType": "static", "preference": 1, "metric": 0, "vias": [{"nexthopAddr": way}]}
        for prefix, way in found.items()
    }
    return Output(text="\n".join((*rows, "")), data={"vrfs": {"default": {"routes": routes}}})


def _vlans(cli: Cli, _words: str) -> Output:
    named = {"1": "default"}
    for node in cli.device.running.children:
        match = re.fullmatch(r"vlan (\d+)", node.text)
        if match:
            named[match[1]] = facts.value(node, "name") or f"VLAN{int(match[1]):04d}"
    data = {
        number: {"name": name, "status": "active", "dynamic": False, "interfaces": {}} for number, name in named.items()
    }
    rows = ["VLAN  Name                             Status    Ports", f"----- {'-' * 32} --------- {'-' * 31}"]
    rows += [f"{number:<5} {name:<32} active" for number, name in named.items()]
    return Output(text="\n".join((*rows, "")), data={"vlans": data, "sourceDetail": ""})


def _servers(config: Node) -> list[str]:
    matches = (re.match(r"ntp server (?:vrf \S+ )?(\S+)", node.text) for node in config.children)
    return [match[1] for match in matches if match]


def _ntp_status(cli: Cli, _words: str) -> Output:
    servers = _servers(cli.device.running)
    if not servers:
        return Output(text="unsynchronised\n   polling server every 64 s\n", data={"status": "unsynchronised"})
    said = f"synchronised to NTP server ({servers[0]}) at stratum 2"
    text = f"{said}\n   time correct to within 23 ms\n   polling server every 64 s\n"
    return Output(
        text=text, data={"status": "synchronised", "peerIpAddr": servers[0], "stratum": 2, "maxEstimatedError": 0.023}
    )


def _ntp_associations(cli: Cli, _words: str) -> Output:
    servers = _servers(cli.device.running)
    peers = {
        server: {
            "peerIpAddr": server,
            "condition": "sys.peer" if index == 0 else "candidate",
            "refid": ".GPS.",
            "stratumLevel": 1,
        }
        for index, server in enumerate(servers)
    }
    rows = ["     remote           refid      st t when poll reach   delay   offset  jitter", "=" * 78]
    rows += [
        f"{'*' if index == 0 else '+'}{server:<16}.GPS.  1 u   25   64  377    1.000    0.123   1.204"
        for index, server in enumerate(servers)
    ]
    return Output(text="\n".join((*rows, "")), data={"peers": peers})


def _access_lists(cli: Cli, words: str) -> Output:
    wanted = words.partition("access-lists ")[2].split()
    lists, rows = [], []
    for node in cli.device.running.children:
        match = re.fullmatch(r"ip access-list (standard )?(\S+)", node.text)
        if match is None or (wanted and wanted[0] not in {match[2], "summary"}):
            continue
        entries = [entry.text.split(" ", 1) for entry in node.children if entry.text[0].isdigit()]
        sequence = [{"sequenceNumber": int(number), "text": text} for number, text in entries]
        lists.append({"name": match[2], "type": "Ip4Acl", "standard": bool(match[1]), "sequence": sequence})
        rows.append(f"{'Standard ' if match[1] else ''}IP Access List {match[2]}")
        rows += [f"        {number} {text}" for number, text in entries]
    return Output(text="\n".join((*rows, "")), data={"aclList": lists})


def _reload_cause(cli: Cli, _words: str) -> Output:
    device = cli.device
    cause = {
        "description": device.restart_reason,
        "timestamp": device.booted.timestamp(),
        "recommendedAction": "No action necessary.",
    }
    text = (
        f"Reload Cause 1:\n-------------------\n{device.restart_reason}\n\nReload Time:\n------------\n"
        f"Reload occurred at {device.booted:%a %b %d %H:%M:%S %Y} UTC.\n"
    )
    return Output(text=text, data={"resetCauses": [cause], "full": False})


def _http_commands(cli: Cli, _words: str) -> Output:
    data = {
        "enabled": True,
        "httpServer": {"configured": False, "running": False, "port": 80},
        "httpsServer": {"configured": True, "running": True, "port": 443},
        "urls": [f"Management1 : https://{cli.device.spec.address}:443"],
    }
    return Output(text="Enabled:            Yes\nHTTPS server:       running, set to use port 443\n", data=data)


def _privilege(cli: Cli, _words: str) -> Output:
    level = 15 if cli.privileged else 1
    return Output(text=f"Current privilege level is {level}\n", data={"privilegeLevel": level})


SHOW_COMMANDS: Commands = {
    "show-running-config": _running,
    "show-running-section": _section,
    "show-running-diffs": _running_diffs,
    "show-startup-config": _startup,
    "show-session-config": _session_config,
    "show-session-diffs": _session_diffs,
    "show-version": _version,
    "show-hostname": _hostname,
    "show-clock": _clock,
    "show-interfaces": _interfaces,
    "show-interfaces-description": _descriptions,
    "show-ip-interface-brief": _brief,
    "show-ip-route-static": _static_routes,
    "show-vlan": _vlans,
    "show-ntp-status": _ntp_status,
    "show-ntp-associations": _ntp_associations,
    "show-access-lists": _access_lists,
    "show-reload-cause": _reload_cause,
    "show-http-commands": _http_commands,
    "show-privilege": _privilege,
}
