"""What Nornir gets: the hosts that were asked for, plain data, and no credentials."""

import json

import pytest
from nornir.core import Nornir
from nornir.core.configuration import Config
from nornir.core.plugins.inventory import InventoryPlugin
from nornir.core.task import Result, Task
from nornir.plugins.runners import ThreadedRunner

from inventory.credentials import resolve_login
from inventory.estate import Estate
from inventory.nornir_plugin import EstateInventory
from inventory.problems import UnknownNameError
from inventory.variables import ChangeVariables

CANARY = "c4n4ry-Tr0ub4dor"


def test_only_the_hosts_that_are_needed_are_built(estate: Estate) -> None:
    inventory = EstateInventory(estate, ["store-1-rtr1", "hq-rtr1"]).load()
    assert list(inventory.hosts) == ["store-1-rtr1", "hq-rtr1"]


def test_it_is_an_inventory_plugin(estate: Estate) -> None:
    plugin: InventoryPlugin = EstateInventory(estate, ["hq-rtr1"])
    assert len(plugin.load()) == 1


def test_a_host_is_reached_as_the_estate_says(estate: Estate) -> None:
    host = EstateInventory(estate, ["hq-sw1"]).load().hosts["hq-sw1"]
    assert (host.name, host.hostname, host.port, host.platform) == ("hq-sw1", "10.0.0.3", 443, "eos")
    assert host.connection_options == {}


def test_its_data_are_plain(estate: Estate) -> None:
    change = ChangeVariables(values={"mtu": 9000}, row={"asn": "65001"})
    host = EstateInventory(estate, ["hq-rtr1"], {"hq-rtr1": change}).load().hosts["hq-rtr1"]
    assert host.data == {
        "site": "hq",
        "country": "DE",
        "region": "emea",
        "tier": "core",
        "timezone": "Europe/Berlin",
        "role": "router",
        "os_version": "17.9.4",
        "redundancy_group": "hq-wan",
        "access": "in-band",
        "via": None,
        "legacy_crypto": False,
        "labels": {"building": "b"},
        "variables": {"dns": ["10.49.0.53"], "mtu": 9000, "ntp": "10.0.0.9", "vlan": 10},
        "row": {"asn": "65001"},
    }
    assert json.loads(json.dumps(host.data)) == host.data


def test_no_secret_is_on_a_host_even_after_it_was_read(estate: Estate) -> None:
    """Nornir's ``dict()`` prints the password of a host, so a host has none."""
    environ = {"TACACS_PASSWORD": CANARY}
    reference = estate.credentials_of(estate.devices["hq-rtr1"])
    login = resolve_login(type(reference)(name="x", username="a", password="env:TACACS_PASSWORD"), environ)
    assert login.password is not None
    inventory = EstateInventory(estate, list(estate.devices)).load()
    assert CANARY not in json.dumps(inventory.dict())
    for host in inventory.hosts.values():
        assert (host.username, host.password) == (None, None)
        assert host.dict()["password"] is None
        assert host.get_connection_parameters("netmiko").password is None


def test_an_unknown_device_is_not_left_out(estate: Estate) -> None:
    with pytest.raises(UnknownNameError, match="the estate has no device 'hq-rtr11'; did you mean 'hq-rtr1'"):
        EstateInventory(estate, ["hq-rtr1", "hq-rtr11"]).load()


def test_every_load_makes_new_hosts(estate: Estate) -> None:
    """What a task writes into a host's data must not reach the next unit of work."""
    plugin = EstateInventory(estate, ["hq-rtr1"])
    first = plugin.load().hosts["hq-rtr1"]
    first.data["variables"]["dns"].append("evil")
    first.data["labels"]["x"] = "y"
    again = plugin.load().hosts["hq-rtr1"]
    assert again.data["variables"]["dns"] == ["10.49.0.53"]
    assert again.data["labels"] == {"building": "b"}


def test_nornir_runs_on_it(estate: Estate) -> None:
    def task(task: Task) -> Result:
        return Result(host=task.host, result=f"{task.host.name} {task.host['variables']['vlan']}")

    names = ["hq-rtr1", "hq-rtr2"]
    nornir = Nornir(inventory=EstateInventory(estate, names).load(), runner=ThreadedRunner(2), config=Config())
    results = nornir.run(task=task)
    assert {name: result[0].result for name, result in results.items()} == {
        "hq-rtr1": "hq-rtr1 10",
        "hq-rtr2": "hq-rtr2 20",
    }
