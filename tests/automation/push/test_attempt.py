"""How long a device waits for a confirmation, and how an error is told."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from automation.platforms.contract import Abilities, Limits, LineRejectedError, UnreachableError
from automation.push.attempt import timer, why
from automation.push.work import Timing, Work
from events.values import Cause


def with_timing(work: Work, *, within: float, connect: float, answer: float) -> Work:
    limits = Limits(connect=timedelta(seconds=connect), answer=timedelta(seconds=answer))
    return replace(work, timing=Timing(within=timedelta(seconds=within), limits=limits))


@pytest.fixture
def work(make_bench: Any, plan: Any) -> Work:
    made: Work = plan(make_bench("eos"), "vlan 77\n").work
    return made


@pytest.mark.parametrize(
    ("within", "connect", "answer", "step", "expected"),
    [(60, 15, 30, 1, 105), (0.5, 1, 3, 1, 4), (60, 15, 30, 60, 120), (1, 1, 1, 60, 60), (7200, 15, 30, 60, 7200)],
    ids=["seconds", "rounded up", "whole minutes", "one minute at the least", "the longest there is"],
)
def test_a_timer_outlasts_the_checks_and_two_connects(
    work: Work, within: float, connect: float, answer: float, step: int, expected: int
) -> None:
    class Platform:
        """A platform with timers of these steps, of two hours at the most."""

        abilities: Abilities = replace(
            work.platform.abilities, timer_step=timedelta(seconds=step), timer_longest=timedelta(hours=2)
        )

    timed = replace(with_timing(work, within=within, connect=connect, answer=answer), platform=Platform())  # type: ignore[arg-type]
    assert timer(timed) == timedelta(seconds=expected)


def test_a_refused_line_is_told_without_its_secrets(work: Work) -> None:
    line = "snmp-server community canary-community ro"
    reason = why(LineRejectedError(line, f"% Invalid input\n{line}\nin {line!r}: canary-community is too long"), work)
    assert reason.cause is Cause.LINE_REJECTED
    assert "snmp-server community <secret " in reason.detail
    assert "canary" not in reason.detail


@pytest.mark.parametrize(
    ("error", "cause"), [(UnreachableError("gone"), Cause.UNREACHABLE), (ValueError("odd"), Cause.INTERNAL)]
)
def test_errors_have_causes(work: Work, error: Exception, cause: Cause) -> None:
    reason = why(error, work)
    assert (reason.cause, reason.detail) == (cause, str(error))
