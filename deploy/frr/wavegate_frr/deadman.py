"""The verbs that a client may ask for, and what each answers: one JSON object on one line.

`arm SECONDS ID`, `confirm ID`, `revert ID`, `status`, `startup`. Every answer has `ok`; where it is false, `error` says
why to people, and `reason` to programs.
"""

import re
import time
from dataclasses import asdict, dataclass, replace

from wavegate_frr import guardian, vtysh
from wavegate_frr.accounting import Account
from wavegate_frr.guardian import RefusedError
from wavegate_frr.state import Ended, Pending, State, Store, WavegateFrrError, now

COMMAND = "wavegate-deadman"
SHORTEST_S, LONGEST_S = 2, 7200
REVERT_WITHIN_S = 90.0
_REQUEST = re.compile(
    rf"{COMMAND} (?:(?P<verb>status|startup)"
    r"|(?P<arm>arm) (?P<seconds>[1-9][0-9]{0,4}) (?P<armed>[A-Za-z0-9][A-Za-z0-9._:-]{0,63})"
    r"|(?P<ending>confirm|revert) (?P<ended>[A-Za-z0-9][A-Za-z0-9._:-]{0,63}))",
)

Answer = dict[str, object]


class NotAVerbError(WavegateFrrError):
    """The request is none of the verbs, letter for letter."""

    reason = "request"


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """A verb with the id and the seconds it takes, if it takes any."""

    verb: str
    id: str = ""
    seconds: int = 0


def parse(text: str) -> Request:
    """Read a request strictly: single spaces, ASCII, nothing before or after. Raises NotAVerbError.

    Nothing of the text ever reaches a shell or becomes a path before it has matched.
    """
    match = _REQUEST.fullmatch(text)
    if match is None:
        verbs = "arm SECONDS ID | confirm ID | revert ID | status | startup"
        raise NotAVerbError(f"refused: only a shell, or {COMMAND} {verbs}, may be asked of this account")
    seconds = int(match["seconds"] or SHORTEST_S)
    if not SHORTEST_S <= seconds <= LONGEST_S:
        raise NotAVerbError(f"refused: SECONDS must be from {SHORTEST_S} to {LONGEST_S}, not {seconds}")
    verb = match["verb"] or match["arm"] or match["ending"]
    return Request(verb=verb, id=match["armed"] or match["ended"] or "", seconds=seconds)


def perform(request: Request, store: Store, account: Account) -> Answer:
    """Carry a verb out. Raises WavegateFrrError with the reason where it cannot be."""
    verbs = {"arm": _arm, "confirm": _confirm, "revert": _revert, "status": _status, "startup": _startup}
    guardian.revive(store, account)
    return {"ok": True, **verbs[request.verb](request, store, account)}


def _arm(request: Request, store: Store, account: Account) -> Answer:
    pending = guardian.arm(store, account, request.id, request.seconds)
    return {"id": pending.id, "state": "armed", "seconds_left": _left(pending), "boot": store.read().boot}


def _confirm(request: Request, store: Store, _: Account) -> Answer:
    with store.locked() as state:
        pending = _pending(state, request.id)
        if pending is None:
            return _confirmed(state.ending(request.id), request.id)
        if pending.restoring is not None:
            message = f"{request.id} is being restored ({pending.restoring}): too late to confirm"
            raise RefusedError("restoring", message)
        end = Ended(id=request.id, outcome="confirmed", at=time.time())
        store.write(state.with_end(end))
        guardian.forget(store.snapshot(request.id))
    return _confirmed(end, request.id)


def _confirmed(end: Ended | None, identity: str) -> Answer:
    if end is not None and end.outcome == "confirmed":
        return {"id": identity, "state": "confirmed"}
    raise _ended(end, identity)


def _revert(request: Request, store: Store, account: Account) -> Answer:
    with store.locked() as state:
        pending, end = _pending(state, request.id), state.ending(request.id)
        if pending is not None:
            store.write(replace(state, pending=replace(pending, restoring=pending.restoring or "revert")))
    if pending is not None:
        end = _await_end(store, account, request.id)
    if end is not None and end.outcome in {"reverted", "fired"}:
        return {"id": request.id, "state": end.outcome, "startup_changed": end.startup_changed}
    raise _ended(end, request.id)


def _await_end(store: Store, account: Account, identity: str) -> Ended:
    give_up = now() + REVERT_WITHIN_S
    while (end := store.read().ending(identity)) is None:
        if now() >= give_up:
            message = f"{identity} is still being restored after {REVERT_WITHIN_S:.0f} s: ask for its status"
            raise RefusedError("restoring", message)
        guardian.revive(store, account)
        time.sleep(0.05)
    return end


def _pending(state: State, identity: str) -> Pending | None:
    if state.pending is not None and state.pending.id != identity:
        raise RefusedError("armed", f"{identity} is not armed: {state.pending.id} is, by {state.pending.by}")
    return state.pending


def _ended(end: Ended | None, identity: str) -> RefusedError:
    if end is None:
        return RefusedError("unarmed", f"{identity} is not armed, and nothing else is: ask for the status")
    detail = f": {end.detail}" if end.detail else ""
    return RefusedError("ended", f"{identity} has ended already ({end.outcome}){detail}")


def _status(_: Request, store: Store, __: Account) -> Answer:
    state = store.read()
    if not state.boot:
        with store.locked() as state:
            pass
    pending = state.pending
    armed = None if pending is None else {"id": pending.id, "by": pending.by, "seconds_left": _left(pending)}
    return {
        "boot": state.boot,
        "state": "idle" if pending is None else "restoring" if pending.restoring else "armed",
        "pending": armed,
        "ended": [asdict(end) for end in reversed(state.ended)],
    }


def _startup(_: Request, __: Store, ___: Account) -> Answer:
    return {"startup": vtysh.startup()}


def _left(pending: Pending) -> float:
    return round(max(0.0, pending.deadline - now()), 1)
