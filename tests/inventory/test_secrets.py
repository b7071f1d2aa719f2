"""No secret stands in an estate, none is shown, and what is no secret is left alone."""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from inventory.estate import Estate
from inventory.load import load
from inventory.problems import EstateError
from inventory.secrets import find_references, find_secrets, names_secret

Load = Callable[[Mapping[str, str]], Estate]
Refused = Callable[[Mapping[str, str]], list[str]]

CANARY = "c4n4ry-Tr0ub4dor"
HEAD = """\
credentials:
  tacacs: {username: automation, password: "env:SECRET"}
sites:
  hq: {country: DE, timezone: Europe/Berlin, region: emea}
devices:
"""
ROUTER = "{site: hq, role: router, platform: ios, address: 10.0.0.1, credentials: tacacs"


@pytest.mark.parametrize(
    ("files", "place"),
    [
        pytest.param(
            {"e.yaml": f"credentials:\n  c: {{username: a, password: {CANARY}}}\n"}, "e.yaml:2", id="the password"
        ),
        pytest.param(
            {"e.yaml": f"credentials:\n  c:\n    username: a\n    password: env:A\n    enable_secret: {CANARY}\n"},
            "e.yaml:5",
            id="the enable secret",
        ),
        pytest.param(
            {"e.yaml": f"credentials:\n  c:\n    username: a\n    private_key: {CANARY}\n"}, "e.yaml:4", id="the key"
        ),
        pytest.param(
            {"e.yaml": f"credentials:\n  c: {{username: a, password: 'env:A', passwort: {CANARY}}}\n"},
            "e.yaml:2",
            id="under a mistyped name",
        ),
        pytest.param({"e.yaml": f"{HEAD}  d: {ROUTER}, password: {CANARY}}}\n"}, "e.yaml:6", id="on a device"),
        pytest.param(
            {"e.yaml": f"{HEAD}  d: {ROUTER}, labels: {{secret: {CANARY}}}}}\n"}, "e.yaml:6", id="in a label"
        ),
        pytest.param(
            {"e.yaml": f"{HEAD}  d: {ROUTER}, variables: {{snmp_community: {CANARY}}}}}\n"},
            "e.yaml:6",
            id="in a variable",
        ),
        pytest.param(
            {"e.yaml": f"variables:\n  regions:\n    emea:\n      radius:\n        - {{key: {CANARY}}}\n"},
            "e.yaml:4",
            id="deep in a variable",
        ),
        pytest.param(
            {"e.yaml": HEAD, "devices.csv": (
                f"name,site,role,platform,address,credentials,var.psk\nd,hq,router,ios,10.0.0.1,tacacs,{CANARY}\n"
            )},
            "devices.csv:2",
            id="in a cell",
        ),
        pytest.param(
            {"e.yaml": HEAD, "devices.csv": f"name,password\nd,{CANARY}\n"}, "devices.csv:1", id="in a column"
        ),
        pytest.param(
            {"e.yaml": f"{HEAD}  d: {ROUTER}, variables: {{banner: 'username x secret 9 {CANARY}'}}}}\n"},
            "e.yaml:6",
            id="in a line of configuration",
        ),
        pytest.param(
            {"e.yaml": f"{HEAD}  d: {ROUTER}, variables: {{hash: $6${CANARY}$x}}}}\n"}, "e.yaml:6", id="as a hash"
        ),
        pytest.param(
            {"e.yaml": (
                f"variables:\n  roles:\n    r:\n      t: |\n        -----BEGIN RSA PRIVATE KEY-----\n        {CANARY}\n"
            )},
            "e.yaml:4",
            id="as a private key",
        ),
    ],
)  # fmt: skip
def test_a_secret_is_refused_and_not_shown(
    write: Callable[[Mapping[str, str]], Path],
    platforms: dict[str, int],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    files: dict[str, str],
    place: str,
) -> None:
    folder = write(files)
    with caplog.at_level(logging.DEBUG), pytest.raises(EstateError) as caught:
        load([folder], platforms=platforms, cache_dir=tmp_path / "cache")
    told = [str(problem).replace(f"{folder}/", "") for problem in caught.value.problems]
    assert any(problem.startswith(f"{place}: ") for problem in told)
    assert CANARY not in "\n".join([str(caught.value), repr(caught.value), caplog.text, *told])
    assert not list(tmp_path.glob("cache/*"))


