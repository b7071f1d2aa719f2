"""Undo: by the device's own means where something is pending, then by what is read back."""

from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from automation.config.compare import undo
from automation.config.difference import Difference
from automation.config.reading import read_device
from automation.config.tree import Tree
from automation.platforms.contract import (
    AnswerTimeoutError,
    LineRejectedError,
    LockedError,
    LoginRefusedError,
    PlatformError,
    Session,
    SessionLostError,
    UnconfirmedError,
)
from automation.push.attempt import Attempt, await_quiet, fence, shown
from automation.push.connecting import session
from automation.push.telling import Teller
from automation.push.work import Desk, Work
from events.values import Cause, UndoRank

#: How often it is looked and acted before the undo counts as failed. A revert may cost its own session each time.
_ROUNDS = 8
#: From this round on a dead-man that restarts the device is set off. Before, the lines are taken back: a restart takes
#: the site down.
_LAST_RESORT = 2


class NotUndoneError(PlatformError):
    """The device could not be brought back to what it was."""

    cause = Cause.UNDO_FAILED


@dataclass(frozen=True, slots=True)
class Undoer:
    """Takes back what an attempt did to a device.

    ``gently``: no line was sent, so that disarming is enough. ``alone``: nobody else can be entering lines of it; else
    what is undone has to stay so.
    """

    work: Work
    teller: Teller
    attempt: Attempt
    gently: bool = False
    alone: bool = True

    @property
    def _desk(self) -> Desk:
        return self.teller.desk

    def undo(self, *, shut_out: bool = False) -> str:
        """Undoes, and reads back that it is undone, in startup too.

        ``shut_out``: the login was refused just now, so the device's own undo is waited for before the next one.

        Returns:
            What else is to be said: edits of others which the device may have taken back together with ours.

        Raises:
            PlatformError: the device could not be brought back, or not be asked.
        """
        remarks: list[str] = []
        trouble = "it is not what it was"
        stayed = self.alone
        if shut_out:
            self._await_timer()
        for number in range(_ROUNDS):
            try:
                with session(self.work, self.teller, self.attempt.patience(self.work, self._desk)) as fresh:
                    began = self._desk.monotonic()
                    undone = self._is_undone(fresh, remarks, number)
                if undone and stayed:
                    return "\n".join(remarks)
                stayed = self.alone or undone
                if undone:
                    await_quiet(self.work, self._desk, self._desk.monotonic() - began)
            except LoginRefusedError:
                self._await_timer()
            except (SessionLostError, AnswerTimeoutError, LockedError) as error:
                trouble = str(error)
                self._desk.sleep(self.work.timing.pause.total_seconds())
        raise NotUndoneError(f"after {_ROUNDS} attempts the device is not back: {trouble}")

    def _is_undone(self, fresh: Session, remarks: list[str], number: int) -> bool:
        if not self._is_pending(fresh):
            return self._is_back(fresh) and self._is_saved(fresh)
        if number >= _LAST_RESORT or not (self.gently or self.attempt.restarts(self.work)):
            remarks += self._revert(fresh)
            return False
        # The dead-man stays armed until what was entered is seen to be gone.
        with suppress(LineRejectedError):
            if self._is_back(fresh):
                self._desk.may_confirm()
                fresh.confirm(self.attempt.label)
        return False

    def _is_pending(self, fresh: Session) -> bool:
        if self.attempt.undo is UndoRank.NONE:
            return False
        pending = fresh.pending()
        return pending is not None and self.attempt.owns(pending, self.work)

    def _revert(self, fresh: Session) -> list[str]:
        """Has the device revert; gives what others changed since, if anything."""
        _, seen = self.attempt.observed(fresh, self.work)
        self._desk.may_confirm()
        # The revert takes the session with it where it restores the path or reloads; what it did is read back.
        # A timer that was faster, or an undo of the device's that failed, is found by reading back as well.
        with suppress(SessionLostError, AnswerTimeoutError, UnconfirmedError):
            fresh.revert(self.attempt.label)
        if not seen.foreign:
            return []
        return [f"meanwhile somebody else changed, and the undo may have taken back:\n{shown(seen.foreign, self.work)}"]

    def _is_back(self, fresh: Session) -> bool:
        now, seen = self.attempt.observed(fresh, self.work)
        if self.attempt.left_nothing(seen):
            return True
        self._take_back(fresh, now, seen.strays)
        if not self.alone:
            return False
        _, left = self.attempt.observed(fresh, self.work)
        return self.attempt.left_nothing(left)

    def _take_back(self, fresh: Session, now: Tree, strays: Difference) -> None:
        """Enters the lines that bring the touched sections back, from what is read and not from what was planned."""
        touched, vendor = self.attempt.comparison.touched, self.work.platform.vendor
        lines = undo(now, self.attempt.running, touched, vendor, strays)
        label = f"{self.attempt.label}u"
        self._desk.may_confirm()
        fresh.lock(label)
        fresh.stage(lines, label=label, replace=False)
        fresh.commit(label, None, partial(fence, self._desk))

    def _is_saved(self, fresh: Session) -> bool:
        """Sees to it that startup does not bring the change back: it may have been saved before it was given up."""
        touched, vendor = self.attempt.comparison.touched, self.work.platform.vendor
        wanted = self.work.digester.tree(self.attempt.running.where(lambda line: line.text in touched), vendor)
        for _ in range(2):
            startup = read_device(fresh.startup(), vendor).where(lambda line: line.text in touched)
            if self.work.digester.tree(startup, vendor) == wanted:
                return True
            self._desk.may_confirm()
            fresh.save()
        return False

    def _await_timer(self) -> None:
        """Waits for the device's own undo, where trying to log in meanwhile would lock the account."""
        left = (self.attempt.timer_ends or 0) - self._desk.monotonic()
        if left <= 0:
            raise LoginRefusedError("the login is refused, and no timer runs that would undo it")
        self._desk.sleep(left + self.work.timing.pause.total_seconds())
