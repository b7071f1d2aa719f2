"""Step 5: whether the device is well, over a session that was opened after the commit."""

import re

from automation.config.secrets import redacted
from automation.platforms.contract import Session
from automation.push.work import Check, Desk, Work
from events.reports import CheckResult

_REACHABLE = "a fresh session opens"


def not_reachable(error: Exception) -> CheckResult:
    """The check that comes before all others, failed: whoever is shut out cannot judge anything else."""
    return CheckResult(name=_REACHABLE, passed=False, seen=str(error)[:1000])


def check(opened: Session, work: Work, desk: Desk, deadline: float) -> tuple[CheckResult, ...]:
    """Runs the checks over a fresh session until they have held for their time, or until the deadline.

    The deadline is on the desk's clock, and counts from the commit: the device's timer does too.

    Returns:
        The results as they were last seen; they held if all of them passed.
    """
    held_since: float | None = None
    while True:
        results = _run(opened, work)
        now = desk.monotonic()
        if not all(result.passed for result in results):
            held_since = None
        elif held_since is None:
            held_since = now
        if held_since is not None and now - held_since >= work.timing.hold.total_seconds():
            return results
        if now >= deadline:
            return results if held_since is None else (*results, _too_short(work))
        desk.sleep(work.timing.pause.total_seconds())


def _too_short(work: Work) -> CheckResult:
    hold = work.timing.hold.total_seconds()
    return CheckResult(name="the checks hold", passed=False, seen=f"not for {hold:g} s before the deadline")


def _run(opened: Session, work: Work) -> tuple[CheckResult, ...]:
    reachable = CheckResult(name=_REACHABLE, passed=True)
    return (reachable, *(_judged(check, opened.show(check.command), work) for check in work.checks))


def _judged(check: Check, answer: str, work: Work) -> CheckResult:
    wanted = check.matches is None or re.search(check.matches, answer, re.MULTILINE) is not None
    unwanted = check.lacks is not None and re.search(check.lacks, answer, re.MULTILINE) is not None
    seen = "" if wanted and not unwanted else f"{check.command!r} answered {_shown(answer, work)!r}"
    return CheckResult(name=check.name, passed=wanted and not unwanted, seen=seen)


def _shown(answer: str, work: Work) -> str:
    """The beginning of an answer, without the secrets that it may have in it."""
    lines = answer.strip()[:2000].splitlines()
    return "\n".join(redacted(line.strip(), work.platform.vendor, work.digester) for line in lines)[:300]
