"""Finds what looks like a secret that was written out, so that it can be refused without being shown.

Two signs count: the name of the key (``password``, ``snmp_community``) and the shape of the value (a hash as devices
print them, a private key, a line of configuration with a secret in it).
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from inventory.model import REFERENCE_PATTERN

_REFERENCE = re.compile(REFERENCE_PATTERN)
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")

#: A key with one of these words holds a secret, whatever else it says.
_SECRET_WORDS = frozenset({
    "passcode", "passphrase", "passphrases", "passwd", "password", "passwords", "psk", "pwd", "secret", "secrets",
})  # fmt: skip
#: SNMP's communities are secrets, BGP's are not.
_COMMUNITY = frozenset({"community", "communities"})
#: These make a secret only as the last word: ``radius_key``, ``api_token``, but not ``key_id`` or ``token_bucket``.
_LAST_WORDS = frozenset({"key", "keys", "token", "tokens"})
#: A key that ends so says something about a secret, and not the secret.
_ABOUT = frozenset({
    "age", "algorithm", "attempts", "count", "enabled", "encryption", "expiry", "id", "ids", "length", "lifetime",
    "max", "min", "mode", "number", "policy", "required", "retries", "timeout", "type",
})  # fmt: skip
#: What BGP's communities look like: 65000:100, 65000:1:2, rt 65000:1, no-export; several of them, too.
_BGP = r"(?:(?:rt|soo|target|origin)[: ])?[0-9]+:[0-9]+(?::[0-9]+)?|internet|no-export|no-advertise|local-as|no-peer"
_BGP_COMMUNITIES = re.compile(rf"(?:{_BGP})(?:[ ,]+(?:{_BGP}|additive))*")

_SHAPES = {
    "a private key": re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----"),
    "the hash of a password": re.compile(r"\$(?:1|5|6|8|9|14|y|2[abxy]|sha1|sha512|scrypt)\$[^\s$]{2,}"),
    "a line of configuration with a secret": re.compile(
        r"\b(?:password|secret)\s+[0-9]\s+\S"
        r"|^\s*(?:enable|username|neighbor)\b[^\n]{0,200}\b(?:password|secret)\s+\S"
        r"|\b(?:key-string|pre-shared-key)\s+\S"
        r"|\bsnmp-server\s+(?:community|user)\s+\S"
        r"|\b(?:tacacs|radius)-server\s[^\n]{0,200}\bkey\s+\S",
        re.IGNORECASE | re.MULTILINE,
    ),
}

KEPT_ELSEWHERE = "keep it elsewhere and write env:NAME or file:/path here"


class Finding(NamedTuple):
    """A place (keys from the top) that holds a secret, and what gave it away. The value is not kept."""

    path: tuple[str, ...]
    sign: str


def is_reference(value: object) -> bool:
    """Whether a value only says where a secret is kept."""
    return isinstance(value, str) and _REFERENCE.fullmatch(value) is not None


@lru_cache(maxsize=4096)
def names_secret(key: str) -> bool:
    """Whether a key's name says that its value is a secret."""
    words = [word.lower() for word in _WORD.findall(key)]
    if not words or words[-1] in _ABOUT:
        return False
    if not _COMMUNITY.isdisjoint(words):
        return "bgp" not in words
    return words[-1] in _LAST_WORDS or not _SECRET_WORDS.isdisjoint(words)


def find_secrets(values: Mapping[str, object], also: frozenset[str] = frozenset()) -> Iterator[Finding]:
    """Every secret that is written out in plain data, whatever its depth; ``also`` names further keys that hold one."""
    for key, value in values.items():
        yield from _find(value, (key,), named=key in also or names_secret(key))


def find_references(values: Mapping[str, object]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every reference to a secret in plain data, with its place."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from (((key, *path), found) for path, found in find_references(value))
        elif isinstance(value, list):
            items = {str(index): item for index, item in enumerate(value)}
            yield from (((key, *path), found) for path, found in find_references(items))
        elif is_reference(value):
            yield (key,), str(value)


def _find(value: object, path: tuple[str, ...], *, named: bool) -> Iterator[Finding]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _find(inner, (*path, key), named=names_secret(key) or (named and not _is_about(key)))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _find(inner, (*path, str(index)), named=named)
    elif named and _is_secret(value):
        yield Finding(path, "its name says that it is a secret")
    elif isinstance(value, str) and not is_reference(value):
        yield from (Finding(path, f"it looks like {shape}") for shape, found in _SHAPES.items() if found.search(value))


def _is_secret(value: object) -> bool:
    if value is None or isinstance(value, bool) or value == "":
        return False
    text = str(value)
    return not is_reference(text) and _BGP_COMMUNITIES.fullmatch(text) is None


def _is_about(key: str) -> bool:
    words = _WORD.findall(key)
    return bool(words) and words[-1].lower() in _ABOUT
