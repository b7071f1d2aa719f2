"""The command line of IOS: modes, prompts, errors, editing, paging, terminals."""

from collections.abc import Callable
from typing import Any

import paramiko
import pytest


def test_the_prompt_follows_mode_and_name(ios: Any) -> None:
    console = ios.console()

    console.type("configure terminal\nhostname core\ninterface Vlan10\nexit\nend\ndisable\n")

    for prompt in (
        r"^configure terminal",
        r"r1\(config\)#hostname core",
        r"core\(config\)#interface Vlan10",
        r"core\(config-if\)#exit",
        r"core\(config\)#end",
        r"core#disable",
        r"core>$",
    ):
        console.expect(prompt)


def test_a_long_name_is_cut_in_configuration_mode(ios: Any) -> None:
    console = ios.console()
    console.run("configure terminal")

    console.type("hostname a-name-that-is-much-too-long\n")

    assert console.expect(r"\)#$").endswith("a-name-that-is-much-(config)#")


# Each case: the command at `r1#`, and the device's answer.
ERRORS = {
    "an unknown command": ("nonsense", "   ^\n% Invalid input detected at '^' marker.\n\n"),
    "a wrong word": ("show nonsense", "         ^\n% Invalid input detected at '^' marker.\n\n"),
    "an incomplete command": ("copy running-config", "% Incomplete command.\n\n"),
    "an ambiguous command": ("co", '% Ambiguous command:  "co"\n'),
    "a file that is not there": (
        "more bootflash:nothing",
        "%Error opening bootflash:nothing (No such file or directory)\n\n",
    ),
    "an unknown filter": ("show clock | sort x", "% Invalid input detected at '^' marker.\n\n"),
    "a filter without a pattern": ("show clock | include", "% Incomplete command.\n\n"),
}


@pytest.mark.parametrize(("command", "answer"), ERRORS.values(), ids=ERRORS)
def test_refuses_as_the_vendor_does(ios: Any, command: str, answer: str) -> None:
    assert ios.console().run(command) == answer


def test_the_caret_points_at_the_word_behind_the_prompt(ios: Any) -> None:
    console = ios.console()
    console.run("configure terminal")
    console.run("interface Vlan10")

    output = console.run("ip address 10.0.0.1 nonsense")

    # `r1(config-if)#ip address 10.0.0.1 ` is 35 characters long.
    assert output == f"{' ' * 34}^\n% Invalid input detected at '^' marker.\n\n"


def test_the_devices_own_words_have_no_caret(ios: Any) -> None:
    console = ios.console()
    console.run("configure terminal")

    assert console.run("ip route 10.0.0.1 255.0.0.0 1.1.1.1") == "%Inconsistent address and mask\n"


def test_enable_wants_the_secret_three_times_at_most(start: Callable[..., Any], login: dict[str, str]) -> None:
    bench = start(only="r1", r1={"credentials": login, "user_mode": True})
    console = bench.console()

    console.type("enable\n")
    for _ in range(3):
        console.expect("Password: $")
        console.type("wrong\n")
    refused = console.expect(r"r1>$")
    console.type(f"enable\n{login['enable']}\n")
    console.expect(r"r1#$")

    assert "% Bad secrets" in refused
    journal = bench.lab.folder.joinpath("journal", "r1.jsonl").read_text()
    assert "wrong" not in journal
    assert login["enable"] not in journal


def test_user_mode_understands_little(start: Callable[..., Any]) -> None:
    console = start(only="r1", r1={"user_mode": True}).console()

    assert "% Invalid input" in console.run("configure terminal")
    assert "% No password set" in console.run("enable")
    assert "privilege level is 1\n" in console.run("show privilege")


def test_editing_keys(ios: Any) -> None:
    console = ios.console()

    console.type("showw\x7f clcok\x08\x08\x08ock\n")
    assert "UTC" in console.expect(r"r1#$")
    console.type("nonsense\x15show privilege\n")
    assert "privilege level is 15" in console.expect(r"r1#$")
    console.type("half a line\x03")
    assert "%" not in console.expect(r"r1#$")


def test_control_z_ends_configuration_mode(ios: Any) -> None:
    console = ios.console()
    console.run("configure terminal")

    console.type("hostname core\x1a")

    console.expect(r"core#$")
    console.type("\x1a")
    console.expect(r"core#$")


def test_the_pager_stops_until_it_is_told(ios: Any) -> None:
    console = ios.console()

    console.type("show running-config\n")
    first = console.expect(" --More-- $")
    console.type("\n")
    one_more = console.expect(" --More-- $")
    console.type(" ")
    rest = console.expect(r"r1#$")
    console.type("show running-config\n")
    console.expect(" --More-- $")
    console.type("q")
    console.expect(r"r1#$")

    assert first.count("\r\n") == 24
    assert one_more.count("\r\n") == 1
    assert "line vty 0 4" in rest


