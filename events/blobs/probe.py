"""Proving that processes share one blob store, and one key, before any of them relies on it.

One process leaves a probe and says in the log where; every other looks for it at start, and does not start without.
"""

from events.blobs.contract import BlobError, BlobMissingError, BlobStore

_CONTENT = b"wavegate blob store probe\n"


class BlobStoreNotSharedError(BlobError):
    """This process's blob store is another one than that of the process that left the probe."""


def leave_probe(store: BlobStore, token: bytes, *, secret: bool) -> str:
    """Leaves a probe in the store.

    Args:
        store: the store of this process.
        token: at least 16 random bytes, new for each probe, so that no other store has it by chance.
        secret: whether the store has a key, which is to be proven too.

    Returns:
        The probe's address, for a record that the others read.
    """
    if len(token) < 16:
        raise ValueError(f"a probe needs at least 16 random bytes to be told from others, not {len(token)}")
    return store.put(_CONTENT + token, secret=secret)


def find_probe(store: BlobStore, address: str) -> None:
    """Returns if this process's store is the one that the probe was left in.

    Raises:
        BlobStoreNotSharedError: when it is not.
        BlobKeyError: when it is, but this process has another key.
        BlobError: whatever else reading a blob can raise.
    """
    try:
        store.get(address)
    except BlobMissingError as error:
        raise BlobStoreNotSharedError(
            f"the blob store of this process does not have the probe {address} that another process left: all "
            "processes of one log must use one blob store; check the address or the mount",
            address=address,
        ) from error
