"""Bundles: a change with everything that it is made of, as bytes whose digest is its name.

The bytes are JSON in one form only: ``{"files":{"<path>":"<base64>",...}}`` with the paths sorted, no white space,
standard base64 (RFC 4648, section 4) and ASCII throughout, so that anything can write them. The change file is stored
as ``change.yaml``, everything else under its path from the change file's folder.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from automation.change.errors import BundleError
from automation.change.fields import relative_path
from events.plans import digest

#: A bundle fits a record of the log, signed and encoded once more.
MAX_BUNDLE_BYTES = 700_000
MAX_FILES = 200
CHANGE_FILE = "change.yaml"
TASK_FILE = "task.json"

_HINT = "pack the change anew with 'wavegate change', or see docs/guides/writing-a-change.md for the form"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """Files by their paths, ``change.yaml`` among them."""

    files: Mapping[str, bytes]

    @classmethod
    def decode(cls, content: bytes) -> Self:
        """The bundle of these bytes.

        Raises:
            BundleError: they are none, or not in the one form that gives a bundle one digest.
        """
        if len(content) > MAX_BUNDLE_BYTES:
            raise _too_large(len(content))
        bundle = cls.of_texts(_texts(content))
        if bundle.encode() != content:
            message = (
                "the bundle is not in its one form: sorted paths, no white space, standard base64, no other fields"
            )
            raise BundleError(f"{message}; {_HINT}")
        return bundle

    @classmethod
    def of_texts(cls, texts: Mapping[str, str]) -> Self:
        """The bundle of files whose contents are in base64, as a command carries them.

        Raises:
            BundleError: a path or a content is not what it should be, or there is too much.
        """
        if CHANGE_FILE not in texts or len(texts) > MAX_FILES:
            raise BundleError(f"a bundle has {CHANGE_FILE!r} and at most {MAX_FILES} files; {_HINT}")
        bundle = cls(files={_checked(path): _decoded(path, text) for path, text in sorted(texts.items())})
        size = len(bundle.encode())
        if size > MAX_BUNDLE_BYTES:
            raise _too_large(size)
        return bundle

    def texts(self) -> dict[str, str]:
        """Every path with its content in base64."""
        return {path: base64.b64encode(content).decode() for path, content in sorted(self.files.items())}

    def encode(self) -> bytes:
        """The bundle's bytes."""
        return json.dumps({"files": self.texts()}, separators=(",", ":"), sort_keys=True).encode("ascii")

    @property
    def id(self) -> str:
        """The change's identity: ``sha256:`` and the digest of the bytes, in hexadecimal."""
        return digest(self.encode())


def _texts(content: bytes) -> Mapping[str, str]:
    try:
        decoded = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"the bundle is no JSON: {error}; {_HINT}") from error
    files = decoded.get("files") if isinstance(decoded, dict) else None
    if not isinstance(files, dict) or not all(isinstance(text, str) for text in files.values()):
        raise BundleError(f"a bundle is one map 'files' of paths and texts in base64; {_HINT}")
    return files


def _checked(path: str) -> str:
    try:
        return relative_path(path)
    except ValueError as error:
        raise BundleError(f"the bundle's path {path[:100]!r} {error}") from error


def _decoded(path: str, text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BundleError(f"the content of {path!r} is no standard base64: {error}; {_HINT}") from error


def _too_large(size: int) -> BundleError:
    message = f"the change is too large: {size} bytes, encoded, and {MAX_BUNDLE_BYTES} fit a record of the log"
    return BundleError(f"{message}; move data that many changes share into the inventory, or split the change")
