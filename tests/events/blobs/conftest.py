"""A blob store in a folder, with a key."""

from pathlib import Path

import pytest

from events.blobs.folder import FolderStore

KEY = bytes(range(32))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "blobs"


@pytest.fixture
def store(folder: Path) -> FolderStore:
    return FolderStore(folder, key=KEY)


@pytest.fixture
def key() -> bytes:
    return KEY
