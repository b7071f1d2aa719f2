"""A plan as people read it before they agree to it, and what they are asked to confirm."""

from collections.abc import Iterator, Mapping, Sequence

from console.plans import DiffClass, PlanReview
from console.telling import counted, names


def plan_lines(review: PlanReview) -> Iterator[str]:
    """The whole review: the numbers, then each class of differences with one of them, then what is special."""
    yield from summary(review)
    for number, diff_class in enumerate(review.classes, 1):
        yield ""
        yield f"Class {number} of {len(review.classes)}: {_class(diff_class)}"
        yield from (f"    {line}" for line in diff_class.diff.splitlines())
    yield ""
    for left_out in review.left_out:
        cause = f"{left_out.cause}: " if left_out.cause else ""
        yield f"left out: {left_out.device} {left_out.state} ({cause}{left_out.detail or ''})"
    yield f"To approve it: wavegate rollout approve {review.rollout} --area AREA"
    yield f"That signs plan {review.plan} and nothing else."


def summary(review: PlanReview, countries: Sequence[str] = ()) -> Iterator[str]:
    """What the plan is about, in numbers, and everything about it that is not as one would wish."""
    whose = f"team {review.team}, by {' and '.join(review.authors)}"
    yield f"Rollout {review.rollout}: “{review.title}”, ticket {review.ticket}, {whose}"
    yield f"Plan {review.plan}"
    where = f" in {', '.join(countries)}" if countries else ""
    reach = f"{counted(review.devices, 'device')} at {counted(len(review.sites), 'site')}{where}"
    yield f"{reach}, regions {', '.join(review.regions)}; {in_waves(review.waves)}"
    if review.mode == "replace":
        kept = f", but for the device's own {names(review.keep, 20)}" if review.keep else ""
        yield f"REPLACES whole configurations: all that the change does not have goes{kept}"
    classes = f"{len(review.classes)} class" + ("" if len(review.classes) == 1 else "es")
    yield f"{classes} of differences: {sizes([each.devices for each in review.classes], ', ')}"
    yield f"undone by: {ranks(review.undo)}"
    yield f"needs: {', '.join(f'{count} of {area}' for area, count in review.wanted.items())}"
    if review.no_undo:
        yield f"NO UNDO, reached in-band: {names(review.no_undo, 20)}; refused unless accepted by name"
    if review.unsaved:
        yield f"UNSAVED lines of others on {names([each.device for each in review.unsaved], 20)}; see --save-foreign"
    if review.left_out:
        left_out = [each.device for each in review.left_out]
        yield f"left out: {counted(len(left_out), 'device')} ({names(left_out)})"


def objections(review: PlanReview, accepted: Sequence[str], *, save_foreign: bool) -> Iterator[str]:
    """What an approval as it is about to be given would leave to be refused at the devices."""
    refused = [device for device in review.no_undo if device not in accepted]
    if refused:
        yield f"{names(refused, 20)} will be refused: no undo, and not accepted by name (--accept-no-undo)"
    if review.unsaved and not save_foreign:
        devices = [each.device for each in review.unsaved]
        yield f"{names(devices, 20)} will be refused: lines of others are unsaved (--save-foreign)"


def _class(diff_class: DiffClass) -> str:
    reach = f"{counted(diff_class.devices, 'device')} at {counted(diff_class.sites, 'site')}"
    where = f"{', '.join(diff_class.regions)}; {', '.join(diff_class.platforms)}"
    lines = f"+{diff_class.added} -{diff_class.removed}"
    return f"{reach} ({where}), {lines} lines, undone by {ranks(diff_class.undo)}, as on {diff_class.example}:"


def in_waves(waves: Sequence[int]) -> str:
    """``one wave of 1 device``, ``waves of 1 + 5 devices``; ``waves`` has the number of devices of each."""
    return f"{'one wave' if len(waves) == 1 else 'waves'} of {sizes(waves, ' + ')}"


def sizes(devices: Sequence[int], between: str) -> str:
    """``1 device``, ``1 + 5 devices``."""
    return f"{between.join(map(str, devices))} {'device' if sum(devices) == 1 else 'devices'}"


def ranks(undo: Mapping[str, int]) -> str:
    """How many devices undo by themselves in which way."""
    return ", ".join(f"{rank} {count}" for rank, count in undo.items())
