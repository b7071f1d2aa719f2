"""A change for one device: what its templates see, and the text that comes of it."""

from collections.abc import Mapping
from functools import lru_cache

from automation.change.model import Change
from automation.change.table import Key
from automation.render.errors import Failure, RenderError
from automation.render.templates import Templates
from inventory.estate import Estate
from inventory.model import Device
from inventory.variables import Level, resolve


def render(change: Change, estate: Estate, device: Device) -> str:
    """The configuration lines of a change for a device, from its platform's template.

    Raises:
        RenderError: there are none, with template, line, expression and device.
    """
    if device.platform not in change.roots:
        raise RenderError(_no_template(change, device), device.name)
    try:
        return _templates(change).render(change.roots[device.platform], names_for(change, estate, device))
    except RenderError as error:
        raise error.on(device.name, _hint(error.failure, change, estate, device)) from error


def names_for(change: Change, estate: Estate, device: Device) -> dict[str, object]:
    """What templates see for a device, as plain data: ``device``, ``site``, ``change``, ``row`` and all variables.

    ``row`` is not there where the change has no data or the device has no row.
    """
    resolved = resolve(estate, device, change.variables_for(device))
    names: dict[str, object] = {
        **resolved.values(),
        "device": _device(device),
        "site": _site(estate, device),
        "change": {"title": change.title, "ticket": change.ticket, "team": change.team},
    }
    if change.table is not None and change.table.row(device) is not None:
        names["row"] = dict(resolved.row)
    return names


@lru_cache(maxsize=32)
def _templates(change: Change) -> Templates:
    """Compiled once for a change, whose id is over all of its templates."""
    return Templates({path: template.source for path, template in change.templates.items()})


def _device(device: Device) -> Mapping[str, object]:
    return {
        "name": device.name,
        "role": device.role,
        "platform": device.platform,
        "os_version": device.os_version,
        "address": device.address,
        "port": device.port,
        "access": device.access.value,
        "group": device.redundancy_group,
        "via": device.via,
        "labels": dict(device.labels),
    }


def _site(estate: Estate, device: Device) -> Mapping[str, object]:
    site = estate.sites[device.site]
    return {
        "name": site.name,
        "country": site.country,
        "region": site.region,
        "tier": site.tier,
        "timezone": site.timezone,
        "labels": dict(site.labels),
    }


def _no_template(change: Change, device: Device) -> Failure:
    there = ", ".join(change.platforms) or "none, since a task returns the lines"
    message = f"the change has no template for the platform {device.platform!r}"
    return Failure(message=message, hint=f"there are templates for {there}")


def _hint(failure: Failure, change: Change, estate: Estate, device: Device) -> str:
    """What to do about an undefined name: it depends on where it was looked for."""
    if failure.missing == "row":
        return _row_hint(change, device)
    if not failure.missing:
        return failure.hint
    site = estate.sites[device.site]
    owners = {
        Level.CHANGE: "",
        Level.REGION: site.region,
        Level.COUNTRY: site.country,
        Level.SITE: site.name,
        Level.ROLE: device.role,
        Level.DEVICE: device.name,
    }
    places = ", ".join(f"{level.value} {owner}".strip() for level, owner in owners.items())
    guess = f"{failure.hint} " if failure.hint else ""
    return f"{guess}it was looked for in {places}"


def _row_hint(change: Change, device: Device) -> str:
    if change.table is None:
        return "add data: stores.csv to the change file"
    name = device.site if change.table.key is Key.SITE else device.name
    return f"add a row for the {change.table.key.value} {name!r} to {change.name(change.table.path)}"
