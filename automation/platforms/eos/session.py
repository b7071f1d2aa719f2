"""A login on an EOS switch. Sessions are named after labels and driven by command: any process goes on with them.

NAPALM opens the way, loads candidates and shows them. Its close, rollback and confirm_commit are never called: close
aborts a session whose timer runs, rollback restores startup in place of what ran before, and confirm_commit knows only
sessions of its own process.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

from napalm.base.exceptions import MergeConfigException, ReplaceConfigException
from napalm.eos import EOSDriver

from automation.config.vendor import Vendor
from automation.config.vendors.eos import EOS
from automation.platforms.answers import harmless, whole
from automation.platforms.commands import only_looks, stays_inside
from automation.platforms.contract import (
    AnswerTooLargeError,
    DeviceBusyError,
    DeviceFullError,
    IncompleteAnswerError,
    LineRejectedError,
    LockedError,
    LoginRefusedError,
    NotSavedError,
    Pending,
    RefusedCommandError,
    SessionLostError,
    UnconfirmedError,
    UnreachableError,
    freely,
    is_label,
)
from automation.platforms.eos.listing import Listing, listing_of
from automation.platforms.eos.wire import EapiRefusedError, text_line, with_text
from automation.platforms.ways import Way
from events.values import UndoRank

_SESSIONS = "show configuration sessions detail"
_SAVED = "Copy completed successfully"
#: In configuration mode EOS carries out other commands as well, at once and outside the session.
_LEAVING = re.compile(
    r"(?:do|end|commit|abort|rollback|(?:no )?configure|reload|write|copy|delete|erase|rename|mkdir|rmdir|format|"
    r"install|bash|tclsh|python-shell|clear|reset|zerotouch|run|send|enable(?! password| secret)|disable|watch|show|"
    r"ping|traceroute|ssh|telnet|scp)(?: |$)"
)
_TIMER_ELSEWHERE = re.compile(r"commit.?timer|another session", re.IGNORECASE)
_NO_SPACE = re.compile(r"no space|not enough", re.IGNORECASE)
_TOO_MANY = re.compile(r"maximum number of pending sessions", re.IGNORECASE)


class EosSession:
    """See :class:`automation.platforms.contract.Session`."""

    def __init__(self, driver: EOSDriver, way: Way, name: str) -> None:
        self._driver = driver
        self._way = way
        self._name = name

    def running(self) -> str:
        """See the contract."""
        return self._config("show running-config")

    def startup(self) -> str:
        """See the contract."""
        try:
            return self._config("show startup-config")
        except RefusedCommandError as error:
            if "no such file" in str(error).lower():
                return ""
            raise

    def undo_rank(self) -> UndoRank:
        """The commit timer: every release that is spoken to has it."""
        return UndoRank.TIMER

    def lock(self, label: str) -> None:
        """Looks who else is at it; a switch has no lock that would outlast a request."""
        listing = self._listing()
        if listing.timed not in {None, label.removesuffix("u"), label}:
            raise LockedError(f"{self._name}: session {listing.whose(listing.timed or '')} waits for its confirmation")
        foreign = [listing.whose(name) for name in listing.pending if not is_label(name)]
        if foreign:
            raise LockedError(f"{self._name}: somebody else has a session open: {', '.join(foreign)}")
        for name in listing.pending:
            if name != label:
                self._run(f"configure session {name} abort")

    def stage(self, lines: Sequence[str], *, label: str, replace: bool) -> str | None:
        """See the contract."""
        prepared = list(_prepared(_without_end(lines), EOS))
        self.discard(label)
        self._driver.config_session = label
        load = self._driver.load_replace_candidate if replace else self._driver.load_merge_candidate
        try:
            load(config=prepared)
        except (MergeConfigException, ReplaceConfigException) as error:
            # NAPALM's message holds the line, which may hold a secret: it must not come along as the cause.
            raise self._rejected(error) from None
        except (UnreachableError, DeviceBusyError) as error:
            raise SessionLostError(str(error)) from error
        finally:
            self._driver.config_session = None
        return self._config(f"show session-config named {label}")

    def discard(self, label: str) -> None:
        """See the contract."""
        listing = self._listing()
        if label in listing.pending:
            self._run(f"configure session {label} abort")
        elif label in listing.states and label != listing.timed:
            # The name of a session that is done cannot be used again before it is forgotten.
            self._run(f"no configure session {label}")

    def arm(self, label: str, timer: timedelta) -> None:
        """Nothing: the timer is a part of the commit."""

    def commit(self, label: str, timer: timedelta | None, permit: Callable[[], None] = freely) -> None:
        """See the contract."""
        permit()
        try:
            self._run(f"configure session {label} commit{'' if timer is None else f' timer {clock_of(timer)}'}")
        except RefusedCommandError as error:
            if _TIMER_ELSEWHERE.search(str(error)):
                raise LockedError(str(error)) from error
            raise

    def pending(self) -> Pending | None:
        """See the contract."""
        sessions, version = self._json(_SESSIONS, "show version")
        listing = listing_of(sessions)
        if listing.timed is None:
            return None
        left = max(listing.due - float(version.get("uptime", listing.due)), 0.0)
        return Pending(label=listing.timed, left=timedelta(seconds=left))

    def confirm(self, label: str) -> None:
        """See the contract."""
        self._finish(label, "commit")

    def revert(self, label: str) -> None:
        """See the contract."""
        self._finish(label, "abort")

    def save(self) -> None:
        """See the contract."""
        try:
            said = self._run("write memory")
        except RefusedCommandError as error:
            kind = DeviceFullError if _NO_SPACE.search(str(error)) else NotSavedError
            raise kind(str(error)) from error
        if _SAVED not in said:
            raise NotSavedError(f"{self._name} does not say that it saved: {said[:200]!r}")

    def show(self, command: str) -> str:
        """See the contract."""
        try:
            return self._run(only_looks(command))
        except RefusedCommandError as error:
            return str(error)

    def close(self) -> None:
        """Leaves what is staged and what is committed as it is; only the way is given up."""
        self._way.close()

    # What is sent.

    def _finish(self, label: str, how: str) -> None:
        listing = self._listing()
        if listing.timed != label:
            instead = "nothing is" if listing.timed is None else f"session {listing.whose(listing.timed)} is"
            raise UnconfirmedError(f"{self._name}: no commit of {label} is pending, {instead}")
        try:
            self._run(f"configure session {label} {how}")
        except RefusedCommandError as error:
            raise UnconfirmedError(str(error)) from error

    def _listing(self) -> Listing:
        return listing_of(self._json(_SESSIONS)[0])

    def _config(self, command: str) -> str:
        text = self._run(command)
        if not whole(text, "end"):
            raise IncompleteAnswerError(f"{self._name}: {command!r} does not come to its end")
        return text

    def _run(self, command: str) -> str:
        """The answer to one command, as text."""
        answer = self._send([command], "text")[0]
        return harmless(str(answer.get("output", "")))

    def _json(self, *commands: str) -> list[dict[str, Any]]:
        return self._send(list(commands), "json")

    def _send(self, commands: list[str], encoding: str) -> list[dict[str, Any]]:
        try:
            answers: list[dict[str, Any]] = self._driver.device.run_commands(commands, encoding=encoding)
        except EapiRefusedError as error:
            raise refused(error, self._name) from error
        except AnswerTooLargeError as error:
            raise AnswerTooLargeError(f"{self._name}, {commands[-1]!r}: {error}") from error
        except (UnreachableError, DeviceBusyError) as error:
            # It was there a moment ago: to the protocol that is a session that ended.
            raise SessionLostError(str(error)) from error
        return answers

    def _rejected(self, error: Exception) -> Exception:
        """What a candidate that was not loaded failed of."""
        refusal = error.__context__
        if not isinstance(refusal, EapiRefusedError) or refusal.failed is None:
            return RefusedCommandError(f"{self._name} refused the candidate")
        command = refusal.commands[refusal.failed]
        if refusal.failed < 2:
            kind = DeviceBusyError if _TOO_MANY.search(refusal.answer) else RefusedCommandError
            return kind(f"{self._name} opens no session: {harmless(refusal.answer)}")
        line = with_text(command) if isinstance(command, str) else command
        return LineRejectedError(line if isinstance(line, str) else line["cmd"], harmless(refusal.answer))


def refused(error: EapiRefusedError, name: str) -> RefusedCommandError | LoginRefusedError:
    """A refusal of one of the platform's own commands; none of them holds a secret but the one for `enable`."""
    said = harmless(error.answer or error.error_text)
    if error.failed == 0:
        return LoginRefusedError(f"{name} refused 'enable': {said}. Is its enable secret among the credentials?")
    command = error.commands[error.failed] if error.failed is not None else "the request"
    return RefusedCommandError(f"{name} refused {command!r}: {said}")


def clock_of(timer: timedelta) -> str:
    """A time as HH:MM:SS, rounded up to a second."""
    seconds = -(-timer // timedelta(seconds=1))
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def _prepared(lines: Sequence[str], vendor: Vendor) -> Iterator[str]:
    """The lines for NAPALM, each text one line together with its header."""
    todo = iter(lines)
    for line in todo:
        stays_inside(line, _LEAVING, text=False)
        if any(rule.start.match(line.strip()) for rule in vendor.multiline):
            yield text_line(line.strip(), "".join(_text(todo, vendor.text_end)))
        elif line.strip():
            yield line


def _without_end(lines: Sequence[str]) -> Sequence[str]:
    """The lines of a configuration without the `end` that whole ones close with."""
    last = next((place for place, line in reversed(list(enumerate(lines))) if line.strip()), -1)
    return lines[:last] if last >= 0 and lines[last].strip() == "end" else lines


def _text(todo: Iterator[str], tail: str) -> Iterator[str]:
    for line in todo:
        if line.strip() == tail:
            return
        stays_inside(line, _LEAVING, text=True)
        yield f"{line}\n"
