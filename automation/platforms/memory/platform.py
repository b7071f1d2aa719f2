"""The platform of devices in memory."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from automation.config.vendor import Vendor
from automation.platforms.contract import Abilities, Endpoint, Limits, Pending, Session, UnreachableError, freely
from automation.platforms.memory.device import MemoryDevice
from events.values import UndoRank

_ABILITIES = Abilities(
    atomic=True,
    candidate=True,
    lock=True,
    merge=True,
    replace=True,
    confirm_elsewhere=True,
    undo=(UndoRank.TIMER,),
    timer_step=timedelta(seconds=1),
    timer_longest=timedelta(hours=1),
)


@dataclass(frozen=True, slots=True)
class MemoryPlatform:
    """Finds its devices by name. Speaks ``vendor``'s language; everything takes effect together and under a timer."""

    name: str
    vendor: Vendor
    devices: Mapping[str, MemoryDevice]
    abilities: Abilities = _ABILITIES
    commands: tuple[str, ...] = ()

    def connect(self, device: Endpoint, via: Endpoint | None, limits: Limits) -> Session:  # noqa: ARG002 - the contract
        """See the contract."""
        found = self.devices.get(device.name)
        if found is None:
            raise UnreachableError(f"there is no {device.name} in memory")
        found.step("connect")
        return _MemorySession(found)


@dataclass(frozen=True, slots=True)
class _MemorySession:
    """See the contract, for each of these."""

    device: MemoryDevice

    def running(self) -> str:
        self.device.step("read running")
        return self.device.running.render()

    def startup(self) -> str:
        self.device.step("read startup")
        return self.device.startup.render()

    def undo_rank(self) -> UndoRank:
        return UndoRank.TIMER

    def lock(self, label: str) -> None:
        self.device.step(f"lock {label}")

    def stage(self, lines: Sequence[str], *, label: str, replace: bool) -> str | None:
        self.device.step(f"stage {label}")
        return self.device.stage(label, _indented(lines), replace=replace).render()

    def discard(self, label: str) -> None:
        self.device.step(f"discard {label}")
        self.device.discard(label)

    def arm(self, label: str, timer: timedelta) -> None:
        pass

    def commit(self, label: str, timer: timedelta | None, permit: Callable[[], None] = freely) -> None:
        permit()
        self.device.step(f"commit {label}")
        self.device.commit(label, timer)
        self.device.step(f"committed {label}")

    def pending(self) -> Pending | None:
        self.device.step("read pending")
        return self.device.pending()

    def confirm(self, label: str) -> None:
        self.device.step(f"confirm {label}")
        self.device.confirm(label)

    def revert(self, label: str) -> None:
        self.device.step(f"revert {label}")
        self.device.revert(label)

    def save(self) -> None:
        self.device.step("save")
        self.device.save()

    def show(self, command: str) -> str:
        self.device.step(f"show {command}")
        return self.device.running.render()

    def close(self) -> None:
        pass


#: Lines that open a section; what follows is in it until another one opens, or "exit" leaves a nested one.
_SECTION = re.compile(r"(?:interface|router|vlan \d|ip access-list|line (?:vty|con)|management|route-map|policy-map) ?")
_NESTED = re.compile(r"(?:address-family|vrf|class) ")


def _indented(lines: Sequence[str]) -> str:
    """Lines as they are typed, indented as the device would show them."""
    text: list[str] = []
    depth = 0
    for line in (line.strip() for line in lines):
        if line == "exit":
            depth = max(0, depth - 1)
            continue
        if _SECTION.match(line) or (_SECTION.match(line.removeprefix("no ")) and depth == 1):
            depth = 0
        text.append(" " * depth + line)
        if _SECTION.match(line):
            depth = 1
        elif depth and _NESTED.match(line):
            depth += 1
    return "\n".join(text)
