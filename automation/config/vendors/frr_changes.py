"""What FRR makes of lines whose effect depends on others: numbers, passive interfaces, neighbors and their families."""

import re
from collections.abc import Iterator

from automation.config.merge import AmbiguousChangeError
from automation.config.tree import Line, Tree
from automation.config.vendors.prefix_lists import numbered

_RULE = re.compile(
    r"^(?P<list>(?:(?:ip|ipv6) prefix-list|(?:ipv6 )?access-list|bgp (?:large-|ext)?community-list \S+|"
    r"bgp as-path access-list) \S+)(?: seq (?P<seq>\d+))? (?P<rule>(?:permit|deny) .+)$"
)
_OSPF = re.compile(r"router ospf(?!6)")
_BGP = re.compile(r"router bgp ")
_FAMILY = "address-family ipv4 unicast"
_PASSIVE = re.compile(r"passive-interface (?P<interface>(?!default)\S+)(?P<address> \S+)?$")
_BY_DEFAULT = "passive-interface default"
_ACTIVE_BY_DEFAULT = "bgp default ipv4-unicast"
_ACTIVATED = re.compile(r"(?:no )?neighbor \S+ activate$")
_NEIGHBOR = re.compile(r"(?:no )?neighbor (?P<neighbor>\S+)")
_DEFINES = re.compile(r"neighbor (?P<neighbor>\S+) (?:remote-as |peer-group|interface )")
_MEMBER = re.compile(r"neighbor \S+ peer-group (?P<group>\S+)$")
_VIRTUAL = re.compile(r"(?:no )?(?P<router>vrrp \d+)(?: |$)")


def completed(change: Tree, running: Tree) -> Tree:
    """The change as FRR takes it: passive interfaces where it keeps them, rules of lists with their numbers.

    Raises:
        AmbiguousChangeError: it makes neighbors active that are there already, or the opposite.
    """
    for line in change:
        _check_default(line, running)
    moved = Tree(tuple(part for line in change for part in _moved(line)))
    return numbered(moved, running, _RULE)


def settled(predicted: Tree, change: Tree, running: Tree) -> Tree:
    """The prediction, with what FRR adds or leaves out because of other lines.

    Raises:
        AmbiguousChangeError: FRR would need to be told twice.
    """
    passive = any(_BY_DEFAULT in _texts(line) for line in predicted if _OSPF.match(line.text))
    lines = (_passive(line, change, running, by_default=passive) for line in predicted)
    return Tree(tuple(_with_routers(_neighbors(line, running), running) for line in lines))


# Passive interfaces. FRR keeps three states for an interface: passive, active, and as OSPF's default says.


def _moved(line: Line) -> Iterator[Line]:
    """A section of OSPF without the interfaces that it names, and their own sections."""
    found = [_PASSIVE.match(child.positive) for child in line.children] if _OSPF.match(line.text) else []
    if not any(found):
        yield line
        return
    pairs = list(zip(line.children, found, strict=True))
    yield Line(line.text, tuple(child for child, match in pairs if match is None))
    for child, match in pairs:
        if match is not None:
            no = "no " if child.negated else ""
            passive = Line(f"{no}ip ospf passive{match['address'] or ''}")
            yield Line(f"interface {match['interface']}", (passive,))


def _passive(line: Line, change: Tree, running: Tree, *, by_default: bool) -> Line:
    """An interface after it was told to be passive, or not to be."""
    told = (
        child
        for section in change
        if section.text == line.text and line.text.startswith("interface ")
        for child in section.children
        if child.positive.startswith("ip ospf passive")
    )
    before = _texts(running.get(line.text) or Line(line.text))
    for wish in told:
        line = _as_told(line, wish, before, by_default=by_default)
    return line


