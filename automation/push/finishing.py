"""Steps 5 and 6: check over a fresh session, then confirm and save, or undo; and finding out what a lost one did."""

from contextlib import closing
from dataclasses import dataclass

from automation.config.compare import Observation
from automation.config.reading import read_device
from automation.config.tree import Tree
from automation.platforms.contract import (
    AnswerTimeoutError,
    LockedError,
    LoginRefusedError,
    NotSavedError,
    Pending,
    PlatformError,
    Session,
    SessionLostError,
    UnconfirmedError,
)
from automation.push.attempt import Attempt, await_quiet, differs, shown, why
from automation.push.checking import check, not_reachable
from automation.push.connecting import opened, session
from automation.push.telling import Teller
from automation.push.undoing import Undoer
from automation.push.work import Desk, Work
from events.reports import (
    CheckResult,
    DriftNoted,
    OrderReturned,
    Outcome,
    PushFailed,
    PushReverted,
    PushUnknown,
    PushVerified,
)
from events.values import Cause, Reason, UndoRank

#: How often a session may be lost in the middle of finishing before the device is called unknown.
_LOOKS = 3
#: Between two looks at a timer that is due, in seconds.
_INSTANT = 0.1


@dataclass(frozen=True, slots=True)
class _Undo:
    """The verdict that the write has to go. ``entered``: whether any of it is there, or only armed."""

    reason: Reason
    checks: tuple[CheckResult, ...] = ()
    entered: bool = True


