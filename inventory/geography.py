"""Countries and time zones: what exists, and which zones a country has.

Source: the tables ``iso3166.tab``, ``zone.tab`` and ``zone1970.tab`` and the list of zones of the IANA time zone
database (public domain), as the package ``tzdata`` carries them: machines differ in theirs, this copy is locked.
"""

from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from importlib.resources import files

#: Which edition of the tables this is; what was checked with another edition is checked again.
EDITION = version("tzdata")


@cache
def countries() -> frozenset[str]:
    """All ISO 3166-1 alpha-2 codes."""
    return frozenset(code for code, *_ in _table("iso3166.tab"))


@cache
def time_zones() -> frozenset[str]:
    """All names of zones, older names that are links included."""
    return frozenset(files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())


@cache
def zones_of(country: str) -> frozenset[str]:
    """The zones of a country, without older names."""
    return frozenset(zone for code, zone in _places() if code == country)


@cache
def located_zones() -> frozenset[str]:
    """The zones of which it is known in which countries they are."""
    return frozenset(zone for _, zone in _places())


@cache
def _places() -> frozenset[tuple[str, str]]:
    rows = [*_table("zone.tab"), *_table("zone1970.tab")]
    return frozenset((code, zone) for codes, _, zone, *_ in rows for code in codes.split(","))


def _table(name: str) -> Iterator[list[str]]:
    text = files("tzdata").joinpath("zoneinfo", name).read_text(encoding="utf-8")
    return (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
