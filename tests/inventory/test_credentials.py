"""Logins are read when they are needed, from where nobody else can read them, and are never shown."""

import logging
import os
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from inventory.credentials import MAX_SECRET_BYTES, CredentialError, Login, resolve_login
from inventory.model import CredentialReference

CANARY = "c4n4ry-Tr0ub4dor"
KEY = f"-----BEGIN OPENSSH PRIVATE KEY-----\n{CANARY}\n-----END OPENSSH PRIVATE KEY-----"


def credentials(
    *,
    username: str = "automation",
    password: str | None = None,
    private_key: str | None = None,
    enable: str | None = None,
) -> CredentialReference:
    return CredentialReference(
        name="tacacs", username=username, password=password, private_key=private_key, enable_secret=enable
    )


@pytest.fixture
def secret_file(tmp_path: Path) -> Callable[[bytes], Path]:
    """Writes a file of a secret that only its owner can read."""

    def written(content: bytes) -> Path:
        path = tmp_path / "secret"
        path.write_bytes(content)
        path.chmod(0o600)
        return path

    return written


def revealed(login: Login) -> dict[str, str]:
    secrets = {"password": login.password, "private_key": login.private_key, "enable_secret": login.enable_secret}
    return {name: secret.get_secret_value() for name, secret in secrets.items() if secret is not None}


def test_a_login_comes_from_the_environment() -> None:
    reference = credentials(username="env:USER_NAME", password="env:PASSWORD", enable="env:ENABLE")
    environ = {"USER_NAME": "robot", "PASSWORD": "p w", "ENABLE": "e"}
    login = resolve_login(reference, environ)
    assert login.username == "robot"
    assert revealed(login) == {"password": "p w", "enable_secret": "e"}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"secret", "secret"),
        (b"secret\n", "secret"),
        (b"secret\r\n", "secret"),
        (b" s p a c e \n", " s p a c e "),
        ("pässwörd\n".encode(), "pässwörd"),
    ],
)
def test_a_password_comes_from_a_file(secret_file: Callable[[bytes], Path], content: bytes, expected: str) -> None:
    login = resolve_login(credentials(password=f"file:{secret_file(content)}"), {})
    assert revealed(login) == {"password": expected}


def test_a_private_key_keeps_its_lines(secret_file: Callable[[bytes], Path]) -> None:
    path = secret_file(f"{KEY}\n".encode())
    login = resolve_login(credentials(private_key=f"file:{path}"), {})
    assert revealed(login) == {"private_key": KEY}


def test_a_file_is_read_anew_each_time(secret_file: Callable[[bytes], Path]) -> None:
    """A rotated password counts from the next session on."""
    reference = credentials(password=f"file:{secret_file(b'first')}")
    first = resolve_login(reference, {})
    secret_file(b"second")
    assert [revealed(login)["password"] for login in (first, resolve_login(reference, {}))] == ["first", "second"]


@pytest.mark.parametrize(
    ("field", "environ", "reason"),
    [
        pytest.param("password", {}, "the environment of this process has no such variable", id="not there"),
        pytest.param("password", {"X": ""}, "the environment of this process has no such variable", id="empty"),
        pytest.param(
            "password", {"X": f"{CANARY}\nreload"}, "it is not one line of printable text", id="a second line"
        ),
        pytest.param("enable_secret", {"X": f"{CANARY}\x03"}, "it is not one line of printable text", id="control"),
        pytest.param("username", {"X": f"{CANARY}\r"}, "it is not one line of printable text", id="username"),
        pytest.param("private_key", {"X": CANARY}, "it is not a private key in PEM or OpenSSH format", id="no key"),
    ],
)
def test_an_unusable_variable_is_told_by_its_name(field: str, environ: dict[str, str], reason: str) -> None:
    changed: dict[str, Any] = {field: "env:X"}
    reference = replace(credentials(password="env:PASSWORD"), **changed)
    with pytest.raises(CredentialError, match=re.escape(reason)) as caught:
        resolve_login(reference, {"PASSWORD": "p"} | environ)
    assert str(caught.value) == f"credentials 'tacacs', {field} from env:X: {reason}"
    assert (caught.value.name, caught.value.field, caught.value.reference) == ("tacacs", field, "env:X")
    assert CANARY not in repr(caught.value)
    assert not caught.value.retriable


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o610, 0o777], ids=oct)
def test_a_file_that_others_can_read_is_refused(secret_file: Callable[[bytes], Path], mode: int) -> None:
    path = secret_file(CANARY.encode())
    path.chmod(mode)
    with pytest.raises(CredentialError, match=rf"\(its mode is {mode:04o}\); run chmod 600 on it"):
        resolve_login(credentials(password=f"file:{path}"), {})


