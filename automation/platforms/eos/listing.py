"""How a switch lists its configuration sessions, in both shapes: the listing changed with EOS 4.32."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The sessions of a switch.

    ``states`` are by name, as are ``users`` where the switch tells them. ``timed`` is the session under a commit timer,
    if any, and ``due`` when it runs out, in seconds of the switch's uptime.
    """

    states: Mapping[str, str]
    users: Mapping[str, str]
    timed: str | None
    due: float

    @property
    def pending(self) -> tuple[str, ...]:
        """The sessions that are open and not committed."""
        return tuple(name for name, state in self.states.items() if state == "pending" and name != self.timed)

    def whose(self, name: str) -> str:
        """A session as a message names it."""
        user = self.users.get(name)
        return f"{name!r} of {user}" if user else repr(name)


def listing_of(answer: Mapping[str, Any]) -> Listing:
    """The listing in an answer to `show configuration sessions detail`, in JSON."""
    sessions: Mapping[str, Mapping[str, Any]] = answer.get("sessions", {})
    timed = str(answer.get("commitTimerSessionName") or "") or _timed(sessions)
    due = answer.get("commitTimerExpireTime", sessions.get(timed, {}).get("commitBy", -1))
    return Listing(
        states={name: str(session.get("state", "")) for name, session in sessions.items()},
        users={name: user for name, session in sessions.items() if (user := _user(session))},
        timed=timed or None,
        due=float(due),
    )


def _timed(sessions: Mapping[str, Mapping[str, Any]]) -> str:
    return next((name for name, session in sessions.items() if session.get("state") == "pendingCommitTimer"), "")


def _user(session: Mapping[str, Any]) -> str:
    instances = session.get("instances") or {}
    inside = (str(instance.get("user", "")) for instance in instances.values() if isinstance(instance, Mapping))
    return next(filter(None, inside), "") or str(session.get("commitUser", ""))
