"""The push protocol: one order, one device, seven steps. docs/architecture.md has it in words.

1. Say what is intended.  2. Open, lock, read, compare.  3. Stage, and compare what the device would make of it.
4. The undo is armed, the point of no return, the commit.  5. Checks over a fresh session.  6. Compare what is read
back, confirm, save, compare what was saved.  7. Say how it ended.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from automation.config.compare import Comparison, observe
from automation.config.difference import Difference, difference
from automation.config.reading import read_device
from automation.config.secrets import redacted, unsalted
from automation.config.tree import Tree
from automation.platforms.contract import (
    AnswerTimeoutError,
    LineRejectedError,
    LockedError,
    PlatformError,
    Session,
    SessionLostError,
)
from automation.push.attempt import Attempt, differs, shown, timer, why
from automation.push.before import pack
from automation.push.connecting import session
from automation.push.finishing import Finisher
from automation.push.telling import Teller
from automation.push.work import Desk, Earlier, ForbiddenError, LeaseLostError, Work
from events.reports import (
    AlreadyApplied,
    DriftFound,
    DriftNoted,
    OrderReturned,
    Outcome,
    PushFailed,
    PushIntended,
    PushRefused,
    PushReverted,
    PushStaged,
    PushUnknown,
)
from events.values import Access, Cause, Reason, UndoRank


def push(work: Work, desk: Desk) -> Outcome:
    """Carries an order out on its device, or leaves the device as it was.

    Returns:
        The order's one outcome, still to be published.

    Raises:
        LeaseLostError: the order is somebody else's now; nothing is to be published.
    """
    teller = Teller(work.order, work.rollout, work.device, work.worker, desk, desk.monotonic())
    teller.announce(PushIntended)
    try:
        if work.earlier is not None:
            found = _find_out(work.earlier, work, desk, teller)
            if found is not None:
                return found
        return _Push(work, desk, teller).run()
    except PlatformError as error:
        return teller.outcome(PushFailed, reason=why(error, work))


def _find_out(earlier: Earlier, work: Work, desk: Desk, teller: Teller) -> Outcome | None:
    """What an earlier attempt did, finished; None where it did nothing and the work is to be done anew."""
    attempt = Attempt(
        label=earlier.label,
        running=earlier.before.running,
        kept=earlier.kept,
        comparison=work.compare(earlier.before.running),
        undo=earlier.undo,
        timer_ends=desk.monotonic() + timer(work).total_seconds(),
    )
    found = Finisher(work, desk, teller, attempt).find_out("the worker that began this was lost")
    if found is None and not earlier.again:
        detail = "read back: the device is as it was before, and nothing is pending"
        return teller.outcome(PushReverted, reason=Reason(cause=Cause.ACCESS_LOST, detail=detail))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A device that was locked, read and found as planned.

    ``shown`` is its configuration as it showed it, ``unsaved`` whether others left lines in it that startup lacks.
    """

    shown: str
    running: Tree
    comparison: Comparison
    undo: UndoRank
    unsaved: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Begun:
    """What was begun on the first session, and what went wrong with it.

    ``withheld`` is how the order ends, and why, where no line was sent: the undo may be armed all the same.
    """

    attempt: Attempt
    trouble: PlatformError | None = None
    withheld: tuple[type[OrderReturned | PushFailed], Reason] | None = None


