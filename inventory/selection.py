"""Which devices of an estate a selector means, and why none is left when none is."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import translate
from operator import attrgetter

from inventory.estate import Estate
from inventory.model import Device, Site
from inventory.problems import InventoryError, Suggester
from inventory.selectors import ATTRIBUTES, Operator, Selector, SelectorError, Term, Value

_Read = Callable[[Device, Site], str | None]
_Holds = Callable[[Device, Site], bool]

_OF_DEVICE = {
    "name": "name",
    "site": "site",
    "role": "role",
    "platform": "platform",
    "os_version": "os_version",
    "group": "redundancy_group",
    "access": "access",
}
_OF_SITE = {"country": "country", "region": "region", "tier": "tier", "timezone": "timezone"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What a selector means in one estate: its devices in order of site and name, at least one.

    ``notes`` are for people: parts of the selector that change nothing, which is what a mistyped value does.
    """

    selector: Selector
    devices: tuple[Device, ...]
    notes: tuple[str, ...]


class EmptySelectionError(InventoryError):
    """A selector means no device. The message says which of its terms excluded everything."""

    def __init__(self, selector: Selector, reason: str) -> None:
        self.selector = selector
        self.reason = reason
        super().__init__(f"no device matches {selector}: {reason}")


def select(estate: Estate, selector: Selector) -> Selection:
    """The devices that a selector means.

    Raises:
        SelectorError: when it asks for a key that no device has, or for a device that does not exist: a slip in
            ``!pilto`` or ``tier!=lba`` would otherwise select what was to be spared.
        EmptySelectionError: when nothing matches.
    """
    _check(estate, selector)
    matching = [_compile(term) for term in selector.terms]
    devices = tuple(device for device, site in _pairs(estate) if all(holds(device, site) for holds in matching))
    if not devices:
        raise EmptySelectionError(selector, _why_empty(estate, selector))
    return Selection(selector=selector, devices=devices, notes=tuple(_notes(estate, selector)))


def attributes(estate: Estate, device: Device) -> dict[str, str]:
    """Everything that a device can be selected by. A label of the device hides one of its site."""
    site = estate.sites[device.site]
    built_in = {key: _reader(key)(device, site) for key in ATTRIBUTES}
    return {**site.labels, **device.labels, **{key: value for key, value in built_in.items() if value is not None}}


def _pairs(estate: Estate) -> Iterator[tuple[Device, Site]]:
    sites = estate.sites
    return ((device, sites[device.site]) for device in estate.devices.values())


def _reader(key: str) -> _Read:
    if key in _OF_DEVICE:
        of_device: Callable[[Device], str | None] = attrgetter(_OF_DEVICE[key])
        return lambda device, _: of_device(device)
    if key in _OF_SITE:
        of_site: Callable[[Site], str | None] = attrgetter(_OF_SITE[key])
        return lambda _, site: of_site(site)
    return lambda device, site: device.labels.get(key, site.labels.get(key))


def _compile(term: Term) -> _Holds:
    read = _reader(term.key)
    if term.operator is Operator.EXISTS:
        return lambda device, site: read(device, site) is not None
    if term.operator is Operator.ABSENT:
        return lambda device, site: read(device, site) is None
    texts = frozenset(value.text for value in term.values if not value.is_glob)
    globs = [re.compile(translate(value.text)) for value in term.values if value.is_glob]

    def is_one(device: Device, site: Site) -> bool:
        found = read(device, site)
        return found is not None and (found in texts or any(glob.match(found) for glob in globs))

    if term.operator is Operator.IN:
        return is_one
    return lambda device, site: not is_one(device, site)


def _check(estate: Estate, selector: Selector) -> None:
    text = str(selector)
    keys = {*ATTRIBUTES, *(key for device in estate.devices.values() for key in device.labels)}
    keys.update(key for site in estate.sites.values() for key in site.labels)
    for term in selector.terms:
        if term.key not in keys:
            raise SelectorError(text, _column(selector, term), _unknown_key(estate, term, keys))
        for name in _unknown_names(estate, term):
            hint = Suggester().hint(name, estate.devices) or "a list of names must hold nothing else"
            raise SelectorError(text, _column(selector, term), f"there is no device {name!r}; {hint}")


def _unknown_key(estate: Estate, term: Term, keys: set[str]) -> str:
    if term.key in estate.devices:
        return f"{term.key!r} is a device and not an attribute; write name={term.key}"
    hint = Suggester().hint(term.key, keys) or f"attributes are {', '.join(ATTRIBUTES)}"
    return f"no device has an attribute or a label {term.key!r}; {hint}"


def _unknown_names(estate: Estate, term: Term) -> list[str]:
    if term.key != "name":
        return []
    return [value.text for value in term.values if not value.is_glob and value.text not in estate.devices]


def _column(selector: Selector, term: Term) -> int:
    before = selector.terms[: selector.terms.index(term)]
    return sum(len(str(earlier)) + 1 for earlier in before) + 1


def _notes(estate: Estate, selector: Selector) -> Iterator[str]:
    """Values that no device has, and so change nothing: harmless, or a slip of the pen."""
    for term in selector.terms:
        present = _values(estate, term.key) if term.values else frozenset()
        for value in term.values:
            if not _occurs(value, present):
                hint = Suggester().hint(value.text, present)
                yield f"in {term}, no device has {term.key} {value}" + (f": {hint}" if hint else "")


def _occurs(value: Value, present: frozenset[str]) -> bool:
    if not value.is_glob:
        return value.text in present
    glob = re.compile(translate(value.text))
    return any(glob.match(found) for found in present)


def _values(estate: Estate, key: str) -> frozenset[str]:
    read = _reader(key)
    return frozenset(value for device, site in _pairs(estate) if (value := read(device, site)) is not None)


def _why_empty(estate: Estate, selector: Selector) -> str:
    total = len(estate.devices)
    if not total:
        return "the estate has no device at all"
    left = list(_pairs(estate))
    counts: list[str] = []
    for term in selector.terms:
        holds = _compile(term)
        if not any(holds(device, site) for device, site in _pairs(estate)):
            return f"{term} alone excludes all {total} devices{_nearest(estate, term)}"
        left = [pair for pair in left if holds(*pair)]
        counts.append(f"{len(left)} after {term}")
    return f"of {total} devices there are {', '.join(counts)}"


def _nearest(estate: Estate, term: Term) -> str:
    present = _values(estate, term.key)
    hints = (Suggester().hint(value.text, present) for value in term.values)
    return next((f"; {hint}" for hint in hints if hint), "")
