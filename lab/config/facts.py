"""What a configuration says about the device that runs it."""

import ipaddress
import re
from collections.abc import Iterator

from lab.config.tree import Node


def value(section: Node | None, key: str) -> str | None:
    """What follows the key in the line that has it, or None where there is no such line."""
    line = section.child(key) if section else None
    return None if line is None or line.text.startswith("no ") else line.text.removeprefix(key).strip()


def interfaces(config: Node) -> Iterator[tuple[str, Node]]:
    """Every interface that is configured, by its full name."""
    for node in config.children:
        if node.text.startswith("interface "):
            yield node.text.removeprefix("interface "), node


def addresses(interface: Node) -> list[ipaddress.IPv4Interface]:
    """The addresses of an interface, the primary one first."""
    found = []
    for line in interface.children:
        match = re.match(r"ip address (\d\S*?)(?:/(\d+)| (\d\S+))", line.text)
        if match:
            found.append(ipaddress.IPv4Interface(f"{match[1]}/{match[2] or match[3]}"))
    return found


def carriers(config: Node, address: str) -> list[Node]:
    """The interfaces that have this address."""
    own = ipaddress.IPv4Address(address)
    return [node for _, node in interfaces(config) if any(have.ip == own for have in addresses(node))]


def carries(config: Node, address: str) -> bool:
    """Whether an interface that is up has this address."""
    return any(node.child("shutdown") is None for node in carriers(config, address))
