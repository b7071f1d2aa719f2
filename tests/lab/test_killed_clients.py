"""What survives the loss of a client: processes of their own, killed in the middle of a change."""

import json
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

NETMIKO = """
import sys
from netmiko import ConnectHandler
host, port, known_hosts, user, password = sys.argv[1:6]
connection = ConnectHandler(
    device_type="cisco_ios", host=host, port=int(port), username=user, password=password,
    ssh_strict=True, alt_host_keys=True, alt_key_file=known_hosts,
)
"""

NAPALM = """
import ssl, sys
import napalm
host, port, certificate, user, password = sys.argv[1:6]
options = {"port": int(port), "context": ssl.create_default_context(cafile=certificate)}
device = napalm.get_network_driver("eos")(host, user, password, optional_args=options)
device.open()
"""

WAIT = """
print("here", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def client(
    bench: Any, login: dict[str, str], tmp_path: Path
) -> Iterator[Callable[[str, str], "subprocess.Popen[str]"]]:
    """Runs lines of a program against a device in a process of its own, up to where it waits; kills it at the end."""
    processes: list[subprocess.Popen[str]] = []

    def run(device: str, lines: str) -> "subprocess.Popen[str]":
        host, port = bench.addresses[device]
        begin, trust = (NETMIKO, bench.lab.known_hosts) if device == "r1" else (NAPALM, bench.lab.certificate(device))
        program = tmp_path / f"client{len(processes)}.py"
        program.write_text(begin + textwrap.dedent(lines) + WAIT)
        command = [sys.executable, "-W", "ignore", str(program), host, str(port), str(trust)]
        process = subprocess.Popen(
            [*command, login["username"], login["password"]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        processes.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "here\n"
        return process

    yield run
    for process in processes:
        process.kill()
        process.wait(20)
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            pipe.close()


def kill(process: "subprocess.Popen[str]") -> None:
    process.kill()
    process.wait(20)


def test_ios_half_entered_lines_stay(bench: Any, client: Any, eventually: Callable[..., None]) -> None:
    process = client(
        "r1",
        """
        connection.config_mode()
        lines = ["interface Vlan77", "description half"]
        connection.send_config_set(lines, enter_config_mode=False, exit_config_mode=False)
        """,
    )

    kill(process)

    eventually(lambda: bench.lab.device("r1").sessions == 0)
    assert "interface Vlan77\n description half" in bench.lab.running("r1")
    assert "Vlan77" not in bench.lab.startup("r1")


def test_ios_revert_timer_runs_on(bench: Any, client: Any, eventually: Callable[..., None]) -> None:
    process = client(
        "r1",
        """
        connection.config_mode("configure terminal revert timer 1")
        options = {"enter_config_mode": False, "exit_config_mode": False, "cmd_verify": False}
        connection.send_config_set(["hostname other"], **options)
        """,
    )

    kill(process)

    eventually(lambda: bench.lab.device("r1").sessions == 0)
    # A vendor's minute is a real one in this lab: the timer is asked for, not waited for.
    assert "Timer value: 1 min" in bench.console().run("show archive config rollback timer", prompt=r"#$")
    assert bench.lab.device("r1").hostname == "other"


def test_ios_configuration_lock_is_released(bench: Any, client: Any, eventually: Callable[..., None]) -> None:
    bench.lab.edit("r1", ["configuration mode exclusive auto"])
    process = client("r1", "connection.config_mode()")
    second = bench.console()
    locked = second.run("configure terminal")

    kill(process)

    eventually(lambda: bench.lab.device("r1").sessions == 1)
    assert "Configuration mode locked exclusively by user 'netops'" in locked
    assert "Enter configuration commands" in second.run("configure terminal")


def test_eos_session_stays_pending(bench: Any, client: Any) -> None:
    process = client(
        "sw1",
        """
        device.config_session = "order-1"
        device.load_merge_candidate(config="hostname other\\n")
        """,
    )

    kill(process)

    eapi = bench.eapi()
    sessions = eapi.run("show configuration sessions")[0]["sessions"]
    assert {name: each["state"] for name, each in sessions.items()} == {"order-1": "pending"}
    assert bench.lab.device("sw1").hostname == "sw1"
    eapi.run("configure session order-1 commit")
    assert bench.lab.device("sw1").hostname == "other"


@pytest.mark.parametrize("confirmed", [True, False])
def test_eos_commit_timer_runs_on(bench: Any, client: Any, eventually: Callable[..., None], confirmed: bool) -> None:
    process = client(
        "sw1",
        f"""
        device.config_session = "order-1"
        device.load_merge_candidate(config="hostname other\\n")
        device.commit_config(revert_in={60 if confirmed else 1})
        """,
    )

    kill(process)

    if confirmed:
        bench.eapi().run("configure session order-1 commit", "write memory")
        assert "hostname other" in bench.lab.startup("sw1")
    else:
        eventually(lambda: bench.lab.device("sw1").hostname == "sw1")
    sessions = bench.eapi().run("show configuration sessions detail")[0]["sessions"]
    assert {name: each["state"] for name, each in sessions.items()} == ({"order-1": "completed"} if confirmed else {})


def test_nothing_is_applied_twice_by_the_journal(bench: Any, client: Any) -> None:
    process = client("sw1", 'device.load_merge_candidate(config="hostname other\\n"); device.commit_config()')

    kill(process)

    journal = [entry for entry in bench.lab.journal("sw1") if entry.event.value == "commit"]
    assert len(journal) == 1
    assert json.loads(journal[0].model_dump_json())["device"] == "sw1"