def test_a_link_counts_by_where_it_leads(secret_file: Callable[[bytes], Path], tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(secret_file(b"secret"))
    assert revealed(resolve_login(credentials(password=f"file:{link}"), {})) == {"password": "secret"}
    secret_file(b"secret").chmod(0o644)
    with pytest.raises(CredentialError, match="others can read the file"):
        resolve_login(credentials(password=f"file:{link}"), {})


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to somebody else")
def test_a_file_of_somebody_else_is_refused(secret_file: Callable[[bytes], Path]) -> None:
    path = secret_file(b"secret")
    os.chown(path, 12345, 12345)
    with pytest.raises(CredentialError, match="the file belongs to somebody else"):
        resolve_login(credentials(password=f"file:{path}"), {})


@pytest.mark.parametrize(
    ("make", "reason", "retriable"),
    [
        pytest.param(lambda _: None, "the file cannot be read: No such file or directory", True, id="not there"),
        pytest.param(lambda path: path.mkdir(mode=0o700), "this is not a regular file", False, id="a folder"),
        pytest.param(lambda path: os.mkfifo(path, 0o600), "this is not a regular file", False, id="a named pipe"),
        pytest.param(lambda path: path.touch(mode=0o600), "the file is empty", True, id="empty"),
        pytest.param(lambda path: put(path, b"\n"), "the file is empty", True, id="only a newline"),
        pytest.param(lambda path: put(path, b"\xff\xfe"), "the file is not UTF-8 text", False, id="not text"),
        pytest.param(
            lambda path: put(path, b"x" * (MAX_SECRET_BYTES + 1)),
            "the file is too large for a secret",
            False,
            id="huge",
        ),
    ],
)
def test_an_unusable_file_is_told_by_its_name(
    tmp_path: Path, make: Callable[[Path], None], reason: str, retriable: bool
) -> None:
    path = tmp_path / "secret"
    make(path)
    with pytest.raises(CredentialError) as caught:
        resolve_login(credentials(password=f"file:{path}"), {})
    assert str(caught.value) == f"credentials 'tacacs', password from file:{path}: {reason}"
    assert caught.value.retriable is retriable


def put(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)


def test_a_login_shows_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    environ = {"P": CANARY, "K": KEY, "E": CANARY}
    login = resolve_login(credentials(password="env:P", private_key="env:K", enable="env:E"), environ)
    with caplog.at_level(logging.DEBUG):
        logging.getLogger(__name__).info("%s %r %s", login, login, [login])
    assert "automation" in caplog.text
    assert CANARY not in caplog.text + f"{login}{login!r}{login.password}{login.private_key!r}"


def test_bytes_that_are_no_text_are_not_carried_along_by_the_error(secret_file: Callable[[bytes], Path]) -> None:
    """A UnicodeDecodeError holds what it could not decode, and tracebacks print it."""
    path = secret_file(CANARY.encode() + b"\xff")
    with pytest.raises(CredentialError) as caught:
        resolve_login(credentials(password=f"file:{path}"), {})
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("mode", [0o600, 0o644], ids=["read", "refused"])
def test_no_file_stays_open(secret_file: Callable[[bytes], Path], mode: int) -> None:
    path = secret_file(b"secret")
    path.chmod(mode)
    before = len(list(Path("/proc/self/fd").iterdir()))
    with suppress(CredentialError):
        resolve_login(credentials(password=f"file:{path}"), {})
    assert len(list(Path("/proc/self/fd").iterdir())) == before
