"""The terminal lines of an IOS device, as its configuration sets them up."""

import ipaddress
import re
from dataclasses import dataclass

from lab.config import access, facts
from lab.config.tree import Node

_DEFAULT_LINES = 5
_DEFAULT_TIMEOUT = (10, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A local user. `secret` is the stored form, in clear for `password 0`; None for `nopassword`."""

    privilege: int
    secret: str | None


def count(config: Node) -> int:
    """How many lines there are; five where nothing more is configured."""
    ends = [int(node.text.split()[-1]) for node in config.children if node.text.startswith("line vty ")]
    # Fewer cannot be configured: the first five are hardware of a kind.
    return max((*(end + 1 for end in ends), _DEFAULT_LINES))


def section(config: Node, number: int) -> Node | None:
    """The section of the configuration that a line belongs to."""
    for node in config.children:
        if node.text.startswith("line vty "):
            first, *last = (int(word) for word in node.text.split()[2:])
            if first <= number <= (last[0] if last else first):
                return node
    return None


def takes_ssh(line: Node | None) -> bool:
    """Whether the line takes SSH."""
    transport = facts.value(line, "transport input")
    return transport is None or transport == "all" or "ssh" in transport.split()


def access_class(line: Node | None) -> str | None:
    """The name of the list that guards the line."""
    for entry in line.children if line else ():
        match = re.match(r"access-class (\S+) in", entry.text)
        if match:
            return match[1]
    return None


def access_list(config: Node, name: str) -> Node | None:
    """An access list by its name or number."""
    return config.child(f"ip access-list standard {name}") or config.child(f"ip access-list extended {name}")


def lets_in(config: Node, number: int, peer: str, own: str) -> bool:
    """Whether a line takes an SSH connection of this peer."""
    line = section(config, number)
    name = access_class(line)
    if not takes_ssh(line):
        return False
    visit = access.Visit(
        source=ipaddress.IPv4Address(peer), target=ipaddress.IPv4Address(own), services=frozenset({"22", "ssh"})
    )
    return name is None or access.permits(access_list(config, name), visit)


def idle_minutes(line: Node | None) -> float | None:
    """After how many vendor minutes without input the line hangs up; None for never."""
    configured = facts.value(line, "exec-timeout")
    minutes, seconds = (*(int(word) for word in configured.split()), 0)[:2] if configured else _DEFAULT_TIMEOUT
    return minutes + seconds / 60 or None


def setting(line: Node | None, key: str, default: int) -> int:
    """A number that is set for the line."""
    configured = facts.value(line, key)
    return int(configured) if configured else default


def user(config: Node, name: str) -> User | None:
    """A local user by name."""
    words = facts.value(config, f"username {name}")
    if words is None:
        return None
    privilege = re.search(r"privilege (\d+)", words)
    secret = re.search(r"(?:secret|password) (?:\d )?(\S+)", words)
    return User(privilege=int(privilege[1]) if privilege else 1, secret=secret[1] if secret else None)


def enable_secret(config: Node) -> str | None:
    """The stored form of the enable secret, or of the enable password where there is no secret."""
    for key in ("enable secret", "enable password"):
        words = facts.value(config, key)
        if words:
            return words.split()[-1]
    return None
