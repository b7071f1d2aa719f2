"""A login on an IOS device.

Lines take effect one by one. Where a local archive is set, the device's own revert timer guards them: it brings back
the whole configuration as it was, others' edits included. Elsewhere a reload is scheduled before the first line: what
runs is then lost and startup comes back, so the protocol sees to it that nothing of others is unsaved by then.
"""

import re
from collections.abc import Callable, Sequence
from datetime import timedelta

from automation.platforms.answers import whole
from automation.platforms.commands import only_looks
from automation.platforms.contract import (
    DeviceFullError,
    IncompleteAnswerError,
    Limits,
    LineRejectedError,
    LockedError,
    NotSavedError,
    Pending,
    PlatformError,
    RefusedCommandError,
    UnconfirmedError,
    freely,
)
from automation.platforms.ios import sayings
from automation.platforms.ios.entering import Entry, entries
from automation.platforms.shell import Reply, Shell, UnexpectedQuestionError
from automation.platforms.staging import StagedLines
from automation.platforms.ways import Way
from events.values import UndoRank

_MINUTE = timedelta(minutes=1)
_TIMER = "show archive config rollback timer"
#: Archiving, saving and rolling back write to flash, which takes its time.
_SLOW = 4

_SAVE_FIRST = Reply(question=re.compile(r"Save\? \[yes/no\]"), answer="no")
_PROCEED = Reply(question=re.compile(r"Proceed with reload\? ?\[confirm\]"), answer="")
_NAMES = re.compile(r"(?:no |default )?hostname(?: |$)")
#: IOS asks this of a line that was approved as it stands.
_REMOVES_USER = Reply(question=re.compile(r"remove all username.*\[confirm\]", re.DOTALL), answer="")


