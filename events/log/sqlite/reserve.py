"""Room that is kept beside ``control.db``, so that a halt can be written when the disk is full.

A file of noise: there are file systems that keep nothing of zeros. It is given back piece by piece, since whoever
filled the disk may be faster than the halt and take the first ones.
"""

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from events.log.contract import LogFullError

#: Bytes that are kept. Opening ``control`` and appending to it takes about 100,000.
SIZE = 1024 * 1024

_PIECE = 256 * 1024
# Below this much free room the reserve itself would be what fills the disk.
_PLENTY = 3 * SIZE

_T = TypeVar("_T")


class Reserve:
    """The reserve of the log in a folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "control.reserve"

    def given_room(self, action: Callable[[], _T]) -> _T:
        """What an action gives; as long as it finds the disk full, room of the reserve is given back for it.

        Raises:
            LogFullError: nothing of the reserve is left.
        """
        while True:
            try:
                return action()
            except LogFullError:
                if not self._give():
                    raise

    def restore(self) -> None:
        """Makes the reserve whole again, where there is plenty of room. What cannot be kept is not an error."""
        missing = SIZE - self._size()
        if missing <= 0:
            return
        with suppress(OSError):
            if shutil.disk_usage(self._path.parent).free < _PLENTY:
                return
            with self._path.open("ab") as file:
                file.write(os.urandom(missing))

    def _give(self) -> bool:
        """Gives a piece back to the disk; False where there is none, or this user may not."""
        size = self._size()
        if not size:
            return False
        try:
            os.truncate(self._path, max(0, size - _PIECE))
        except OSError:
            return False
        return True

    def _size(self) -> int:
        try:
            return self._path.stat().st_size
        except OSError:
            return 0
