"""known_hosts files: what is taken from them, what is not and why, and whose keys they are."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from inventory.hostkeys import HostKey
from inventory.known_hosts import match_known_hosts, parse_known_hosts
from inventory.model import Device, JumpHost
from inventory.problems import Severity

PublicKey = Callable[[str], str]


def device(name: str, address: str, port: int = 22) -> Device:
    return Device(name=name, site="hq", role="r", platform="ios", address=address, port=port, credentials="c")


HOSTS = (
    device("plain", "10.0.0.1"),
    device("other-port", "10.0.0.1", 2222),
    device("six", "2001:DB8:0::1"),
    device("six-port", "2001:db8::1", 830),
    device("named", "Rtr1.Example.net"),
    JumpHost(name="jump", address="jump.example.net", port=2200, credentials="c"),
)


def matched(names: str, key: str) -> list[str]:
    return list(match_known_hosts(parse_known_hosts(f"{names} {key}\n", "known_hosts"), HOSTS).keys)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("10.0.0.1", ["plain"]),
        ("[10.0.0.1]:22", ["plain"]),
        ("[10.0.0.1]:2222", ["other-port"]),
        ("[10.0.0.1]:2223", []),
        ("2001:db8::1", ["six"]),
        ("2001:0db8::0001", ["six"]),
        ("[2001:DB8::1]:830", ["six-port"]),
        ("rtr1.example.net", ["named"]),
        ("RTR1.EXAMPLE.NET,10.9.9.9", ["named"]),
        ("[jump.example.net]:2200", ["jump"]),
        ("jump.example.net", []),
        ("10.0.0.1,[10.0.0.1]:2222", ["other-port", "plain"]),
        ("10.0.0", []),
    ],
)
def test_keys_belong_to_an_address_and_a_port(public_key: PublicKey, names: str, expected: list[str]) -> None:
    assert matched(names, public_key("ssh-ed25519")) == expected


def test_a_host_has_all_its_keys_once(public_key: PublicKey) -> None:
    ed25519, rsa = public_key("ssh-ed25519"), public_key("ssh-rsa")
    text = f"10.0.0.1 {ed25519} comment\n10.0.0.1\t{rsa}\n[10.0.0.1]:22 {ed25519}\n"
    found = match_known_hosts(parse_known_hosts(text, "known_hosts"), HOSTS)
    assert found.keys == {"plain": (HostKey.parse(ed25519), HostKey.parse(rsa))}
    assert not found.unused


def test_what_belongs_to_no_host_is_told(public_key: PublicKey) -> None:
    text = f"10.9.9.9 {public_key('ssh-ed25519')}\n10.0.0.1 {public_key('ssh-ed25519')}\n"
    found = match_known_hosts(parse_known_hosts(text, "known_hosts"), HOSTS)
    assert [(entry.names, entry.line) for entry in found.unused] == [(("10.9.9.9",), 1)]


@pytest.mark.parametrize("entry", ["10.0.0.1", "[10.0.0.1]:2222"])
def test_hashed_names_are_found(public_key: PublicKey, tmp_path: Path, entry: str) -> None:
    """Hashed by ssh-keygen itself."""
    if shutil.which("ssh-keygen") is None and "CI" not in os.environ:
        pytest.skip("ssh-keygen is not installed")
    path = tmp_path / "known_hosts"
    path.write_text(f"{entry} {public_key('ssh-ed25519')}\n10.9.9.9 {public_key('ssh-ed25519')}\n")
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", str(path)], check=True, capture_output=True)
    assert entry not in path.read_text()
    found = match_known_hosts(parse_known_hosts(path.read_text(), "known_hosts"), HOSTS)
    assert list(found.keys) == ["plain" if entry == "10.0.0.1" else "other-port"]
    assert [unused.line for unused in found.unused] == [2]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        pytest.param("@revoked 10.0.0.1 KEY", "lines with @revoked are not supported", id="revoked"),
        pytest.param("@cert-authority *.example.net KEY", "lines with @cert-authority are not supported", id="CA"),
        pytest.param("*.example.net KEY", "patterns of hosts are not supported", id="star"),
        pytest.param("10.0.0.?,!10.0.0.1 KEY", "patterns of hosts are not supported", id="negated"),
        pytest.param("|1|AAAA KEY", "the hashed name is broken", id="hash without its half"),
        pytest.param("|1|????|???? KEY", "the hashed name is broken", id="hash that is no base64"),
        pytest.param("10.0.0.1 ssh-dss AAAA", "not 'ssh-dss'", id="DSA"),
        pytest.param("10.0.0.1 ssh-ed25519 AAAA", "this is not a public key of ssh-ed25519", id="broken key"),
        pytest.param("10.0.0.1", "host keys are ", id="no key"),
    ],
)
def test_lines_that_are_not_used_are_told_with_their_number(public_key: PublicKey, line: str, reason: str) -> None:
    key = public_key("ssh-ed25519")
    text = f"# comment\n\n{line.replace('KEY', key)}\n10.0.0.1 {key}\n"
    known = parse_known_hosts(text, "known_hosts")
    [problem] = known.problems
    assert (problem.file, problem.line, problem.severity) == ("known_hosts", 3, Severity.WARNING)
    assert reason in problem.message
    assert [entry.line for entry in known.entries] == [4]


def test_an_empty_file_has_nothing() -> None:
    known = parse_known_hosts("\n# nothing\n  \n", "known_hosts")
    assert (known.entries, known.problems) == ((), ())
