"""What must hold between the things of an estate. Each rule takes the draft and yields what is wrong."""

import ipaddress
import re
from collections import defaultdict
from collections.abc import Callable, Iterator

from inventory import geography
from inventory.draft import Draft
from inventory.model import CredentialReference, Device, JumpHost
from inventory.problems import Problem
from inventory.selectors import RESERVED_KEYS
from inventory.sources.records import SCOPES, SINGULAR, Kind, label
from inventory.variables import RESERVED_NAMES

#: Which field of which kind names a thing of which kind.
_REFERENCES = (
    (Kind.DEVICE, "site", Kind.SITE),
    (Kind.DEVICE, "via", Kind.JUMP_HOST),
    (Kind.DEVICE, "credentials", Kind.CREDENTIAL),
    (Kind.JUMP_HOST, "credentials", Kind.CREDENTIAL),
)
#: Which field of which kind says whose variables something gets.
_SCOPE_OF = {
    Kind.REGION: (Kind.SITE, "region"),
    Kind.COUNTRY: (Kind.SITE, "country"),
    Kind.ROLE: (Kind.DEVICE, "role"),
}
_HOST_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_NUMERIC = re.compile(r"[0-9]+|0x[0-9a-fA-F]*")


def references(draft: Draft) -> Iterator[Problem]:
    """What a device or a jump host names has to exist."""
    for kind, field, target in _REFERENCES:
        known = draft.names[target]
        for name, value in draft.texts(kind, field):
            if value not in known:
                hint = draft.suggester.hint(value, known) or f"add it to {target}, or correct {field}"
                yield draft.problem(kind, name, (field,), f"there is no {SINGULAR[target]} {value!r}", hint)


def platforms(draft: Draft) -> Iterator[Problem]:
    """A device's platform has to be one that Wavegate can drive."""
    known = draft.platforms
    for name, platform in draft.texts(Kind.DEVICE, "platform"):
        if platform not in known:
            hint = draft.suggester.hint(platform, known) or f"platforms are {', '.join(sorted(known))}"
            yield draft.problem(Kind.DEVICE, name, ("platform",), f"unknown platform {platform!r}", hint)


def countries(draft: Draft) -> Iterator[Problem]:
    """Sites and scopes of variables have to be in countries that exist."""
    known = geography.countries()
    for name, country in draft.texts(Kind.SITE, "country"):
        if country not in known:
            hint = "codes are ISO 3166-1 alpha-2" + (", where the United Kingdom is GB" if country == "UK" else "")
            yield draft.problem(Kind.SITE, name, ("country",), f"unknown country {country!r}", hint)
    for name in draft.names[Kind.COUNTRY]:
        if name not in known:
            message = f"variables are set for the unknown country {name!r}"
            yield draft.problem(Kind.COUNTRY, name, (), message, "codes are ISO 3166-1 alpha-2")


def time_zones(draft: Draft) -> Iterator[Problem]:
    """A site's zone has to exist; one of another country is worth a warning, since windows are in local time."""
    country_of = dict(draft.texts(Kind.SITE, "country"))
    for name, zone in draft.texts(Kind.SITE, "timezone"):
        country = country_of.get(name, "")
        if zone not in geography.time_zones():
            hint = draft.suggester.hint(zone, geography.time_zones()) or "zones are named as Europe/Berlin"
            yield draft.problem(Kind.SITE, name, ("timezone",), f"unknown time zone {zone!r}", hint)
        elif country in geography.countries() and _is_abroad(zone, country):
            message = f"the time zone {zone!r} is not one of {country}"
            yield draft.warning(Kind.SITE, name, ("timezone",), message, "correct one of them, if it is a slip")


def _is_abroad(zone: str, country: str) -> bool:
    return zone in geography.located_zones() and zone not in geography.zones_of(country)


def addresses(draft: Draft) -> Iterator[Problem]:
    """Addresses have to be possible, and behind one jump host each leads to one device."""
    for kind in (Kind.JUMP_HOST, Kind.DEVICE):
        for name, address in draft.texts(kind, "address"):
            if canonical_address(address) is None:
                yield draft.problem(kind, name, ("address",), f"impossible address {address!r}")
    taken: dict[tuple[str, str, int], Device] = {}
    for device in draft.all(Kind.DEVICE, Device):
        place = (device.via or "", canonical_address(device.address) or device.name, device.port)
        first = taken.setdefault(place, device)
        if first is not device:
            message = f"{device.address} port {device.port} is the address of {first.name!r} already"
            yield draft.problem(Kind.DEVICE, device.name, ("address",), message, f"see {first.origin}")


