"""One template at a time: its text, or how it fails."""

from collections.abc import Callable

import pytest

from automation.render.errors import Failure, RenderError
from automation.render.templates import Templates

NAMES = {
    "device": {"name": "ber-r1", "os_version": None, "labels": {}},
    "row": {"vlan": "10", "items": "a column called items"},
    "servers": ["192.0.2.1", "192.0.2.2"],
    "users": [{"name": "ann", "level": 15}, {"name": "bob", "level": 1}, {"name": "Cy"}],
    "noc_prefix": "198.51.100.0/24",
    "mtu": 1500,
    "ratio": 0.5,
    "enabled": True,
    "nothing": None,
    "psk": "env:STORE_PSK",
    "snmp": {"community": "file:/run/secrets/snmp"},
}

Text = Callable[[str], str]
Fails = Callable[[str], Failure]


@pytest.fixture
def text() -> Text:
    """What a template gives for :data:`NAMES`."""
    return lambda source: Templates({"t.j2": source}).render("t.j2", NAMES)


@pytest.fixture
def fails() -> Fails:
    """How a template fails for :data:`NAMES`."""

    def failure(source: str) -> Failure:
        with pytest.raises(RenderError) as caught:
            Templates({"t.j2": source}).render("t.j2", NAMES)
        return caught.value.failure

    return failure
