"""What people may see of a configuration, and digests that tell nothing about the secrets in it."""

import hashlib
import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass

from automation.config.difference import Difference, Edit, canonical
from automation.config.tree import Line, Tree
from automation.config.vendor import Vendor


@dataclass(frozen=True, slots=True)
class Digester:
    """Keyed digests (HMAC-SHA-256) over normalised lines. The key is the installation's and shared by its workers."""

    _key: bytes

    def __repr__(self) -> str:
        return "Digester(…)"

    def tree(self, tree: Tree, vendor: Vendor) -> str:
        """The digest of sections. Where the order of lines has no meaning it does not count."""
        return self._digest("\n".join(sorted(_paths(tree.lines, (), vendor))).encode())

    def edits(self, edits: Difference) -> str:
        """The digest of a difference."""
        return self._digest(canonical(edits))

    def tag(self, secret: str) -> str:
        """Six hexadecimal digits by which two secrets can be told apart by whoever may not see them."""
        return hmac.new(self._key, b"tag:" + secret.encode(), hashlib.sha256).hexdigest()[:6]

    def _digest(self, content: bytes) -> str:
        return "hmac:" + hmac.new(self._key, content, hashlib.sha256).hexdigest()


def redacted(text: str, vendor: Vendor, digester: Digester) -> str:
    """One line without its secrets; each is replaced by a tag that changes when the secret does."""
    for pattern in vendor.secrets:
        match = pattern.search(text)
        if match:
            start, end = match.span("secret")
            text = f"{text[:start]}<secret {digester.tag(match['secret'])}>{text[end:]}"
    return text


def redacted_answer(answer: str, line: str, vendor: Vendor, digester: Digester) -> str:
    """What a device answered to a line, without the secrets in it and those of the line, which it may quote."""
    for pattern in vendor.secrets:
        match = pattern.search(line.strip())
        if match:
            answer = answer.replace(match["secret"], f"<secret {digester.tag(match['secret'])}>")
    return "\n".join(redacted(each.strip(), vendor, digester) for each in answer.splitlines())


def redacted_edits(edits: Difference, vendor: Vendor, digester: Digester) -> Difference:
    """A difference that people may see."""
    return tuple(
        Edit(
            sign=edit.sign,
            path=tuple(redacted(header, vendor, digester) for header in edit.path),
            text=redacted(edit.text, vendor, digester),
            place=edit.place,
        )
        for edit in edits
    )


def holds_secret(tree: Tree, vendor: Vendor) -> bool:
    """Whether any line has a secret in it."""
    return any(pattern.search(text) for text in tree.texts() for pattern in vendor.secrets)


def unsalted(tree: Tree, vendor: Vendor) -> Tree:
    """The tree with salted secrets blanked, for comparing what only matters to be noted."""
    return Tree(tuple(_unsalted(line, vendor) for line in tree))


def salted_edits(edits: Difference, vendor: Vendor) -> tuple[Edit, ...]:
    """The lines of a difference that set a secret which is stored with a salt: nobody can tell whether it is there."""
    return tuple(
        edit for edit in edits if edit.sign == "+" and any(pattern.search(edit.text) for pattern in vendor.salted)
    )


def cut_logins(edits: Difference, vendor: Vendor, user: str) -> tuple[Edit, ...]:
    """The lines of a difference that take away or rewrite the login that is used for it."""
    return tuple(edit for edit in edits if any(_is_login(pattern, edit.text, user) for pattern in vendor.login))


def _is_login(pattern: re.Pattern[str], text: str, user: str) -> bool:
    match = pattern.search(text)
    return match is not None and match.groupdict().get("user", user) == user


def _unsalted(line: Line, vendor: Vendor) -> Line:
    text = line.text
    for pattern in vendor.salted:
        match = pattern.search(text)
        if match:
            start, end = match.span("secret")
            text = f"{text[:start]}<salted>{text[end:]}"
    return Line(text, tuple(_unsalted(child, vendor) for child in line.children), verbatim=line.verbatim)


def _paths(lines: tuple[Line, ...], path: tuple[str, ...], vendor: Vendor) -> Iterator[str]:
    for line in lines:
        here = (*path, line.text)
        yield "\x1f".join(here)
        if line.verbatim or vendor.is_ordered(line.text):
            yield from ("\x1f".join((*here, f"{place}", child.text)) for place, child in enumerate(line.children))
        else:
            yield from _paths(line.children, here, vendor)
