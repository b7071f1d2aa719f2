"""People with keys, a log that they found, and the golden files."""

import importlib.util
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import strategies as st

from events.authority import Authority, Noted, RefusedError
from events.catalogue import Message
from events.commands import Command
from events.control import Control, HaltLifted, HaltRaised, KeyEntry, KeyRegistered, LogFounded, Role, Subject
from events.signing import COMMAND, CONTROL, Signer, log_name, seal

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
GOLDEN = Path(__file__).parent / "golden"


@dataclass(frozen=True)
class Golden:
    """The golden files, and what today's code would write."""

    folder: Path
    examples: Mapping[str, Sequence[Message]]
    plan: Message
    written: Mapping[Path, bytes]


def _loaded(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, GOLDEN / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def golden() -> Iterator[Golden]:
    """The examples live beside the script that writes the files, which finds them as a module of its own."""
    examples = _loaded("examples")
    write = _loaded("write")
    yield Golden(folder=GOLDEN, examples=examples.EXAMPLES, plan=examples.PLAN, written=dict(write.files()))
    del sys.modules["examples"], sys.modules["write"]


@dataclass
class Realm:
    """A founded log whose people can be asked to sign things; ``authority`` is what its control says so far."""

    keys: dict[str, Signer] = field(default_factory=dict)
    authority: Authority = field(init=False)
    position: int = 0
    now: datetime = NOW

    def __post_init__(self) -> None:
        self.authority = Authority(log=self.log)

    def key(self, name: str) -> Signer:
        """Somebody's key, the same in every run."""
        if name not in self.keys:
            seed = name.encode().ljust(32, b".")[:32]
            self.keys[name] = Signer(Ed25519PrivateKey.from_private_bytes(seed))
        return self.keys[name]

    @property
    def log(self) -> str:
        return log_name(self.key("root").public)

    def entry(self, who: str, *roles: Role, areas: tuple[str, ...] = (), **given: Any) -> KeyEntry:
        """A key as it is registered."""
        plain = {"public": self.key(who).public, "name": who, "team": "netauto", "areas": areas, "roles": roles}
        return KeyEntry(**(plain | given))

    def found(self) -> None:
        """The first record."""
        self.note("root", LogFounded(root=self.entry("root", Role.ADMIN), at=self.now))

    def register(self, who: str, *roles: Role, areas: tuple[str, ...] = (), **given: Any) -> None:
        """An admin registers somebody's key."""
        self.note("root", KeyRegistered(key=self.entry(who, *roles, areas=areas, **given)))

    def record(self, who: str, message: Control, name: str | None = None) -> str:
        """A signed control record."""
        name = name or f"k-{self.position}"
        return seal(self.key(who), CONTROL, message, log=self.log, id=name, expires=self.now)

    def note(self, who: str, message: Control, name: str | None = None) -> Noted:
        """A control record, read; RefusedError where it does not count."""
        return self.read(self.record(who, message, name))

    def read(self, signed: str) -> Noted:
        """A signed control record at the next position."""
        position, self.position = self.position, self.position + 1
        self.authority = self.authority.passed(position)
        self.authority, noted = self.authority.read(position, signed)
        return noted

    def halt(self, who: str, name: str, *subjects: str, revert: bool = False) -> None:
        """A halt under an id."""
        on = tuple(Subject.parse(text) for text in subjects)
        self.note(who, HaltRaised(subjects=on, reason="it hurts", revert=revert), name)

    def lift(self, who: str, halt: str) -> None:
        """A halt's end."""
        self.note(who, HaltLifted(halt=halt))

    @staticmethod
    def code_of(act: Callable[[], object]) -> str:
        """The code with which something is refused; empty where it is not."""
        try:
            act()
        except RefusedError as error:
            return error.code
        return ""

    def command(self, who: str, message: Command, *, name: str = "c-1", valid: timedelta = timedelta(hours=1)) -> str:
        """A signed command."""
        return seal(self.key(who), COMMAND, message, log=self.log, id=name, expires=self.now + valid)


@pytest.fixture
def make_realm() -> Callable[[], Realm]:
    """Realms that nobody has founded."""
    return Realm


@pytest.fixture
def realm() -> Realm:
    """A founded log with one person of each role."""
    made = Realm()
    made.found()
    made.register("ann", Role.ENGINEER)
    made.register("pipe", Role.PIPELINE)
    made.register("olga", Role.OPERATOR, areas=("noc",))
    made.register("omar", Role.OPERATOR, areas=("noc", "unix"))
    made.register("machine", Role.COORDINATOR)
    return made


def plain_data(schema: Mapping[str, Any], parts: Mapping[str, Any] | None = None) -> st.SearchStrategy[Any]:
    """Anything that a JSON Schema of ours admits, as plain data."""
    parts = schema.get("$defs", {}) if parts is None else parts
    if "$ref" in schema:
        return plain_data(parts[schema["$ref"].rpartition("/")[2]], parts)
    if "anyOf" in schema:
        return st.one_of([plain_data(one, parts) for one in schema["anyOf"]])
    if "enum" in schema or "const" in schema:
        return st.sampled_from(schema.get("enum", [schema.get("const")]))
    return _OF_TYPE[schema["type"]](schema, parts)


def _text(schema: Mapping[str, Any], _parts: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    if schema.get("format") == "date-time":
        return st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.isoformat())
    if "pattern" in schema:
        return _matching(schema["pattern"])
    letters = st.characters(codec="utf-8")
    return st.text(letters, min_size=schema.get("minLength", 0), max_size=min(schema.get("maxLength", 60), 60))


#: Texts by how their patterns begin; a strategy from the pattern itself takes seconds for a record.
_MATCHING: Mapping[str, st.SearchStrategy[str]] = {
    r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}": st.sampled_from(["a", "0", "r1.store-001_x", "Z" * 63]),
    r"^[A-Za-z0-9][A-Za-z0-9:._/@-]{0,127}": st.sampled_from(["a", "0", "r-1.s/2@x:y_3", "9" * 128]),
    r"^sha256:": st.sampled_from(["sha256:" + "0" * 64, "sha256:" + "0123456789abcdef" * 4]),
    r"^hmac:": st.just("hmac:" + "0123456789abcdef" * 4),
    r"^(sha256|secret)-": st.sampled_from(["sha256-" + "a" * 64, "secret-" + "b" * 64]),
    r"^[A-Za-z0-9_-]+\.": st.sampled_from(["a.b.c", "e30-_.e30.AAAA"]),
    r"^[A-Za-z0-9_-]{43}": st.sampled_from(["A" * 43, "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"]),
    r"^[0-9]{1,3}(": st.sampled_from(["1%", "12.5%", "100%"]),
    r"^(all|": st.sampled_from(["all", "rollout", "site", "device", "credential"]),
}