@dataclass(frozen=True, slots=True)
class _Push:
    """Steps 2 to 4, and what follows."""

    work: Work
    desk: Desk
    teller: Teller

    def run(self) -> Outcome:
        with session(self.work, self.teller, self.work.timing.within) as opened:
            written = self._write(opened)
        if isinstance(written, Outcome):
            return written
        attempt, trouble = written.attempt, written.trouble
        finisher = Finisher(self.work, self.desk, self.teller, attempt)
        if written.withheld is not None:
            return finisher.withdraw(*written.withheld)
        if trouble is None:
            return finisher.finish()
        if isinstance(trouble, LineRejectedError):
            return finisher.undo(why(trouble, self.work))
        if isinstance(trouble, LockedError):
            return self.teller.outcome(PushFailed, reason=why(trouble, self.work))
        found = finisher.find_out(str(trouble))
        if found is not None:
            return found
        if isinstance(trouble, SessionLostError | AnswerTimeoutError):
            return self._undone_by_itself(attempt, why(trouble, self.work))
        return self.teller.outcome(PushFailed, reason=why(trouble, self.work))

    def _undone_by_itself(self, attempt: Attempt, reason: Reason) -> Outcome:
        """What was entered before the session broke off is gone, by the device's own undo."""
        outlasted = attempt.timer_ends is not None and self.desk.monotonic() >= attempt.timer_ends
        # Who gets in only after that was not kept waiting by a busy device: the change had cut the path.
        cause = Cause.ACCESS_LOST if outlasted else reason.cause
        detail = f"{reason.detail}; read back: nothing of the change is there"[:4000]
        return self.teller.outcome(PushReverted, reason=Reason(cause=cause, detail=detail))

    def _write(self, opened: Session) -> Outcome | _Begun:
        """Everything on the first session. What is raised from here has changed nothing on the device."""
        self._lock(opened)
        try:
            found = self._look(opened)
            if isinstance(found, Outcome):
                return found
            return self._stage(opened, found) or self._commit(opened, found)
        except ForbiddenError as error:
            self._discard(opened)
            return self.teller.outcome(OrderReturned, reason=Reason(cause=error.cause, detail=str(error)))
        except LeaseLostError:
            # The device is somebody else's work now; what they have staged has the same label.
            raise
        except BaseException:
            self._discard(opened)
            raise

    def _discard(self, opened: Session) -> None:
        """Drops what is staged, as far as the device can still be asked; else the next one to stage drops it."""
        with suppress(PlatformError):
            opened.discard(self.work.label)

    def _lock(self, opened: Session) -> None:
        """Waits for whoever configures the device now; never takes the lock from them."""
        deadline = self.desk.monotonic() + self.work.timing.within.total_seconds()
        while True:
            try:
                return opened.lock(self.work.label)
            except LockedError:
                if self.desk.monotonic() >= deadline:
                    raise
            self.desk.sleep(self.work.timing.pause.total_seconds())

    def _look(self, opened: Session) -> _Found | Outcome:
        """Step 2: is the device as it was planned?"""
        work, digester, vendor = self.work, self.work.digester, self.work.platform.vendor
        text = opened.running()
        running = read_device(text, vendor)
        comparison = work.compare(running)
        as_planned = not comparison.reached and digester.tree(comparison.before, vendor) == work.base
        if not as_planned:
            return self._begun_already(opened) or self._not_as_planned(opened, running, comparison)
        if work.diff is not None and digester.edits(comparison.edits) != work.diff:
            detail = f"the difference is not the approved one:\n{shown(comparison.edits, work)}"
            return self.teller.outcome(PushRefused, reason=Reason(cause=Cause.DIFF_DIFFERS, detail=detail))
        self._note_drift(comparison)
        undo, unsaved = opened.undo_rank(), self._unsaved(opened, running)
        refused = self._refused(undo, unsaved)
        return refused or _Found(shown=text, running=running, comparison=comparison, undo=undo, unsaved=bool(unsaved))

    def _begun_already(self, opened: Session) -> Outcome | None:
        """What is there may be this order's own, begun by a worker whose report has not come to this one.

        Raises:
            LockedError: it is somebody else's, and not there to stay yet.
        """
        pending = opened.pending()
        if pending is None:
            return None
        if pending.label not in {None, self.work.label}:
            raise LockedError(f"{self.work.device}: a commit of somebody else ({pending.label}) is pending")
        detail = "this order was begun by another worker, whose commit is pending; it has to be read back"
        return self.teller.outcome(PushUnknown, reason=Reason(cause=Cause.LEASE_LOST, detail=detail))

    def _not_as_planned(self, opened: Session, running: Tree, comparison: Comparison) -> Outcome:
        if comparison.reached:
            return self._save_reached(opened, running) or self.teller.outcome(AlreadyApplied)
        vendor, digester = self.work.platform.vendor, self.work.digester
        touched = ", ".join(redacted(line, vendor, digester) for line in sorted(comparison.touched))
        detail = f"since it was planned, somebody changed sections that this change touches ({touched[:500]})"
        return self.teller.outcome(DriftFound, reason=Reason(cause=Cause.DRIFT, detail=detail))

    def _save_reached(self, opened: Session, running: Tree) -> Outcome | None:
        """Sees to it that what runs already is there after a restart too: a target that is not saved is not reached."""
        work, vendor = self.work, self.work.platform.vendor
        startup = read_device(opened.startup(), vendor)
        saved = work.compare(startup)
        if saved.reached:
            return None
        seen = observe(startup, running, saved, vendor)
        ours_alone = work.digester.edits(seen.edits) == work.digester.edits(saved.edits)
        if (seen.foreign or seen.strays or not ours_alone) and not work.save_foreign:
            return self._foreign_unsaved(difference(startup, running, vendor))
        self.desk.may_write()
        opened.save()
        if not work.compare(read_device(opened.startup(), vendor)).reached:
            detail = "the target runs, but startup lacks it, although the device says that it saved"
            return self.teller.outcome(PushFailed, reason=Reason(cause=Cause.NOT_SAVED, detail=detail))
        self.teller.announce(DriftNoted, detail="the target ran already without being saved; now it is saved")
        return None

    def _note_drift(self, comparison: Comparison) -> None:
        vendor = self.work.platform.vendor
        now = self.work.digester.tree(unsalted(comparison.rest, vendor), vendor)
        if self.work.config is not None and now != self.work.config:
            self.teller.announce(DriftNoted, detail="sections that this change does not touch differ from the plan's")

    def _unsaved(self, opened: Session, running: Tree) -> Difference:
        vendor = self.work.platform.vendor
        return difference(read_device(opened.startup(), vendor), running, vendor)

    def _refused(self, undo: UndoRank, unsaved: Difference) -> Outcome | None:
        """What the plan's approval would have had to allow."""
        work = self.work
        if undo is UndoRank.NONE and work.access is Access.IN_BAND and not work.accept_no_undo:
            detail = "reached in-band and without any undo of its own; its approval has to accept that by name"
            return self.teller.outcome(PushRefused, reason=Reason(cause=Cause.NO_UNDO, detail=detail))
        if unsaved and not work.save_foreign:
            return self._foreign_unsaved(unsaved)
        return None

    def _foreign_unsaved(self, unsaved: Difference) -> Outcome:
        detail = f"others left lines unsaved, which this push would save:\n{shown(unsaved, self.work)}"
        return self.teller.outcome(PushRefused, reason=Reason(cause=Cause.FOREIGN_UNSAVED, detail=detail))

    def _stage(self, opened: Session, found: _Found) -> Outcome | None:
        """Step 3: what would the device make of it? What it keeps is entered as it showed it on this session."""
        work = self.work
        lines = found.comparison.lines if work.replace is None else work.replace.lines(found.shown)
        try:
            candidate = opened.stage(lines, label=work.label, replace=work.replace is not None)
        except LineRejectedError as error:
            return self.teller.outcome(PushFailed, reason=why(error, work))
        if candidate is None:
            return None
        would = read_device(candidate, work.platform.vendor)
        seen = observe(found.running, would, found.comparison, work.platform.vendor)
        as_approved = work.digester.edits(seen.edits) == work.digester.edits(found.comparison.edits)
        if as_approved and not seen.foreign and not seen.strays:
            return None
        self._discard(opened)
        return self.teller.outcome(PushRefused, reason=differs(seen, found.comparison.edits, work))

    def _commit(self, opened: Session, found: _Found) -> Outcome | _Begun:
        """Step 4. The blob of what was there is durable, and known to whoever takes over, before the first line."""
        kept = self.desk.keep(pack(found.comparison.touched, found.shown), secret=True)
        self.teller.announce(PushStaged, undo=found.undo, before=kept)
        armed = None if found.undo is UndoRank.NONE else timer(self.work)
        self.desk.may_write()
        if found.unsaved and found.undo is UndoRank.DEAD_MAN and self.work.platform.abilities.dead_man_restarts:
            # It brings startup back: what others left unsaved, and this push may save, would be lost.
            opened.save()
        attempt = Attempt(
            label=self.work.label,
            running=found.running,
            kept=kept,
            comparison=found.comparison,
            undo=found.undo,
            timer_ends=None if armed is None else self.desk.monotonic() + armed.total_seconds(),
            armed_here=True,
        )
        if armed is not None and not self.work.platform.abilities.atomic:
            withheld = self._arm(opened, attempt, armed)
            if withheld is not None:
                return withheld
        try:
            opened.commit(self.work.label, armed, partial(attempt.permit, self.desk))
        except PlatformError as error:
            return _Begun(attempt=attempt, trouble=error)
        return _Begun(attempt=attempt)

    def _arm(self, opened: Session, attempt: Attempt, armed: timedelta) -> Outcome | _Begun | None:
        """Arms the undo, which may take long, and asks once more: a halt that came meanwhile holds.

        A lease that was lost meanwhile leaves it armed: whoever has the order now may have armed their own under the
        same label, and finds ours by it.
        """
        try:
            opened.arm(self.work.label, armed)
        except LockedError as error:
            return self.teller.outcome(PushFailed, reason=why(error, self.work))
        except PlatformError as error:
            return _Begun(attempt=attempt, withheld=(PushFailed, why(error, self.work)))
        try:
            self.desk.may_write()
        except ForbiddenError as error:
            return self._disarmed(opened, attempt, Reason(cause=error.cause, detail=str(error)))
        return None

    def _disarmed(self, opened: Session, attempt: Attempt, reason: Reason) -> Outcome | _Begun:
        try:
            opened.confirm(self.work.label)
        except PlatformError:
            return _Begun(attempt=attempt, withheld=(OrderReturned, reason))
        return self.teller.outcome(OrderReturned, reason=reason)
