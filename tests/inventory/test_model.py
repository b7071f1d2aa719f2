"""Models are frozen, closed, and quiet about secrets."""

from dataclasses import FrozenInstanceError
from typing import Any

import pytest
from pydantic import ValidationError

from events.values import Access
from inventory.model import NOWHERE, CredentialReference, Device, JumpHost, Origin, Site

Fields = dict[str, Any]

DEVICE: Fields = {"name": "d", "site": "s", "role": "r", "platform": "ios", "address": "h", "credentials": "c"}
SITE: Fields = {"name": "s", "country": "DE", "timezone": "Europe/Berlin", "region": "emea"}
JUMP: Fields = {"name": "j", "address": "h", "credentials": "c"}
CREDENTIALS: Fields = {"name": "c", "username": "a", "password": "env:P"}

MODELS = [
    pytest.param(Device, DEVICE, id="device"),
    pytest.param(Site, SITE, id="site"),
    pytest.param(JumpHost, JUMP, id="jump host"),
    pytest.param(CredentialReference, CREDENTIALS, id="credentials"),
]


@pytest.mark.parametrize(("model", "fields"), MODELS)
def test_a_model_cannot_be_changed(model: type[Any], fields: Fields) -> None:
    thing = model(**fields)
    with pytest.raises(FrozenInstanceError):
        thing.name = "other"


@pytest.mark.parametrize(("model", "fields"), MODELS)
def test_a_model_takes_no_other_fields(model: type[Any], fields: Fields) -> None:
    with pytest.raises(ValidationError, match="colour"):
        model(**fields, colour="red")


@pytest.mark.parametrize(("model", "fields"), MODELS)
@pytest.mark.parametrize("name", ["", "-", "a b", "a\n", "ä", "x" * 64, "a/b"], ids=ascii)
def test_names_have_one_form(model: type[Any], fields: Fields, name: str) -> None:
    with pytest.raises(ValidationError, match="name"):
        model(**fields | {"name": name})


@pytest.mark.parametrize(("model", "fields"), MODELS)
def test_where_a_thing_is_written_makes_no_difference(model: type[Any], fields: Fields) -> None:
    elsewhere = model(**fields, origin=Origin(file="a.yaml", line=3))
    assert elsewhere == model(**fields)
    assert (elsewhere.origin.line, model(**fields).origin) == (3, NOWHERE)


@pytest.mark.parametrize("field", ["password", "private_key", "enable_secret", "username"])
def test_an_error_quotes_no_secret(field: str) -> None:
    with pytest.raises(ValidationError) as caught:
        CredentialReference(**CREDENTIALS | {field: "c4n4ry\x07"})
    assert field in str(caught.value)
    assert "c4n4ry" not in str(caught.value)


@pytest.mark.parametrize("reference", ["env:NAME", "env:_n1", "file:/run/secrets/x", "file:/with space/x"])
def test_references(reference: str) -> None:
    assert CredentialReference(name="c", username=reference, password=reference).password == reference


@pytest.mark.parametrize(
    "reference", ["env:", "env:1A", "env:A B", "file:x", "file:~/x", "vault:x", "ENV:A", "env:A\n"]
)
def test_no_references(reference: str) -> None:
    with pytest.raises(ValidationError):
        CredentialReference(name="c", username="a", password=reference)


def test_what_is_left_out_of_a_device() -> None:
    device = Device(**DEVICE)
    assert (device.port, device.access, device.legacy_crypto) == (22, Access.IN_BAND, False)
    assert (device.os_version, device.redundancy_group, device.via) == (None, None, None)
    assert (device.labels, device.variables) == ({}, {})


def test_what_is_left_out_of_others() -> None:
    assert (JumpHost(**JUMP).port, JumpHost(**JUMP).max_connections) == (22, 10)
    assert (Site(**SITE).tier, Site(**SITE).labels, Site(**SITE).variables) == (None, {}, {})
    assert CredentialReference(**CREDENTIALS).enable_secret is None


@pytest.mark.parametrize(
    ("origin", "expected"),
    [(NOWHERE, ""), (Origin(file="a.yaml"), "a.yaml"), (Origin(file="a.yaml", line=1), "a.yaml:1")],
)
def test_an_origin_reads_as_a_place(origin: Origin, expected: str) -> None:
    assert str(origin) == expected


@pytest.mark.parametrize(
    ("model", "changes"),
    [
        pytest.param(Device, DEVICE | {"port": 0}, id="port too low"),
        pytest.param(Device, DEVICE | {"port": 65536}, id="port too high"),
        pytest.param(Device, DEVICE | {"address": "a b"}, id="address"),
        pytest.param(Device, DEVICE | {"os_version": "17\n9"}, id="version of two lines"),
        pytest.param(Device, DEVICE | {"os_version": ""}, id="empty version"),
        pytest.param(Device, DEVICE | {"labels": {"a": "x" * 64}}, id="long label"),
        pytest.param(Device, DEVICE | {"labels": {"a": "\x1b[31m"}}, id="escape in a label"),
        pytest.param(Device, DEVICE | {"labels": {"a/": "x"}}, id="label's name"),
        pytest.param(Device, DEVICE | {"variables": {"a-b": 1}}, id="variable's name"),
        pytest.param(JumpHost, JUMP | {"max_connections": 0}, id="no connection"),
        pytest.param(JumpHost, JUMP | {"max_connections": 10_001}, id="very many connections"),
        pytest.param(Site, SITE | {"country": "de"}, id="country in small letters"),
        pytest.param(Site, SITE | {"timezone": ""}, id="no zone"),
    ],
)
def test_what_a_model_does_not_take(model: type[Any], changes: Fields) -> None:
    with pytest.raises(ValidationError):
        model(**changes)
