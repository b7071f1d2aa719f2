"""What a device had before a push, as a blob: what an undo on another day, or by another worker, needs."""

import json
from dataclasses import dataclass

from automation.config.reading import read_device
from automation.config.tree import Tree
from automation.config.vendor import Vendor


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """A device's configuration as a push found it, and the headers of the sections that the push was to touch."""

    touched: frozenset[str]
    running: Tree


def pack(touched: frozenset[str], running: str) -> bytes:
    """The bytes of a blob, from the text that the device showed. Holds the device's secrets."""
    return json.dumps({"touched": sorted(touched), "running": running}, ensure_ascii=False).encode()


def unpack(content: bytes, vendor: Vendor) -> Before:
    """What was packed, read as the vendor's language."""
    plain = json.loads(content)
    return Before(touched=frozenset(plain["touched"]), running=read_device(plain["running"], vendor))
