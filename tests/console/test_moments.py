"""Times as people give them."""

from datetime import UTC, datetime, timedelta

import pytest

from console.errors import UsageError
from console.moments import ago, ahead

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        pytest.param("30s", timedelta(seconds=30), id="seconds"),
        pytest.param("5m", timedelta(minutes=5), id="minutes"),
        pytest.param("24h", timedelta(hours=24), id="hours"),
        pytest.param("7d", timedelta(days=7), id="days"),
    ],
)
def test_spans(text: str, span: timedelta) -> None:
    assert ahead(text, NOW) == NOW + span
    assert ago(text, NOW) == NOW - span


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        pytest.param("2026-03-02T09:00Z", datetime(2026, 3, 2, 9, tzinfo=UTC), id="in UTC"),
        pytest.param("2026-03-02T09:00+02:00", datetime(2026, 3, 2, 7, tzinfo=UTC), id="elsewhere"),
        pytest.param("2026-03-02T09:00", datetime(2026, 3, 2, 9, tzinfo=UTC), id="without a zone: UTC"),
        pytest.param("2026-03-02", datetime(2026, 3, 2, tzinfo=UTC), id="a day"),
    ],
)
def test_moments(text: str, moment: datetime) -> None:
    assert ahead(text, NOW) == ago(text, NOW) == moment


@pytest.mark.parametrize("text", ["", "soon", "24", "h", "-1h", "1.5h", "2026-13-01", "9999999d"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(UsageError, match="is no time: write 30m, 24h, 7d or"):
        ahead(text, NOW)


def test_a_span_beyond_all_calendars() -> None:
    with pytest.raises(UsageError, match="is no time"):
        ago("999999d", datetime(1, 2, 3, tzinfo=UTC))
