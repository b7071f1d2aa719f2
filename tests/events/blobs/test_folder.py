"""A blob store in a folder."""

import hashlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
import zstandard

from events.blobs.contract import (
    BLOB_LIMIT,
    BlobDamagedError,
    BlobError,
    BlobFullError,
    BlobKeyError,
    BlobMissingError,
    BlobTooLargeError,
    BlobUnavailableError,
)
from events.blobs.folder import FolderStore

CONTENTS = {
    "nothing": b"",
    "a byte": b"\x00",
    "a config": b"interface Ethernet1\n description uplink\n" * 500,
    "noise": os.urandom(100_000),
}


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("secret", [False, True], ids=["plain", "secret"])
@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS.keys())
def test_what_was_put_comes_back(store: FolderStore, content: bytes, secret: bool) -> None:
    address = store.put(content, secret=secret)

    assert store.get(address) == content
    assert store.has(address)


def test_the_address_of_a_plain_blob_is_the_hash_of_its_content(store: FolderStore) -> None:
    assert store.put(b"abc") == f"sha256-{hashlib.sha256(b'abc').hexdigest()}"


def test_the_address_of_a_secret_blob_tells_nothing_without_the_key(folder: Path, store: FolderStore) -> None:
    content = b"snmp-server community hunter2"

    address = store.put(content, secret=True)

    assert hashlib.sha256(content).hexdigest() not in address
    assert FolderStore(folder, key=bytes(32)).put(content, secret=True) != address


def test_a_secret_is_in_no_file(folder: Path, store: FolderStore) -> None:
    secret = b"enable secret canary-7f3a"

    store.put(secret * 3, secret=True)

    (path,) = files(folder)
    stored = path.read_bytes()
    assert b"canary" not in stored
    with pytest.raises(zstandard.ZstdError):
        zstandard.ZstdDecompressor().decompress(stored)


def test_blobs_are_compressed(folder: Path, store: FolderStore) -> None:
    store.put(CONTENTS["a config"])

    (path,) = files(folder)
    assert path.stat().st_size < len(CONTENTS["a config"]) / 20


def test_putting_twice_is_putting_once(folder: Path, store: FolderStore) -> None:
    addresses = {store.put(b"same", secret=secret) for secret in (False, True, False, True)}

    assert len(addresses) == 2
    assert len(files(folder)) == 2


def test_another_process_reads_it(folder: Path, store: FolderStore, key: bytes) -> None:
    address = store.put(b"shared", secret=True)

    assert FolderStore(folder, key=key).get(address) == b"shared"


def test_threads_put_the_same_at_once(folder: Path, store: FolderStore) -> None:
    contents = [f"blob {number % 5}".encode() for number in range(100)]

    with ThreadPoolExecutor(8) as pool:
        addresses = list(pool.map(store.put, contents))

    assert [store.get(address) for address in addresses] == contents
    assert len(files(folder)) == 5


def test_a_missing_blob_is_an_error_that_names_it(store: FolderStore) -> None:
    address = f"sha256-{'0' * 64}"

    with pytest.raises(BlobMissingError, match=address) as caught:
        store.get(address)

    assert caught.value.address == address
    assert not store.has(address)