def _as_told(line: Line, wish: Line, before: set[str], *, by_default: bool) -> Line:
    """The first "no" of a passive interface, or the other way round, only brings OSPF's default back."""
    passive, active = wish.positive, f"no {wish.positive}"
    against = passive if wish.negated else active
    needed = by_default is wish.negated
    if needed and against in before:
        raise AmbiguousChangeError(
            f"'{line.text} / {wish.text}': FRR takes {against!r} away and does no more, and OSPF's default says the "
            "same as that; take it away in a change before this one"
        )
    others = tuple(child for child in line.children if child.text not in {passive, active})
    return Line(line.text, (*others, Line(wish.text)) if needed or wish.text in before else others)


# Neighbors of BGP. One that nothing defines any more is gone with all its lines, in the families too.


def _check_default(line: Line, running: Tree) -> None:
    if not _BGP.match(line.text):
        return
    texts = [child.text for child in line.children]
    said = [place for place, text in enumerate(texts) if text.removeprefix("no ") == _ACTIVE_BY_DEFAULT]
    before = running.get(line.text) or Line(line.text)
    there = _texts(before)
    if not said or texts[said[-1]].startswith("no ") is (f"no {_ACTIVE_BY_DEFAULT}" in there):
        return
    if any(_DEFINES.match(text) for text in (*there, *texts[: said[-1]])):
        raise AmbiguousChangeError(
            f"'{line.text} / {texts[said[-1]]}': FRR then says of each neighbor that is there whether it is active; "
            "write it before the first neighbor"
        )


def _neighbors(line: Line, running: Tree) -> Line:
    if not _BGP.match(line.text):
        return line
    before = _texts(running.get(line.text) or Line(line.text))
    gone = _groups(before) - _groups(_texts(line))
    left = _without(line, gone)
    while more := _defined(before) - _defined(_texts(left)) - gone:
        gone |= more
        left = _without(left, more)
    active = f"no {_ACTIVE_BY_DEFAULT}" not in _texts(left)
    return Line(left.text, tuple(_family(child, active=active) for child in left.children))


def _groups(texts: set[str]) -> set[str]:
    return {match["neighbor"] for text in texts if text.endswith(" peer-group") and (match := _DEFINES.match(text))}


def _defined(texts: set[str]) -> set[str]:
    """The neighbors and groups that these lines define."""
    groups = _groups(texts)
    defines = ((match["neighbor"], _MEMBER.match(text)) for text in texts if (match := _DEFINES.match(text)))
    return groups | {name for name, member in defines if member is None or member["group"] in groups}


def _without(line: Line, gone: set[str]) -> Line:
    """A section without the lines about these neighbors."""
    return Line(line.text, tuple(_without(child, gone) for child in line.children if _about(child.text) not in gone))


def _about(text: str) -> str:
    match = _NEIGHBOR.match(text)
    return match["neighbor"] if match else ""


def _family(family: Line, *, active: bool) -> Line:
    """A family without what goes without saying about who is active in it."""
    if not family.text.startswith("address-family "):
        return family
    by_default = active and family.text == _FAMILY
    kept = (
        child
        for child in family.children
        if not _ACTIVATED.match(child.text) or child.text.startswith("no ") is by_default
    )
    return Line(family.text, tuple(kept))


# Virtual routers of VRRP: a line about one makes it, and takes its other lines along when it goes.


def _with_routers(line: Line, running: Tree) -> Line:
    if not line.text.startswith("interface "):
        return line
    there = _texts(line)
    before = _texts(running.get(line.text) or Line(line.text))
    children: list[Line] = []
    for child in line.children:
        match = _VIRTUAL.match(child.text)
        if match is not None and match["router"] not in {*there, *_seen(children)}:
            if match["router"] in before:
                continue
            children.append(Line(match["router"]))
        children.append(child)
    return Line(line.text, tuple(children))


def _seen(children: list[Line]) -> set[str]:
    return {child.text for child in children}


def _texts(line: Line) -> set[str]:
    return {child.text for child in line.children}
