"""How EOS lists its configuration sessions; the shape changed with EOS 4.32."""

from typing import Any

from lab.eos.commands import Cli, Commands, Output
from lab.eos.device import ConfigSession, EosDevice, SessionState
from lab.eos.sessions import MAX_COMPLETED, MAX_PENDING

_NEW_SHAPE = (4, 32)


def _release(device: EosDevice) -> tuple[int, ...]:
    return tuple(int(part) for part in device.spec.version.split(".")[:2] if part.isdigit())


def _listed(session: ConfigSession, *, detail: bool, old: bool) -> dict[str, Any]:
    timed = session.state is SessionState.COMMIT_TIMER
    listed: dict[str, Any] = {
        # Since 4.32 a session under a commit timer is a committed one, and the timer is told apart.
        "state": session.state.value if old or not timed else "committed",
        "instances": {},
    }
    if session.completed is not None:
        listed["completedTime"] = session.completed.timestamp()
        listed["commitUser"] = session.user
    if detail and old and timed:
        listed["commitBy"] = session.due
    if detail:
        listed["description"] = ""
    return listed


def _sessions(cli: Cli, words: str) -> Output:
    device, detail = cli.device, words.endswith("detail")
    old = _release(device) < _NEW_SHAPE
    data: dict[str, Any] = {
        "maxSavedSessions": MAX_COMPLETED,
        "maxOpenSessions": MAX_PENDING,
        "mergeOnCommit": False,
        "saveToStartupConfigOnCommit": False,
        "sessions": {
            name: _listed(session, detail=detail, old=old) for name, session in device.config_sessions.items()
        },
    }
    timed = next((each for each in device.config_sessions.values() if each.state is SessionState.COMMIT_TIMER), None)
    if timed is not None and not old:
        data |= {"commitTimerSessionName": timed.name, "commitTimerExpireTime": timed.due}
    return Output(text=_table(device, timed), data=data)


def _table(device: EosDevice, timed: ConfigSession | None) -> str:
    rows = [
        f"Maximum number of completed sessions: {MAX_COMPLETED}",
        f"Maximum number of pending sessions: {MAX_PENDING}",
        "",
    ]
    if timed is not None:
        left = max(int(timed.due - device.uptime), 0)
        span = f"{left // 3600}:{left // 60 % 60:02d}:{left % 60:02d}"
        rows += [
            f"Session with pending commit timer: {timed.name}",
            f"Time left until commit timer expiry: in {span}",
            "",
        ]
    rows += [f"  {'Name':<24} {'State':<18} {'User':<10} Terminal", f"- {'-' * 24} {'-' * 18} {'-' * 10} --------"]
    rows += [f"  {name:<24} {each.state.value:<18} {each.user:<10}" for name, each in device.config_sessions.items()]
    return "\n".join((*rows, ""))


LISTING_COMMANDS: Commands = {"show-sessions": _sessions}
