"""No secret in any error or log, at any level of logging."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr

from automation.platforms.contract import LineRejectedError, PlatformError
from lab.faults import Fault, FaultKind

LABEL = "wg-0123456789abcdef"
SECRETS = ("canary-login-password", "canary-enable-secret", "canary-community", "canary-jump-password", "canary-wrong")
PLATFORMS = ("eos", "ios")


@pytest.fixture
def everything(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Every record of every logger, the drivers' own ones too."""
    caplog.set_level(logging.DEBUG)
    names = [
        name for name in logging.root.manager.loggerDict if name.split(".")[0] in {"paramiko", "netmiko", "pyeapi"}
    ]
    for name in names:
        caplog.set_level(logging.DEBUG, logger=name)
    yield caplog
    records = (record for phase in ("setup", "call") for record in caplog.get_records(phase))
    text = "\n".join(f"{record.getMessage()} {record.exc_text or ''}" for record in records)
    assert text, "nothing was logged at all: this test would not see a secret"
    # The lab stands in for a device: what it logs is not ours.
    ours = "\n".join(line for line in text.splitlines() if "conn=" not in line)
    assert not [secret for secret in SECRETS if secret in ours]


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error with everything that would be shown with it."""
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def says_nothing(error: BaseException) -> None:
    shown = " ".join(f"{each} {each!r}" for each in chain(error))
    assert not [secret for secret in SECRETS if secret in shown], shown


@pytest.fixture(params=PLATFORMS)
def guarded(make_bench: Any, request: pytest.FixtureRequest, everything: object) -> Any:
    """A device with every secret that there is, behind a jump host."""
    options = {"user_mode": True} if request.param == "ios" else {}
    return make_bench(request.param, jump=True, enable="canary-enable-secret", **options)


def push(session: Any, *lines: str) -> None:
    session.stage(lines, label=LABEL, replace=False)
    session.commit(LABEL, None)


def test_a_session_tells_no_secret(guarded: Any) -> None:
    session = guarded.connect()
    session.lock(LABEL)
    push(session, "snmp-server community canary-community ro")
    assert "canary-community" in session.running()
    session.save()


@pytest.mark.parametrize("which", ["password", "enable_secret"])
def test_a_refused_login_tells_no_secret(guarded: Any, which: str) -> None:
    login = replace(guarded.endpoint.login, **{which: SecretStr("canary-wrong")})
    with pytest.raises(PlatformError) as caught:
        guarded.connect(login=login)
    says_nothing(caught.value)


def test_a_refused_line_tells_its_secret_to_nobody_who_does_not_ask(guarded: Any) -> None:
    line = "snmp-server community canary-community nonsense at all"
    session = guarded.connect()
    with pytest.raises(LineRejectedError) as caught:
        push(session, line)
    assert caught.value.line == line
    says_nothing(caught.value)


@pytest.mark.parametrize("kind", [FaultKind.DROP, FaultKind.HANG], ids=["dropped", "hung"])
def test_a_lost_session_tells_no_secret(guarded: Any, kind: FaultKind) -> None:
    session = guarded.connect()
    guarded.lab.set_fault(guarded.device, Fault(kind=kind, match="snmp-server .*"))
    with pytest.raises(PlatformError) as caught:
        push(session, "snmp-server community canary-community ro")
    says_nothing(caught.value)
