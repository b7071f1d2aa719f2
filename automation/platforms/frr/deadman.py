"""The dead-man on a router, by its verbs: one exec request and one JSON object each (docs/guides/frr.md)."""

import re
import time
from datetime import timedelta

import paramiko
from pydantic import BaseModel, ConfigDict, ValidationError

from automation.platforms.answers import harmless
from automation.platforms.contract import (
    AnswerTimeoutError,
    AnswerTooLargeError,
    DeviceBusyError,
    Endpoint,
    Limits,
    LockedError,
    Pending,
    PlatformError,
    RefusedCommandError,
    SessionLostError,
    UnconfirmedError,
)
from automation.platforms.links import reason, where
from automation.platforms.ssh import log_in
from automation.platforms.ways import Way

COMMAND = "wavegate-deadman"
SHORTEST = timedelta(seconds=2)
LONGEST = timedelta(seconds=7200)
GUIDE = "prepare the router with deploy/frr/install.sh, see docs/guides/frr.md"
#: A revert answers once the configuration is back, or after this long: the router tries for about a minute.
_REVERTED_WITHIN = timedelta(seconds=100)
#: Arming proves first that what runs could be restored.
_SLOW = 4
_PIECE = 65536


class NotInstalledError(RefusedCommandError):
    """The router has no dead-man: it undoes nothing, and cannot tell what it has saved."""


class _Refusal(BaseModel):
    """Why a verb was not carried out: ``reason`` for programs, ``error`` for people."""

    model_config = ConfigDict(frozen=True)

    reason: str = ""
    error: str = ""


class _Armed(BaseModel):
    model_config = ConfigDict(frozen=True)

    id: str
    by: str = ""
    seconds_left: float


class Answer(BaseModel):
    """What a verb answers; each has some of it."""

    model_config = ConfigDict(frozen=True)

    ok: bool
    boot: str = ""
    state: str = ""
    pending: _Armed | None = None
    startup: str | None = None


class DeadMan:
    """The verbs of one router, over the connection of its shell, or over one of their own once that is gone."""

    def __init__(self, endpoint: Endpoint, way: Way, limits: Limits, client: paramiko.SSHClient | None) -> None:
        self._endpoint = endpoint
        self._way = way
        self._limits = limits
        self._client = client

    def installed(self) -> bool:
        """Whether the router has a dead-man at all.

        Raises:
            RefusedCommandError: it has one that does not work.
        """
        try:
            self._ask("status")
        except NotInstalledError:
            return False
        return True

    def arm(self, label: str, timer: timedelta) -> None:
        """Starts the timer; once this returns, the router undoes what nobody confirms.

        Raises:
            LockedError: somebody else's is armed, or being restored.
        """
        seconds = -(-max(SHORTEST, min(timer, LONGEST)) // timedelta(seconds=1))
        self._ask("arm", str(seconds), label, limit=_SLOW * self._limits.answer)

    def pending(self) -> Pending | None:
        """What is armed, or being restored."""
        armed = self._ask("status").pending
        if armed is None:
            return None
        return Pending(label=harmless(armed.id), left=timedelta(seconds=max(0.0, armed.seconds_left)))

    def holder(self) -> str:
        """Who has it armed, for people; empty where nobody has."""
        armed = self._ask("status").pending
        return harmless(f"{armed.by} has {armed.id} armed") if armed is not None else ""

    def confirm(self, label: str) -> None:
        """Stops the timer.

        Raises:
            UnconfirmedError: it does not run, not under this label, or is being restored already.
        """
        self._end("confirm", label, self._limits.answer)

    def revert(self, label: str) -> None:
        """Has the configuration brought back, and returns once it is; the account's shells end by it.

        Raises:
            UnconfirmedError: the label is not armed, or what was tried to restore it failed.
        """
        self._end("revert", label, _REVERTED_WITHIN)

    def startup(self) -> str:
        """The saved configuration.

        Raises:
            NotInstalledError: vtysh itself has no way to show it.
        """
        return harmless(self._ask("startup").startup or "")

    def close(self) -> None:
        """Ends the connection of the verbs."""
        if self._client is not None:
            self._client.close()

    def _end(self, verb: str, label: str, limit: timedelta) -> None:
        try:
            self._ask(verb, label, limit=limit)
        except LockedError as error:
            raise UnconfirmedError(str(error)) from error

    def _ask(self, *words: str, limit: timedelta | None = None) -> Answer:
        request = " ".join((COMMAND, *words))
        allowed = limit or self._limits.answer
        said = self._said(request, allowed)
        try:
            answer = Answer.model_validate_json(said)
            refusal = _Refusal.model_validate_json(said)
        except ValidationError as error:
            raise NotInstalledError(
                f"{self._endpoint.name} does not know {request!r} ({_beginning(said)!r}); {GUIDE}"
            ) from error
        if not answer.ok:
            raise self._refused(request, refusal)
        return answer

    def _refused(self, request: str, refusal: _Refusal) -> PlatformError:
        said = f"{self._endpoint.name}: {harmless(refusal.error)[:500]}"
        if refusal.reason in {"armed", "restoring"}:
            return LockedError(said)
        if refusal.reason in {"unarmed", "ended"}:
            return UnconfirmedError(said)
        if refusal.reason == "busy":
            return AnswerTimeoutError(said)
        return RefusedCommandError(f"{said} (asked for {request!r})")

    def _said(self, request: str, allowed: timedelta) -> bytes:
        ends = time.monotonic() + allowed.total_seconds()
        try:
            with self._connection().open_session(timeout=allowed.total_seconds()) as channel:
                channel.settimeout(allowed.total_seconds())
                channel.exec_command(request)
                return self._answer(channel, ends)
        except paramiko.ChannelException as error:
            raise DeviceBusyError(f"{where(self._endpoint)} opens no channel for {request!r}: {error}") from error
        except TimeoutError as error:
            raise AnswerTimeoutError(
                f"{where(self._endpoint)} did not answer {request!r} in {allowed.total_seconds():g} s"
            ) from error
        except (paramiko.SSHException, EOFError, OSError) as error:
            raise SessionLostError(f"{where(self._endpoint)}, {request!r}: {reason(error)}") from error

    def _answer(self, channel: paramiko.Channel, ends: float) -> bytes:
        """What a request answers, once its exit status has come: without it the answer is not whole."""
        said, most = b"", self._limits.answer_bytes
        while piece := _next(channel, ends):
            said += piece
            if len(said) > most:
                raise AnswerTooLargeError(f"{where(self._endpoint)} answers with more than {most} bytes")
        if not channel.status_event.wait(max(0.0, ends - time.monotonic())):
            raise TimeoutError
        if channel.exit_status < 0:
            raise EOFError("the connection ended before the answer did")
        return said

    def _connection(self) -> paramiko.Transport:
        transport = self._client.get_transport() if self._client is not None else None
        if transport is None or not transport.is_active():
            self._client = log_in(self._endpoint, self._way.open, self._limits)
            transport = self._client.get_transport()
        if transport is None:
            raise EOFError
        return transport


def _next(channel: paramiko.Channel, ends: float) -> bytes:
    channel.settimeout(max(0.001, ends - time.monotonic()))
    return channel.recv(_PIECE)


def _beginning(said: bytes) -> str:
    return re.sub(r"\s+", " ", harmless(said.decode("utf-8", "replace"))).strip()[:200]
