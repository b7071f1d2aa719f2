"""A sealed plan as people review it: by what it would do, not device by device."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from automation.change.packing import open_bundle
from automation.rollout.states import DeviceState
from console.errors import ConsoleError
from console.queries import ViewsReader
from console.views import DeviceInRollout, Rollout
from events.blobs.contract import BlobStore
from events.plans import Plan, PlannedDevice, address_of
from events.values import Access, UndoRank


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffClass:
    """Devices whose differences are the same but for their own values. ``diff`` is that of ``example``, redacted."""

    id: str
    devices: int
    sites: int
    regions: tuple[str, ...]
    platforms: tuple[str, ...]
    undo: Mapping[str, int]
    added: int
    removed: int
    example: str
    diff: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A target that is not in the plan, and why."""

    device: str
    state: str
    cause: str | None
    detail: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsaved:
    """A device on which others left lines unsaved, and how many."""

    device: str
    lines: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanReview:
    """What is to be approved. ``plan`` is the hash that an approval is given to.

    ``no_undo`` are the devices that nothing would bring back by itself and that are reached in-band. In ``mode``
    "replace" all that the change does not have goes, but for what falls under the prefixes in ``keep``.
    """

    rollout: str
    plan: str
    change: str
    mode: str
    keep: tuple[str, ...]
    title: str
    ticket: str
    team: str
    authors: tuple[str, ...]
    wanted: Mapping[str, int]
    devices: int
    sites: tuple[str, ...]
    regions: tuple[str, ...]
    waves: tuple[int, ...]
    classes: tuple[DiffClass, ...]
    undo: Mapping[str, int]
    no_undo: tuple[str, ...]
    unsaved: tuple[Unsaved, ...]
    left_out: tuple[LeftOut, ...]


def review(views: ViewsReader, blobs: BlobStore, rollout: Rollout) -> PlanReview:
    """The plan of a rollout.

    Raises:
        ConsoleError: it has none (yet).
        BlobError, AutomationError: the plan or its change cannot be read.
    """
    if rollout.plan is None:
        raise ConsoleError(
            f"rollout {rollout.id} is {rollout.state} and has no plan; 'wavegate rollout show' tells why"
        )
    plan = Plan.model_validate_json(blobs.get(address_of(rollout.plan)))
    change = open_bundle(blobs.get(address_of(plan.change)))
    unplanned = [device for device in views.devices(rollout.id) if device.wave is None]
    return PlanReview(
        rollout=rollout.id,
        plan=rollout.plan,
        change=plan.change,
        mode=change.mode,
        keep=change.keep,
        title=plan.title,
        ticket=plan.ticket,
        team=plan.team,
        authors=plan.authors,
        wanted={wanted.area: wanted.count for wanted in plan.approvals},
        devices=len(plan.devices),
        sites=tuple(sorted({device.site for device in plan.devices})),
        regions=tuple(sorted({device.region for device in plan.devices})),
        waves=tuple(len(wave) for wave in plan.waves),
        classes=tuple(_classes(plan.devices, blobs)),
        undo=_ranks(plan.devices),
        no_undo=tuple(device.device for device in plan.devices if _irreversible(device)),
        unsaved=tuple(
            Unsaved(device=device.device, lines=device.foreign_unsaved)
            for device in plan.devices
            if device.foreign_unsaved
        ),
        left_out=tuple(map(_left_out, unplanned)),
    )


def _classes(devices: Sequence[PlannedDevice], blobs: BlobStore) -> Iterable[DiffClass]:
    """The largest first, so that the outliers stand together at the end."""
    groups: dict[str, list[PlannedDevice]] = {}
    for device in devices:
        groups.setdefault(device.diff_class, []).append(device)
    for name, group in sorted(groups.items(), key=lambda item: (-len(item[1]), item[0])):
        example = group[0]
        yield DiffClass(
            id=name,
            devices=len(group),
            sites=len({device.site for device in group}),
            regions=tuple(sorted({device.region for device in group})),
            platforms=tuple(sorted({device.platform for device in group})),
            undo=_ranks(group),
            added=example.added,
            removed=example.removed,
            example=example.device,
            diff=blobs.get(example.diff_text).decode(errors="replace"),
        )


def _ranks(devices: Iterable[PlannedDevice]) -> dict[str, int]:
    counts = Counter(device.undo.value for device in devices)
    return {rank.value: counts[rank.value] for rank in UndoRank if counts[rank.value]}


def _irreversible(device: PlannedDevice) -> bool:
    return device.undo is UndoRank.NONE and device.access is Access.IN_BAND


def _left_out(device: DeviceInRollout) -> LeftOut:
    unchanged = device.state == DeviceState.UNCHANGED
    detail = "is already as the change wants it" if unchanged else device.detail
    return LeftOut(device=device.device, state=device.state, cause=device.cause, detail=detail)
