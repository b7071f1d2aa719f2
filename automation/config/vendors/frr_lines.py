"""Lines as FRR writes what it was given: their words in its own order."""

import re
from collections.abc import Iterator, Sequence

#: The options of a static route in FRR's order, each with how many words it takes.
_OPTIONS = {"tag": 2, "distance": 1, "nexthop-vrf": 2, "table": 2, "label": 2, "onlink": 1, "color": 2}
_LEFT_OUT = ("distance 1", "nexthop-vrf default")
_WORDS = re.compile(r"^(?P<head>(?:no )?(?:ip|ipv6) route )(?P<rest>.+)$")


def static_route(match: re.Match[str]) -> str:
    """A static route: its prefix, its next hop, then its options as FRR orders them."""
    found = _WORDS.match(match[0])
    if found is None:
        return match[0]
    prefix, rest = _prefix(found["rest"].split(" "))
    place = next((place for place, word in enumerate(rest) if word in _OPTIONS or word.isdigit()), len(rest))
    hop, options = rest[:place], list(_options(rest[place:]))
    kept = sorted((option for option in options if " ".join(option) not in _LEFT_OUT), key=_rank)
    words = [prefix, *hop, *(word for option in kept for word in (option[1:] if option[0] == "distance" else option))]
    return found["head"] + " ".join(words)


def _prefix(words: Sequence[str]) -> tuple[str, Sequence[str]]:
    """The prefix, which may be given as an address and a mask, and what follows it."""
    if "/" in words[0] or len(words) < 2:
        return words[0], words[1:]
    return f"{words[0]}/{words[1]}", words[2:]


def _options(words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    place = 0
    while place < len(words):
        word = words[place]
        taken = _OPTIONS.get(word, 1)
        yield ("distance", word) if word.isdigit() else tuple(words[place : place + taken])
        place += taken


def _rank(option: Sequence[str]) -> int:
    return list(_OPTIONS).index(option[0]) if option[0] in _OPTIONS else len(_OPTIONS)


def lengths_in_order(match: re.Match[str]) -> str:
    """A rule of a prefix list with the least length before the greatest."""
    return f"{match['rule']} ge {match['ge']} le {match['le']}"