def _matching(pattern: str) -> st.SearchStrategy[str]:
    return next(found for begin, found in _MATCHING.items() if pattern.startswith(begin))


def _array(schema: Mapping[str, Any], parts: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    least = schema.get("minItems", 0)
    return st.lists(plain_data(schema["items"], parts), min_size=least, max_size=max(least, 3))


def _object(schema: Mapping[str, Any], parts: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    if "properties" not in schema:
        more = schema.get("additionalProperties")
        values = plain_data(more, parts) if isinstance(more, dict) else st.nothing()
        return st.dictionaries(st.text(st.characters(codec="utf-8")), values, max_size=3)
    fields = {name: plain_data(one, parts) for name, one in schema["properties"].items()}
    needed = {name: fields.pop(name) for name in schema.get("required", ())}
    return st.fixed_dictionaries(needed, optional=fields)


_OF_TYPE: Mapping[str, Callable[[Mapping[str, Any], Mapping[str, Any]], st.SearchStrategy[Any]]] = {
    "string": _text,
    "array": _array,
    "object": _object,
    "integer": lambda schema, _: st.integers(schema.get("minimum", -9), schema.get("maximum", 2**60)),
    "number": lambda schema, _: st.floats(schema.get("minimum", 0), schema.get("maximum", 1e9)),
    "boolean": lambda _schema, _parts: st.booleans(),
    "null": lambda _schema, _parts: st.none(),
}


@pytest.fixture(scope="session")
def any_data() -> Callable[[Mapping[str, Any]], st.SearchStrategy[Any]]:
    """Makes strategies of plain data from schemas."""
    return plain_data