def groups(draft: Draft) -> Iterator[Problem]:
    """A redundancy group is of one site, and one device alone is no group."""
    site_of = dict(draft.texts(Kind.DEVICE, "site"))
    members: defaultdict[str, list[str]] = defaultdict(list)
    for name, group in draft.texts(Kind.DEVICE, "redundancy_group"):
        members[group].append(name)
    for group, names in members.items():
        for name in names[1:]:
            if site_of.get(name) != site_of.get(names[0]):
                message = f"redundancy group {group!r} spans sites: {names[0]!r} of it is at {site_of.get(names[0])!r}"
                hint = f"names of groups are unique in the estate: call it {site_of.get(name)}-{group}"
                yield draft.problem(Kind.DEVICE, name, ("redundancy_group",), message, hint)
        if len(names) == 1:
            message = f"it is alone in redundancy group {group!r}, so nothing stands in for it"
            yield draft.warning(Kind.DEVICE, names[0], ("redundancy_group",), message, "add its twin, or leave it out")


def scopes(draft: Draft) -> Iterator[Problem]:
    """Variables of a region, country or role that nothing has are most likely a slip of the pen."""
    for scope, (kind, field) in _SCOPE_OF.items():
        used = {value for _, value in draft.texts(kind, field)}
        for name in draft.names[scope]:
            if name not in used:
                message = f"nothing in the estate has this {SINGULAR[scope]}, so its variables are of no use"
                yield draft.warning(scope, name, (), message, draft.suggester.hint(name, used))


def label_keys(draft: Draft) -> Iterator[Problem]:
    """A label that is called as an attribute could not be selected by."""
    for kind in (Kind.SITE, Kind.DEVICE):
        for thing in draft.things[kind]:
            labels = getattr(thing, "labels", {})
            for key in labels.keys() & RESERVED_KEYS:
                message = f"the label {key!r} is called as something that selectors know already"
                yield draft.problem(kind, thing.name, ("labels", key), message, "give it another name")


def variable_names(draft: Draft) -> Iterator[Problem]:
    """Templates have names of their own that variables would hide."""
    for kind in (Kind.SITE, Kind.DEVICE, *SCOPES):
        for thing in draft.things[kind]:
            variables = getattr(thing, "variables", {})
            for name in variables.keys() & RESERVED_NAMES:
                message = f"{name!r} cannot be the name of a variable: templates have something else under it"
                yield draft.problem(kind, thing.name, ("variables", name), message, "give it another name")


def logins(draft: Draft) -> Iterator[Problem]:
    """A login needs something to prove itself with."""
    for credential in draft.all(Kind.CREDENTIAL, CredentialReference):
        if credential.password is None and credential.private_key is None:
            message = "there is neither a password nor a private_key"
            yield draft.problem(Kind.CREDENTIAL, credential.name, (), message, "write password: env:NAME or file:/path")


def host_names(draft: Draft) -> Iterator[Problem]:
    """Host keys are kept by name, for devices and jump hosts in one book."""
    for host in draft.all(Kind.JUMP_HOST, JumpHost):
        if host.name in draft.names[Kind.DEVICE]:
            device = draft.names[Kind.DEVICE][host.name]
            message = f"{label(Kind.DEVICE, host.name)} has the same name"
            yield draft.problem(Kind.JUMP_HOST, host.name, (), message, f"rename one of them; see {device.origin}")


def canonical_address(address: str) -> str | None:
    """One spelling for each address; None where it can be neither an IP address nor a host name."""
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        labels = address.removesuffix(".").split(".")
    # A last label of digits is an IPv4 address with a mistake in it (RFC 3696), and resolvers make odd things of it.
    if _NUMERIC.fullmatch(labels[-1]) or not all(map(_HOST_LABEL.fullmatch, labels)):
        return None
    return ".".join(labels).lower()


Rule = Callable[[Draft], Iterator[Problem]]
RULES: tuple[Rule, ...] = (
    platforms,
    countries,
    time_zones,
    addresses,
    label_keys,
    variable_names,
    logins,
    host_names,
)
#: These can only be judged when nothing is missing.
RULES_OF_THE_WHOLE: tuple[Rule, ...] = (references, groups, scopes)