def test_the_pager_can_be_turned_off_and_on(ios: Any) -> None:
    console = ios.console()

    console.run("terminal length 0")
    assert "line vty 0 4" in console.run("show running-config")

    console.run("terminal no length")
    console.type("show running-config\n")
    console.expect(" --More-- $")


def test_lines_may_end_in_any_way(ios: Any) -> None:
    console = ios.console()

    console.type("show privilege\r\nshow privilege\rshow privilege\n")

    for _ in range(3):
        console.expect("level is 15\r\nr1#")


def test_do_runs_a_command_in_configuration_mode(ios: Any) -> None:
    console = ios.console()
    console.run("configure terminal")

    assert "privilege level is 15" in console.run("do show privilege")
    assert "% Invalid input" in console.run("do nonsense")


def test_configure_asks_from_where(ios: Any) -> None:
    console = ios.console()

    console.type("configure\n")
    console.expect(r"Configuring from terminal, memory, or network \[terminal\]\? $")
    console.type("\n")

    console.expect(r"r1\(config\)#$")


def test_a_banner_is_asked_for_and_kept(ios: Any) -> None:
    console = ios.console()
    console.run("configure terminal")

    console.type("banner motd #\n")
    console.expect(r"End with the character '#'.")
    console.type("one\n two#\n")
    console.expect(r"\)#$")

    assert "banner motd ^C\none\n two^C" in ios.lab.running("r1")


def test_banners_are_shown_before_and_behind_the_login(start: Callable[..., Any]) -> None:
    startup = "hostname r1\nbanner login ^Cbefore^C\nbanner motd ^Cof the day^C\nbanner exec ^Cbehind^C"
    bench = start(only="r1", r1={"startup": startup})

    console = bench.console()

    assert b"before" in console.banner
    assert "of the day" in console.run("show running-config | include banner motd")


def test_removing_a_user_wants_a_confirmation(ios: Any) -> None:
    console = ios.console()
    console.run("configure terminal")
    console.run("username bob nopassword")

    console.type("no username bob\n")
    console.expect(r"Do you want to continue\? \[confirm\]$")
    console.type("n")
    console.expect(r"\)#$")
    kept = "username bob" in ios.lab.running("r1")
    console.type("no username bob\n")
    console.expect(r"\[confirm\]$")
    console.type("\n")
    console.expect(r"\)#$")

    assert kept
    assert "username bob" not in ios.lab.running("r1")


@pytest.mark.parametrize("command", ["exit", "logout", "quit"])
def test_leaves(ios: Any, command: str, eventually: Callable[..., None]) -> None:
    console = ios.console()

    console.type(f"{command}\n")
    console.ends()

    eventually(lambda: ios.lab.device("r1").sessions == 0)
    assert ios.events("r1")[-1] == "logout"


def test_an_idle_line_hangs_up(start: Callable[..., Any], eventually: Callable[..., None]) -> None:
    startup = "hostname r1\nline vty 0 4\n exec-timeout 1 0"
    bench = start(only="r1", minute=0.2, r1={"startup": startup})

    bench.console().ends()

    eventually(lambda: bench.lab.device("r1").sessions == 0)


def test_a_half_entered_change_stays_when_the_client_goes(ios: Any, eventually: Callable[..., None]) -> None:
    console = ios.console()
    console.run("configure terminal")
    console.run("interface Vlan10")
    console.run("description half")
    console.type("ip address 10.9")

    console.close()

    eventually(lambda: ios.lab.device("r1").sessions == 0)
    running = ios.lab.running("r1")
    assert " description half" in running
    assert "10.9" not in running


def test_five_lines_and_no_more(ios: Any, eventually: Callable[..., None]) -> None:
    consoles = [ios.console() for _ in range(5)]

    assert not ios.reaches("r1")
    assert ios.events("r1")[-1] == "connection-refused"

    consoles[0].close()
    eventually(lambda: ios.reaches("r1"))


def test_more_lines_can_be_configured(ios: Any) -> None:
    first = ios.console()
    first.run("configure terminal")
    first.run("line vty 5 15")
    first.run("end")

    consoles = [ios.console() for _ in range(5)]

    assert len(consoles) == 5


def test_a_connection_has_one_shell(ios: Any) -> None:
    console = ios.console()

    with pytest.raises(paramiko.SSHException):
        console.second_channel()

    # The first one does not notice.
    assert "15" in console.run("show privilege")


