"""Reads OpenSSH's known_hosts files and finds out which of an estate's hosts their keys belong to.

asyncssh reads such files too, but passes over keys that it cannot read and tells no line. Source: sshd(8),
"SSH_KNOWN_HOSTS FILE FORMAT".
"""

import base64
import binascii
import hmac
import ipaddress
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from inventory.hostkeys import HostKey, HostKeyError, host_entry
from inventory.model import Device, JumpHost
from inventory.problems import Problem, Severity

_HASHED = "|1|"
_PATTERN = frozenset("*?!")


class KnownHost(NamedTuple):
    """One key with the names it is known under: ``address``, ``[address]:port`` or hashes of these."""

    names: tuple[str, ...]
    key: HostKey
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownHosts:
    """What a file says, and the lines of it that are not used (warnings, since the others are)."""

    entries: tuple[KnownHost, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """Keys by name of device or jump host, and the entries that belong to none."""

    keys: dict[str, tuple[HostKey, ...]]
    unused: tuple[KnownHost, ...]


def parse_known_hosts(text: str, file: str) -> KnownHosts:
    """Reads a known_hosts file. ``file`` is how messages call it. Never raises for what is in it."""
    entries: list[KnownHost] = []
    problems: list[Problem] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            entries.append(_entry(line.strip(), number))
        except HostKeyError as error:
            problems.append(Problem(file=file, line=number, message=str(error), severity=Severity.WARNING))
    return KnownHosts(entries=tuple(entries), problems=tuple(problems))


def match_known_hosts(known: KnownHosts, hosts: Iterable[Device | JumpHost]) -> Matches:
    """Finds the keys of each host by its address and port.

    Plain entries are looked up. A hashed entry has a salt of its own and so is tried against every host: a thousand of
    them and ten thousand devices take some twenty seconds.
    """
    spelt: defaultdict[str, list[str]] = defaultdict(list)
    for host in hosts:
        for spelling in _spellings(host):
            spelt[spelling].append(host.name)
    keys: defaultdict[str, dict[HostKey, None]] = defaultdict(dict)
    unused: list[KnownHost] = []
    for entry in known.entries:
        found = [name for spelling in entry.names for name in _hosts(spelling, spelt)]
        for name in found:
            keys[name][entry.key] = None
        if not found:
            unused.append(entry)
    return Matches(keys={name: tuple(found) for name, found in sorted(keys.items())}, unused=tuple(unused))


def _entry(line: str, number: int) -> KnownHost:
    if line.startswith("@"):
        marker = line.split(maxsplit=1)[0]
        raise HostKeyError(f"lines with {marker[:40]} are not supported; record the keys of the hosts themselves")
    names, *rest = line.split(maxsplit=1)
    key = "".join(rest)
    parts = tuple(names.split(","))
    if not names.startswith(_HASHED) and any(not _PATTERN.isdisjoint(part) for part in parts):
        raise HostKeyError("patterns of hosts are not supported: a key is recorded for one device")
    if names.startswith(_HASHED):
        _hash(names)
        return KnownHost((names,), HostKey.parse(key), number)
    return KnownHost(tuple(map(_canonical, parts)), HostKey.parse(key), number)


def _hosts(spelling: str, spelt: Mapping[str, list[str]]) -> list[str]:
    if not spelling.startswith(_HASHED):
        return spelt.get(spelling, [])
    salt, digest = _hash(spelling)
    return [
        name
        for candidate, names in spelt.items()
        if hmac.digest(salt, candidate.encode(), "sha1") == digest
        for name in names
    ]


def _hash(name: str) -> tuple[bytes, bytes]:
    try:
        salt, digest = (base64.b64decode(part, validate=True) for part in name.removeprefix(_HASHED).split("|"))
    except (ValueError, binascii.Error) as error:
        raise HostKeyError("the hashed name is broken: it should be |1|salt|hash") from error
    return salt, digest


def _spellings(host: Device | JumpHost) -> Iterator[str]:
    """The names that a host can have in a file. OpenSSH writes port 22 as nothing, some tools as ``[address]:22``."""
    address = _canonical(host.address)
    yield host_entry(address, host.port)
    if host.port == 22:
        yield f"[{address}]:22"


def _canonical(name: str) -> str:
    bracketed, _, port = name.rpartition("]:")
    address = bracketed.removeprefix("[") if bracketed else name
    try:
        address = str(ipaddress.ip_address(address))
    except ValueError:
        address = address.lower()
    return f"[{address}]:{port}" if bracketed else address
