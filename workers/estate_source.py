"""The inventory as its files have it now: read again when they have changed."""

import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import structlog

from inventory.estate import Estate
from inventory.problems import InventoryError

_log = structlog.get_logger(__name__)

_Signature = tuple[tuple[str, int, int], ...]


class EstateSource:
    """Gives the estate. Safe to use from several threads."""

    def __init__(
        self,
        paths: Sequence[Path],
        load: Callable[[], Estate],
        *,
        every: timedelta = timedelta(seconds=1),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Reads the estate for the first time; ``load`` reads all of ``paths``.

        ``every`` is how often :meth:`good` looks at most whether files have changed: there may be thousands of them.

        Raises:
            InventoryError: with everything that is wrong.
        """
        self._paths = tuple(paths)
        self._load = load
        self._lock = threading.Lock()
        self._signature = _signature(self._paths)
        self._estate = load()
        self._wrong: tuple[_Signature, InventoryError] | None = None
        self._every = every.total_seconds()
        self._monotonic = monotonic
        self._looked = monotonic()

    def current(self) -> Estate:
        """The estate as the files have it now.

        Raises:
            InventoryError: they have changed, and are wrong now.
        """
        with self._lock:
            self._look()
            return self._estate

    def _look(self) -> None:
        signature = _signature(self._paths)
        if signature != self._signature:
            self._read(signature)

    def _read(self, signature: _Signature) -> None:
        """Reads the files, but never twice as they were when they were found to be wrong: that takes seconds."""
        if self._wrong is not None and self._wrong[0] == signature:
            raise self._wrong[1].with_traceback(None)
        try:
            self._estate = self._load()
        except InventoryError as error:
            self._wrong = signature, error
            _log.warning("the inventory is wrong now; orders go on with the last good one", reason=str(error)[:500])
            raise
        self._signature, self._wrong = signature, None

    def good(self) -> Estate:
        """The estate as the files had it a moment ago; while they are wrong or being read, as they had it last."""
        if self._monotonic() - self._looked < self._every or not self._lock.acquire(blocking=False):
            return self._estate
        try:
            self._looked = self._monotonic()
            self._look()
        except InventoryError:
            pass  # told when it was found
        finally:
            self._lock.release()
        return self._estate

    @property
    def known(self) -> Estate:
        """The estate as it was read last, without a look at its files."""
        return self._estate


def _signature(paths: Sequence[Path]) -> _Signature:
    """What tells that files have changed: their names, sizes and times of change."""
    files = [file for path in paths for file in (sorted(path.rglob("*")) if path.is_dir() else [path])]
    stats = ((file, file.stat()) for file in files if file.exists())
    return tuple((str(file), stat.st_size, stat.st_mtime_ns) for file, stat in stats)
