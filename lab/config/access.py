"""Who an access list lets in to a device's own services."""

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass

from lab.config.tree import Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A TCP connection to the device itself. `services` are the port's names and numbers (`22`, `ssh`)."""

    source: ipaddress.IPv4Address
    target: ipaddress.IPv4Address
    services: frozenset[str]


def permits(access_list: Node | None, visit: Visit) -> bool:
    """Whether the list lets the visit in.

    The first entry that fits decides and no fit denies; a list that is missing or has no entries lets everybody in,
    as it does on both platforms' management planes.
    """
    entries = [node.text for node in access_list.children] if access_list else []
    rules = [words for words in map(_rule, entries) if words]
    for action, *rest in rules:
        if _fits(rest, visit):
            return action == "permit"
    # No rule at all is no guard, which both vendors hold for a list that is only referenced.
    return not rules


def _rule(entry: str) -> list[str]:
    words = entry.split()
    words = words[1:] if words[0].isdigit() else words
    return words if words[0] in {"permit", "deny"} else []


def _fits(words: list[str], visit: Visit) -> bool:
    todo = iter(words)
    first = next(todo)
    if _is_address(first):
        return _covers(first, todo, visit.source)[0]
    if first not in {"ip", "tcp", "6"}:
        return False
    from_source, word = _covers(next(todo), todo, visit.source)
    from_port, word = _port(word, todo, frozenset())
    to_target, word = _covers(word, todo, visit.target)
    to_port, _ = _port(word, todo, visit.services)
    return from_source and from_port and to_target and to_port


def _is_address(word: str) -> bool:
    return word in {"any", "host"} or (word[0].isdigit() and "." in word)


def _covers(word: str, todo: Iterator[str], address: ipaddress.IPv4Address) -> tuple[bool, str]:
    """Whether the address that begins at `word` covers another, and the word after it."""
    if word == "any":
        return True, next(todo, "")
    if word == "host":
        return ipaddress.IPv4Address(next(todo)) == address, next(todo, "")
    if "/" in word:
        return address in ipaddress.IPv4Network(word, strict=False), next(todo, "")
    after = next(todo, "")
    if not _is_quad(after):
        return ipaddress.IPv4Address(word) == address, after
    kept = int(ipaddress.IPv4Address(after)) ^ 0xFFFFFFFF
    return int(ipaddress.IPv4Address(word)) & kept == int(address) & kept, next(todo, "")


def _is_quad(word: str) -> bool:
    return word.count(".") == 3 and word.replace(".", "").isdigit()


# What may follow the names of ports at the end of an entry.
_OPTIONS = frozenset({"established", "log", "log-input", "fragments", "dscp", "precedence", "tos", "time-range"})


def _port(word: str, todo: Iterator[str], services: frozenset[str]) -> tuple[bool, str]:
    """Whether the visit's port fits; a condition on a port that is not known (the peer's) never does, `neq` apart."""
    if word == "eq":
        named: list[str] = []
        word = next(todo, "")
        while word and not _is_address(word) and word not in _OPTIONS:
            named.append(word)
            word = next(todo, "")
        return bool(services & set(named)), word
    if word == "neq":
        return next(todo) not in services, next(todo, "")
    if word in {"lt", "gt", "range"}:
        bounds = [next(todo) for _ in range(2 if word == "range" else 1)]
        return _within(word, bounds, services), next(todo, "")
    return True, word


def _within(word: str, bounds: list[str], services: frozenset[str]) -> bool:
    numbers = [int(service) for service in services if service.isdigit()]
    limits = [int(bound) for bound in bounds if bound.isdigit()]
    if len(limits) != len(bounds):
        return False
    if word == "range":
        return any(limits[0] <= number <= limits[1] for number in numbers)
    return any(number < limits[0] if word == "lt" else number > limits[0] for number in numbers)
