"""Rollouts as people see them on a terminal."""

from collections.abc import Iterable, Mapping, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from automation.rollout.states import IN_FLIGHT, UNHEALTHY, DeviceState, RolloutState
from console.escaping import visible
from console.failing import failure_lines
from console.output import moment, table
from console.telling import counted, short
from console.views import Approval, DeviceInRollout, Rollout, Wave

D, R = DeviceState, RolloutState

#: Devices that did not get what the change wants them to have, worst first.
NOT_WELL = (D.ROLLBACK_FAILED, D.UNKNOWN, D.REVERTED, D.FAILED, D.REFUSED, D.DRIFTED)

_BAR = 24

#: What a bar is made of: the states, the sign, the style; in the order in which they are drawn.
_PIECES: Sequence[tuple[frozenset[DeviceState], str, str]] = (
    (frozenset({D.VERIFIED, D.UNCHANGED}), "█", "green"),
    (frozenset({D.ROLLED_BACK, D.SKIPPED}), "▓", "cyan"),
    (frozenset(NOT_WELL), "✗", "red"),
    (IN_FLIGHT, "▒", "yellow"),
    (frozenset({D.PENDING, D.PLANNED}), "·", "dim"),
)
_STYLES: Mapping[str, str] = {
    R.COMPLETED: "green",
    R.RUNNING: "yellow",
    R.BAKING: "yellow",
    R.HALTED: "bold red",
    R.HALTING: "bold red",
    R.HELD: "bold red",
    R.ROLLBACK_FAILED: "bold red",
    R.ROLLING_BACK: "magenta",
    R.AWAITING_APPROVAL: "bold blue",
}


def rollout_table(rollouts: Iterable[Rollout]) -> Table:
    """A line for each rollout."""
    rows = [
        (
            rollout.id,
            Text(rollout.state, style=_STYLES.get(rollout.state, "")),
            rollout.title,
            rollout.ticket,
            rollout.team,
            f"{_decided(rollout)}/{rollout.size}",
            rollout.unhealthy or "",
            rollout.since,
            "; ".join(f"{what} ({who})" for what, who in rollout.waits[:1]),
        )
        for rollout in rollouts
    ]
    headings = ("ROLLOUT", "STATE", "TITLE", "TICKET", "TEAM", "DECIDED", "UNHEALTHY", "SINCE", "WAITS FOR")
    return table(headings, rows)


def rollout_page(
    rollout: Rollout, waves: Sequence[Wave], failures: Sequence[DeviceInRollout], approvals: Sequence[Approval]
) -> RenderableType:
    """Everything about a rollout: what it waits for and what went wrong first."""
    parts: list[RenderableType] = [_head(rollout)]
    if rollout.waits:
        parts += [Text(f"waits for: {visible(what)} ({visible(who)})", style="bold") for what, who in rollout.waits]
    if failures:
        parts += [Text(""), *failure_lines(failures)]
    if waves:
        parts += [Text(""), _waves(waves, rollout.wave)]
    elif rollout.counts:
        parts.append(Text(_sums(rollout.counts)))
    if approvals:
        parts += [Text(""), _approvals(approvals)]
    return Group(*parts)


def _head(rollout: Rollout) -> Text:
    text = Text()
    text.append(f"{rollout.id}  ", style="bold")
    text.append(rollout.state, style=_STYLES.get(rollout.state, ""))
    text.append(f" since {moment(rollout.since)}\n“{visible(rollout.title)}”, ticket {visible(rollout.ticket)}, ")
    text.append(f"team {rollout.team}, by {', '.join(rollout.authors)}\n")
    plan = f", plan {rollout.plan}" if rollout.plan else ""
    text.append(f"change {short(rollout.change)}{plan}, {counted(rollout.size, 'device')}")
    return text


def _waves(waves: Sequence[Wave], current: int) -> Table:
    rows = []
    for wave in waves:
        total = sum(wave.counts.values())
        name = "canary" if wave.number == 0 else f"wave {wave.number}"
        here = "→" if wave.number == current else ""
        rows.append((here, name, bar(wave.counts), f"{total}", _sums(wave.counts)))
    return table(("", "WAVE", "", "DEVICES", ""), rows)


def bar(counts: Mapping[str, int], width: int = _BAR) -> Text:
    """Devices by state as a bar; whatever there is any of can be seen."""
    parts = [(sum(counts.get(state, 0) for state in states), sign, style) for states, sign, style in _PIECES]
    parts = [part for part in parts if part[0]]
    text = Text()
    for size, (_, sign, style) in zip(_sizes([part[0] for part in parts], width), parts, strict=True):
        text.append(sign * size, style=style)
    return text


def _sizes(counts: Sequence[int], width: int) -> list[int]:
    """Shares of a width, none of them nothing; what rounding leaves over or takes too much is the largest's."""
    total = sum(counts)
    sizes = [max(1, count * width // total) for count in counts]
    if sizes:
        sizes[counts.index(max(counts))] += width - sum(sizes)
    return sizes


def _sums(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {state}" for state, count in sorted(counts.items()) if count)


def _approvals(approvals: Sequence[Approval]) -> Table:
    rows = [
        (given.area, given.approver, given.at, given.until, given.id, given.withdrawn or given.note or "")
        for given in approvals
    ]
    return table(("APPROVED FOR", "BY", "AT", "UNTIL", "APPROVAL", ""), rows)


def _decided(rollout: Rollout) -> int:
    open_ = {D.PENDING, D.PLANNED, D.RELEASED, D.IN_PROGRESS, D.UNKNOWN}
    return sum(count for state, count in rollout.counts.items() if state not in open_)


def is_unhealthy(device: DeviceInRollout) -> bool:
    """Whether a device is in the plan, ended badly, and nobody has decided about it."""
    return device.wave is not None and device.state in UNHEALTHY


def failures_first(devices: Iterable[DeviceInRollout]) -> list[DeviceInRollout]:
    """Devices that are not well, the worst first."""
    rank = {state.value: place for place, state in enumerate(NOT_WELL)}
    return sorted(
        (device for device in devices if device.state in rank), key=lambda device: (rank[device.state], device.device)
    )
