"""The installer, run on a router as an operator would: again, with what it must refuse, and where sshd refuses."""

import base64
import io
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lab.frr.errors import CommandError
from lab.frr.lab import FrrDevice, FrrLab

pytestmark = pytest.mark.frr

Install = Callable[..., str]
SOURCE = Path(__file__).parents[3] / "deploy" / "frr"


@pytest.fixture
def install(lab: FrrLab, out_of_band: FrrDevice) -> Install:
    """Runs the installer on a router, from a copy in the router's /tmp that may be altered first."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.add(SOURCE, arcname="frr", filter=lambda item: None if "__pycache__" in item.name else item)
    machine = lab._machine(out_of_band.name)
    unpack = ("sh", "-c", "base64 -d | tar -x -C /tmp")
    machine.run(*unpack, standard_input=base64.b64encode(packed.getvalue()).decode())

    def run(*arguments: str, prepare: str = "true") -> str:
        # What is mounted to prepare a case is seen by this one run alone.
        script = f"cd /tmp/frr && {prepare} && sh install.sh {' '.join(arguments)}"
        return lab.run(out_of_band.name, "unshare", "--mount", "sh", "-c", script)

    return run


def test_installing_again_changes_nothing_that_matters(
    out_of_band: FrrDevice, install: Install, login: Callable[..., Any]
) -> None:
    assert "Wavegate may log in as wavegate" in install("--allow-password")
    assert login(out_of_band).verb("status")["ok"] is True
    assert login(out_of_band, password=True).verb("status")["ok"] is True


def test_another_key_replaces_those_before(
    lab: FrrLab, out_of_band: FrrDevice, install: Install, login: Callable[..., Any]
) -> None:
    before = lab.run(out_of_band.name, "cat", "/etc/wavegate/authorized_keys")
    install("--allow-password", "--key other.pub", prepare="echo ssh-ed25519 AAAA other >other.pub")
    assert lab.run(out_of_band.name, "cat", "/etc/wavegate/authorized_keys") == "ssh-ed25519 AAAA other\n"
    install("--allow-password", "--key old.pub", prepare=f"echo '{before.strip()}' >old.pub")
    assert login(out_of_band).verb("status")["ok"] is True


@pytest.mark.parametrize(
    ("arguments", "prepare", "complaint"),
    [
        pytest.param("--user 'root; id'", "true", "is no account name", id="no account name"),
        pytest.param("--user", "true", "usage: install.sh", id="a value is missing"),
        pytest.param("--key nowhere.pub", "true", "nowhere.pub: No such file", id="no such key file"),
        pytest.param("--frobnicate", "true", "usage: install.sh", id="unknown option"),
        pytest.param("", "mount --bind /dev/null /etc/wavegate/authorized_keys", "nobody could log in", id="no key"),
        pytest.param(
            "--allow-password",
            "echo no service integrated-vtysh-config >vtysh && mount --bind vtysh /etc/frr/vtysh.conf",
            "switches the integrated configuration off",
            id="no integrated configuration",
        ),
    ],
)
def test_what_cannot_work_is_refused_with_the_reason(
    lab: FrrLab, out_of_band: FrrDevice, install: Install, arguments: str, prepare: str, complaint: str
) -> None:
    with pytest.raises(CommandError, match=complaint):
        install(arguments, prepare=prepare)
    assert lab.run(out_of_band.name, "/usr/sbin/sshd", "-t") == ""


def test_settings_that_sshd_refuses_are_taken_out_again(
    lab: FrrLab, out_of_band: FrrDevice, install: Install, login: Callable[..., Any]
) -> None:
    with pytest.raises(CommandError, match="nobody is locked out"):
        install("--allow-password", prepare="echo Nonsense yes >>sshd.conf")
    assert lab.run(out_of_band.name, "/usr/sbin/sshd", "-t") == ""
    install("--allow-password", prepare="sed -i /Nonsense/d sshd.conf")
    assert login(out_of_band).verb("status")["ok"] is True
