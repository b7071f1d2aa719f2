"""The revert timer, replacing, archives and differences."""

import re
from collections.abc import Callable
from typing import Any

import pytest

NO_ARCHIVE = "hostname r1\ninterface Vlan10\n"


def lines(console: Any, *typed: str) -> list[str]:
    return [console.run(line) for line in typed]


def test_a_change_reverts_by_itself(ios: Any, eventually: Callable[..., None]) -> None:
    console, before = ios.console(), ios.lab.running("r1")

    armed, *_ = lines(console, "configure terminal revert timer 60", "hostname other", "end")

    assert re.match(
        r"Rollback Confirmed Change: Backing up current running config to "
        r"bootflash:archive-\w{3}-[-\d]{2}-\d\d-\d\d-\d\d\.\d{3}-0\n\nEnter configuration commands",
        armed,
    )
    assert ios.lab.device("r1").hostname == "other"
    console.run("configure revert timer 1")
    eventually(lambda: ios.lab.device("r1").hostname == "r1")
    assert body(ios.lab.running("r1")) == body(before)
    assert [event for event in ios.events("r1") if event in {"timer-armed", "timer-fired", "reverted"}] == [
        "timer-armed",
        "timer-armed",
        "timer-fired",
        "reverted",
    ]


def body(config: str) -> str:
    """A configuration without the comments on top, which hold times."""
    return re.sub(r"^! .*\n", "", config, flags=re.MULTILINE)


def test_the_timer_outlives_the_client(ios: Any, eventually: Callable[..., None]) -> None:
    console = ios.console()
    lines(console, "configure terminal revert timer 60", "hostname other", "do configure revert timer 1")

    console.close()

    eventually(lambda: ios.lab.device("r1").sessions == 0)
    eventually(lambda: ios.lab.device("r1").hostname == "r1")


def test_another_session_confirms(ios: Any, eventually: Callable[..., None]) -> None:
    first = ios.console()
    lines(first, "configure terminal revert timer 60", "hostname other", "end")
    first.close()

    second = ios.console()
    pending = second.run("show archive config rollback timer")
    confirmed = second.run("configure confirm")
    again = second.run("configure confirm")

    assert re.search(
        r"Time configured\(or reconfigured\): .*\n Timer type: .*\n Timer value: 60 min\n User: netops", pending
    )
    assert confirmed == ""
    assert again == "%No Rollback Confirmed Change pending\n\n"
    assert "timer-fired" not in ios.events("r1")
    assert ios.lab.device("r1").hostname == "other"


def test_a_revert_takes_others_edits_with_it(ios: Any) -> None:
    console = ios.console()
    lines(console, "configure terminal revert timer 60", "hostname other", "end")
    ios.lab.edit("r1", ["interface Vlan77"])

    said = console.run("configure revert now")

    assert "Rollback Done" in said
    running = ios.lab.running("r1")
    assert "Vlan77" not in running
    assert "hostname r1" in running


def test_the_timer_can_be_set_again(ios: Any, eventually: Callable[..., None]) -> None:
    console = ios.console()
    lines(console, "configure terminal revert timer 60", "hostname other", "end")

    console.run("configure revert timer 1")

    eventually(lambda: ios.lab.device("r1").hostname == "r1")


@pytest.mark.parametrize(
    "command",
    ["configure confirm", "configure revert now", "configure revert timer 5", "show archive config rollback timer"],
)
def test_nothing_is_pending(ios: Any, command: str) -> None:
    assert "%No Rollback Confirmed Change pending" in ios.console().run(command)


@pytest.mark.parametrize(
    "startup",
    [NO_ARCHIVE, NO_ARCHIVE + "archive\n maximum 5", NO_ARCHIVE + "archive\n path tftp://10.0.0.1/backup"],
    ids=["no archive", "no path", "a remote path"],
)
@pytest.mark.parametrize(
    "command", ["configure terminal revert timer 5", "configure replace nvram:startup-config force time 5"]
)
def test_a_timer_wants_a_local_archive(start: Callable[..., Any], startup: str, command: str) -> None:
    console = start(only="r1", r1={"startup": startup}).console()

    assert "%Turn config archive on before using Rollback Confirmed Change" in console.run(command)
    assert console.run("show privilege")


def test_a_second_timer_is_refused(ios: Any) -> None:
    console = ios.console()
    lines(console, "configure terminal revert timer 60", "end")

    assert "already pending" in console.run("configure terminal revert timer 60")


def test_a_restart_forgets_the_timer(ios: Any, eventually: Callable[..., None]) -> None:
    lines(ios.console(), "configure terminal revert timer 60", "hostname other", "end")

    ios.lab.power_cut("r1")
    eventually(lambda: ios.lab.device("r1").up)

    assert "%No Rollback" in ios.console().run("show archive config rollback timer")
    assert ios.lab.device("r1").hostname == "r1"


