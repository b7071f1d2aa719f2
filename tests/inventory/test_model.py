"""Models are frozen, closed, and quiet about secrets."""

from dataclasses import FrozenInstanceError
from typing import Any

import pytest
from pydantic import ValidationError

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
