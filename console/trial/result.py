"""What came of a trial, for people and for machines."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from automation.rollout.states import DeviceState
from console.plans import PlanReview
from console.telling import counted
from console.views import DeviceInRollout
from inventory.estate import Estate

D = DeviceState

#: A device on which everything went as it should: changed and brought back, or as wanted from the beginning.
_WELL = frozenset({(D.VERIFIED, D.ROLLED_BACK), (D.UNCHANGED, D.UNCHANGED)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What came of it on one device: after the push, and at the end. ``left`` is what the device has at the end that
    it had not at the beginning, or the other way round.
    """

    device: str
    role: str
    platform: str
    pushed: str
    cause: str | None
    detail: str | None
    ended: str
    left: str

    @property
    def well(self) -> bool:
        """Whether it was changed, verified and brought back, with nothing left."""
        return (self.pushed, self.ended) in _WELL and not self.left


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of a trial."""

    ok: bool
    seconds: float
    rollout: str
    state: str
    devices: tuple[Tried, ...]
    plan: PlanReview | None
    left_out: Mapping[str, int]


def tried(
    estate: Estate, pushed: Sequence[DeviceInRollout], ended: Mapping[str, str], left: Mapping[str, str]
) -> tuple[Tried, ...]:
    """What came of it on each device."""
    return tuple(
        Tried(
            device=device.device,
            role=estate.devices[device.device].role,
            platform=device.platform,
            pushed=device.state,
            cause=device.cause,
            detail=device.detail,
            ended=ended[device.device],
            left=left[device.device],
        )
        for device in pushed
    )


def closing(result: Result) -> Iterator[str]:
    """The end of the story."""
    for device in result.devices:
        if device.left:
            yield f"  {device.device} is not as it was before:"
            yield from (f"      {line}" for line in device.left.splitlines())
    well = sum(device.well for device in result.devices)
    if result.ok:
        yield f"All went well on {counted(well, 'device')}, and each is as it was before ({result.seconds:.0f} s)."
    else:
        yield f"It went well on {well} of {counted(len(result.devices), 'device')} ({result.seconds:.0f} s)."
