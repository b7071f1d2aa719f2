"""What must hold between the fields of a change file. Each rule yields what is wrong, where, and how to mend it."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import NamedTuple

from automation.change.checks import changes_something, repeats_repetitions
from automation.change.document import Path
from automation.change.entries import ChangeFile, Mode
from automation.change.waves import MAX_WAVES, most_waves
from automation.config.keeping import falls_under
from inventory.secrets import KEPT_ELSEWHERE, find_references, find_secrets
from inventory.selectors import SelectorError, parse_selector
from inventory.variables import RESERVED_NAMES

_LONGEST_CHECKS = timedelta(hours=1)
_LONGEST_BAKE = timedelta(days=7)


class Finding(NamedTuple):
    """One thing that is wrong, at a path of keys from the top of the file."""

    path: Path
    message: str
    hint: str = ""


Rule = Callable[[ChangeFile], Iterator[Finding]]


def where_lines_come_from(change: ChangeFile) -> Iterator[Finding]:
    """Templates or a task, and not both."""
    if change.config is not None and change.task is not None:
        yield Finding(("task",), "the lines come from config or from task, and both are here", "remove one of them")
    if change.config is None and change.task is None:
        yield Finding((), "there is neither config nor task", "config names a template for each platform")


def selector(change: ChangeFile) -> Iterator[Finding]:
    """The selector can be read."""
    try:
        parse_selector(change.select)
    except SelectorError as error:
        yield Finding(
            ("select",), f"select, column {error.column}: {error.reason}", "as in role in (router),region=emea"
        )


def checks(change: ChangeFile) -> Iterator[Finding]:
    """Each check only looks, says what it looks for, and has a name of its own."""
    names = Counter(check.name for check in change.checks)
    for place, check in enumerate(change.checks):
        path = ("checks", str(place))
        if names[check.name] > 1:
            yield Finding((*path, "name"), f"several checks are called {check.name!r}", "give each a name of its own")
        if check.matches is None and check.lacks is None:
            yield Finding(path, f"the check {check.name!r} looks for nothing", "add matches or lacks")
        reason = changes_something(check.command)
        if reason:
            yield Finding((*path, "command"), f"the command of check {check.name!r} {reason}")


def patterns(change: ChangeFile) -> Iterator[Finding]:
    """No check's pattern can be made to run for ever by what a device answers."""
    for place, check in enumerate(change.checks):
        for field, pattern in (("matches", check.matches), ("lacks", check.lacks)):
            if pattern is not None and repeats_repetitions(pattern):
                message = f"{field} of check {check.name!r} repeats a repetition, as (a+)* does"
                hint = "such a search may never end; write it without the repetition inside"
                yield Finding(("checks", str(place), field), message, hint)


def platforms_of_checks(change: ChangeFile) -> Iterator[Finding]:
    """Checks are for platforms that the change is for."""
    for place, check in enumerate(change.checks):
        for platform in check.platforms or ():
            if change.config is not None and platform not in change.config:
                message = f"check {check.name!r} is for {platform!r}, for which the change has no template"
                hint = f"it has templates for {', '.join(change.config)}"
                yield Finding(("checks", str(place), "platforms"), message, hint)


def times(change: ChangeFile) -> Iterator[Finding]:
    """Checks can hold within their time, and nothing takes for ever."""
    if not timedelta(seconds=1) <= change.checks_within <= _LONGEST_CHECKS:
        yield Finding(("checks_within",), "checks_within must lie between 1s and 1h")
    if change.checks_hold >= change.checks_within:
        yield Finding(("checks_hold",), "checks_hold must be shorter than checks_within, or no check could ever hold")
    if change.strategy.bake > _LONGEST_BAKE:
        yield Finding(("strategy", "bake"), "strategy.bake must be at most 168h")


def waves(change: ChangeFile) -> Iterator[Finding]:
    """The rollout comes to an end, over an estate of any size."""
    count, sites = most_waves(change.strategy.waves)
    if count > MAX_WAVES:
        message = f"{sites} sites would make more than {MAX_WAVES} waves"
        hint = "the last size repeats until all are done: let it be a larger share, such as 25%"
        yield Finding(("strategy", "waves"), message, hint)


def halting(change: ChangeFile) -> Iterator[Finding]:
    """The rollout halts before it runs out of devices that may be unhealthy."""
    strategy = change.strategy
    if strategy.halt_at > strategy.max_unhealthy:
        message = f"halt_at {strategy.halt_at} is never reached: max_unhealthy {strategy.max_unhealthy} stops it before"
        yield Finding(("strategy", "halt_at"), message, "make halt_at smaller, or max_unhealthy larger")


def approvals(change: ChangeFile) -> Iterator[Finding]:
    """Each area is named once."""
    seen: set[str] = set()
    for place, approval in enumerate(change.approvals):
        if approval.area in seen:
            message = f"the area {approval.area!r} stands here twice"
            yield Finding(("approvals", str(place)), message, "say how many people of it must agree with count")
        seen.add(approval.area)


def keeping(change: ChangeFile) -> Iterator[Finding]:
    """What devices keep is named where all the rest is replaced, each once, and without its secret."""
    if change.keep and change.mode is not Mode.REPLACE:
        hint = "leave keep out, or set mode: replace"
        yield Finding(("keep",), "keep is for mode: replace; a merge leaves alone what it does not name", hint)
    for place, prefix in enumerate(change.keep):
        path = ("keep", str(place))
        if any(find_secrets({"line": prefix})):
            yield Finding(path, f"keep.{place} holds a secret", "leave it out: the words before it are enough")
            continue
        wider = next((each for each in change.keep[:place] if falls_under(prefix, each)), None)
        if wider is not None:
            yield Finding(path, f"{prefix!r} is kept already, by {wider!r}", "remove one of them")


def variables(change: ChangeFile) -> Iterator[Finding]:
    """Variables hide nothing that templates have, and hold no secret."""
    for name in change.variables.keys() & RESERVED_NAMES:
        yield Finding(("variables", name), f"{name!r} cannot be the name of a variable: templates have something else")
    for path, sign in find_secrets(change.variables):
        yield Finding(("variables", *path), f"a secret is written out in {'.'.join(path)} ({sign})", KEPT_ELSEWHERE)
    for path, reference in find_references(change.variables):
        message = f"{'.'.join(path)} is a reference to a secret ({reference}), which no template gets"
        yield Finding(("variables", *path), message, "leave it out")


#: The rules, each with the top fields that it looks at: where one of them is wrong, it would judge a stand-in.
RULES: Mapping[Rule, frozenset[str]] = {
    where_lines_come_from: frozenset({"config", "task"}),
    selector: frozenset({"select"}),
    checks: frozenset({"checks"}),
    patterns: frozenset({"checks"}),
    platforms_of_checks: frozenset({"checks", "config"}),
    times: frozenset({"checks_within", "checks_hold", "strategy"}),
    waves: frozenset({"strategy"}),
    halting: frozenset({"strategy"}),
    approvals: frozenset({"approvals"}),
    keeping: frozenset({"keep", "mode"}),
    variables: frozenset({"variables"}),
}
