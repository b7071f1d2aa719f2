"""SSH logins of every kind, and how they end."""

from functools import partial
from typing import Any

import asyncssh
import pytest

from automation.platforms.contract import Limits, LoginRefusedError, LoginUnusableError, UnreachableError
from automation.platforms.links import dial
from automation.platforms.ssh import log_in


async def silent(_terminal: Any) -> None:
    """Says nothing."""


def logged_in(endpoint: Any) -> bool:
    client = log_in(endpoint, partial(dial, endpoint, Limits()), Limits())
    try:
        transport = client.get_transport()
        return transport is not None and transport.is_authenticated()
    finally:
        client.close()


@pytest.mark.parametrize("kind", ["ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"])
@pytest.mark.parametrize("form", ["openssh", "pkcs8-pem"])
def test_a_private_key_opens_a_session(host: Any, kind: str, form: str) -> None:
    key = asyncssh.generate_private_key(kind)
    served = host(silent, methods=("publickey",), client_key=key.export_public_key())
    text = key.export_private_key(form).decode()
    assert logged_in(served.endpoint(password="", private_key=text))


def test_another_private_key_is_refused(host: Any) -> None:
    key, other = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    served = host(silent, methods=("publickey",), client_key=key.export_public_key())
    with pytest.raises(LoginRefusedError):
        logged_in(served.endpoint(password="", private_key=other.export_private_key("openssh").decode()))


def test_an_encrypted_private_key_is_said(host: Any) -> None:
    text = asyncssh.generate_private_key("ssh-ed25519").export_private_key("openssh", passphrase="secret").decode()
    with pytest.raises(LoginUnusableError, match="encrypted"):
        logged_in(host(silent).endpoint(password="", private_key=text))


def test_a_device_that_hangs_up_on_a_wrong_password_refused_it(host: Any) -> None:
    with pytest.raises(LoginRefusedError):
        logged_in(host(silent, dismisses=True).endpoint(password="wrong"))


def test_a_device_that_vanishes_during_the_login_did_not_refuse_it(host: Any) -> None:
    with pytest.raises(UnreachableError, match="went away during the login") as caught:
        logged_in(host(silent, vanishes=True).endpoint())
    assert caught.value.retriable
