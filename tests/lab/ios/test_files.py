"""Files and saving on IOS."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from lab.faults import Fault, FaultKind


def change(console: Any) -> None:
    for line in ("configure terminal", "interface Vlan10", "description new", "end"):
        console.run(line)


@pytest.mark.parametrize("command", ["write memory", "write", "wr mem"])
def test_saves(ios: Any, command: str) -> None:
    console = ios.console()
    change(console)

    assert console.run(command) == "Building configuration...\n[OK]\n"
    assert "description new" in ios.lab.startup("r1")
    assert "saved" in ios.events("r1")


def test_saves_by_copying_with_a_prompt(ios: Any) -> None:
    console = ios.console()
    change(console)

    console.type("copy running-config startup-config\n")
    console.expect(r"Destination filename \[startup-config\]\? $")
    console.type("\n")
    console.expect(r"Building configuration...\r\n\[OK\]\r\n.*#$")

    assert "description new" in ios.lab.startup("r1")


def test_prompts_can_be_turned_off(ios: Any) -> None:
    console = ios.console()
    for line in ("configure terminal", "file prompt quiet", "end"):
        console.run(line)

    assert console.run("copy running-config startup-config") == "Building configuration...\n[OK]\n"


def test_running_and_startup_are_apart(ios: Any, eventually: Callable[..., None]) -> None:
    change(ios.console())

    assert "description new" not in ios.lab.startup("r1")
    ios.lab.reboot("r1")
    eventually(lambda: ios.lab.device("r1").up)
    assert "description new" not in ios.lab.running("r1")


def test_what_was_saved_survives_a_power_cut(ios: Any, eventually: Callable[..., None]) -> None:
    console = ios.console()
    change(console)
    console.run("write memory")

    ios.lab.power_cut("r1")
    eventually(lambda: ios.lab.device("r1").up)

    assert "description new" in ios.lab.running("r1")


def copy(console: Any, source: str, target: str, *answers: str) -> str:
    console.type(f"copy {source} {target}\n")
    console.expect(r"Destination filename \[[\w-]+\]\? $")
    console.type("\n")
    for answer in answers:
        console.expect(r"\[confirm\]$")
        console.type(answer)
    return str(console.expect("#$"))


def test_files_are_written_listed_shown_verified_and_deleted(ios: Any) -> None:
    console = ios.console()

    copied = copy(console, "running-config", "flash:backup")
    listed = console.run("dir")
    shown = console.run("more bootflash:backup | include hostname")
    digest = re.search(r"= ([0-9a-f]{32})", console.run("verify /md5 flash:backup"))
    assert digest is not None
    verified = console.run(f"verify /md5 flash:backup {digest[1]}")
    wrong = console.run("verify /md5 flash:backup 0123")
    deleted = console.run("delete /force flash:backup")

    assert re.search(r"\d+ bytes copied in 0\.520 secs", copied)
    assert listed.startswith("Directory of bootflash:/\n")
    assert re.search(r"   11  -rw- +\d+  \w{3} \d+ \d{4} \d\d:\d\d:\d\d \+00:00  backup\n", listed)
    assert shown == "hostname r1\n"
    assert ".Done!" in verified
    assert "%Error verifying" in wrong
    assert deleted == ""
    assert "No files in directory" in console.run("dir bootflash:")


def test_writing_over_a_file_is_asked(ios: Any) -> None:
    console = ios.console()
    copy(console, "running-config", "flash:backup")
    console.run("configure terminal")
    console.run("hostname other")
    console.run("end")

    copy(console, "running-config", "flash:backup", "n")
    kept = console.run("more flash:backup | include hostname")
    copy(console, "running-config", "flash:backup", "\n")

    assert kept == "hostname r1\n"
    assert console.run("more flash:backup | include hostname") == "hostname other\n"


def test_deleting_asks_twice(ios: Any) -> None:
    console = ios.console()
    copy(console, "running-config", "flash:backup")

    console.type("delete flash:backup\n\n")
    console.expect(r"Delete bootflash:/backup\? \[confirm\]$")
    console.type("\n")
    console.expect("#$")

    assert "backup" not in console.run("dir")
    assert "%Error deleting" in console.run("delete /force flash:backup")


def test_copying_into_running_merges(ios: Any) -> None:
    ios.lab.put_file("r1", "merge", "interface Vlan10\n description merged\nno such line\n")

    said = copy(ios.console(), "flash:merge", "running-config")

    assert "% Invalid input detected" in said
    running = ios.lab.running("r1")
    assert " description merged" in running
    assert "hostname r1" in running


def test_copying_into_startup_does_not_run_it(ios: Any) -> None:
    ios.lab.put_file("r1", "next", "hostname next\n")

    copy(ios.console(), "flash:next", "startup-config")

    assert "hostname next" in ios.lab.startup("r1")
    assert ios.lab.device("r1").hostname == "r1"


def test_copying_what_is_not_there(ios: Any) -> None:
    console = ios.console()

    assert "%Error opening flash:nothing" in console.run("copy flash:nothing running-config")
    assert "%Error opening bootflash:/nothing" in console.run("dir nothing")


# Each case: what is typed while flash is full, and the answer.
FULL = {
    "saving": ("write memory\n", "startup-config file open failed \\(Not enough space\\)"),
    "copying": ("copy running-config flash:x\n\n", "%Error opening flash:x \\(No space left on device\\)"),
    "archiving": ("archive config\n", "No space left on device"),
    "arming": ("configure terminal revert timer 5\n", "Could not create backup file"),
}


@pytest.mark.parametrize(("typed", "answer"), FULL.values(), ids=FULL)
def test_a_full_flash(ios: Any, typed: str, answer: str) -> None:
    console, before = ios.console(), ios.lab.startup("r1")
    change(console)
    ios.lab.set_fault("r1", Fault(kind=FaultKind.FLASH_FULL))

    console.type(typed)

    console.expect(answer)
    console.expect("#$")
    assert ios.lab.startup("r1").count("description new") == before.count("description new")


# Each case: what is typed, what is asked, and what must not have happened.
DECLINED = {
    "erasing": ("write erase\n", r"Continue\? \[confirm\]$"),
    "deleting": ("delete flash:kept\n\n", r"Delete bootflash:/kept\? \[confirm\]$"),
}


@pytest.mark.parametrize(("typed", "asked"), DECLINED.values(), ids=DECLINED)
def test_what_is_declined_is_not_done(ios: Any, typed: str, asked: str) -> None:
    ios.lab.put_file("r1", "kept", "hostname kept\n")
    console = ios.console()

    console.type(typed)
    console.expect(asked)
    console.type("n")
    console.expect("#$")

    assert "hostname r1" in ios.lab.startup("r1")
    assert "kept" in console.run("dir")


@pytest.mark.parametrize(
    "command", ["verify /md5 flash:nothing", "show archive config incremental-diffs flash:nothing"]
)
def test_files_that_are_not_there(ios: Any, command: str) -> None:
    assert "%Error opening flash:nothing (No such file or directory)" in ios.console().run(command)


def test_a_full_flash_takes_no_startup_config_from_a_file(ios: Any) -> None:
    ios.lab.put_file("r1", "next", "hostname next\n")
    ios.lab.set_fault("r1", Fault(kind=FaultKind.FLASH_FULL))

    assert "Not enough space" in copy(ios.console(), "flash:next", "startup-config")
    assert "hostname next" not in ios.lab.startup("r1")


def test_a_full_flash_ends_the_dialogue_of_a_reload(ios: Any) -> None:
    console = ios.console()
    change(console)
    ios.lab.set_fault("r1", Fault(kind=FaultKind.FLASH_FULL))

    console.type("reload\n")
    console.expect(r"Save\? \[yes/no\]: $")
    console.type("yes\n")

    console.expect(r"Not enough space\)\r\n\r\nr1#$")


def test_files_survive_a_restart(ios: Any, eventually: Callable[..., None]) -> None:
    copy(ios.console(), "running-config", "flash:backup")

    ios.lab.power_cut("r1")
    eventually(lambda: ios.lab.device("r1").up)

    assert "backup" in ios.console().run("dir")
