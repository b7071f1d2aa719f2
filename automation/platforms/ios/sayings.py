"""What IOS says, and what it means.

After Cisco's "Configuration Replace and Configuration Rollback", "Exclusive Configuration Change Access" and the
command references of IOS XE 17.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

#: The file systems that are on the device itself: only an archive there makes the revert timer work.
_LOCAL = re.compile(
    r"(?:(?:sup-)?boot(?:flash|disk)|stby-\w+|flash|disk|slot|nvram|harddisk|usb(?:flash)?|unix|crashinfo)\d*(?:-\d+)?:",
    re.IGNORECASE,
)
_ARCHIVE = re.compile(r"next archive file will be named (\S+)")

_NO_TIMER = re.compile(r"No Rollback Confirmed Change pending", re.IGNORECASE)
_TIMER_SET = re.compile(r"Time configured\s*\(or reconfigured\):\s*(?P<moment>.+)")
_TIMER_VALUE = re.compile(r"Timer value:\s*(?P<minutes>\d+)\s*min")
_TIMER_USER = re.compile(r"User:\s*(?P<user>\S+)")

_RELOAD = re.compile(
    r"Reload scheduled (?:for .*?|in .*?)(?:\(in (?P<left>[^)]*)\))?(?: by (?P<by>.*))?$", re.MULTILINE
)
_RELOAD_REASON = re.compile(r"Reload reason:\s*(?P<reason>.*)")
_SPAN = re.compile(r"(\d+) (day|hour|minute|second)")
#: What a dead-man's reload has as its reason, before its label.
REASON = "wavegate"

_LOCKED_STATE = re.compile(r"^State\s*:\s*LOCKED", re.MULTILINE | re.IGNORECASE)
_LOCK_USER = re.compile(r"^User\s*:\s*(?P<user>\S+)", re.MULTILINE)
_LOCK_TTY = re.compile(r"^TTY\s*:\s*(?P<tty>\S+)", re.MULTILINE)
LOCKED_BY = re.compile(r"locked (?:exclusively )?by (?P<who>user '[^']*'|[^.\n]*)", re.IGNORECASE)
ALREADY_PENDING = re.compile(r"already pending|Rollback Confirmed Change (?:is )?in progress", re.IGNORECASE)
UNAUTHORIZED = re.compile(r"authorization failed|not authorized", re.IGNORECASE)
NO_SPACE = re.compile(r"no space|not enough (?:space|room)|insufficient|NVRAM.*(?:full|too small)", re.IGNORECASE)

#: A device says these of lines that it took.
_HARMLESS = re.compile(
    r"%\s*(?:Warning|Info\b|Note\b|Portfast has been configured|Access VLAN does not exist\. Creating|"
    r"Default route without gateway|Interface \S+ IPv[46] disabled and address|Generating|"
    r"[A-Z0-9_]+-\d-[A-Z0-9_]+:)",
    re.IGNORECASE,
)
_REFUSED = re.compile(
    r"^\s*(?:%|(?:ERROR|Error):|Bad mask|Command (?:rejected|authorization failed)|Invalid |Incomplete |Ambiguous )"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RevertTimer:
    """A change that waits for its confirmation: whose, since when (by the device's clock) and for how long."""

    user: str
    since: datetime | None
    value: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledReload:
    """A reload to come: who scheduled it, why, and how long it is to it."""

    by: str
    reason: str
    left: timedelta


def refusal(said: str) -> str:
    """What a device refused a line with; empty where it took it."""
    lines = [line for line in said.splitlines() if line.strip()]
    if any(_REFUSED.match(line) and not _HARMLESS.match(line.strip()) for line in lines):
        return "\n".join(line.rstrip() for line in lines)
    return ""


def archives_locally(said: str) -> bool:
    """Whether `show archive` tells of an archive on the device itself."""
    match = _ARCHIVE.search(said)
    return match is not None and _LOCAL.match(match[1]) is not None


def revert_timer(said: str) -> RevertTimer | None:
    """The timer that `show archive config rollback timer` tells of."""
    value = _TIMER_VALUE.search(said)
    if _NO_TIMER.search(said) or value is None:
        return None
    user, moment = _TIMER_USER.search(said), _TIMER_SET.search(said)
    return RevertTimer(
        user=user["user"] if user else "somebody",
        since=clock(moment["moment"]) if moment else None,
        value=timedelta(minutes=int(value["minutes"])),
    )


def scheduled_reload(said: str) -> ScheduledReload | None:
    """The reload that `show reload` tells of."""
    match = _RELOAD.search(said)
    if match is None:
        return None
    reason = _RELOAD_REASON.search(said)
    return ScheduledReload(
        by=(match["by"] or "somebody").strip(),
        reason=reason["reason"].strip() if reason else "",
        left=span(match["left"] or ""),
    )


def lock_owner(said: str) -> str | None:
    """Who holds the configuration after `show configuration lock`, None where nobody does."""
    if not _LOCKED_STATE.search(said):
        return None
    user, tty = _LOCK_USER.search(said), _LOCK_TTY.search(said)
    return f"user {user['user'] if user else 'unknown'} on line {tty['tty'] if tty else 'unknown'}"


def span(text: str) -> timedelta:
    """`1 hour and 4 minutes and 55 seconds` as a time."""
    parts: Iterable[tuple[str, str]] = _SPAN.findall(text)
    return sum((timedelta(**{f"{unit}s": int(count)}) for count, unit in parts), timedelta())


def clock(text: str) -> datetime | None:
    """A moment as the device writes it, `*14:05:33.658 UTC Mon May 4 2020`, in its own time and without a zone."""
    match = re.search(r"(\d+:\d\d:\d\d)(?:\.\d+)? \S+ \w{3} (\w{3} +\d+ \d{4})", text)
    if match is None:
        return None
    return datetime.strptime(f"{match[1]} {match[2]}", "%H:%M:%S %b %d %Y")  # noqa: DTZ007 - two of them are compared