def cut(stored: bytes) -> bytes:
    return stored[: len(stored) // 2]


def flip(stored: bytes) -> bytes:
    return stored[:-1] + bytes([stored[-1] ^ 1])


def empty(stored: bytes) -> bytes:
    return b""


def extend(stored: bytes) -> bytes:
    return stored + b"!"


def other(stored: bytes) -> bytes:
    return zstandard.compress(b"somebody else's")


@pytest.mark.parametrize("secret", [False, True], ids=["plain", "secret"])
@pytest.mark.parametrize("damage", [cut, flip, empty, extend, other])
def test_a_damaged_blob_is_an_error_that_names_it(
    folder: Path, store: FolderStore, damage: Callable[[bytes], bytes], secret: bool
) -> None:
    # given
    address = store.put(CONTENTS["a config"], secret=secret)
    (path,) = files(folder)
    path.write_bytes(damage(path.read_bytes()))

    # when
    with pytest.raises((BlobDamagedError, BlobKeyError), match=address) as caught:
        store.get(address)

    # then
    assert caught.value.address == address


def test_a_damaged_blob_is_put_anew(folder: Path, store: FolderStore) -> None:
    address = store.put(b"content")
    (path,) = files(folder)
    path.write_bytes(b"rubbish")

    assert store.put(b"content") == address
    assert store.get(address) == b"content"


def test_a_blob_in_the_place_of_another_is_noticed(folder: Path, store: FolderStore) -> None:
    one, two = store.put(b"one", secret=True), store.put(b"two", secret=True)
    (path_one,), (path_two,) = ([path for path in files(folder) if name in path.name] for name in (one, two))
    path_one.write_bytes(path_two.read_bytes())

    with pytest.raises(BlobDamagedError, match=one):
        store.get(one)


def test_a_frame_that_would_fill_the_memory_is_not_unpacked(folder: Path, store: FolderStore) -> None:
    address = store.put(b"small")
    (path,) = files(folder)
    path.write_bytes(zstandard.compress(bytes(BLOB_LIMIT + 1)))

    with pytest.raises(BlobDamagedError, match="larger than any"):
        store.get(address)


def test_a_secret_needs_its_key(folder: Path, store: FolderStore) -> None:
    address = store.put(b"secret", secret=True)

    with pytest.raises(BlobKeyError, match="another key"):
        FolderStore(folder, key=bytes(32)).get(address)
    with pytest.raises(BlobKeyError, match="no key"):
        FolderStore(folder).get(address)
    with pytest.raises(BlobKeyError, match="needs a key"):
        FolderStore(folder).put(b"secret", secret=True)


def test_a_key_has_32_bytes(folder: Path) -> None:
    with pytest.raises(ValueError, match="32 bytes, not 5"):
        FolderStore(folder, key=b"short")


def test_what_is_too_large_is_refused(store: FolderStore) -> None:
    with pytest.raises(BlobTooLargeError, match=re.escape(f"{BLOB_LIMIT + 1:,}")):
        store.put(bytes(BLOB_LIMIT + 1))


@pytest.mark.parametrize(
    "address", ["", "../../etc/passwd", "sha256-abc", f"sha256-{'0' * 64}/x", f"sha256-{'0' * 64}\n"]
)
def test_what_is_no_address_is_never_taken_for_a_path(store: FolderStore, address: str) -> None:
    with pytest.raises(ValueError, match="not the address of a blob"):
        store.get(address)
    with pytest.raises(ValueError, match="not the address of a blob"):
        store.has(address)


def test_a_folder_that_cannot_be_made_is_an_error_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(BlobUnavailableError, match="could not be used"):
        FolderStore(tmp_path / "file" / "blobs")


def test_a_full_disk_leaves_nothing_behind_and_recovers(tiny_disk: Path) -> None:
    # given
    store = FolderStore(tiny_disk / "blobs")
    kept = store.put(b"small")
    ballast = tiny_disk / "ballast"
    with suppress(OSError), ballast.open("wb") as file:
        while True:
            file.write(bytes(4096))
            file.flush()
    before = files(tiny_disk / "blobs")

    # when
    noise = os.urandom(200_000)
    with pytest.raises(BlobFullError, match="no room"):
        store.put(noise)

    # then
    assert files(tiny_disk / "blobs") == before
    assert store.get(kept) == b"small"
    ballast.unlink()
    assert store.get(store.put(noise)) == noise


PUT_FOR_EVER = """
import os, sys
from pathlib import Path
from events.blobs.folder import FolderStore
store = FolderStore(Path(sys.argv[1]))
while True:
    print(store.put(os.urandom(300_000)), flush=True)
"""


def test_a_process_killed_while_it_puts_leaves_every_announced_blob_whole(folder: Path) -> None:
    # given
    process = subprocess.Popen([sys.executable, "-c", PUT_FOR_EVER, str(folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    announced = [process.stdout.readline().strip() for _ in range(5)]

    # when
    process.send_signal(signal.SIGKILL)
    announced += process.stdout.read().splitlines()
    process.wait()
    process.stdout.close()

    # then
    store = FolderStore(folder)
    assert all(len(store.get(address)) == 300_000 for address in announced)


def test_drafts_of_the_dead_are_swept_away_after_a_day(folder: Path, store: FolderStore) -> None:
    store.put(b"content")
    (kept,) = files(folder)
    old, young = kept.with_name(".old.part"), kept.with_name(".young.part")
    old.write_bytes(b"")
    young.write_bytes(b"")
    os.utime(old, (time.time() - 90_000,) * 2)

    FolderStore(folder)

    assert sorted(files(folder)) == sorted([kept, young])


def test_errors_have_one_root() -> None:
    errors = (BlobMissingError, BlobDamagedError, BlobKeyError, BlobTooLargeError, BlobFullError, BlobUnavailableError)

    assert all(issubclass(error, BlobError) for error in errors)
    assert [error.retriable for error in errors] == [False, False, False, False, True, True]


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte."""
    mounted = tmp_path / "disk"
    mounted.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(mounted)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        if os.environ.get("CI"):
            pytest.fail("a small tmpfs could not be mounted: CI runs as root")
        pytest.skip("mounting a small tmpfs takes root")
    yield mounted
    subprocess.run(["umount", str(mounted)], check=True)
