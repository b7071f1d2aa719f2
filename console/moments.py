"""Times as people give them: a span from now, or a moment."""

import re
from datetime import UTC, datetime, timedelta

from console.errors import UsageError

_SPAN = re.compile(r"(\d{1,6})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def ahead(text: str, now: datetime) -> datetime:
    """The moment that is ``24h`` from now, or that an ISO 8601 text gives.

    Raises:
        UsageError: it is neither.
    """
    return _moment(text, now, 1)


def ago(text: str, now: datetime) -> datetime:
    """The moment that was ``2h`` ago, or that an ISO 8601 text gives.

    Raises:
        UsageError: it is neither.
    """
    return _moment(text, now, -1)


def _moment(text: str, now: datetime, sign: int) -> datetime:
    span = _SPAN.fullmatch(text)
    try:
        if span:
            return now + sign * timedelta(**{_UNITS[span[2]]: int(span[1])})
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"{text!r} is no time: write 30m, 24h, 7d or 2026-01-31T12:00+01:00") from error
