"""The inventory as the console reads it: the installation's, or one that was named."""

from collections.abc import Sequence
from pathlib import Path

from automation.platforms.ports import PORTS
from console.errors import UsageError
from console.home import Home, open_home
from inventory.estate import Estate
from inventory.load import load
from workers.bootstrap_stores import read_estate


def estate_of(home: Path | None, paths: Sequence[Path] | None) -> Estate:
    """The estate in these files, or the installation's.

    Raises:
        UsageError: neither was named.
        InventoryError: with everything that is wrong with it.
    """
    if paths:
        return load(paths, platforms=PORTS)
    if home is None:
        raise UsageError("which inventory? Name an installation with --home DIR, or files with --estate PATH")
    return read_estate(open_home(home).settings)


def tasks_of(home: Path | None, tasks: Path | None) -> Path | None:
    """The folder of engineers' tasks: the one that was named, or the installation's."""
    if tasks is not None or home is None:
        return tasks
    settings = open_home(home).settings
    return settings.path(settings.tasks)


def countries(home: Home, sites: Sequence[str]) -> tuple[str, ...]:
    """The countries of sites as the inventory has them now; for telling people how wide something reaches.

    Raises:
        InventoryError: the inventory is wrong now.
    """
    estate = read_estate(home.settings)
    return tuple(sorted({estate.sites[site].country for site in sites if site in estate.sites}))