@dataclass(frozen=True, slots=True)
class Finisher:
    """Brings a write that was begun to its one outcome."""

    work: Work
    desk: Desk
    teller: Teller
    attempt: Attempt

    def finish(self) -> Outcome:
        """After a commit: checks over a fresh session, then the confirmation or the undo."""
        within = self.work.timing.within
        deadline = self.desk.monotonic() + within.total_seconds()
        try:
            fresh = opened(self.work, self.teller, within)
        except PlatformError as error:
            reason = Reason(cause=Cause.ACCESS_LOST, detail=f"after the commit no fresh session opened: {error}"[:3000])
            return self.undo(reason, (not_reachable(error),), shut_out=isinstance(error, LoginRefusedError))
        with closing(fresh):
            verdict = self._judged(fresh, deadline)
        decided = self._decided(self._look_again(), alone=False) if verdict is None else self._decided(verdict)
        return decided or self._gone("nothing of the change is there any more")

    def _judged(self, fresh: Session, deadline: float) -> Outcome | _Undo | None:
        """The verdict over the first fresh session; None where it was lost."""
        try:
            return self._judge(fresh, deadline, confirm=self.attempt.undo is not UndoRank.NONE)
        except (SessionLostError, AnswerTimeoutError):
            return None
        except PlatformError as error:
            return _Undo(why(error, self.work))

    def find_out(self, lost: str) -> Outcome | None:
        """After a session was lost, or its worker: what is there is confirmed where healthy, undone where not.

        Returns:
            None where nothing of the attempt is there, nor will be.
        """
        return self._decided(self._look_again(lost), alone=False)

    def undo(self, reason: Reason, checks: tuple[CheckResult, ...] = (), *, shut_out: bool = False) -> Outcome:
        """Takes back what the attempt did, and says so once it was read back."""
        return self._undone(Undoer(self.work, self.teller, self.attempt), reason, checks, shut_out=shut_out)

    def _undone(
        self, undoer: Undoer, reason: Reason, checks: tuple[CheckResult, ...], *, shut_out: bool = False
    ) -> Outcome:
        remark = self._taken_back(undoer, reason, shut_out=shut_out)
        if isinstance(remark, PushUnknown):
            return remark
        detail = f"{reason.detail}\n{remark}".strip()
        return self.teller.outcome(PushReverted, reason=Reason(cause=reason.cause, detail=detail[:4000]), checks=checks)

    def withdraw(self, kind: type[OrderReturned | PushFailed], reason: Reason) -> Outcome:
        """No line was sent, but the undo may be armed: disarms it, and ends as it is said."""
        failed = self._taken_back(Undoer(self.work, self.teller, self.attempt, gently=True), reason)
        return failed if isinstance(failed, PushUnknown) else self.teller.outcome(kind, reason=reason)

    def _taken_back(self, undoer: Undoer, reason: Reason, *, shut_out: bool = False) -> str | PushUnknown:
        """What an undo has to remark, or that it failed."""
        try:
            return undoer.undo(shut_out=shut_out)
        except PlatformError as error:
            failed = f"{reason}; then the undo failed: {why(error, self.work)}"
            return self.teller.outcome(PushUnknown, reason=Reason(cause=Cause.UNDO_FAILED, detail=failed[:4000]))

    def _gone(self, detail: str) -> Outcome:
        return self.teller.outcome(PushReverted, reason=Reason(cause=Cause.ACCESS_LOST, detail=detail))

    def _decided(self, verdict: Outcome | _Undo | None, *, alone: bool = True) -> Outcome | None:
        """Carries a verdict out. ``alone``: nobody can be entering lines any more."""
        if not isinstance(verdict, _Undo):
            return verdict
        undoer = Undoer(self.work, self.teller, self.attempt, alone=alone or self.work.platform.abilities.atomic)
        if verdict.entered:
            return self._undone(undoer, verdict.reason, verdict.checks)
        remark = self._taken_back(undoer, verdict.reason)
        if isinstance(remark, PushUnknown):
            return remark
        if remark:
            self.teller.announce(DriftNoted, detail=remark)
        return None

    def _look_again(self, lost: str = "the session was lost") -> Outcome | _Undo | None:
        """Reads the device back until a session lasts long enough to decide."""
        for _ in range(_LOOKS):
            try:
                with session(self.work, self.teller, self.attempt.patience(self.work, self.desk)) as fresh:
                    return self._resolve(fresh, lost)
            except (SessionLostError, AnswerTimeoutError) as error:
                lost = str(error)
            except PlatformError as error:
                return self.teller.outcome(PushUnknown, reason=why(error, self.work))
        return self.teller.outcome(PushUnknown, reason=Reason(cause=Cause.ACCESS_LOST, detail=lost[:4000]))

    def _resolve(self, fresh: Session, lost: str) -> Outcome | _Undo | None:
        seen = self._settled(fresh)
        if seen is None:
            detail = f"{lost}; what the device runs is still being changed"
            return self.teller.outcome(PushUnknown, reason=Reason(cause=Cause.DIFF_DIFFERS, detail=detail[:4000]))
        pending = self._after_unnamed(fresh, seen)
        if pending is not None and not self.attempt.owns(pending, self.work):
            whose = pending.label or "under the login that is used here, but not by this order"
            reason = Reason(cause=Cause.DEVICE_LOCKED, detail=f"a commit of somebody else ({whose}) is pending")
            return self.teller.outcome(PushUnknown, reason=reason)
        if self.attempt.took_effect(seen, self.work):
            deadline = self.desk.monotonic() + self.work.timing.within.total_seconds()
            return self._judge(fresh, deadline, confirm=pending is not None)
        if not self.attempt.left_nothing(seen):
            return _Undo(differs(seen, self.attempt.comparison.edits, self.work))
        if pending is not None:
            armed = Reason(cause=Cause.ACCESS_LOST, detail=f"{lost}; the undo is armed and nothing was entered"[:4000])
            return _Undo(armed, entered=False)
        fresh.discard(self.attempt.label)
        return None

    def _after_unnamed(self, fresh: Session, seen: Observation) -> Pending | None:
        """What is pending, once a timer has run out that may be ours or a person's: nothing shows which.

        It has no name, an earlier worker may have set it, and nothing of the attempt is there. Reverting it might take
        a person's change away; if it is ours, there is nothing that it guards.

        Raises:
            LockedError: it does not run out, so somebody sets it anew.
        """
        deadline = self.desk.monotonic() + self.attempt.patience(self.work, self.desk).total_seconds()
        while self.desk.monotonic() < deadline:
            pending = fresh.pending()
            if pending is None or pending.label is not None or self.attempt.armed_here:
                return pending
            if not (self.attempt.owns(pending, self.work) and self.attempt.left_nothing(seen)):
                return pending
            self.desk.sleep(min(pending.left, 10 * self.work.timing.pause).total_seconds() or _INSTANT)
        raise LockedError(f"{self.work.device}: a revert timer runs that is not this order's")

    def _settled(self, fresh: Session) -> Observation | None:
        """What became of the attempt, once nobody is entering lines any more; None where that does not end.

        Whoever began it may be entering lines yet, without a lease: frozen for a while, or at a device that is slow.
        What is there in whole has no line to come.
        """
        before: Observation | None = None
        deadline = self.desk.monotonic() + self.work.timing.give_up.total_seconds()
        while True:
            began = self.desk.monotonic()
            _, seen = self.attempt.observed(fresh, self.work)
            if self.work.platform.abilities.atomic or self.attempt.took_effect(seen, self.work):
                return seen
            if before is not None and (before.edits, before.strays) == (seen.edits, seen.strays):
                return seen
            if self.desk.monotonic() >= deadline:
                return None
            before = seen
            await_quiet(self.work, self.desk, self.desk.monotonic() - began)

    def _judge(self, fresh: Session, deadline: float, *, confirm: bool) -> Outcome | _Undo:
        results = check(fresh, self.work, self.desk, deadline)
        failed = [result for result in results if not result.passed]
        if failed:
            detail = "; ".join(f"{result.name}: {result.seen}" for result in failed)
            return _Undo(Reason(cause=Cause.CHECKS_FAILED, detail=detail[:3000]), results)
        # Compared before the confirmation, while the device's own timer can still undo it: see docs/adr/0005.
        now, seen = self.attempt.observed(fresh, self.work)
        if not self.attempt.took_effect(seen, self.work):
            return _Undo(differs(seen, self.attempt.comparison.edits, self.work), results)
        self.desk.may_confirm()
        try:
            if confirm:
                self._confirm(fresh)
            self._save(fresh, now)
        except UnconfirmedError as error:
            return _Undo(why(error, self.work), results)
        except NotSavedError as error:
            return _Undo(Reason(cause=Cause.NOT_SAVED, detail=str(error)[:3000]), results)
        self._note_company(seen)
        return self._verified(now, seen, results)

    def _note_company(self, seen: Observation) -> None:
        """Whatever somebody else changed meanwhile was saved along: a device saves all that it runs."""
        if seen.foreign:
            detail = f"meanwhile somebody else changed, and it was saved as well:\n{shown(seen.foreign, self.work)}"
            self.teller.announce(DriftNoted, detail=detail)

    def _confirm(self, fresh: Session) -> None:
        """Confirms, and proves it by the timer's state rather than by the absence of an error."""
        fresh.confirm(self.attempt.label)
        if fresh.pending() is not None:
            raise UnconfirmedError("the timer still runs after the confirmation")

    def _save(self, fresh: Session, now: Tree) -> None:
        """Saves, and compares what was saved: without it the next power cut would take the change away."""
        fresh.save()
        startup = read_device(fresh.startup(), self.work.platform.vendor)
        if self._digest(startup) != self._digest(now):
            raise NotSavedError("the device says that it saved, but its startup configuration lacks the change")

    def _verified(self, now: Tree, seen: Observation, results: tuple[CheckResult, ...]) -> Outcome:
        observed = self.desk.keep(shown(seen.edits, self.work, most=1_000_000).encode(), secret=False)
        return self.teller.outcome(
            PushVerified, before=self.attempt.kept, after=self._digest(now), observed=observed, checks=results
        )

    def _digest(self, tree: Tree) -> str:
        """The digest of the touched sections."""
        touched = self.attempt.comparison.touched
        return self.work.digester.tree(tree.where(lambda line: line.text in touched), self.work.platform.vendor)
