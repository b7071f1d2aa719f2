"""Undo: by the device's own means where something is pending, then by what is read back."""

from contextlib import suppress
from dataclasses import dataclass

from automation.config.compare import undo
from automation.config.difference import Difference
from automation.config.tree import Tree
from automation.platforms.contract import (
    AnswerTimeoutError,
    LoginRefusedError,
    Session,
    SessionLostError,
    UnconfirmedError,
)
from automation.push.attempt import Attempt, shown
from automation.push.connecting import session
from automation.push.work import Desk, Work
from events.values import UndoRank

#: How often it is looked and acted before the undo counts as failed. A revert may cost its own session each time.
_ROUNDS = 4


@dataclass(frozen=True, slots=True)
class Undoer:
    """Takes back what an attempt did to a device."""

    work: Work
    desk: Desk
    attempt: Attempt

    def undo(self) -> str:
        """Undoes, and reads back that it is undone.

        Returns:
            What else is to be said: edits of others which the device may have taken back together with ours.

        Raises:
            PlatformError: the device could not be brought back, or not be asked.
        """
        remark = ""
        for _ in range(_ROUNDS):
            try:
                with session(self.work, self.desk, self.attempt.patience(self.work, self.desk)) as fresh:
                    if self._is_pending(fresh):
                        remark = self._revert(fresh)
                    elif self._is_back(fresh):
                        return remark
            except LoginRefusedError:
                self._await_timer()
            except (SessionLostError, AnswerTimeoutError):
                continue
        raise UnconfirmedError(f"the device is not back after {_ROUNDS} attempts")

    def _is_pending(self, fresh: Session) -> bool:
        if self.attempt.undo is UndoRank.NONE:
            return False
        pending = fresh.pending()
        return pending is not None and pending.label in {None, self.attempt.label}

    def _revert(self, fresh: Session) -> str:
        _, seen = self.attempt.observed(fresh, self.work)
        self.desk.may_confirm()
        # The revert takes the session with it where it restores the path or reloads; what it did is read back.
        with suppress(SessionLostError, AnswerTimeoutError):
            fresh.revert(self.attempt.label)
        if not seen.foreign:
            return ""
        return f"meanwhile somebody else changed, and the undo may have taken back:\n{shown(seen.foreign, self.work)}"

    def _is_back(self, fresh: Session) -> bool:
        now, seen = self.attempt.observed(fresh, self.work)
        if self.attempt.left_nothing(seen):
            return True
        self._take_back(fresh, now, seen.strays)
        _, left = self.attempt.observed(fresh, self.work)
        return self.attempt.left_nothing(left)

    def _take_back(self, fresh: Session, now: Tree, strays: Difference) -> None:
        """Enters the lines that bring the touched sections back, from what is read and not from what was planned."""
        touched, vendor = self.attempt.comparison.touched, self.work.platform.vendor
        lines = undo(now, self.attempt.running, touched, vendor, strays)
        label = f"{self.attempt.label}u"
        self.desk.may_confirm()
        fresh.lock(label)
        fresh.stage(lines, label=label, replace=False)
        fresh.commit(label, None)

    def _await_timer(self) -> None:
        """Waits for the device's own undo, where trying to log in meanwhile would lock the account."""
        left = (self.attempt.timer_ends or 0) - self.desk.monotonic()
        if left <= 0:
            raise LoginRefusedError("the login is refused, and no timer runs that would undo it")
        self.desk.sleep(left + self.work.timing.pause.total_seconds())
