"""What is armed on this router, what became of earlier ids, and the locks that keep two sessions apart.

Everything lies in one folder on a tmpfs (`/run/wavegate`): it outlives sessions and dies with the machine, since a
router that lost power boots from its startup configuration and has nothing left to undo.
"""

import fcntl
import json
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

FOLDER = Path("/run/wavegate")
REMEMBERED = 32


class WavegateFrrError(Exception):
    """The root of everything that this package raises: a message for people, and a `reason` for programs."""

    reason = "router"


class BusyError(WavegateFrrError):
    """Another session holds the lock for longer than a step of it can take."""

    reason = "busy"


class FolderError(WavegateFrrError):
    """The state's folder is missing or not ours: the installation is incomplete."""

    reason = "installation"


@dataclass(frozen=True, kw_only=True, slots=True)
class Pending:
    """The id that is armed, or being restored when `restoring` names the cause (`timer` or `revert`).

    `deadline` is a reading of CLOCK_BOOTTIME in seconds; `armed_at` is Unix time, for people.
    """

    id: str
    seconds: int
    armed_at: float
    deadline: float
    by: str
    startup_sha256: str
    restoring: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """What became of an id: `confirmed`, `fired` (by the timer), `reverted` (on demand) or `failed` (not restored).

    `startup_changed` says that somebody saved between arming and the end, so a reboot may bring the change back.
    """

    id: str
    outcome: str
    at: float
    detail: str = ""
    startup_changed: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """All of it; `boot` changes when the machine has lost its state, and with it every armed dead-man."""

    boot: str
    pending: Pending | None = None
    ended: tuple[Ended, ...] = ()

    def ending(self, identity: str) -> Ended | None:
        """The latest end of this id, if it is still remembered."""
        return next((end for end in reversed(self.ended) if end.id == identity), None)

    def with_armed(self, pending: Pending) -> "State":
        """This id pending, and how it ended before forgotten: an id's latest end is the one that counts."""
        return replace(self, pending=pending, ended=tuple(end for end in self.ended if end.id != pending.id))

    def with_end(self, end: Ended) -> "State":
        """Nothing pending any more, and this end remembered with the latest ones before it."""
        return replace(self, pending=None, ended=(*self.ended, end)[-REMEMBERED:])


def now() -> float:
    """Seconds since boot, counting sleep: the clock that deadlines are read on."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Store:
    """The folder: `state.json` is replaced whole, so that reading needs no lock and never waits."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self.folder = folder
        self.shells = folder / "shells"

    def prepare(self) -> None:
        """Make what belongs into the folder. Raises FolderError where the installer has not made the folder itself."""
        try:
            self.shells.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            message = (
                f"{self.folder} cannot be used ({error.strerror}): run systemd-tmpfiles --create, or install again"
            )
            raise FolderError(message) from error

    def read(self) -> State:
        """The state as it was last written; one without a `boot` where there is none yet, or none that can be read."""
        try:
            document = json.loads((self.folder / "state.json").read_text(encoding="utf-8"))
            pending = document["pending"] and Pending(**document["pending"])
            ended = tuple(Ended(**end) for end in document["ended"])
            return State(boot=document["boot"], pending=pending, ended=ended)
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return State(boot="")

    def write(self, state: State) -> None:
        """Replace the state; only inside `locked`."""
        fresh = self.folder / "state.json.new"
        fresh.write_text(json.dumps(asdict(state)), encoding="utf-8")
        fresh.replace(self.folder / "state.json")

    @contextmanager
    def locked(self, timeout_s: float = 30.0) -> Iterator[State]:
        """The state, with every other writer kept out. Raises BusyError after `timeout_s`."""
        with (self.folder / "lock").open("a", encoding="utf-8") as file:
            if not lock(file.fileno(), timeout_s):
                raise BusyError(f"another session has held the dead-man's lock for {timeout_s:.0f} s: ask again")
            state = self.read()
            if not state.boot:
                state = replace(state, boot=uuid.uuid4().hex)
                self.write(state)
            yield state

    def snapshot(self, identity: str) -> Path:
        """The folder of what was running when this id was armed."""
        return self.folder / f"snapshot-{identity}"

    def guardian_is_alive(self) -> bool:
        """True while a guardian process holds its lock; a dead one cannot hold any."""
        with (self.folder / "guardian").open("a", encoding="utf-8") as file:
            return not lock(file.fileno(), 0.0)


def lock(descriptor: int, timeout_s: float) -> bool:
    """Take the file's lock, waiting up to `timeout_s`; False if somebody kept it that long."""
    give_up = now() + timeout_s
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if now() >= give_up:
                return False
            time.sleep(0.01)
        else:
            return True


def is_locked(path: Path) -> bool:
    """True if some process holds the lock of this file; False also where there is no such file."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        return not lock(descriptor, 0.0)
    finally:
        os.close(descriptor)
