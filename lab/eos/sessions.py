"""Configuration sessions and the commit timer.

A session belongs to the switch: it stays pending when the client that opened it is gone, any client may go on with it,
commit it or abort it by name, and a commit timer that runs out reverts by itself, what others changed meanwhile
included. Only a restart forgets sessions.
"""

import asyncio
import re
from dataclasses import replace

from lab.config.tree import Node
from lab.eos.commands import CommandError
from lab.eos.device import ConfigSession, EosDevice, HttpConnection, SessionState
from lab.journal import Event

MAX_PENDING = 5
MAX_COMPLETED = 1
_TOO_MANY = (
    "Maximum number of pending sessions has been reached. Please commit or abort previous sessions before creating a "
    "new one."
)


def opened(device: EosDevice, name: str, user: str) -> ConfigSession:
    """The pending session with this name, forked from the running config now if there was none.

    Raises CommandError where the name belongs to a session that is done, or too many are pending.
    """
    session = device.config_sessions.get(name)
    if session is not None and session.state is SessionState.PENDING:
        return session
    if session is not None:
        raise CommandError(f"Cannot enter session {name} (already {session.state.value})")
    pending = [each for each in device.config_sessions.values() if each.state is SessionState.PENDING]
    if len(pending) >= MAX_PENDING:
        raise CommandError(_TOO_MANY)
    session = ConfigSession(name=name, candidate=device.running, user=user)
    device.config_sessions[name] = session
    return session


def staged(device: EosDevice, name: str, candidate: Node) -> None:
    """Makes a candidate the one of a session."""
    device.config_sessions[name] = replace(_named(device, name), candidate=candidate)


def _named(device: EosDevice, name: str) -> ConfigSession:
    if name not in device.config_sessions:
        raise CommandError(f"Session {name} does not exist")
    return device.config_sessions[name]


def commit(device: EosDevice, name: str, connection: HttpConnection) -> None:
    """Applies a pending session, or confirms one whose commit timer runs."""
    session = _named(device, name)
    if session.state is SessionState.COMPLETED:
        raise CommandError(f"Cannot commit session {name} (already {session.state.value})")
    if session.state is SessionState.COMMIT_TIMER:
        if session.timer is not None:
            session.timer.cancel()
        device.journal.write(Event.CONFIRMED, **_who(connection), detail=name)
        _complete(device, session)
        return
    _check_no_timer(device)
    device.journal.write(Event.COMMIT, **_who(connection), detail=name)
    # Applied last: it may cut the connection that asked for it, and then nothing behind it would be done.
    _complete(device, session)
    _apply(device, session.candidate, connection.user)


def commit_with_timer(device: EosDevice, name: str, timer: str, connection: HttpConnection) -> None:
    """Applies a pending session and reverts it in `HH:MM:SS` unless it is committed again by then."""
    match = re.fullmatch(r"(\d+):([0-5]\d):([0-5]\d)", timer)
    seconds = sum(int(part) * unit for part, unit in zip(match.groups(), (3600, 60, 1), strict=True)) if match else 0
    if not 0 < seconds <= 86400:
        raise CommandError(f"Invalid commit timer {timer}")
    session = _named(device, name)
    if session.state is SessionState.COMPLETED:
        raise CommandError(f"Cannot commit session {name} (already {session.state.value})")
    # Asked for again, the timer starts anew and what it would bring back stays the same.
    first = session.state is SessionState.PENDING
    if first:
        _check_no_timer(device)
    elif session.timer is not None:
        session.timer.cancel()
    handle = asyncio.get_running_loop().call_later(seconds, _fire, device, name)
    device.config_sessions[name] = replace(
        session,
        state=SessionState.COMMIT_TIMER,
        before=device.running if first else session.before,
        due=device.uptime + seconds,
        timer=handle,
        completed=device.bench.now(),
    )
    device.journal.write(Event.TIMER_ARMED, **_who(connection), detail=f"{name} reverts in {seconds} s")
    if first:
        device.journal.write(Event.COMMIT, **_who(connection), detail=name)
        _apply(device, session.candidate, connection.user)


def abort(device: EosDevice, name: str, connection: HttpConnection) -> None:
    """Drops a pending session, or reverts one whose commit timer runs, at once."""
    session = _named(device, name)
    if session.state is SessionState.COMPLETED:
        raise CommandError(f"Cannot abort session {name} (already {session.state.value})")
    if session.state is SessionState.COMMIT_TIMER:
        device.journal.write(Event.TIMER_CANCELLED, **_who(connection), detail=name)
        _revert(device, session)
    else:
        del device.config_sessions[name]


def delete(device: EosDevice, name: str) -> None:
    """Forgets a session; one whose commit timer runs can only be committed or aborted."""
    if _named(device, name).state is SessionState.COMMIT_TIMER:
        raise CommandError(f"Cannot delete session {name} (commit timer is pending)")
    del device.config_sessions[name]


def _check_no_timer(device: EosDevice) -> None:
    for other in device.config_sessions.values():
        if other.state is SessionState.COMMIT_TIMER:
            raise CommandError(f"Cannot commit session: commit timer of session {other.name} is pending")


def _complete(device: EosDevice, session: ConfigSession) -> None:
    done = [name for name, each in device.config_sessions.items() if each.state is SessionState.COMPLETED]
    for name in done[: len(done) - MAX_COMPLETED + 1]:
        del device.config_sessions[name]
    device.config_sessions[session.name] = replace(
        session, state=SessionState.COMPLETED, before=None, timer=None, completed=device.bench.now()
    )


def _fire(device: EosDevice, name: str) -> None:
    session = device.config_sessions.get(name)
    if session is not None and session.state is SessionState.COMMIT_TIMER:
        device.journal.write(Event.TIMER_FIRED, detail=name)
        _revert(device, session)


def _revert(device: EosDevice, session: ConfigSession) -> None:
    if session.timer is not None:
        session.timer.cancel()
    del device.config_sessions[session.name]
    device.journal.write(Event.REVERTED, user=session.user, detail=session.name)
    # The whole configuration of before: what others changed since then goes too, as on the real switch.
    _apply(device, session.before or device.running, session.user)


def _apply(device: EosDevice, config: Node, user: str) -> None:
    device.change(config, user)
    device.settle()


def _who(connection: HttpConnection) -> dict[str, str]:
    return {"user": connection.user, "peer": connection.peer, "session": connection.id}
