"""What IOS says, and what it means: from its manuals and from devices."""

from datetime import datetime, timedelta

import pytest

from automation.platforms.ios import sayings

PORTFAST = """%Warning: portfast should only be enabled on ports connected to a single
 host. Connecting hubs, concentrators, switches, bridges, etc... to this
 interface  when portfast is enabled, can cause temporary bridging loops.
 Use with CAUTION

%Portfast has been configured on GigabitEthernet0/1 but will only
 have effect when the interface is in a non-trunking mode.
"""
OURS = """Reload scheduled for 14:05:33 UTC Mon May 4 2020 (in 4 minutes and 50 seconds) by netops on vty0 (10.0.0.5)
Reload reason: wavegate wg-0123456789abcdef"""
SOMEBODYS = """Reload scheduled for 02:00:00 UTC Tue May 5 2020 (in 1 day and 1 hour and 1 minute) by console
Reload reason: Reload Command"""

# What a device answered to a line, and whether that refuses it.
REFUSALS = {
    "invalid": ("        ^\n% Invalid input detected at '^' marker.\n", True),
    "incomplete": ("% Incomplete command.\n", True),
    "ambiguous": ('% Ambiguous command:  "no sh"\n', True),
    "unknown": ("% Unknown command or computer name, or unable to find computer address", True),
    "overlap": ("% 10.1.1.0 overlaps with Vlan10\n", True),
    "no blank after the sign": ("%Inconsistent address and mask\n", True),
    "no sign at all": ("Bad mask /24 for address 10.0.0.0\n", True),
    "a rejected command": ('Command rejected: An interface whose trunk encapsulation is "Auto" can not be ...\n', True),
    "an AAA server": ("Command authorization failed.\n", True),
    "an error in capitals": ("ERROR: The secret you entered is not a valid encrypted secret.\n", True),
    "nothing": ("\n", False),
    "the beginning of a text": ("Enter TEXT message.  End with the character '@'.\n", False),
    "portfast": (PORTFAST, False),
    "a VLAN is made": ("% Access VLAN does not exist. Creating vlan 77\n", False),
    "a log message": ("%SYS-5-CONFIG_I: Configured from console by netops on vty0 (10.0.0.5)\n", False),
    "a /31": ("% Warning: use /31 mask on non point-to-point interface cautiously\n", False),
    "a warning and an error": ("%Warning: careful\n% Invalid input detected at '^' marker.\n", True),
}


@pytest.mark.parametrize(("said", "refused"), REFUSALS.values(), ids=REFUSALS.keys())
def test_refusals_are_told_from_remarks(said: str, refused: bool) -> None:
    assert bool(sayings.refusal(said)) is refused


@pytest.mark.parametrize(
    ("path", "local"),
    [
        ("flash:archive", True),
        ("flash0:a", True),
        ("bootflash:archive", True),
        ("disk0:a", True),
        ("nvram:a", True),
        ("harddisk:a", True),
        ("sup-bootdisk:a", True),
        ("usbflash1:a", True),
        ("flash-1:a", True),
        ("tftp://10.0.0.1/a", False),
        ("scp://user@10.0.0.1/a", False),
        ("ftp://10.0.0.1/a", False),
        ("https://10.0.0.1/a", False),
        ("rcp://10.0.0.1/a", False),
    ],
)
def test_only_an_archive_on_the_device_makes_the_timer_work(path: str, local: bool) -> None:
    said = f"The maximum archive configurations allowed is 10.\nThe next archive file will be named {path}-2\n"
    assert sayings.archives_locally(said) is local


@pytest.mark.parametrize("said", [" Archive feature not enabled", "% Invalid input detected at '^' marker.", ""])
def test_without_an_archive_there_is_none(said: str) -> None:
    assert not sayings.archives_locally(said)


def test_a_revert_timer() -> None:
    said = (
        "Time configured(or reconfigured): 22:50:48 UTC Mon Mar 2 2009\n Timer type: absolute timer\n"
        " Timer value: 2 min\n User: netops"
    )
    timer = sayings.revert_timer(said)
    assert timer == sayings.RevertTimer(
        user="netops",
        since=datetime(2009, 3, 2, 22, 50, 48),  # noqa: DTZ001 - the device's own time, without a zone
        value=timedelta(minutes=2),
    )


@pytest.mark.parametrize(
    "said", ["%No Rollback Confirmed Change pending", "% Invalid input detected at '^' marker.", ""]
)
def test_no_revert_timer(said: str) -> None:
    assert sayings.revert_timer(said) is None


@pytest.mark.parametrize(
    ("said", "by", "reason", "left"),
    [
        (
            OURS,
            "netops on vty0 (10.0.0.5)",
            "wavegate wg-0123456789abcdef",
            timedelta(minutes=4, seconds=50),
        ),
        (SOMEBODYS, "console", "Reload Command", timedelta(days=1, hours=1, minutes=1)),
        ("Reload scheduled in 4 minutes and 55 seconds by netops", "netops", "", timedelta(0)),
    ],
    ids=["ours", "a person's", "an old release's"],
)
def test_a_scheduled_reload(said: str, by: str, reason: str, left: timedelta) -> None:
    reload = sayings.scheduled_reload(said)
    assert reload is not None
    assert (reload.by, reload.reason, reload.left) == (by, reason, left)


@pytest.mark.parametrize("said", ["No reload is scheduled.", "% Invalid input detected at '^' marker.", ""])
def test_no_scheduled_reload(said: str) -> None:
    assert sayings.scheduled_reload(said) is None


LOCK = """Parser Configure Lock
---------------------
Owner PID         : {pid}
User              : {user}
TTY               : {tty}
Type              : {type}
State             : {state}
Class             : EXPOSED
Count             : 1
"""


def test_who_holds_the_lock() -> None:
    said = LOCK.format(pid=3, user="ops", tty=2, type="EXCLUSIVE", state="LOCKED")
    assert sayings.lock_owner(said) == "user ops on line 2"


@pytest.mark.parametrize(
    "said",
    [
        LOCK.format(pid=-1, user="unknown", tty=-1, type="NO LOCK", state="FREE"),
        "% Invalid input detected at '^' marker.",
    ],
    ids=["free", "unknown to the release"],
)
def test_nobody_holds_the_lock(said: str) -> None:
    assert sayings.lock_owner(said) is None


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("*14:05:33.658 UTC Mon May 4 2020", datetime(2020, 5, 4, 14, 5, 33)),  # noqa: DTZ001
        (".14:05:33.658 CEST Mon May 14 2020", datetime(2020, 5, 14, 14, 5, 33)),  # noqa: DTZ001
        ("14:05:33 UTC Mon May  4 2020", datetime(2020, 5, 4, 14, 5, 33)),  # noqa: DTZ001
        ("no time at all", None),
    ],
)
def test_moments(text: str, moment: datetime | None) -> None:
    assert sayings.clock(text) == moment
