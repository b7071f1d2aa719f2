"""How devices of both platforms rewrite what they accept: numbered entries, lists of VLANs, ranges of interfaces."""

import re
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import replace

from lab.config.arguments import number_list, numbers_of
from lab.config.draft import Draft, Expand, MisplacedWordError, RefusedLineError, Rewrite
from lab.config.grammar import Grammar
from lab.config.tree import Node

_ENTRY = re.compile(r"(?:(\d+) )?(.*)", re.DOTALL)


def entries(*, step: int, lead: str = "", tidy: Callable[[str], str] = str, same: str = "", taken: str) -> Rewrite:
    """Gives the entries of a list sequence numbers, `step` apart, and removes them by number or by content.

    `lead` stands before the number in the stored form (`seq `). `tidy` rewrites an entry's content. `taken` is what
    the device says when the number is in use, `same` when the entry is there under another number (`{}` is the
    number); without `same` the entry is accepted twice.
    """

    def rewrite(draft: Draft) -> Node:
        number, content = _entry(draft.text, lead)
        content = tidy(content)
        there = {node.key: node for node in draft.section.children}
        with_content = [key for key, node in there.items() if _entry(node.text, lead)[1] == content]
        if draft.negated:
            return draft.without([number] if number else with_content)
        if with_content and (not number or number in with_content):
            return draft.config
        if number in there:
            raise RefusedLineError(taken)
        if with_content and same:
            raise RefusedLineError(same.format(with_content[0]))
        # The next round number behind the last entry, also where that one was inserted at an odd place.
        # A list may hold lines that are no entries, such as what it counts: these have no number.
        number = number or str(max((int(key) for key in there if key.isdigit()), default=0) // step * step + step)
        stored = draft.becomes(f"{lead}{number} {content}", key=number, rank=(0, ((0, int(number), ""),)))
        return stored.stored()

    return rewrite


def _entry(text: str, lead: str) -> tuple[str, str]:
    match = _ENTRY.fullmatch(text.removeprefix(lead))
    if match is None:
        return "", text
    number, content = match[1] or "", match[2]
    return (content, "") if not number and content.isdigit() else (number, content)


def trunk_vlans(draft: Draft) -> Node:
    """Adds to, removes from or sets the VLANs of a trunk; all of them is the default and is left out."""
    if draft.negated:
        return draft.stored()
    *_, verb, words = ("", *draft.text.removeprefix(draft.key).split())
    old = draft.section.child(draft.key)
    before = _trunk(old.text.removeprefix(draft.key).strip()) if old else set(range(1, 4095))
    after = _changed(verb, words, before)
    if len(after) == 4094:
        return draft.without([draft.key])
    return draft.becomes(f"{draft.key} {number_list(after) or 'none'}").stored()


def _trunk(words: str) -> set[int]:
    return set() if words == "none" else set(numbers_of(words))


def _changed(verb: str, words: str, before: set[int]) -> set[int]:
    if words == "all":
        return set(range(1, 4095))
    named = _trunk(words)
    if verb == "add":
        return before | named
    if verb == "remove":
        return before - named
    return set(range(1, 4095)) - named if verb == "except" else named


def vlan_headers(header: str, _section: Node) -> list[str]:
    """One header for each VLAN of `vlan 10,20-22`."""
    return [f"vlan {number}" for number in numbers_of(header.removeprefix("vlan "))]


def interface_headers(grammar: Grammar) -> Expand:
    """One header for each interface of `interface Ethernet1-3,7`, or of the same after `interface range`."""
    name = grammar.interface

    def expand(header: str, _section: Node) -> list[str]:
        words = header.removeprefix("interface ").removeprefix("range ")
        names: list[str] = []
        for part in re.split(r"\s*,\s*", words):
            names += _run(part if re.match("[A-Za-z]", part) else f"{_stem(names[-1])}{part}")
        full = [name.read(each) for each in names]
        if None in full:
            raise RefusedLineError(f"% Invalid interface range {words}")
        return [f"interface {each}" for each in full]

    return expand


def _stem(name: str) -> str:
    return re.sub(r"\d+$", "", name)


def _run(part: str) -> list[str]:
    match = re.fullmatch(r"(.*?)(\d+)\s*-\s*(\d+)", part.replace(" ", ""))
    if match is None:
        return [part.replace(" ", "")]
    return [f"{match[1]}{number}" for number in range(int(match[2]), int(match[3]) + 1)]


def interfaces(grammar: Grammar, ports: AbstractSet[str], *, unknown: str, removal: str) -> Rewrite:
    """Keeps ports from being made or removed: they are hardware.

    `unknown` is what the device says to a port it does not have, where it is empty the parser refuses the name;
    `removal` is what it says to removing one, where it is empty the port goes back to its defaults.
    """

    def rewrite(draft: Draft) -> Node:
        name = draft.key.removeprefix("interface ")
        if not grammar.is_physical(name):
            return draft.stored()
        if name not in ports:
            raise RefusedLineError(unknown) if unknown else MisplacedWordError(1)
        if not draft.negated:
            return draft.stored()
        if removal and not draft.reset:
            raise RefusedLineError(removal)
        empty = Node(text=draft.key, key=draft.key, rank=draft.rank, opens=True)
        return draft.config.put(draft.path, empty)

    return rewrite


def passive_interface(draft: Draft) -> Node:
    """After `passive-interface default` it is the exceptions that are shown."""
    if draft.section.child("passive-interface default") is None:
        return draft.stored()
    if draft.negated:
        return replace(draft, negated=False).becomes(f"no {draft.key}").stored()
    return draft.without([draft.key])