class IosSession:
    """See :class:`automation.platforms.contract.Session`."""

    def __init__(self, shell: Shell, way: Way, name: str, user: str, limits: Limits) -> None:
        self._shell = shell
        self._way = way
        self._name = name
        self._user = user
        self._slow = _SLOW * limits.answer
        self._staged = StagedLines(name, "ios", entries)
        self._rank: UndoRank | None = None
        self._armed: str | None = None
        self._configuring = False

    def running(self) -> str:
        """See the contract."""
        return self._config("show running-config")

    def startup(self) -> str:
        """See the contract."""
        said = self._asked("show startup-config")
        if "startup-config is not present" in said:
            return ""
        return self._complete(said, "show startup-config")

    def undo_rank(self) -> UndoRank:
        """The timer where the archive is on the device itself, the dead-man elsewhere."""
        if self._rank is None:
            local = sayings.archives_locally(self._asked("show archive"))
            self._rank = UndoRank.TIMER if local else UndoRank.DEAD_MAN
        return self._rank

    def lock(self, label: str) -> None:
        """Looks who else is at it. IOS locks only who is in configuration mode, and only where that is set."""
        owner = sayings.lock_owner(self._asked("show configuration lock"))
        if owner is not None:
            raise LockedError(f"{self._name}: the configuration is locked by {owner}")
        timer = sayings.revert_timer(self._asked(_TIMER))
        if timer is not None:
            raise LockedError(f"{self._name}: a revert timer of {timer.user} runs")
        scheduled = sayings.scheduled_reload(self._asked("show reload"))
        if scheduled is not None and scheduled.reason != _reason(label.removesuffix("u")):
            raise LockedError(f"{self._name}: {scheduled.by} scheduled a reload ({scheduled.reason or 'no reason'})")

    def stage(self, lines: Sequence[str], *, label: str, replace: bool) -> str | None:
        """Keeps the lines: the device shows no candidate."""
        self._staged.put(label, lines, replace=replace)
        return None

    def discard(self, label: str) -> None:
        """See the contract."""
        self._staged.drop(label)

    def arm(self, label: str, timer: timedelta) -> None:
        """Sets the revert timer, which enters configuration mode, or schedules the reload."""
        if self.undo_rank() is UndoRank.TIMER:
            self._configure(f"configure terminal revert timer {_minutes(timer)}")
        else:
            self._arm_reload(label, timer)
        self._armed = label

    def commit(self, label: str, timer: timedelta | None, permit: Callable[[], None] = freely) -> None:
        """See the contract."""
        todo = self._staged.take(label, timer=timer, armed=self._armed)
        self._begin(label)
        try:
            for entry in todo:
                permit()
                self._enter(entry)
        except BaseException:  # whatever the permit raises too: it is not known here
            self._leave()
            raise
        self._end()

    def pending(self) -> Pending | None:
        """A revert timer has no name, only its user and what it was set to. A reload has its label as the reason."""
        timer = sayings.revert_timer(self._asked(_TIMER))
        if timer is not None:
            label = None if timer.user == self._user else f"user {timer.user}"
            return Pending(label=label, left=self._left(timer), lasts=timer.value)
        scheduled = sayings.scheduled_reload(self._asked("show reload"))
        if scheduled is None or not scheduled.reason.startswith(_reason("")):
            return None
        return Pending(label=scheduled.reason.removeprefix(_reason("")), left=scheduled.left)

    def confirm(self, label: str) -> None:
        """See the contract."""
        self._told("configure confirm" if self._guarded_by(label) is UndoRank.TIMER else "reload cancel")

    def revert(self, label: str) -> None:
        """Reverts by the timer's own means; with the dead-man, reloads."""
        if self._guarded_by(label) is UndoRank.TIMER:
            self._told("configure revert now", renames=True)
        else:
            self._end()
            self._shell.ask("reload", replies=(_SAVE_FIRST, _PROCEED), limit=self._slow)

    def save(self) -> None:
        """See the contract."""
        self._end()
        said = self._shell.ask("write memory", limit=self._slow).text
        if sayings.NO_SPACE.search(said):
            raise DeviceFullError(f"{self._name} has no room to save: {said.strip()[:200]!r}")
        if "[OK]" not in said:
            raise NotSavedError(f"{self._name} does not say that it saved: {said.strip()[:200]!r}")

    def show(self, command: str) -> str:
        """See the contract."""
        checked = only_looks(command)
        self._end()
        return self._shell.ask(checked).text

    def close(self) -> None:
        """See the contract."""
        self._shell.disconnect()
        self._way.close()

    # Configuration.

    def _begin(self, label: str) -> None:
        """Enters configuration mode, where the revert timer has not; where that fails, nothing stays armed."""
        if self._configuring:
            return
        try:
            self._configure("configure terminal")
        except (LockedError, RefusedCommandError):
            if self._armed == label:
                self._asked("reload cancel")
            raise

    def _end(self) -> None:
        """Leaves configuration mode, where the session is in it."""
        if self._configuring:
            self._shell.ask("end")
            self._configuring = False

    def _configure(self, command: str) -> None:
        answer = self._shell.ask(command, limit=self._slow)
        self._configuring = answer.configuring
        if answer.configuring:
            return
        said = f"{self._name}: {command!r}: {answer.text.strip()[:300]}"
        if sayings.NO_SPACE.search(said):
            raise DeviceFullError(said)
        if sayings.LOCKED_BY.search(said) or sayings.ALREADY_PENDING.search(said):
            raise LockedError(said)
        raise RefusedCommandError(said)

    def _arm_reload(self, label: str, timer: timedelta) -> None:
        # Answering no: what is saved now is what a reload is to bring back.
        self._shell.ask(f"reload in {_minutes(timer)} {_reason(label)}", replies=(_SAVE_FIRST, _PROCEED))
        scheduled = sayings.scheduled_reload(self._asked("show reload"))
        if scheduled is None or scheduled.reason != _reason(label):
            raise RefusedCommandError(f"{self._name} schedules no reload: nothing would undo what is to be entered")

    def _enter(self, entry: Entry) -> None:
        renames = _NAMES.match(entry.line) is not None
        try:
            answer = self._shell.ask(entry.line, text=entry.text, replies=(_REMOVES_USER,), renames=renames)
        except UnexpectedQuestionError as error:
            raise LineRejectedError(entry.line, error.question) from error
        refused = sayings.refusal(answer.text)
        if refused or not answer.configuring:
            raise LineRejectedError(entry.line, refused or "it left configuration mode")

    def _leave(self) -> None:
        """Leaves configuration mode, by the session's end where there is no other way."""
        self._configuring = False
        try:
            if self._shell.ask("end").configuring:
                self._shell.disconnect()
        except PlatformError:
            self._shell.disconnect()

    # What is asked and told.

    def _config(self, command: str) -> str:
        return self._complete(self._asked(command), command)

    def _complete(self, text: str, command: str) -> str:
        if not whole(text, "end"):
            raise IncompleteAnswerError(f"{self._name}: {command!r} does not come to its end")
        return text

    def _asked(self, command: str) -> str:
        """The answer to one of the platform's own commands. Old releases lack some; what they say then is no answer."""
        self._end()
        said = self._shell.ask(command).text
        if sayings.UNAUTHORIZED.search(said):
            raise RefusedCommandError(
                f"{self._name}: the login may not use {command!r}; `wavegate platform commands ios` lists what it needs"
            )
        return said

    def _told(self, command: str, *, renames: bool = False) -> None:
        """Finishes what is pending."""
        self._end()
        refused = sayings.refusal(self._shell.ask(command, limit=self._slow, renames=renames).text)
        if refused:
            raise UnconfirmedError(f"{self._name} refused {command!r}: {refused[:300]}")

    def _guarded_by(self, label: str) -> UndoRank:
        """What the pending commit of a label waits for."""
        # Asked of the device and not remembered: whoever confirms need not be who committed.
        timer = sayings.revert_timer(self._asked(_TIMER))
        if timer is not None and timer.user == self._user:
            return UndoRank.TIMER
        scheduled = sayings.scheduled_reload(self._asked("show reload"))
        if scheduled is not None and scheduled.reason == _reason(label):
            return UndoRank.DEAD_MAN
        raise UnconfirmedError(f"{self._name}: no commit of {label} is pending")

    def _left(self, timer: sayings.RevertTimer) -> timedelta:
        """How long a timer has still to run, by the device's own clock."""
        now = sayings.clock(self._asked("show clock"))
        if now is None or timer.since is None:
            return timer.value
        return max(timer.since + timer.value - now, timedelta())


def _reason(label: str) -> str:
    return f"{sayings.REASON} {label}"


def _minutes(timer: timedelta) -> int:
    return -(-timer // _MINUTE)