def test_how_to_mend_it_depends_on_where_it_is(refused: Refused) -> None:
    hidden = "credentials 'c': a secret is written out in password (its name says that it is a secret)"
    assert refused({"e.yaml": f"credentials:\n  c: {{username: a, password: {CANARY}}}\n"})[0] == (
        f"e.yaml:2: {hidden}; keep it elsewhere and write env:NAME or file:/path here;"
        " if it is no secret, give it another name"
    )
    [problem] = refused({"e.yaml": f"{HEAD}  d: {ROUTER}, password: {CANARY}}}\n"})
    assert problem.endswith("refer to it from a record in credentials, and name that record here")


def test_a_reference_in_a_variable_is_no_secret(load_files: Load) -> None:
    files = {"e.yaml": f"{HEAD}  d: {ROUTER}, variables: {{snmp_community: 'env:SNMP'}}}}\n"}
    assert load_files(files).devices["d"].variables == {"snmp_community": "env:SNMP"}


@pytest.mark.parametrize(
    "key",
    [
        "password", "PASSWORD", "enablePassword", "secret", "enable-secret", "snmp_community", "snmpCommunity", "psk",
        "community_ro", "key", "radius_key", "ospf.key", "SNMPCommunity", "api_token", "secrets", "passphrase",
        "password1",
    ],
)  # fmt: skip
def test_keys_of_secrets(key: str) -> None:
    assert names_secret(key)


@pytest.mark.parametrize(
    "key",
    [
        "", "vlan", "key_id", "keychain", "monkey", "password_length", "secret_type", "token_bucket", "bgp_community",
        "communication", "key_chain_name", "password_encryption", "tokenizer",
    ],
)  # fmt: skip
def test_keys_of_other_things(key: str) -> None:
    assert not names_secret(key)


@pytest.mark.parametrize(
    "value",
    ["x", 12345, 1.5, ["x"], {"name": "x"}, {"deep": [{"er": "x"}]}, "env:not-a-name", "file:relative", "env:A b"],
    ids=repr,
)
def test_any_value_under_a_key_of_secrets_is_found(value: object) -> None:
    assert list(find_secrets({"password": value}))


@pytest.mark.parametrize(
    "value",
    [None, True, False, "", [], {}, "env:NAME", "file:/run/secrets/x", ["env:A", "env:B"], {"id": 5, "type": "md5"}],
    ids=repr,
)
def test_what_is_no_secret_even_there(value: object) -> None:
    assert not list(find_secrets({"password": value}))


@pytest.mark.parametrize("value", ["65000:100", "65000:1:2", "rt 65000:1", "no-export", "65000:1 65000:2 additive"])
def test_communities_of_bgp_are_no_secrets(value: str) -> None:
    assert not list(find_secrets({"community": value}))


@pytest.mark.parametrize(
    "value",
    [
        "$9$abcdef", "$6$salt$hash", "$1$salt$hash", "$2b$12$abcdefghijk", "$y$j9T$abc", "$14$abc$def", "x $5$rounds$a",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nabc", "-----BEGIN PRIVATE KEY-----", "enable secret cisco",
        "username admin privilege 15 password 0 cisco", "hostname x\nenable password cisco", "key-string 7 0822455D",
        "snmp-server community public RO", "tacacs-server host 10.0.0.1 key cisco", "neighbor 10.0.0.1 password x",
        "Username x Secret 5 abc", "crypto isakmp key\npre-shared-key abc",
    ],
)  # fmt: skip
def test_shapes_of_secrets_are_found_under_any_key(value: str) -> None:
    assert list(find_secrets({"text": value}))


@pytest.mark.parametrize(
    "value",
    [
        "10.0.0.1", "US$100$", "$HOME", "-----BEGIN CERTIFICATE-----", "-----BEGIN PUBLIC KEY-----", "Enter password!",
        "ask for the secret sauce", "no snmp-server", "aaa authentication login default group tacacs+", "env:NAME",
    ],
)  # fmt: skip
def test_shapes_of_other_things_are_left_alone(value: str) -> None:
    assert not list(find_secrets({"text": value}))


def test_a_finding_has_its_place_and_not_its_value() -> None:
    [finding] = find_secrets({"radius": {"servers": [{"host": "r1"}, {"host": "r2", "key": CANARY}]}})
    assert finding.path == ("radius", "servers", "1", "key")
    assert CANARY not in repr(finding)


def test_long_values_are_searched_quickly() -> None:
    """A pattern that backtracks would take minutes here, and the suite's time limit would end it."""
    assert not list(find_secrets({"text": "radius-server " * 4_000 + "snmp-server " * 1_000}))


def test_references_are_found_with_their_places() -> None:
    values = {"snmp": {"communities": ["env:RO", "public"]}, "key": "file:/run/k", "vlan": 3}
    assert dict(find_references(values)) == {("snmp", "communities", "0"): "env:RO", ("key",): "file:/run/k"}