def save_as(console: Any, name: str) -> None:
    console.type(f"copy running-config bootflash:{name}\n\n")
    console.expect("bytes copied")
    console.expect("#$")


def test_replaces_the_whole_configuration(ios: Any) -> None:
    console = ios.console()
    save_as(console, "good")
    lines(console, "configure terminal", "hostname other", "interface Vlan77", "no vlan 10", "end")

    said = console.run("configure replace bootflash:good force")

    assert said == "Total number of passes: 1\nRollback Done\n"
    assert "Vlan77" not in ios.lab.running("r1")
    assert ios.lab.device("r1").hostname == "r1"


def test_replacing_asks_unless_it_is_forced(ios: Any) -> None:
    console = ios.console()
    save_as(console, "good")
    lines(console, "configure terminal", "hostname other", "end")

    console.type("configure replace bootflash:good\n")
    console.expect(r"Enter Y if you are sure you want to proceed. \? \[no\]: $")
    console.type("\n")
    console.expect("other#$")
    console.type("configure replace bootflash:good\nY\n")

    console.expect("r1#$")


def test_replacing_with_a_timer_reverts(ios: Any, eventually: Callable[..., None]) -> None:
    console = ios.console()
    lines(console, "configure terminal", "hostname wanted", "end")
    save_as(console, "wanted")
    lines(console, "configure terminal", "hostname r1", "end")

    console.run("configure replace bootflash:wanted force time 1", prompt=r"(wanted|r1)#$")

    assert "commit" in ios.events("r1")
    eventually(lambda: ios.lab.device("r1").hostname == "r1")


def put_bad_file(bench: Any) -> None:
    text = bench.lab.running("r1").replace("hostname r1\n", "hostname other\nno such line\n")
    bench.lab.put_file("r1", "bad", text)


def test_replacing_tells_what_could_not_be_applied(ios: Any) -> None:
    put_bad_file(ios)

    said = ios.console().run("configure replace bootflash:bad force", prompt="other#$")

    assert "Rollback aborted after 5 passes" in said
    assert "********\nno such line\n********" in said


def test_replacing_can_revert_where_something_fails(ios: Any) -> None:
    put_bad_file(ios)
    console = ios.console()

    said = console.run("configure replace bootflash:bad force revert trigger error timer 5")

    assert "no such line" in said
    assert ios.lab.device("r1").hostname == "r1"
    assert "%No Rollback" in console.run("show archive config rollback timer")


def test_replacing_with_a_file_that_is_not_there(ios: Any) -> None:
    assert "%Error opening bootflash:nothing" in ios.console().run("configure replace bootflash:nothing force")


def test_archives_are_kept_up_to_the_maximum(ios: Any) -> None:
    console = ios.console()
    lines(console, "configure terminal", "archive", "maximum 2", "end")

    for _ in range(3):
        console.run("archive config")

    shown = console.run("show archive")
    assert "The maximum archive configurations allowed is 2." in shown
    assert len(re.findall(r"bootflash:archive-\S+\d-\d+( |\n)", shown)) == 2
    assert shown.rstrip().endswith("<- Most Recent")
    assert console.run("dir").count("archive-") == 2


def test_archiving_wants_a_path(start: Callable[..., Any]) -> None:
    console = start(only="r1", r1={"startup": NO_ARCHIVE}).console()

    assert "Archive feature not enabled" in console.run("archive config")
    assert console.run("show archive") == " Archive feature not enabled\n"


def test_differences_have_their_sections(ios: Any) -> None:
    console = ios.console()
    lines(console, "configure terminal", "interface Vlan10", "description new", "interface Vlan77", "end")

    output = console.run("show archive config differences")

    assert output == ("!Contextual Config Diffs:\ninterface Vlan10\n+ description new\n+interface Vlan77\n")


def test_differences_to_a_file(ios: Any) -> None:
    console = ios.console()
    save_as(console, "old")
    lines(console, "configure terminal", "hostname other", "end")

    to_running = console.run("show archive config differences bootflash:old")
    between = console.run("show archive config differences bootflash:old nvram:startup-config")

    assert to_running == "!Contextual Config Diffs:\n-hostname r1\n+hostname other\n"
    assert between == "!Contextual Config Diffs:\n"
    assert "No such file" in console.run("show archive config differences bootflash:nothing")


def test_incremental_differences_are_the_lines_to_come(ios: Any) -> None:
    console = ios.console()
    lines(console, "configure terminal", "interface Vlan10", "description new", "end")
    save_as(console, "wanted")
    lines(console, "configure terminal", "interface Vlan10", "no description", "end")

    output = console.run("show archive config incremental-diffs bootflash:wanted ignorecase")

    assert output == "!List of Commands:\n description new\nend\n"
