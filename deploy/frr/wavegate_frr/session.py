"""Where sshd hands a session over: a shell becomes vtysh, a verb is performed, everything else is refused."""

import json
import os
import pwd
import sys

from wavegate_frr import deadman, relay
from wavegate_frr.accounting import Account
from wavegate_frr.deadman import NotAVerbError
from wavegate_frr.state import Store, WavegateFrrError

REFUSED, MALFORMED = 1, 2


def main() -> int:
    """Serve one session; the exit status is 0, 1 if what was asked is refused, 2 if it may not be asked at all."""
    os.umask(0o077)
    requested = " ".join([deadman.COMMAND, *sys.argv[1:]]) if sys.argv[1:] else os.environ.get("SSH_ORIGINAL_COMMAND")
    account = Account(pwd.getpwuid(os.getuid()).pw_name, _peer())
    store = Store()
    try:
        if requested is None:
            return _shell(store, account)
        request = deadman.parse(requested)
        store.prepare()
        answer = deadman.perform(request, store, account)
    except (WavegateFrrError, OSError) as error:
        return _refuse(account, requested, error)
    account.note("verb", request=requested, ok=True)
    sys.stdout.write(json.dumps(answer) + "\n")
    return 0


def _shell(store: Store, account: Account) -> int:
    if not (os.isatty(0) and os.isatty(1)):
        raise NotAVerbError("refused: a shell needs a terminal (ssh -t)")
    store.prepare()
    with relay.registered(store.shells):
        # Registered first: either the guardian sees this shell and ends it, or this shell sees the guardian's mark.
        pending = store.read().pending
        if pending is not None and pending.restoring is not None:
            raise NotAVerbError(f"the dead-man restores {pending.id} right now: log in again in a few seconds")
        account.note("shell-opened")
        try:
            return relay.relay(account)
        finally:
            account.note("shell-closed")


def _refuse(account: Account, requested: str | None, error: Exception) -> int:
    account.note("refused", request=requested, error=str(error))
    reason = error.reason if isinstance(error, WavegateFrrError) else "router"
    answer = {"ok": False, "reason": reason, "error": str(error)}
    sys.stdout.write(f"% {error}\r\n" if requested is None else json.dumps(answer) + "\n")
    return MALFORMED if isinstance(error, NotAVerbError) else REFUSED


def _peer() -> str:
    words = os.environ.get("SSH_CONNECTION", "").split(" ")
    return f"{words[0]}:{words[1]}" if len(words) == 4 else "console"
