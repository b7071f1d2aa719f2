"""The tables of countries and zones are whole, and agree with what Python knows."""

from zoneinfo import ZoneInfo

import pytest

from inventory import geography


def test_all_countries_are_there() -> None:
    assert len(geography.countries()) == 249
    assert {"DE", "GB", "NO", "US", "AQ"} <= geography.countries()
    assert not {"UK", "EU", "XX"} & geography.countries()


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Argentina/Ushuaia", "UTC", "Asia/Calcutta", "Etc/GMT+3"])
def test_zones_are_those_that_python_reads(zone: str) -> None:
    assert zone in geography.time_zones()
    assert ZoneInfo(zone).key == zone


@pytest.mark.parametrize(
    ("country", "inside", "outside"),
    [
        ("US", "America/New_York", "America/Toronto"),
        ("NO", "Europe/Oslo", "Europe/Stockholm"),
        ("NO", "Europe/Berlin", "Europe/London"),
        ("IN", "Asia/Kolkata", "Asia/Karachi"),
    ],
)
def test_a_country_has_its_zones(country: str, inside: str, outside: str) -> None:
    """Europe/Berlin has been Oslo's time since 1970, so it is one of Norway's."""
    assert inside in geography.zones_of(country)
    assert outside not in geography.zones_of(country)
    assert {inside, outside} <= geography.located_zones()


def test_zones_of_the_sea_belong_nowhere() -> None:
    assert not {"UTC", "Etc/GMT+3"} & geography.located_zones()
