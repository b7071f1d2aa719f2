"""One attempt at a write, from the moment at which the device may have been written to."""

from dataclasses import dataclass
from datetime import timedelta

from automation.config.compare import Comparison, Observation, observe
from automation.config.difference import Difference, as_text
from automation.config.reading import read_device
from automation.config.secrets import redacted, redacted_answer, redacted_edits
from automation.config.tree import Tree
from automation.platforms.contract import AnswerTimeoutError, LineRejectedError, Pending, Session
from automation.push.work import Desk, Work
from events.values import Cause, Reason, UndoRank


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A write that was begun. ``running`` is the device before it, ``kept`` the blob of that.

    ``timer_ends`` is when, on the desk's monotonic clock, the device undoes what nobody has confirmed. ``armed_here``:
    whether this very push armed that, and no earlier one.
    """

    label: str
    running: Tree
    kept: str
    comparison: Comparison
    undo: UndoRank
    timer_ends: float | None = None
    armed_here: bool = False

    def observed(self, session: Session, work: Work) -> tuple[Tree, Observation]:
        """The device as it is now, and what happened to it since ``running``."""
        now = read_device(session.running(), work.platform.vendor)
        return now, observe(self.running, now, self.comparison, work.platform.vendor)

    def took_effect(self, seen: Observation, work: Work) -> bool:
        """Whether exactly the approved difference is there."""
        digester = work.digester
        return digester.edits(seen.edits) == digester.edits(self.comparison.edits) and not seen.strays

    def restarts(self, work: Work) -> bool:
        """Whether the device's own undo restarts it, and brings back what is saved."""
        return self.undo is UndoRank.DEAD_MAN and work.platform.abilities.dead_man_restarts

    def owns(self, pending: Pending, work: Work) -> bool:
        """Whether what is pending may be this attempt's. A timer without a name is ours where we set it just now, or
        where it was set to what we would set it to."""
        if pending.label is not None:
            return pending.label == self.label
        return self.armed_here or pending.lasts == timer(work)

    def permit(self, desk: Desk) -> None:
        """What is asked before every line: what is entered after the timer ran out would be undone by nobody.

        Raises:
            LeaseLostError: somebody else owns the order.
            AnswerTimeoutError: the timer has run out.
        """
        fence(desk)
        if self.timer_ends is not None and desk.monotonic() >= self.timer_ends:
            raise AnswerTimeoutError("the device's own undo was due before all lines were entered")

    @staticmethod
    def left_nothing(seen: Observation) -> bool:
        """Whether nothing of it is there."""
        return not seen.edits and not seen.strays

    def patience(self, work: Work, desk: Desk) -> timedelta:
        """For how long the device is looked for: until its timer has run out and it had time to come back."""
        left = max(0.0, (self.timer_ends or 0) - desk.monotonic())
        return timedelta(seconds=left) + work.timing.give_up


def await_quiet(work: Work, desk: Desk, took: float) -> None:
    """Waits for longer than a line on its way may take, where the last look at the device took so many seconds."""
    desk.sleep(max(work.timing.quiet.total_seconds(), 2 * took))


def fence(desk: Desk) -> None:
    """Keeps a line from being sent that is not ours to send. While it is open whose it is, the line waits.

    Raises:
        LeaseLostError: somebody else owns the order.
    """
    if not desk.still_mine():
        desk.may_confirm()


def timer(work: Work) -> timedelta:
    """How long the device waits for a confirmation: longer than the checks' deadline and two connects.

    In the platform's own steps; on some that is whole minutes.
    """
    limits, abilities = work.timing.limits, work.platform.abilities
    least = work.timing.within + 2 * limits.connect + limits.answer / 2
    steps = -(-least // abilities.timer_step)
    return min(steps * abilities.timer_step, abilities.timer_longest)


def shown(edits: Difference, work: Work, most: int = 1500) -> str:
    """A difference without secrets, cut to a length."""
    told = edits if work.replace is None else work.replace.concealed(edits)
    text = as_text(redacted_edits(told, work.platform.vendor, work.digester))
    return text if len(text) <= most else text[:most] + "…"


def why(error: Exception, work: Work) -> Reason:
    """The reason that an error of the platform gives, without secrets."""
    cause = getattr(error, "cause", Cause.INTERNAL)
    if isinstance(error, LineRejectedError):
        if work.replace is not None and work.replace.carries(error.line):
            # Nobody can tell which of its words is a secret, and the device may quote any of them.
            first = error.line.strip().partition(" ")[0]
            detail = f"refused a line that the change keeps, just as the device had shown it: {first!r} ..."
            return Reason(cause=cause, detail=detail)
        vendor, digester = work.platform.vendor, work.digester
        line = redacted(error.line.strip(), vendor, digester)
        answer = redacted_answer(error.answer.strip(), error.line, vendor, digester)
        return Reason(cause=cause, detail=f"refused {line!r}: {answer}"[:2000])
    return Reason(cause=cause, detail=str(error)[:2000])


def differs(seen: Observation, approved: Difference, work: Work) -> Reason:
    """The reason that what was observed is not what was ``approved``: both sides of it, and what else is there."""
    parts = [f"what is there is not what was approved:\n{shown(seen.edits, work) or 'nothing of it'}"]
    there = {(edit.sign, edit.path, edit.text) for edit in seen.edits}
    lacking = tuple(edit for edit in approved if (edit.sign, edit.path, edit.text) not in there)
    if lacking:
        parts.append(f"approved, and not there:\n{shown(lacking, work)}")
    if seen.strays:
        parts.append(f"lines landed elsewhere:\n{shown(seen.strays, work)}")
    if seen.foreign:
        parts.append(f"besides, and not of this change:\n{shown(seen.foreign, work)}")
    return Reason(cause=Cause.DIFF_DIFFERS, detail="\n".join(parts)[:4000])
