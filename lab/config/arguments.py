"""The kinds of argument that a grammar names: what they look like and how a device rewrites them."""

import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

Normalise = Callable[[str], str]
"""The form that a device stores; raises ValueError for a word that is not of this kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """One kind of argument: a pattern, and a normaliser that may refuse what only looks right."""

    name: str
    pattern: str
    normalise: Normalise = str

    def read(self, word: str) -> str | None:
        """The stored form of the word, or None when it is not of this kind."""
        if not re.fullmatch(self.pattern, word):
            return None
        try:
            return self.normalise(word)
        except ValueError:
            return None


LINE = Argument(name="LINE", pattern=r"[\s\S]+")
"""The rest of the line, blanks included."""

_QUAD = r"\d{1,3}(?:\.\d{1,3}){3}"


def _address(word: str) -> str:
    return str(ipaddress.IPv4Address(word))


def _mask(word: str) -> str:
    # IPv4Network alone would read a wildcard as a mask too.
    bits = int(ipaddress.IPv4Address(word))
    inverted = bits ^ 0xFFFFFFFF
    if inverted & (inverted + 1):
        raise ValueError(word)
    return word


def _network(word: str) -> str:
    return str(ipaddress.ip_network(word, strict=False))


def _interface_address(word: str) -> str:
    return str(ipaddress.ip_interface(word))


def _ipv6(word: str) -> str:
    return str(ipaddress.IPv6Address(word))


def numbers_of(words: str) -> list[int]:
    """The numbers of a list such as `10,20-22`, ascending.

    Raises ValueError for a range that runs backwards or leaves 1 to 4094.
    """
    found: set[int] = set()
    for part in words.split(","):
        first, _, last = part.partition("-")
        low, high = int(first), int(last or first)
        if not 1 <= low <= high <= 4094:
            raise ValueError(part)
        found.update(range(low, high + 1))
    return sorted(found)


def number_list(numbers: Iterable[int]) -> str:
    """Numbers as a device writes them: `10,20-22`."""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ",".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """A sort key that puts `Vlan9` before `Vlan10`."""
    parts = re.findall(r"\d+|\D+", text)
    return tuple((0, int(part), "") if part.isdigit() else (1, 0, part.lower()) for part in parts)


def in_range(low: int, high: int) -> Argument:
    """A whole number between two others, both included."""

    def normalise(word: str) -> str:
        if not low <= int(word) <= high:
            raise ValueError(word)
        return str(int(word))

    return Argument(name=f"<{low}-{high}>", pattern=r"\d+", normalise=normalise)


def interface_type(types: Iterable[str]) -> Argument:
    """A type of interface in full, from any unambiguous abbreviation: `gi` is `GigabitEthernet`."""
    known = tuple(types)

    def normalise(word: str) -> str:
        full = [name for name in known if name.lower().startswith(word.lower())]
        exact = [name for name in full if name.lower() == word.lower()]
        if len(exact or full) != 1:
            raise ValueError(word)
        return (exact or full)[0]

    return Argument(name="IFTYPE", pattern=r"[A-Za-z-]+", normalise=normalise)


def interface_name(types: Iterable[str]) -> Argument:
    """An interface's name in full, from any unambiguous abbreviation: `gi0/0/1` is `GigabitEthernet0/0/1`."""
    kind = interface_type(types)

    def normalise(word: str) -> str:
        letters = word.rstrip("0123456789/.:")
        return f"{kind.normalise(letters)}{word[len(letters) :]}"

    return Argument(name="INTERFACE", pattern=r"[A-Za-z-]+\d[\d/.:]*", normalise=normalise)


def arguments(interfaces: Sequence[str]) -> Mapping[str, Argument]:
    """Every named kind of argument of a platform with these types of interface."""
    kinds = (
        LINE,
        Argument(name="WORD", pattern=r"\S+"),
        Argument(name="INT", pattern=r"\d+"),
        Argument(name="VLANS", pattern=r"[\d,-]+", normalise=lambda word: number_list(numbers_of(word))),
        Argument(name="IPV4", pattern=_QUAD, normalise=_address),
        Argument(name="MASK", pattern=_QUAD, normalise=_mask),
        Argument(name="WILDCARD", pattern=_QUAD, normalise=_address),
        Argument(name="PREFIX", pattern=_QUAD + r"/\d+", normalise=_network),
        Argument(name="ADDRESS", pattern=_QUAD + r"/\d+", normalise=_interface_address),
        Argument(name="IPV6", pattern=r"[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*", normalise=_ipv6),
        Argument(name="PREFIX6", pattern=r"[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*/\d+", normalise=_network),
        Argument(name="ADDRESS6", pattern=r"[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*/\d+", normalise=_interface_address),
        Argument(name="MAC", pattern=r"[0-9A-Fa-f]{4}(?:\.[0-9A-Fa-f]{4}){2}", normalise=str.lower),
        Argument(name="STDACL", pattern=r"\d{1,2}|1[3-9]\d\d"),
        Argument(name="EXTACL", pattern=r"1\d\d|2[0-6]\d\d"),
        interface_type(interfaces),
        interface_name(interfaces),
    )
    return {kind.name: kind for kind in kinds}
