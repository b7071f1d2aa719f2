"""Halts: what is to be stopped, and whether anything of it is there."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from automation.rollout.states import ACTIVE, IN_FLIGHT
from console.errors import UnknownIdError, UsageError, ViewsError
from console.home import Home
from console.telling import counted
from events.control import Subject
from inventory.problems import InventoryError
from workers.bootstrap_stores import read_estate

_ROLLOUT = re.compile(r"r-[a-z2-7]{8}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """What was asked to be stopped. A halt must need neither views nor a readable inventory, so ``doubts`` say what
    could not be told: a halt on a name that nothing has stops nothing.
    """

    subjects: tuple[Subject, ...]
    doubts: tuple[str, ...]


def stop_for(
    home: Home, rollout: str | None, sites: Sequence[str], devices: Sequence[str], *, everything: bool
) -> Stop:
    """What is to be stopped.

    Raises:
        UsageError: nothing was named, or everything and something.
        UnknownIdError: there is no such rollout.
    """
    if bool(rollout or sites or devices) == everything:
        raise UsageError("halt what? A rollout's ID, --site, --device, or --all")
    doubts: list[str] = []
    subjects: list[Subject] = [Subject(kind="all")] if everything else []
    if rollout is not None:
        subjects.append(Subject(kind="rollout", name=_rollout(home, rollout, doubts)))
    subjects += [Subject(kind="site", name=name) for name in sites]
    subjects += [Subject(kind="device", name=name) for name in devices]
    return Stop(subjects=tuple(subjects), doubts=tuple(doubts))


def _rollout(home: Home, name: str, doubts: list[str]) -> str:
    try:
        with home.views() as views:
            return views.rollout(name).id
    except (ViewsError, UnknownIdError) as error:
        if not _ROLLOUT.fullmatch(name):
            raise
        doubts.append(f"whether there is a rollout {name} cannot be told: {error}")
        return name


def unknown(home: Home, sites: Sequence[str], devices: Sequence[str]) -> Iterator[str]:
    """Doubts about names of sites and devices; to be looked at after the halt is written, since it takes a while."""
    if not sites and not devices:
        return
    try:
        estate = read_estate(home.settings)
    except InventoryError as error:
        yield f"whether these names exist cannot be told, the inventory cannot be used: {error}"
        return
    yield from (f"the inventory has no site {name!r}; is it spelt right?" for name in sites if name not in estate.sites)
    yield from (
        f"the inventory has no device {name!r}; is it spelt right?" for name in devices if name not in estate.devices
    )


def in_flight(home: Home, subjects: Sequence[Subject]) -> int | None:
    """How many devices are being changed there, as far as the views know."""
    try:
        with home.views() as views:
            running = views.rollouts([state.value for state in ACTIVE])
            states = [state.value for state in IN_FLIGHT]
            moving = [(rollout.id, device) for rollout in running for device in views.devices(rollout.id, states)]
    except ViewsError:
        return None
    names = {str(subject) for subject in subjects}
    return sum(
        not names.isdisjoint({"all", f"rollout:{rollout}", f"site:{device.site}", f"device:{device.device}"})
        for rollout, device in moving
    )


def stop_lines(stop: Stop, moving: int | None, *, revert: bool) -> Iterator[str]:
    """What is to be stopped, for a confirmation: nothing of it is done yet."""
    yield f"This stops {_everything(stop)}: nothing new will start there until the halt is lifted."
    if moving is not None:
        yield f"{counted(moving, 'device')} in flight will settle: healthy pushes are confirmed, others undone."
    if revert:
        yield "What was in flight and went well will be undone too, at the rollout's own pace."


def _everything(stop: Stop) -> str:
    subjects = ", ".join(str(subject).replace(":", " ", 1) for subject in stop.subjects)
    return "everything" if subjects == "all" else subjects
