"""A login on an FRR router.

Lines take effect one by one. The router's dead-man is armed before the first of them: it brings back the whole running
configuration as it was, others' edits included. Being armed is also what keeps our processes apart.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta

from automation.platforms.answers import whole
from automation.platforms.commands import only_looks
from automation.platforms.contract import (
    DeviceFullError,
    ForbiddenCommandError,
    IncompleteAnswerError,
    Limits,
    LineRejectedError,
    LockedError,
    NotSavedError,
    Pending,
    PlatformError,
    RefusedCommandError,
    freely,
)
from automation.platforms.frr import sayings
from automation.platforms.frr.deadman import DeadMan
from automation.platforms.frr.entering import Entry, Place, entries
from automation.platforms.shell import Shell
from automation.platforms.staging import StagedLines
from automation.platforms.ways import Way
from events.values import UndoRank

#: Writing the configuration goes through watchfrr and every daemon.
_SLOW = 4


class FrrSession:
    """See :class:`automation.platforms.contract.Session`."""

    def __init__(self, shell: Shell, deadman: DeadMan, way: Way, name: str, limits: Limits) -> None:
        self._shell = shell
        self._deadman = deadman
        self._way = way
        self._name = name
        self._slow = _SLOW * limits.answer
        self._staged = StagedLines(name, "frr", entries)
        self._rank: UndoRank | None = None
        self._armed: str | None = None

    def running(self) -> str:
        """See the contract."""
        said = self._shell.ask("show running-config").text
        if not whole(said, "end"):
            raise IncompleteAnswerError(f"{self._name}: 'show running-config' does not come to its end")
        return sayings.configuration(said)

    def startup(self) -> str:
        """What the dead-man reads from the router's disk: vtysh shows none of it."""
        return self._deadman.startup()

    def undo_rank(self) -> UndoRank:
        """The dead-man where it is installed, nothing elsewhere."""
        if self._rank is None:
            self._rank = UndoRank.DEAD_MAN if self._deadman.installed() else UndoRank.NONE
        return self._rank

    def lock(self, label: str) -> None:
        """Looks whether another order's dead-man is armed. vtysh has no lock, and people show up only in what runs."""
        if self.undo_rank() is UndoRank.NONE:
            return
        pending = self._deadman.pending()
        if pending is not None and pending.label != label.removesuffix("u"):
            raise LockedError(f"{self._name}: {self._deadman.holder() or f'{pending.label} is armed'}")

    def stage(self, lines: Sequence[str], *, label: str, replace: bool) -> str | None:
        """Keeps the lines: vtysh shows no candidate."""
        self._staged.put(label, lines, replace=replace)
        return None

    def discard(self, label: str) -> None:
        """See the contract."""
        self._staged.drop(label)

    def arm(self, label: str, timer: timedelta) -> None:
        """See the contract; arming proves first that what runs could be restored, which takes its time."""
        self._deadman.arm(label, timer)
        self._armed = label

    def commit(self, label: str, timer: timedelta | None, permit: Callable[[], None] = freely) -> None:
        """See the contract."""
        todo = self._staged.take(label, timer=timer, armed=self._armed)
        self._configure(label)
        try:
            self._enter_all(todo, permit)
        except BaseException:  # whatever the permit raises too: it is not known here
            self._leave()
            raise
        self._shell.ask("end")

    def pending(self) -> Pending | None:
        """See the contract."""
        return self._deadman.pending() if self.undo_rank() is UndoRank.DEAD_MAN else None

    def confirm(self, label: str) -> None:
        """See the contract."""
        self._deadman.confirm(label)

    def revert(self, label: str) -> None:
        """Has the router bring back what ran; every shell of the account ends by it."""
        self._deadman.revert(label)

    def save(self) -> None:
        """See the contract."""
        said = self._shell.ask("write memory", limit=self._slow).text
        if sayings.NO_SPACE.search(said):
            raise DeviceFullError(f"{self._name} has no room to save: {said.strip()[:300]!r}")
        if sayings.SAVED not in said.split():
            raise NotSavedError(f"{self._name} does not say that it saved: {said.strip()[:300]!r}")

    def show(self, command: str) -> str:
        """See the contract; `ping` is none of them here."""
        checked = only_looks(command)
        if sayings.ENDLESS.match(checked):
            raise ForbiddenCommandError(
                f"{command[:200]!r} is not sent: on frr a ping never ends; look at its routes and neighbors instead"
            )
        return self._shell.ask(checked).text

    def close(self) -> None:
        """See the contract."""
        self._shell.disconnect()
        self._deadman.close()
        self._way.close()

    # Configuration.

    def _configure(self, label: str) -> None:
        """Enters configuration mode; where it cannot, nothing stays armed."""
        answer = self._shell.ask("configure terminal")
        if not answer.configuring:
            if self._armed == label:
                self._deadman.confirm(label)
            raise RefusedCommandError(f"{self._name}: 'configure terminal': {answer.text.strip()[:300]}")

    def _enter_all(self, todo: Sequence[Entry], permit: Callable[[], None]) -> None:
        place = Place()
        for entry in todo:
            while place.depth > entry.depth:
                self._shell.ask("exit")
                place.left()
            if entry.depth > place.depth:
                raise LineRejectedError(
                    entry.line, "not sent: the line before it opened no section that it could be in"
                )
            permit()
            self._enter(entry, place)

    def _enter(self, entry: Entry, place: Place) -> None:
        answer = self._shell.ask(entry.line)
        refused = sayings.refusal(answer.text)
        if refused or not answer.configuring:
            raise LineRejectedError(entry.line, refused or "it left configuration mode")
        place.took(entry, answer.mode)

    def _leave(self) -> None:
        """Leaves configuration mode, by the session's end where there is no other way."""
        try:
            if self._shell.ask("end").configuring:
                self._shell.disconnect()
        except PlatformError:
            self._shell.disconnect()
