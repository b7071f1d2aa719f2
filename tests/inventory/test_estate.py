"""Finding one's way in an estate."""

import pytest

from inventory.estate import Estate
from inventory.problems import UnknownNameError


def test_what_is_there_is_found(estate: Estate) -> None:
    assert estate.device("hq-rtr1").address == "10.0.0.1"
    assert estate.site("hq").region == "emea"


@pytest.mark.parametrize(
    ("kind", "name", "message"),
    [
        ("device", "hq-sw2", "the estate has no device 'hq-sw2'; did you mean 'hq-sw1'?"),
        ("device", "xyz", "the estate has no device 'xyz'"),
        ("site", "stroe-1", "the estate has no site 'stroe-1'; did you mean 'store-1'?"),
    ],
)
def test_what_is_not_there_is_told(estate: Estate, kind: str, name: str, message: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        getattr(estate, kind)(name)
    assert str(caught.value) == message
    assert (caught.value.kind, caught.value.name) == (kind, name)


def test_a_device_has_twins_or_none(estate: Estate) -> None:
    assert [twin.name for twin in estate.twins(estate.devices["hq-rtr1"])] == ["hq-rtr2"]
    assert estate.twins(estate.devices["hq-sw1"]) == ()


def test_devices_and_jump_hosts_have_credentials(estate: Estate) -> None:
    for host in (estate.devices["hq-rtr1"], estate.jump_hosts["jump-emea"]):
        assert estate.credentials_of(host).username == "automation"
