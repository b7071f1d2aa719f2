"""Keys: who may do what, and who says so."""

import stat
from pathlib import Path
from typing import Any

import pytest

from events.signing import Signer, log_name


@pytest.fixture(scope="module")
def place(make_place: Any) -> Any:
    return make_place()


def test_a_new_key_can_be_read_by_its_owner_alone(place: Any, tmp_path: Path) -> None:
    made = place("key", "new", str(tmp_path / "eve.pem"), "--name", "eve", "--json")
    assert made.code == 0
    private = Path(made.json["private"])
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    signer = Signer.from_pem(private.read_bytes())
    assert (signer.key_id, signer.public) == (made.json["id"], made.json["public"])
    assert b"PUBLIC KEY" in Path(made.json["public_file"]).read_bytes()


def test_a_key_is_never_written_over(place: Any, tmp_path: Path) -> None:
    path = tmp_path / "eve.pem"
    assert place("key", "new", str(path), "--name", "eve").code == 0
    before = path.read_bytes()
    again = place("key", "new", str(path), "--name", "eve")
    assert again.code == 1
    assert f"{path} exists already; move it away first" in again.err
    assert path.read_bytes() == before


def test_what_is_printed_can_be_run_by_an_admin(place: Any, tmp_path: Path) -> None:
    told = place("key", "new", str(tmp_path / "eve.pem"), "--name", "eve").out
    line = next(line for line in told.splitlines() if "wavegate key register" in line)
    arguments = line.split("wavegate ")[1].replace("TEAM", "netauto").replace("ROLE", "engineer").split()
    assert place(*arguments, by="ada").code == 0
    assert place("key", "revoke", "eve", "--reason", "only a test", "--yes", by="ada").code == 0


def test_the_list_says_what_each_may_do(place: Any) -> None:
    keys = {key["name"]: key for key in place("key", "list", "--json").lines}
    assert keys["ada"]["roles"] == ["admin"]
    assert keys["olga"] == {
        "id": Signer.from_pem(place.keys["olga"].read_bytes()).key_id,
        "name": "olga",
        "team": "noc",
        "roles": ["operator"],
        "areas": ["network-ops"],
        "public": Signer.from_pem(place.keys["olga"].read_bytes()).public,
    }
    assert "olga         noc      operator     network-ops" in place("key", "list").out


def test_a_private_key_may_be_given_for_its_public_half(place: Any, tmp_path: Path) -> None:
    path = tmp_path / "pipe.pem"
    path.write_bytes(Signer.generate().pem())
    given = ("key", "register", str(path), "--name", "pipe", "--team", "netauto", "--role", "pipeline", "--json")
    made = place(*given, by="ada")
    assert made.code == 0
    assert made.json["entry"]["roles"] == ["pipeline"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(
            ("nowhere.pem", "--role", "engineer"), "'nowhere.pem' is neither a file nor a public key", id="no key"
        ),
        pytest.param(
            ("PUB", "--role", "engineer", "--area", "x"), "--area says what an operator may approve", id="an area"
        ),
        pytest.param(
            ("PUB", "--role", "operator"), "which areas may this operator approve for? Add --area", id="no area"
        ),
        pytest.param(("PUB", "--role", "operator", "--area", "a b"), "1 to 63 letters, digits", id="no name"),
    ],
)
def test_what_cannot_be_registered(place: Any, arguments: tuple[str, ...], says: str) -> None:
    public = f"{place.keys['ed']}.pub"
    given = [public if argument == "PUB" else argument for argument in arguments]
    refused = place("key", "register", *given, "--name", "x", "--team", "x", by="ada")
    assert refused.code in {1, 2}
    assert says in refused.err


def test_a_file_that_is_no_key(place: Any, tmp_path: Path) -> None:
    path = tmp_path / "x.pem"
    path.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    refused = place("key", "register", str(path), "--name", "x", "--team", "x", "--role", "engineer", by="ada")
    assert refused.code == 1
    assert f"{path}: this is no public key in PEM" in refused.err


@pytest.mark.parametrize("by", ["ed", "olga"])
def test_only_an_admin_registers_and_revokes(place: Any, by: str) -> None:
    given = ("--name", "mallory", "--team", "x", "--role", "admin")
    refused = place("key", "register", f"{place.keys['ed']}.pub", *given, by=by)
    assert refused.code == 1
    assert f"KeyRegistered is for admin; {by} is" in refused.err
    refused = place("key", "revoke", "ada", "--reason", "x", "--yes", by=by)
    assert refused.code == 1
    assert "KeyRevoked is for admin" in refused.err
    assert [key["name"] for key in place("key", "list", "--json").lines if key["roles"] == ["admin"]] == ["ada"]


def test_the_last_admin_stays(place: Any) -> None:
    refused = place("key", "revoke", "ada", "--reason", "x", "--yes", by="ada")
    assert refused.code == 1
    assert "last admin" in refused.err


def test_revoking_asks_back(place: Any) -> None:
    refused = place("key", "revoke", "ed", "--reason", "x", by="ada")
    assert refused.code == 2
    assert "of ed is revoked, and every approval it gave." in refused.err
    assert "say --yes" in refused.err


def test_a_revoked_key_is_no_key(place: Any) -> None:
    place.add("gone")
    assert place("key", "revoke", "gone", "--reason", "left", "--yes", by="ada").code == 0
    assert "gone" not in {key["name"] for key in place("key", "list", "--json").lines}
    refused = place("rollout", "halt", "--all", "--reason", "x", "--yes", by="gone")
    assert refused.code == 1
    assert "is not registered, or was revoked; ask an admin" in refused.err


@pytest.mark.parametrize(("which", "says"), [("nobody", "no key is called 'nobody'"), ("k-", "keys are called 'k-'")])
def test_which_key_is_meant(place: Any, which: str, says: str) -> None:
    refused = place("key", "revoke", which, "--reason", "x", "--yes", by="ada")
    assert refused.code == 2
    assert says in refused.err


def test_without_a_key_nothing_is_asked(place: Any) -> None:
    refused = place("rollout", "halt", "--all", "--reason", "x", "--yes")
    assert refused.code == 2
    assert "who are you? Name your private key with --key FILE or WAVEGATE_KEY" in refused.err


def test_a_key_that_others_can_read_is_not_used(place: Any, tmp_path: Path) -> None:
    path = tmp_path / "open.pem"
    path.write_bytes(place.keys["olga"].read_bytes())
    path.chmod(0o644)
    refused = place("rollout", "halt", "--all", "--reason", "x", "--yes", "--key", str(path))
    assert refused.code == 1
    assert f"the key {path} can be read by others: anybody could sign as you. chmod 600 {path}" in refused.err


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(None, "cannot be read: No such file or directory", id="none"),
        pytest.param(b"nonsense", "this is no unencrypted private key in PEM", id="nonsense"),
    ],
)
def test_a_key_that_is_none(place: Any, tmp_path: Path, content: bytes | None, says: str) -> None:
    path = tmp_path / "k.pem"
    if content is not None:
        path.write_bytes(content)
        path.chmod(0o600)
    refused = place("rollout", "halt", "--all", "--reason", "x", "--yes", "--key", str(path))
    assert refused.code == 1
    assert says in refused.err
    assert str(path) in refused.err


def test_the_root_key_is_the_log_s_name(place: Any) -> None:
    root = Signer.from_pem((place.home / "keys" / "root.pem").read_bytes())
    assert f'log_name = "{log_name(root.public)}"' in (place.home / "wavegate.toml").read_text()
