"""What to do about a views' database that cannot be used: making it anew helps only where the file itself is bad."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.exc import SQLAlchemyError

#: The advice where nothing else is known to be wrong. Nothing is lost with the views: they are a fold of the log.
REBUILD = "'wavegate views rebuild' makes it anew"

_FULL = "its disk is full: free some room there, nothing is lost"
_NO_RIGHT = "see that this user may read and write it and its folder"

# By the beginning of SQLite's name of the error.
_ADVICE: Mapping[str, str] = {
    "SQLITE_FULL": _FULL,
    "SQLITE_BUSY": "another process holds it: try again, or find who has it open, with fuser",
    "SQLITE_LOCKED": "another process holds it: try again, or find who has it open, with fuser",
    "SQLITE_CANTOPEN": _NO_RIGHT,
    "SQLITE_READONLY": _NO_RIGHT,
    "SQLITE_PERM": _NO_RIGHT,
}
_ROOM_FOR_NOTHING = 1024 * 1024


def mend(error: SQLAlchemyError, url: URL) -> str:
    """The advice for an error of the database at ``url``."""
    name = str(getattr(getattr(error, "orig", None), "sqlite_errorname", ""))
    # SQLite wants room for shared memory even to read, and calls it an I/O error where there is none.
    if name.startswith("SQLITE_IOERR") and _no_room(url):
        return _FULL
    return next((advice for start, advice in _ADVICE.items() if name.startswith(start)), REBUILD)


def _no_room(url: URL) -> bool:
    try:
        return bool(url.database) and shutil.disk_usage(Path(str(url.database)).parent).free < _ROOM_FOR_NOTHING
    except OSError:
        return False
