"""Processes, disks and stuck writers for a log in SQLite."""

import os
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def spawn_here(spawn: Any) -> Callable[..., Any]:
    """Starts a process that opens, or makes, the log in a folder."""

    def start(folder: Path, name: str, script: str) -> Any:
        return spawn.in_folder(folder, name, script)

    return start


@pytest.fixture
def stuck() -> Callable[..., AbstractContextManager[None]]:
    """Holds a file as a writer that is stuck in the middle of a transaction holds it, or keeps even readers out."""

    @contextmanager
    def hold(path: Path, begin: str = "BEGIN IMMEDIATE", *, alone: bool = False) -> Iterator[None]:
        connection = sqlite3.connect(path, isolation_level=None)
        if alone:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE").fetchall()
        connection.execute(begin)
        try:
            yield
        finally:
            connection.execute("ROLLBACK")
            connection.close()

    return hold


class TinyDisk:
    """A disk of a few megabytes, and what is needed to fill it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        """Leaves no room at all."""
        with suppress(OSError), self._ballast.open("ab", buffering=0) as file:
            while True:
                file.write(bytes(4096))

    def free(self) -> None:
        """Gives the room back."""
        self._ballast.unlink()


@contextmanager
def mounted(folder: Path, size: str) -> Iterator[TinyDisk]:
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        if os.environ.get("CI"):
            pytest.fail("a small tmpfs could not be mounted: CI runs as root")
        pytest.skip("mounting a small tmpfs takes root")
    try:
        yield TinyDisk(folder)
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[TinyDisk]:
    """One that is too small for a reserve."""
    with mounted(tmp_path / "disk", "4m") as disk:
        yield disk


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[TinyDisk]:
    """One that has room for a reserve."""
    with mounted(tmp_path / "disk", "12m") as disk:
        yield disk
