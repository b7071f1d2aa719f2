"""What went wrong in a rollout, as people see it: what is equal once, with how many devices and which."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

from rich.text import Text

from console.causes import advice
from console.escaping import visible
from console.telling import counted, names
from console.views import DeviceInRollout

_MOST = 40
_LONGEST_DETAIL = 400
# Stands for a device's own name, so that details that differ in nothing else count as equal.
_ITSELF = "\0"


def failure_lines(failures: Sequence[DeviceInRollout]) -> Iterator[Text]:
    """Lines about devices that did not get what the change wants; ``failures`` come with the worst first."""
    yield Text(f"{counted(len(failures), 'device')} without what the change wants:", style="red")
    by_cause = _grouped(failures, _cause)
    groups = [same for each in by_cause for same in _grouped(each, _detail)]
    for same, following in zip(groups[:_MOST], [*groups[1:_MOST], None], strict=False):
        yield _line(same)
        # What to do is the same for all of one cause.
        if same[0].cause and (following is None or _cause(following[0]) != _cause(same[0])):
            yield Text(f"    {advice(same[0].cause)}", style="dim")
    if left := sum(len(same) for same in groups[_MOST:]):
        yield Text(f"  and {left} more: --json lists all of them")


def _grouped(
    devices: Iterable[DeviceInRollout], key: Callable[[DeviceInRollout], Hashable]
) -> list[list[DeviceInRollout]]:
    """Those with the same key together, in the order in which the first of each came."""
    groups: dict[Hashable, list[DeviceInRollout]] = {}
    for device in devices:
        groups.setdefault(key(device), []).append(device)
    return list(groups.values())


def _cause(device: DeviceInRollout) -> Hashable:
    return device.state, device.cause


def _detail(device: DeviceInRollout) -> Hashable:
    return (device.detail or "").replace(device.device, _ITSELF)


def _line(same: Sequence[DeviceInRollout]) -> Text:
    first = same[0]
    if len(same) == 1:
        text = Text(f"  {first.device}", style="bold")
        text.append(f" (site {first.site}, {_wave(first.wave)}): {first.state}", style="red")
    else:
        text = Text(f"  {counted(len(same), 'device')}", style="bold")
        text.append(f" ({names(device.device for device in same)}{_common_wave(same)}): {first.state}", style="red")
    if first.cause:
        text.append(f", {first.cause}{_told(same)}", style="")
    return text


def _told(same: Sequence[DeviceInRollout]) -> str:
    """The detail, its further lines below the first; of several devices none is named in it."""
    detail = same[0].detail or ""
    if len(same) > 1:
        detail = str(_detail(same[0])).replace(_ITSELF, "the device")
    lines = [visible(line) for line in _cut(detail.strip()).splitlines() if line.strip()]
    return f": {lines[0]}" + "".join(f"\n      {line}" for line in lines[1:]) if lines else ""


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_DETAIL else f"{text[:_LONGEST_DETAIL]}…"


def _common_wave(same: Sequence[DeviceInRollout]) -> str:
    return f"; {_wave(same[0].wave)}" if len({device.wave for device in same}) == 1 else ""


def _wave(wave: int | None) -> str:
    if wave is None:
        return "not planned"
    return "canary" if wave == 0 else f"wave {wave}"
