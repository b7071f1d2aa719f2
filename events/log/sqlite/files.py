"""The two files of a log, and what is written in them about their layout.

``log.db`` has everything but ``control``, which has ``control.db`` to itself: a writer that is stuck in the one cannot
hold up a halt in the other. Whoever asks for control alone gets by without ``log.db`` ever being opened.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from events.log.contract import LogMismatchError, LogUnavailableError, Partition
from events.log.sqlite.database import Database
from events.log.sqlite.reserve import Reserve
from events.log.sqlite.schema import CONTROL, MAIN, kind_of, layout
from events.log.topics import DEFAULT_SPREAD, check_spread

_NAMES = {MAIN: "log.db", CONTROL: "control.db"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Where a log is, and the slot of each of its partitions. ``whole``: both files are known to belong together."""

    folder: Path
    deadline: timedelta
    slots: Mapping[Partition, int]
    reserve: Reserve
    whole: bool

    def connect(self, kind: str) -> Database:
        """A new connection to one of the files.

        Raises:
            LogMismatchError: when the main file is wanted and the two are not of one log.
        """
        path = self.folder / _NAMES[kind]
        if self.whole:
            return Database(path, self.deadline)
        if kind == CONTROL:
            return self.reserve.given_room(lambda: Database(path, self.deadline))
        _see_that_whole(self.folder, None, self.deadline)
        return Database(path, self.deadline)

    def slots_of(self, kind: str) -> Mapping[Partition, int]:
        """The partitions that are in one of the files."""
        return {partition: slot for partition, slot in self.slots.items() if kind_of(partition) == kind}


def open_files(folder: Path, spread: int | None, deadline: timedelta) -> Files:
    """Makes sure that the log is there and whole, creating it where nothing is. One that is there is only read.

    Args:
        folder: where the log is or is to be.
        spread: the number of partitions of the spread topics, which is fixed when the log is created. None takes an
            existing log as it is and gives a new one the default.
        deadline: how long to wait for other processes.

    Raises:
        LogMismatchError: when what is there is no log, a newer one, half of one, or has another spread.
    """
    if spread is not None:
        check_spread(spread)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LogUnavailableError(f"the folder {folder} for the log cannot be made: {error}") from error
    found = _see_that_whole(folder, spread, deadline)
    if spread not in {None, found}:
        raise LogMismatchError(
            f"the log in {folder} was created with {found} partitions in its spread topics, and {spread} were asked "
            "for: their number is fixed at creation; leave it out, or name another folder"
        )
    return Files(folder=folder, deadline=deadline, slots=layout(found), reserve=Reserve(folder), whole=True)


def open_control(folder: Path, deadline: timedelta) -> Files:
    """A log of which only ``control`` is opened, with the reserve where the disk is full.

    The main file is looked at when something in it is asked for. Where there is no control yet, the log is opened
    as a whole.

    Raises:
        LogMismatchError: when what is there is no log, a newer one, or half of one.
    """
    path = folder / _NAMES[CONTROL]
    reserve = Reserve(folder)
    if not path.exists():
        return open_files(folder, None, deadline)
    control = reserve.given_room(lambda: Database(path, deadline))
    try:
        found = _identity(control) if control.created() else None
    finally:
        control.close()
    if found is None:
        return open_files(folder, None, deadline)
    if found.kind != CONTROL:
        raise LogMismatchError(f"the two files in {folder} are not of one log: restore both from one backup")
    return Files(folder=folder, deadline=deadline, slots=layout(found.spread), reserve=reserve, whole=False)


def _see_that_whole(folder: Path, spread: int | None, deadline: timedelta) -> int:
    """Founds the log where that is still to be done; says how many partitions its spread topics have."""
    main = Database(folder / _NAMES[MAIN], deadline)
    try:
        return _founded(main, folder, spread, deadline)
    finally:
        main.close()


def _founded(main: Database, folder: Path, spread: int | None, deadline: timedelta) -> int:
    main.create(MAIN, uuid.uuid4().hex, spread or DEFAULT_SPREAD)
    identity = _identity(main)
    # Between the two creations a process may die, and the next one goes on; after both, a missing file is a loss.
    if identity.complete and not (folder / _NAMES[CONTROL]).exists():
        raise LogMismatchError(
            f"{folder / _NAMES[CONTROL]} is missing, and with it every halt and freeze: restore both files of the log "
            "from one backup"
        )
    control = Database(folder / _NAMES[CONTROL], deadline)
    try:
        control.create(CONTROL, identity.log, identity.spread)
        other = _identity(control)
    finally:
        control.close()
    if (identity.kind, other.kind, other.log) != (MAIN, CONTROL, identity.log):
        raise LogMismatchError(f"the two files in {folder} are not of one log: restore both from one backup")
    if not identity.complete:
        with main.transaction():
            main.execute("UPDATE log SET complete = 1")
    return identity.spread


@dataclass(frozen=True, slots=True)
class _Identity:
    kind: str
    log: str
    spread: int
    complete: bool


def _identity(database: Database) -> _Identity:
    found = database.rows("SELECT kind, id, spread, complete FROM log")
    match found:
        case [(str(kind), str(log), int(spread), int(complete))]:
            return _Identity(kind, log, spread, bool(complete))
    raise LogMismatchError(f"{database.path} does not say which log it is of: restore it from its backup")
