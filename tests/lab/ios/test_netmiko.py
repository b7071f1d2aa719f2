"""Plain netmiko `cisco_ios` against a simulated IOS device."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from netmiko import ConnectHandler, NetmikoAuthenticationException
from paramiko import SSHException

STARTUP_WITH_BANNER = """
hostname branch-router-with-a-long-name
banner motd ^C
## keep out > really #
^C
interface GigabitEthernet0/0/1
 shutdown
line vty 0 4
 login local
"""


@contextmanager
def netmiko(bench: Any, login: dict[str, str], **options: Any) -> Iterator[Any]:
    host, port = bench.addresses["r1"]
    connection = ConnectHandler(
        device_type="cisco_ios",
        host=host,
        port=port,
        username=login["username"],
        password=login["password"],
        secret=login["enable"],
        ssh_strict=True,
        alt_host_keys=True,
        alt_key_file=str(bench.lab.known_hosts),
        **options,
    )
    try:
        yield connection
    finally:
        connection.disconnect()


def test_connects_with_a_banner_full_of_prompts(start: Callable[..., Any], login: dict[str, str]) -> None:
    bench = start(only="r1", r1={"startup": STARTUP_WITH_BANNER})

    with netmiko(bench, login) as connection:
        assert connection.find_prompt() == "branch-router-with-a-long-name#"
        assert connection.send_command("show privilege") == "Current privilege level is 15"


def test_enables_with_the_secret(start: Callable[..., Any], login: dict[str, str]) -> None:
    credentials = {"username": login["username"], "password": login["password"], "enable": login["enable"]}
    bench = start(only="r1", r1={"credentials": credentials, "user_mode": True})

    with netmiko(bench, login) as connection:
        assert not connection.check_enable_mode()
        connection.enable()
        assert connection.check_enable_mode()


def test_a_user_of_an_aaa_server_needs_no_line(start: Callable[..., Any], login: dict[str, str]) -> None:
    known = {"username": login["username"], "password": login["password"], "remote": True}
    bench = start(only="r1", r1={"credentials": known})

    with netmiko(bench, login) as connection:
        assert connection.send_command("show privilege") == "Current privilege level is 15"
        assert "username" not in connection.send_command("show running-config")


def test_pushes_lines_and_saves_them(ios: Any, login: dict[str, str]) -> None:
    with netmiko(ios, login) as connection:
        connection.send_config_set(["interface GigabitEthernet0/0/1", "description to the till", "no shutdown"])
        saved = connection.save_config()

    assert "[OK]" in saved
    for config in (ios.lab.running("r1"), ios.lab.startup("r1")):
        assert "interface GigabitEthernet0/0/1\n description to the till\n!" in config


def test_error_pattern_sees_a_refused_line(ios: Any, login: dict[str, str]) -> None:
    with (
        netmiko(ios, login) as connection,
        pytest.raises(Exception, match="Invalid input detected"),
    ):
        connection.send_config_set(["hostname r2", "no such line", "hostname r3"], error_pattern=r"^% ?\S+")

    # The line before it has taken effect, the one behind it was never sent.
    assert "hostname r2" in ios.lab.running("r1")


def test_a_wrong_password_is_refused(ios: Any, login: dict[str, str]) -> None:
    with pytest.raises(NetmikoAuthenticationException), netmiko(ios, login | {"password": "wrong"}):
        pass

    assert "login-refused" in ios.events("r1")
    assert "wrong" not in ios.lab.folder.joinpath("journal", "r1.jsonl").read_text()


# cryptography warns that it will give up this key exchange, on the device as on the client.
@pytest.mark.filterwarnings("ignore:Diffie-Hellman over finite fields")
def test_legacy_crypto_is_all_that_old_gear_speaks(start: Callable[..., Any], login: dict[str, str]) -> None:
    bench = start(only="r1", r1={"legacy_crypto": True})

    with netmiko(bench, login) as connection:
        transport = connection.remote_conn_pre.get_transport()
        assert transport.get_remote_server_key().get_name() == "ssh-rsa"
        assert "15" in str(connection.send_command("show privilege"))
    with pytest.raises(SSHException, match="no acceptable kex algorithm"):
        bench.console(kex=("curve25519-sha256@libssh.org",))
