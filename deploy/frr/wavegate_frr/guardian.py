"""The guardian: a process of its own session that arms an id, waits for its end, and restores when nobody confirms.

It arms by itself, so that whatever becomes of the client's session, an armed id has a guardian.
"""

import json
import os
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import IO, NamedTuple

from wavegate_frr import vtysh
from wavegate_frr.accounting import Account
from wavegate_frr.state import BusyError, Ended, Pending, Store, WavegateFrrError, is_locked, lock, now

ATTEMPTS_AFTER_S = (0, 0.5, 1, 2, 4, 8, 15, 30)
LOOKS_EVERY_S = 0.1
_FENCE_S = 3.0
_OUTCOMES = {"timer": "fired", "revert": "reverted"}


class RefusedError(WavegateFrrError):
    """The dead-man is in no state for what was asked: `reason` is armed, unarmed, ended or restoring, or passed on."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Wish(NamedTuple):
    """What to arm, and for how many seconds."""

    id: str
    seconds: int


def arm(store: Store, account: Account, identity: str, seconds: int) -> Pending:
    """Arm `identity` in a guardian of its own and return once the timer runs.

    Raises RefusedError while an id is armed, this one or another, and where no snapshot can be had.
    """
    answers, asks = os.pipe()
    if os.fork() == 0:
        os.close(answers)
        detach()
        _live(account, lambda: _arm_and_guard(store, account, Wish(identity, seconds), asks))
    os.close(asks)
    os.wait()
    with os.fdopen(answers, encoding="utf-8") as pipe:
        answer = json.loads(pipe.read() or '["router", "the guardian died while it was arming: arm again"]')
    if isinstance(answer, list):
        raise RefusedError(*answer)
    return Pending(**answer)


def revive(store: Store, account: Account) -> None:
    """Start a guardian for the pending id if it has lost its own (killed by hand, or out of memory)."""
    if store.read().pending is None or store.guardian_is_alive():
        return
    if os.fork() == 0:
        detach()
        _live(account, lambda: _guard_anew(store, account))
    os.wait()


def detach() -> None:
    """Leave the client's session, process group and terminal for good; returns in the process that goes on.

    A terminating signal is ignored: whoever sweeps up the account's sessions must not disarm the router.
    """
    os.setsid()
    if os.fork() != 0:
        os._exit(0)
    for name in ("SIGHUP", "SIGINT", "SIGTERM", "SIGPIPE"):
        signal.signal(signal.Signals[name], signal.SIG_IGN)
    os.chdir("/")
    nothing = os.open("/dev/null", os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)


def guard(store: Store, account: Account, armed: Pending) -> None:
    """Wait until the armed id has ended, or restore it once its time is up or a revert is asked for.

    A state that is lost or damaged does not disarm: what this process remembers counts then.
    """
    while (state := store.read()).ending(armed.id) is None:
        pending = state.pending if state.pending is not None and state.pending.id == armed.id else armed
        if pending.restoring is not None:
            restore(store, account, pending)
        elif now() >= armed.deadline:
            _begin(store, armed)
        else:
            time.sleep(min(LOOKS_EVERY_S, max(0.0, armed.deadline - now())))


def restore(store: Store, account: Account, pending: Pending) -> None:
    """Throw the account's shells out, then bring the snapshot back, patiently; the outcome is in the state."""
    cause = pending.restoring or "timer"
    account.note("restoring", id=pending.id, cause=cause)
    _fence(store.shells)
    trouble = _persevere(store.snapshot(pending.id))
    outcome = "failed" if trouble else _OUTCOMES[cause]
    end = Ended(
        id=pending.id, outcome=outcome, at=time.time(), detail=trouble, startup_changed=_startup_changed(pending)
    )
    with store.locked() as state:
        store.write(state.with_end(end))
    account.note("restored", id=pending.id, outcome=outcome, detail=trouble)
    if not trouble:
        forget(store.snapshot(pending.id))


def forget(folder: Path) -> None:
    """Remove a snapshot: it holds the router's secrets, and nobody needs it any more."""
    shutil.rmtree(folder, ignore_errors=True)


def _arm_and_guard(store: Store, account: Account, wish: Wish, answers: int) -> None:
    with _post(store) as post:
        try:
            pending = _set(store, account, wish, post)
        except WavegateFrrError as error:
            _tell(answers, [error.reason, str(error)])
            return
        _tell(answers, asdict(pending))
        guard(store, account, pending)


def _guard_anew(store: Store, account: Account) -> None:
    with _post(store) as post:
        pending = store.read().pending
        if pending is not None and _take(post):
            account.note("guardian-revived", id=pending.id)
            guard(store, account, pending)


def _post(store: Store) -> IO[str]:
    return (store.folder / "guardian").open("a", encoding="utf-8")


def _take(post: IO[str]) -> bool:
    return lock(post.fileno(), _FENCE_S)


def _live(account: Account, life: Callable[[], None]) -> None:
    try:
        life()
    except Exception as error:  # noqa: BLE001 (nobody is left to catch it: the journal is all that can still be told)
        account.note("guardian-died", error=repr(error))
    finally:
        # A forked child must never return into the code of its parent's session.
        os._exit(0)


def _tell(pipe: int, answer: dict[str, object] | list[str]) -> None:
    try:
        os.write(pipe, json.dumps(answer).encode())
    except BrokenPipeError:
        return
    finally:
        os.close(pipe)


def _set(store: Store, account: Account, wish: Wish, post: IO[str]) -> Pending:
    with store.locked() as state:
        if state.pending is not None:
            armed = f"{state.pending.id} is armed by {state.pending.by}"
            raise RefusedError("armed", f"{armed}: confirm or revert that one first")
        if not _take(post):
            raise BusyError("the guardian of an earlier id has not left yet: arm again in a few seconds")
        vtysh.save_snapshot(store.snapshot(wish.id))
        pending = Pending(
            id=wish.id, seconds=wish.seconds, armed_at=time.time(), deadline=now() + wish.seconds, by=account.by,
            startup_sha256=vtysh.startup_sha256(),
        )  # fmt: skip
        store.write(state.with_armed(pending))
    return pending


def _begin(store: Store, armed: Pending) -> None:
    with store.locked() as state:
        if state.ending(armed.id) is None:
            restoring = "timer" if state.pending is None else state.pending.restoring or "timer"
            store.write(replace(state, pending=replace(armed, restoring=restoring)))


def _fence(shells: Path) -> None:
    # A client that is cut off may still have lines under way: they must not land after the restored ones.
    for request in (signal.SIGTERM, signal.SIGKILL):
        for shell in (shell for shell in shells.iterdir() if is_locked(shell)):
            _signal(int(shell.name), request)
        if _wait_for_silence(shells):
            return


def _signal(pid: int, request: signal.Signals) -> None:
    try:
        os.kill(pid, request)
    except ProcessLookupError:
        return


def _wait_for_silence(shells: Path) -> bool:
    give_up = now() + _FENCE_S
    while any(is_locked(shell) for shell in shells.iterdir()):
        if now() >= give_up:
            return False
        time.sleep(0.02)
    return True


def _persevere(folder: Path) -> str:
    trouble = "no snapshot"
    for pause_s in ATTEMPTS_AFTER_S:
        time.sleep(pause_s)
        try:
            vtysh.bring_back(folder)
        except (WavegateFrrError, OSError, ValueError) as error:
            trouble = str(error)
        else:
            return ""
    return trouble


def _startup_changed(pending: Pending) -> bool:
    try:
        return vtysh.startup_sha256() != pending.startup_sha256
    except (WavegateFrrError, BusyError):
        return True
