"""Reloading now and later."""

import re
from collections.abc import Callable
from typing import Any

import pytest


def schedule(console: Any, minutes: str, save: str = "") -> str:
    """Schedules a reload and returns the whole dialogue."""
    console.type(f"reload in {minutes}\n")
    said = ""
    if save:
        said += console.expect(r"Save\? \[yes/no\]: $")
        console.type(f"{save}\n")
    said += console.expect(r"Proceed with reload\? \[confirm\]$")
    console.type("\n")
    return str(said + console.expect(r"#$"))


def test_the_dialogue_is_the_vendors(ios: Any) -> None:
    said = schedule(ios.console(), "5")

    assert re.search(
        r"\r\nReload scheduled for \d\d:\d\d:\d\d UTC \w{3} \w{3} \d+ \d{4} \(in 5 minutes\) "
        r"by netops on vty0 \(127\.\S+\)"
        r"\r\nReload reason: Reload Command\r\nProceed with reload\? \[confirm\]",
        said,
    )
    assert "*** --- SHUTDOWN in 0:05:00 ---" in said


@pytest.mark.parametrize(("answer", "saved"), [("yes", True), ("no", False), ("maybe\nno", False)], ids=str)
def test_it_asks_to_save_what_is_not_saved(ios: Any, answer: str, saved: bool) -> None:
    console = ios.console()
    for line in ("configure terminal", "interface Vlan10", "description new", "end"):
        console.run(line)

    said = schedule(console, "5", answer)

    assert "System configuration has been modified. Save? [yes/no]: " in said
    assert ("description new" in ios.lab.startup("r1")) is saved
    assert ("Please answer 'yes' or 'no'" in said) is answer.startswith("maybe")


def test_it_happens_though_the_client_is_gone_and_undoes_what_was_not_saved(
    ios: Any, eventually: Callable[..., None]
) -> None:
    """A reload in some minutes, armed before the first line, is the dead man of gear without a revert timer."""
    console = ios.console()
    schedule(console, "60")
    console.run("configure terminal")
    console.run("hostname other")
    console.run("end")
    schedule(console, "1", save="no")
    console.close()

    eventually(lambda: "rebooted" in ios.events("r1"))
    eventually(lambda: ios.lab.device("r1").up)

    assert ios.lab.device("r1").hostname == "r1"
    assert [event for event in ios.events("r1") if event.startswith("timer")] == [
        "timer-armed",
        "timer-armed",
        "timer-fired",
    ]


def test_it_can_be_cancelled_from_another_session(ios: Any) -> None:
    first, second = ios.console(), ios.console()
    schedule(first, "10")
    pending = second.run("show reload")

    second.type("reload cancel\n")

    first.expect(r"\*\*\* --- SHUTDOWN ABORTED ---")
    second.expect(r"\*\*\* --- SHUTDOWN ABORTED ---")
    second.expect("#$")
    assert re.match(r"Reload scheduled for .* \(in \d+ minutes.*\) by netops on vty0", pending)
    assert second.run("show reload") == "No reload is scheduled.\n"
    assert "%No reload is scheduled." in second.run("reload cancel")


def test_lines_are_warned_a_minute_before(ios: Any) -> None:
    console = ios.console()

    schedule(console, "2 for the upgrade")

    console.expect(r"\*\*\* --- SHUTDOWN in 0:01:00 ---")


@pytest.mark.parametrize(("typed", "said"), [("1:30", "in 1 hour and 30 minutes"), ("90", "in 1 hour and 30 minutes")])
def test_hours_may_be_given(ios: Any, typed: str, said: str) -> None:
    assert said in schedule(ios.console(), typed)


def test_a_time_that_is_none_is_refused(ios: Any) -> None:
    assert "% Invalid input" in ios.console().run("reload in soon")


def test_a_second_one_takes_the_place_of_the_first(ios: Any) -> None:
    console = ios.console()
    schedule(console, "90")

    schedule(console, "30")

    assert re.search(r"\(in (30|29) minutes", console.run("show reload"))


def test_not_confirmed_is_not_scheduled(ios: Any) -> None:
    console = ios.console()
    console.type("reload in 5\n")
    console.expect(r"\[confirm\]$")
    console.type("n")
    console.expect("#$")

    assert console.run("show reload") == "No reload is scheduled.\n"


def test_a_client_that_goes_in_the_middle_of_the_dialogue_schedules_nothing(
    ios: Any, eventually: Callable[..., None]
) -> None:
    console = ios.console()
    console.type("reload in 5\n")
    console.expect(r"\[confirm\]$")

    console.close()

    eventually(lambda: ios.lab.device("r1").sessions == 0)
    assert ios.console().run("show reload") == "No reload is scheduled.\n"


def test_reloading_now(ios: Any, eventually: Callable[..., None]) -> None:
    console = ios.console()
    console.type("reload\n")
    console.expect(r"Proceed with reload\? \[confirm\]$")
    console.type("\n")

    console.ends()
    eventually(lambda: ios.lab.device("r1").up)

    assert "Reload Command by netops" in ios.console().run("show version | include returned")


def test_a_device_that_restarts_cannot_be_reached(start: Callable[..., Any], eventually: Callable[..., None]) -> None:
    bench = start(only="r1", r1={"reboot_seconds": 0.3})

    bench.lab.reboot("r1")

    assert not bench.lab.device("r1").up
    assert not bench.reaches("r1")
    eventually(lambda: bench.reaches("r1"))
