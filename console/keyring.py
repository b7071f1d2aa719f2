"""Keys: made, registered, revoked, listed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import ValidationError

from console.errors import UsageError
from events.authority import Authority
from events.catalogue import complaint
from events.control import KeyEntry, Role
from events.signing import KeyFileError, Signer, decode_public, public_from_pem
from workers.founding import write_secret

_PUBLIC_LETTERS = 43


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key that was made: where its halves are, and how it is called."""

    private: Path
    public_file: Path
    public: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A key that counts, and what it may do."""

    id: str
    name: str
    team: str
    roles: tuple[str, ...]
    areas: tuple[str, ...]
    public: str


def make_key(path: Path) -> NewKey:
    """Makes a key: the private half in a file that only its owner can read, the public half beside it.

    Raises:
        FoundingError: one of the files is there already.
        OSError: they cannot be written.
    """
    signer = Signer.generate()
    public = path.with_name(path.name + ".pub")
    write_secret(path, signer.pem())
    public.write_bytes(decode_public(signer.public).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return NewKey(private=path, public_file=public, public=signer.public, id=signer.key_id)


def read_public(text: str) -> str:
    """A public key as it was given: its short form, or a file in PEM (of a private key, its public half is taken).

    Raises:
        KeyFileError: it is neither.
    """
    path = Path(text)
    if not path.is_file():
        return _short(text)
    content = path.read_bytes()[:100_000]
    try:
        return Signer.from_pem(content).public if b"PRIVATE KEY" in content else public_from_pem(content)
    except KeyFileError as error:
        raise KeyFileError(f"{path}: {error}") from error


def _short(text: str) -> str:
    try:
        if len(text) == _PUBLIC_LETTERS:
            decode_public(text)
            return text
    except ValueError:
        pass
    raise KeyFileError(
        f"{text[:80]!r} is neither a file nor a public key ({_PUBLIC_LETTERS} letters, digits, - and _): give the .pub "
        "file that 'wavegate key new' wrote"
    )


def entry_of(public: str, name: str, team: str, roles: Sequence[Role], areas: Sequence[str]) -> KeyEntry:
    """What is to be registered.

    Raises:
        UsageError: an area for somebody who approves nothing, or the other way round; a name that is none.
    """
    if areas and Role.OPERATOR not in roles:
        raise UsageError("--area says what an operator may approve; add --role operator, or leave it out")
    if Role.OPERATOR in roles and not areas:
        raise UsageError("which areas may this operator approve for? Add --area NAME")
    try:
        return KeyEntry(public=public, name=name, team=team, areas=tuple(areas), roles=tuple(roles))
    except ValidationError as error:
        raise UsageError(
            "names of people, teams and areas are 1 to 63 letters, digits, dots, dashes and underscores: "
            f"{complaint(error)}"
        ) from error


def find_key(authority: Authority, text: str) -> str:
    """The id of a registered key, from its id, the beginning of that, or its owner's name where they have one key.

    Raises:
        UsageError: no key is meant, or several could be.
    """
    found = [identity for identity, entry in authority.keys.items() if entry.name == text or identity.startswith(text)]
    if len(found) != 1:
        what = "no key is" if not found else f"{len(found)} keys are"
        raise UsageError(f"{what} called {text!r}; 'wavegate key list' shows them with their ids")
    return found[0]


def registered(authority: Authority) -> Iterable[Registered]:
    """The keys that count, by the names of their owners."""
    for identity, entry in sorted(authority.keys.items(), key=lambda item: (item[1].name, item[0])):
        yield Registered(
            id=identity,
            name=entry.name,
            team=entry.team,
            roles=tuple(role.value for role in entry.roles),
            areas=entry.areas,
            public=entry.public,
        )
