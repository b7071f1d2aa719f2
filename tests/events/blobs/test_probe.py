"""Proving that a blob store is shared."""

from pathlib import Path

import pytest

from events.blobs.contract import BlobKeyError
from events.blobs.folder import FolderStore
from events.blobs.probe import BlobStoreNotSharedError, find_probe, leave_probe

TOKEN = bytes(range(16))


@pytest.mark.parametrize("secret", [False, True], ids=["plain", "secret"])
def test_who_shares_the_store_finds_the_probe(folder: Path, key: bytes, secret: bool) -> None:
    address = leave_probe(FolderStore(folder, key=key), TOKEN, secret=secret)

    find_probe(FolderStore(folder, key=key), address)


def test_who_has_another_store_is_told(tmp_path: Path, store: FolderStore) -> None:
    address = leave_probe(store, TOKEN, secret=False)

    with pytest.raises(BlobStoreNotSharedError, match="must use one blob store") as caught:
        find_probe(FolderStore(tmp_path / "elsewhere"), address)

    assert caught.value.address == address


def test_who_has_another_key_is_told(folder: Path, store: FolderStore) -> None:
    address = leave_probe(store, TOKEN, secret=True)

    with pytest.raises(BlobKeyError, match="another key"):
        find_probe(FolderStore(folder, key=bytes(32)), address)


def test_a_probe_of_another_token_is_another_probe(store: FolderStore) -> None:
    assert leave_probe(store, TOKEN, secret=True) != leave_probe(store, TOKEN[::-1], secret=True)


def test_a_token_that_could_be_guessed_is_refused(store: FolderStore) -> None:
    with pytest.raises(ValueError, match="at least 16"):
        leave_probe(store, b"1", secret=False)