def test_another_user_can_be_put_off_their_line(ios: Any, eventually: Callable[..., None]) -> None:
    first, second = ios.console(), ios.console()

    second.type("clear line vty 0\n")
    second.expect(r"\[confirm\]$")
    second.type("\n")
    second.expect(r"\[OK\]")

    first.ends()
    eventually(lambda: ios.lab.device("r1").sessions == 1)


def test_a_line_that_takes_no_ssh_refuses(start: Callable[..., Any]) -> None:
    bench = start(only="r1", r1={"startup": "hostname r1\nline vty 0 4\n transport input telnet"})

    assert not bench.reaches("r1")


def test_changed_credentials_take_effect(ios: Any, login: dict[str, str]) -> None:
    console = ios.console()
    console.run("configure terminal")
    console.run(f"username {login['username']} secret another")

    with pytest.raises(paramiko.AuthenticationException):
        ios.console()
    assert ios.console(password="another")


def test_a_section_that_somebody_else_removed_is_left(ios: Any) -> None:
    console = ios.console()
    console.run("configure terminal")
    console.run("interface Vlan10")
    ios.lab.edit("r1", ["no interface Vlan10"])

    said = console.run("description lost")

    assert "% Invalid input detected" in said
    assert "Vlan10" not in ios.lab.running("r1")
    console.type("hostname found\n")
    console.expect(r"found\(config\)#$")


@pytest.mark.parametrize("command", ["show clock", "show version", "show users", "show ip interface brief"])
def test_user_mode_may_look(start: Callable[..., Any], command: str) -> None:
    console = start(only="r1", r1={"user_mode": True}).console()

    assert "%" not in console.run(command)


def test_a_user_of_low_privilege_begins_in_user_mode(start: Callable[..., Any]) -> None:
    startup = "hostname r1\nusername audit privilege 1 secret 0 look-only\nenable secret 0 up"
    bench = start(only="r1", r1={"startup": startup})

    console = bench.console(user="audit", password="look-only")

    assert "level is 1\n" in console.run("show privilege")
    console.type("enable\n")
    console.expect("Password: $")
    console.type("up\n")
    console.expect("r1#$")


def test_the_right_enable_secret_may_come_at_the_third_try(start: Callable[..., Any], login: dict[str, str]) -> None:
    console = start(only="r1", r1={"credentials": login, "user_mode": True}).console()

    console.type("enable\nwrong\nwrong\n")
    console.expect("(?s)Password: .*Password: .*Password: $")
    console.type(f"{login['enable']}\n")

    console.expect("r1#$")


def test_enable_needs_no_secret_from_privileged_mode(start: Callable[..., Any], login: dict[str, str]) -> None:
    console = start(only="r1", r1={"credentials": login}).console()

    assert console.run("enable") == ""


def test_a_user_without_a_password_logs_in_with_any(start: Callable[..., Any]) -> None:
    bench = start(only="r1", r1={"startup": "hostname r1\nusername open privilege 15 nopassword"})

    assert bench.console(user="open", password="whatever")


def test_two_users_configure_at_once(ios: Any) -> None:
    first, second = ios.console(), ios.console()
    for console, vlan in ((first, "Vlan77"), (second, "Vlan78")):
        console.run("configure terminal")
        console.run(f"interface {vlan}")
    first.run("description one")
    second.run("description two")

    running = ios.lab.running("r1")
    assert "interface Vlan77\n description one\n!\ninterface Vlan78\n description two" in running


def test_terminals_have_settings_of_their_own(ios: Any) -> None:
    first, second = ios.console(), ios.console()

    first.run("terminal length 0")
    second.type("show running-config\n")

    assert second.expect(" --More-- $")
    assert "line vty" in first.run("show running-config")


def test_settings_of_the_line_are_where_a_terminal_begins(start: Callable[..., Any]) -> None:
    startup = "hostname r1\nline vty 0 4\n length 0\n"

    assert "line vty" in start(only="r1", r1={"startup": startup}).console().run("show running-config")


def test_many_lines_may_be_pasted_at_once(ios: Any) -> None:
    console = ios.console()
    lines = [f"interface Vlan{number}\n description number {number}\n" for number in range(100, 200)]

    console.type("configure terminal\n" + "".join(lines) + "end\n")
    console.expect(r"r1#$")

    running = ios.lab.running("r1")
    assert all(f"interface Vlan{number}\n description number {number}\n" in running for number in range(100, 200))
    assert len(ios.lines("r1")) == 202


def test_letters_of_other_alphabets_are_kept(ios: Any) -> None:
    console = ios.console()
    console.run("configure terminal")
    console.run("interface Vlan10")

    console.run("description Zürich, Straße, Kasse 1")

    assert " description Zürich, Straße, Kasse 1\n" in ios.lab.running("r1")
