"""How a session comes about, or does not: host keys, logins, jump hosts, and devices that do not answer."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from automation.platforms.contract import (
    DeviceBusyError,
    HostKeyError,
    HostKeyUnknownError,
    LegacyCryptoError,
    Limits,
    LoginRefusedError,
    LoginUnusableError,
    PlatformError,
    UnreachableError,
)
from inventory.credentials import Login
from inventory.hostkeys import HostKey
from lab.faults import Fault, FaultKind
from lab.journal import Event

QUICK = Limits(connect=timedelta(seconds=1), answer=timedelta(seconds=5))
PLATFORMS = ("eos", "ios")


def fingerprint(key: str) -> str:
    return HostKey.parse(key).fingerprint


def refused(bench: Any, **changes: Any) -> PlatformError:
    """The error with which no session comes about."""
    with pytest.raises(PlatformError) as caught:
        bench.connect(**changes)
    return caught.value


@contextlib.contextmanager
def listener(*, hang_up: bool) -> Iterator[tuple[str, int]]:
    """Something that accepts connections, and then hangs up or says nothing."""
    kept: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    connection.close() if hang_up else kept.append(connection)

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield server.getsockname()
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()
            for connection in kept:
                connection.close()


# Nobody there.


@pytest.mark.parametrize("kind", PLATFORMS)
def test_nobody_listens(bench: Any) -> None:
    error = refused(bench, port=1)
    assert isinstance(error, UnreachableError)
    assert error.retriable
    assert f"branch-1 ({bench.endpoint.address} port 1): Connection refused" in str(error)


@pytest.mark.parametrize("kind", PLATFORMS)
def test_somebody_says_nothing(bench: Any) -> None:
    with listener(hang_up=False) as (address, port):
        error = refused(bench, limits=QUICK, address=address, port=port)
    assert isinstance(error, UnreachableError)
    assert error.retriable


@pytest.mark.parametrize("kind", PLATFORMS)
def test_somebody_hangs_up(bench: Any) -> None:
    with listener(hang_up=True) as (address, port):
        error = refused(bench, limits=QUICK, address=address, port=port)
    assert isinstance(error, DeviceBusyError)
    assert error.retriable


@pytest.mark.parametrize("kind", PLATFORMS)
def test_a_slow_banner_is_tried_again(bench: Any) -> None:
    bench.lab.set_fault(bench.device, Fault(kind=FaultKind.SLOW_BANNER, seconds=60))
    error = refused(bench, limits=QUICK)
    assert isinstance(error, UnreachableError)
    assert error.retriable
    assert not bench.journal(Event.LOGIN)


@pytest.mark.parametrize("kind", PLATFORMS)
def test_a_session_that_hangs_before_its_first_answer_is_given_up(bench: Any) -> None:
    bench.lab.set_fault(bench.device, Fault(kind=FaultKind.HANG))
    error = refused(bench, limits=replace(QUICK, answer=timedelta(seconds=1)))
    assert isinstance(error, UnreachableError)


@pytest.mark.parametrize("kind", ["ios"])
def test_every_line_is_taken(bench: Any) -> None:
    bench.lab.set_fault(bench.device, Fault(kind=FaultKind.VTY_EXHAUSTED))
    error = refused(bench)
    assert isinstance(error, DeviceBusyError)
    assert error.retriable


# Host keys.


@pytest.mark.parametrize("kind", PLATFORMS)
def test_without_a_recorded_key_nobody_is_spoken_to(
    bench: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The user's own known_hosts would know the device.
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "known_hosts").write_text(bench.lab.known_hosts.read_text())
    monkeypatch.setenv("HOME", str(tmp_path))
    error = refused(bench, host_keys=())
    assert isinstance(error, HostKeyUnknownError)
    assert "enroll it" in str(error)
    assert not bench.journal()


@pytest.mark.parametrize("kind", PLATFORMS)
def test_another_key_than_the_recorded_one_stops_everything(bench: Any, make_bench: Any) -> None:
    known = fingerprint(bench.endpoint.host_keys[0])
    bench.lab.swap_hardware(bench.device)
    error = refused(bench)
    assert isinstance(error, HostKeyError)
    assert not error.retriable
    assert known in str(error)
    assert str(error).count("SHA256:" if bench.kind == "ios" else ":") >= 2
    assert "--replace" in str(error)
    assert not bench.journal(Event.LOGIN, Event.LOGIN_REFUSED, Event.COMMAND)


@pytest.mark.parametrize("kind", PLATFORMS)
def test_one_of_several_recorded_keys_is_enough(bench: Any, make_bench: Any) -> None:
    other = make_bench(bench.kind)
    keys = (*other.endpoint.host_keys, *bench.endpoint.host_keys)
    assert "hostname" in bench.connect(host_keys=keys).running()


@pytest.mark.parametrize(("kind", "other"), [("eos", "ios"), ("ios", "eos")])
def test_a_key_of_the_other_sort_is_none(bench: Any, make_bench: Any, other: str) -> None:
    error = refused(bench, host_keys=make_bench(other).endpoint.host_keys)
    assert isinstance(error, HostKeyUnknownError)


@pytest.mark.parametrize("kind", PLATFORMS)
def test_a_recorded_key_that_cannot_be_read_is_said(bench: Any) -> None:
    error = refused(bench, host_keys=("ssh-ed25519 nonsense",))
    assert isinstance(error, HostKeyError)
    assert "cannot be used" in str(error)


# Logins.


def with_password(bench: Any, password: str | None) -> Login:
    login: Login = bench.endpoint.login
    return replace(login, password=SecretStr(password) if password else None)


@pytest.mark.parametrize("kind", PLATFORMS)
def test_a_wrong_password_is_offered_once(bench: Any) -> None:
    error = refused(bench, login=with_password(bench, "canary-wrong"))
    assert isinstance(error, LoginRefusedError)
    assert not error.retriable
    assert error.credential == "login-of-branch-1"
    assert "refused the login 'netops' (credentials 'login-of-branch-1')" in str(error)
    assert len(bench.journal(Event.LOGIN_REFUSED)) == 1


@pytest.mark.parametrize("kind", PLATFORMS)
def test_a_refusing_aaa_server_is_asked_once(bench: Any) -> None:
    bench.lab.set_fault(bench.device, Fault(kind=FaultKind.REFUSE_LOGIN))
    assert isinstance(refused(bench), LoginRefusedError)
    assert len(bench.journal(Event.LOGIN_REFUSED)) == 1


def test_eapi_needs_a_password(make_bench: Any) -> None:
    bench = make_bench("eos")
    assert isinstance(refused(bench, login=with_password(bench, None)), LoginUnusableError)
    assert not bench.journal()


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nnonsense\n-----END OPENSSH PRIVATE KEY-----\n", "cannot be read"),
        ("", "cannot be read"),
    ],
)
def test_a_private_key_that_is_none_is_said(make_bench: Any, key: str, said: str) -> None:
    bench = make_bench("ios")
    error = refused(bench, login=replace(bench.endpoint.login, private_key=SecretStr(key)))
    assert isinstance(error, LoginUnusableError)
    assert said in str(error)


# Rights.


@pytest.mark.parametrize("kind", PLATFORMS)
def test_an_enable_secret_is_given_where_one_is_wanted(make_bench: Any, kind: str) -> None:
    options = {"user_mode": True} if kind == "ios" else {}
    bench = make_bench(kind, enable="canary-enable-secret", **options)
    assert "hostname" in bench.connect().running()
    assert "enable" in bench.sent()


@pytest.mark.parametrize("kind", PLATFORMS)
@pytest.mark.parametrize("secret", [None, "canary-wrong"], ids=["missing", "wrong"])
def test_without_the_enable_secret_the_login_is_refused(make_bench: Any, kind: str, secret: str | None) -> None:
    options = {"user_mode": True} if kind == "ios" else {}
    bench = make_bench(kind, enable="canary-enable-secret", **options)
    error = refused(bench, login=replace(bench.endpoint.login, enable_secret=SecretStr(secret) if secret else None))
    assert isinstance(error, LoginRefusedError)
    assert "enable secret" in str(error)


# Jump hosts.


@pytest.fixture(params=PLATFORMS)
def behind(make_bench: Any, request: pytest.FixtureRequest) -> Any:
    """A device behind a jump host."""
    return make_bench(request.param, jump=True)


def test_a_jump_host_leads_to_the_device(behind: Any) -> None:
    session = behind.connect()
    assert "hostname" in session.running()
    assert "hostname" in session.startup()
    assert {entry.peer for entry in behind.journal(Event.LOGIN)} == {behind.via.address}


def test_a_jump_host_proves_itself_before_it_gets_a_login(behind: Any) -> None:
    behind = replace(behind, via=replace(behind.via, host_keys=behind.endpoint.host_keys))
    error = refused(behind)
    assert isinstance(error, HostKeyError)
    assert "jump-1" in str(error)
    assert not behind.journal(Event.LOGIN)


def test_a_jump_host_that_refuses_the_login_names_its_own_credential(behind: Any) -> None:
    login = Login(username="hop", password=SecretStr("canary-wrong"))
    error = refused(replace(behind, via=replace(behind.via, login=login)))
    assert isinstance(error, LoginRefusedError)
    assert error.credential == "login-of-jump-1"
    assert not behind.journal(Event.LOGIN)


def test_a_jump_host_that_is_down_is_tried_again(behind: Any) -> None:
    error = refused(replace(behind, via=replace(behind.via, port=1)))
    assert isinstance(error, UnreachableError)
    assert "jump-1" in str(error)


def test_a_device_that_its_jump_host_may_not_reach_is_unreachable(behind: Any) -> None:
    error = refused(behind, port=1)
    assert isinstance(error, UnreachableError)
    assert "branch-1" in str(error)
    assert "jump-1" in str(error)


def test_a_device_behind_a_jump_host_shows_its_own_key(behind: Any) -> None:
    behind.lab.swap_hardware(behind.device)
    error = refused(behind)
    assert isinstance(error, HostKeyError)
    assert "branch-1" in str(error)
    assert not behind.journal(Event.LOGIN)


# Old gear.


# cryptography warns that it will give up this key exchange, on the device as on the client.
@pytest.mark.filterwarnings("ignore:Diffie-Hellman over finite fields")
def test_old_algorithms_are_taken_where_the_inventory_says_so(make_bench: Any) -> None:
    bench = make_bench("ios", legacy_crypto=True)
    assert bench.endpoint.legacy_crypto
    assert "hostname" in bench.connect().running()


def test_old_algorithms_are_taken_from_nobody_else(make_bench: Any) -> None:
    bench = make_bench("ios", legacy_crypto=True)
    error = refused(bench, legacy_crypto=False)
    assert isinstance(error, LegacyCryptoError)
    assert not error.retriable
    assert "set legacy_crypto" in str(error)
    assert not bench.journal(Event.LOGIN)


def test_nothing_is_left_of_what_did_not_come_about(make_bench: Any) -> None:
    benches = [make_bench(kind, jump=True) for kind in PLATFORMS]
    before = set(threading.enumerate())
    for bench in benches:
        bench.lab.set_fault(bench.device, Fault(kind=FaultKind.REFUSE_LOGIN))
        for changes in ({}, {"port": 1}, {"host_keys": ()}):
            refused(bench, **changes)
    # Threads that are called asyncio are the lab's.
    left = {thread for thread in threading.enumerate() if "asyncio" not in thread.name} - before
    for thread in left:
        thread.join(timeout=10)
    assert not any(thread.is_alive() for thread in left)
