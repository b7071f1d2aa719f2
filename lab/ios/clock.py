"""How IOS writes times and spans of time."""

from datetime import datetime, timedelta, timezone

from lab.config import facts
from lab.config.tree import Node


def zone(config: Node) -> timezone:
    """The time zone that is configured, UTC by default."""
    words = (facts.value(config, "clock timezone") or "UTC 0").split()
    minutes = int(words[2]) if len(words) > 2 else 0
    hours = int(words[1]) if words[1].lstrip("-").isdigit() else 0
    return timezone(timedelta(hours=hours, minutes=minutes if hours >= 0 else -minutes), words[0])


def stamp(moment: datetime, config: Node) -> str:
    """`14:05:33 UTC Mon May 4 2020`."""
    local = moment.astimezone(zone(config))
    return f"{local:%H:%M:%S} {local.tzname()} {local:%a %b} {local.day} {local.year}"


def stamp_ms(moment: datetime, config: Node) -> str:
    """`14:05:33.658 UTC Mon May 4 2020`."""
    local = moment.astimezone(zone(config))
    return f"{local:%H:%M:%S}.{local.microsecond // 1000:03d} {local.tzname()} {local:%a %b} {local.day} {local.year}"


def log_stamp(moment: datetime) -> str:
    """`*May  4 14:05:33.658`, as in the log."""
    return f"*{moment:%b} {moment.day:2d} {moment:%H:%M:%S}.{moment.microsecond // 1000:03d}"


def archive_stamp(moment: datetime) -> str:
    """`May--4-14-05-33.658`, as in the name of an archived configuration."""
    return f"{moment:%b}-{str(moment.day).rjust(2, '-')}-{moment:%H-%M-%S}.{moment.microsecond // 1000:03d}"


def span(minutes: float) -> str:
    """A number of vendor minutes as `1 hour and 4 minutes and 55 seconds`, without the parts that are 0."""
    seconds = max(round(minutes * 60), 0)
    parts = ((seconds // 3600, "hour"), (seconds // 60 % 60, "minute"), (seconds % 60, "second"))
    said = [f"{count} {name}{'' if count == 1 else 's'}" for count, name in parts if count]
    return " and ".join(said) or "0 seconds"


def uptime(since: timedelta) -> str:
    """`2 days, 3 hours, 4 minutes`."""
    minutes = int(since.total_seconds()) // 60
    parts = ((minutes // 1440, "day"), (minutes // 60 % 24, "hour"), (minutes % 60, "minute"))
    said = [f"{count} {name}{'' if count == 1 else 's'}" for count, name in parts if count]
    return ", ".join(said) or "0 minutes"
