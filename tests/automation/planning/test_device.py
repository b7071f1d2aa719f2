"""One device's part of a plan: read, compared, judged, and told to whoever approves it; the device is only read."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from automation.config.compare import compare_merge, compare_replace
from automation.config.merge import AmbiguousChangeError
from automation.config.reading import read_change
from automation.config.replacement import Replacement
from automation.config.secrets import Digester
from automation.config.vendor import Vendor
from automation.config.vendors.eos import EOS
from automation.config.vendors.ios import IOS
from automation.planning.device import Reading, Subject, planned, read_and_compare
from automation.platforms.contract import Endpoint, Limits, UnreachableError
from automation.platforms.memory.device import MemoryDevice
from automation.platforms.memory.platform import MemoryPlatform
from events.plans import PlannedDevice
from events.values import Access, Cause, UndoRank
from inventory.credentials import Login

DIGESTER = Digester(b"k" * 32)
LIMITS = Limits(connect=timedelta(seconds=1), answer=timedelta(seconds=1))
SEEN = "sha256-" + "3" * 64

BRANCH = {
    "ios": """
version 17.9
service timestamps debug datetime msec
hostname ber-1-r1
enable secret 9 $9$nhEmQVczB7dqsO$X.HsgL6x1il0RxkOSSvyQYwucySCt7qFm4v7pqCxkKM
username netops privilege 15 secret 9 $9$nhEmQVczB7dqsO$X.HsgL6x1il0RxkOSSvyQYwucySCt7qFm4v7pqCxkKM
ip domain name branch.example
interface GigabitEthernet0/0/0
 description to the WAN
 ip address 172.16.0.2 255.255.255.252
interface Vlan10
 ip address 10.1.10.2 255.255.255.0
 standby 10 ip 10.1.10.1
ip access-list standard MGMT-IN
 10 permit 10.0.0.0 0.255.255.255
snmp-server community canary-community ro MGMT-IN
snmp-server location Berlin
ntp server 10.0.0.1
ntp clock-period 17179781
line vty 0 4
 access-class MGMT-IN in
""",
    "eos": """
hostname ber-1-r1
username netops privilege 15 role network-admin secret sha512 $6$salt$hash
vlan 10
   name STAFF
interface Ethernet1
   description to the WAN
   no switchport
   ip address 172.16.0.2/30
interface Management1
   ip address 10.0.9.1/24
ip access-list standard MGMT-IN
   10 permit 10.0.0.0/8
snmp-server community canary-community ro MGMT-IN
ntp server 10.0.0.1
router bgp 65000
   neighbor 172.16.0.1 remote-as 65001
management api http-commands
   no shutdown
""",
}
VENDORS = {"ios": IOS, "eos": EOS}


def subject(device: MemoryDevice, **given: Any) -> Subject:
    login = Login(username="netops", password=SecretStr("x"))
    endpoint = Endpoint(
        name=device.name, address="192.0.2.1", port=22, credential="tacacs", login=login, host_keys=("ssh-rsa X",)
    )
    plain: dict[str, Any] = {
        "device": device.name,
        "site": "ber-1",
        "platform": MemoryPlatform(name="memory", vendor=device.vendor, devices={device.name: device}),
        "role": "router",
        "os_version": "17.9",
        "region": "emea",
        "tier": "gold",
        "group": "ber-1",
        "access": Access.IN_BAND,
        "endpoint": endpoint,
        "via": None,
        "own": {"hostname": "ber-1-r1", "site": "ber-1"},
    }
    return Subject(**(plain | given))


def branch(platform: str, extra: str = "") -> MemoryDevice:
    return MemoryDevice.booted("ber-1-r1", VENDORS[platform], BRANCH[platform] + extra)


def merging(change: str, vendor: Vendor) -> Callable[..., Any]:
    return lambda running: compare_merge(running, read_change(change, vendor), vendor)


def read(device: MemoryDevice, change: str, **given: Any) -> Reading:
    return read_and_compare(subject(device, **given), merging(change, device.vendor), DIGESTER, LIMITS)


@pytest.mark.parametrize(("saved", "cause"), [(True, None), (False, Cause.NOT_SAVED)], ids=["saved", "not saved"])
def test_what_runs_and_is_not_saved_is_not_reached(saved: bool, cause: Cause | None) -> None:
    device = branch("ios")
    device.edit("ntp server 10.0.0.2\n")
    if saved:
        device.save()
    reading = read(device, "ntp server 10.0.0.2\n")
    assert reading.comparison.reached
    assert (reading.refused.cause if reading.refused else None) is cause
    assert reading.refused is None or "+ ntp server 10.0.0.2" in reading.refused.detail


def test_what_others_have_not_saved_elsewhere_does_not_keep_a_target_from_being_reached() -> None:
    device = branch("ios")
    device.edit("ntp server 10.0.0.2\n")
    device.save()
    device.edit("snmp-server contact somebody\n")
    assert read(device, "ntp server 10.0.0.2\n").refused is None


def plan(device: MemoryDevice, change: str, **given: Any) -> PlannedDevice:
    return planned(subject(device, **given), read(device, change, **given), DIGESTER, SEEN)


# What people see

# Each case: the platform, the change, and what is shown of it.
SHOWN = {
    "ios: a line more": ("ios", "ntp server 10.0.0.2\n", "+ ntp server 10.0.0.2\n"),
    "ios: a line in place of another": (
        "ios",
        "interface GigabitEthernet0/0/0\n description to the core\n",
        "  interface GigabitEthernet0/0/0\n-  description to the WAN\n+  description to the core\n",
    ),
    "ios: an entry more": (
        "ios",
        "ip access-list standard MGMT-IN\n permit 10.0.0.0 0.255.255.255\n permit 192.0.2.0 0.0.0.255\n",
        "  ip access-list standard MGMT-IN\n+  permit 192.0.2.0 0.0.0.255\n",
    ),
    "ios: nothing": ("ios", "ntp server 10.0.0.1\nsnmp-server location Berlin\n", ""),
    "eos: a section more": ("eos", "vlan 20\n   name GUESTS\n", "+ vlan 20\n+  name GUESTS\n"),
    "eos: a line below a section": (
        "eos",
        "router bgp 65000\n   neighbor 172.16.0.1 description upstream\n",
        "  router bgp 65000\n+  neighbor 172.16.0.1 description upstream\n",
    ),
    "eos: a line taken away": ("eos", "no ntp server 10.0.0.1\n", "- ntp server 10.0.0.1\n"),
}


@pytest.mark.parametrize(("platform", "change", "shown"), SHOWN.values(), ids=SHOWN)
def test_what_a_change_would_do_is_shown(platform: str, change: str, shown: str) -> None:
    reading = read(branch(platform), change)
    assert reading.text == shown
    assert reading.comparison.reached is (not shown)
    assert reading.refused is None


@pytest.mark.parametrize("platform", BRANCH)
def test_the_device_is_only_read_and_the_session_is_closed(platform: str) -> None:
    device = branch(platform)
    before = device.running
    read(device, "hostname other\n")
    assert device.journal == ["connect", "read running", "read startup"]
    assert (device.running, device.startup) == (before, before)


def test_a_secret_is_never_shown_and_still_told_from_another() -> None:
    texts = [
        read(
            branch("ios"), f"snmp-server community {secret} ro MGMT-IN\nno snmp-server community canary-community\n"
        ).text
        for secret in ("canary-one", "canary-two")
    ]
    assert all("canary" not in text for text in texts)
    assert texts[0] != texts[1]


def test_lines_that_others_left_unsaved_are_shown_without_their_secrets() -> None:
    device = branch("ios")
    device.edit("ntp server 10.9.9.9\nsnmp-server community canary-other ro\ninterface Vlan10\n mtu 9000\n")
    reading = read(device, "ntp server 10.0.0.2\n")
    assert "+ ntp server 10.9.9.9\n" in reading.unsaved
    assert "canary" not in reading.unsaved
    assert planned(subject(device), reading, DIGESTER, SEEN).foreign_unsaved == 3, "a header is no line of theirs"
    device.save()
    assert read(device, "ntp server 10.0.0.2\n").unsaved == ""


# What is refused

# Each case: the platform, the change, the cause of the refusal, and a part of what is said.
REFUSED = {
    "ios: a secret that is stored with a salt": (
        "ios",
        "username bob privilege 15 secret 9 $9$other$canary\n",
        "salted-secret",
        "'username' sets a secret that the device stores with a salt",
    ),
    "ios: the enable secret": ("ios", "enable secret 9 $9$other$canary\n", "salted-secret", "'enable' sets a secret"),
    "ios: the login that is used is taken away": (
        "ios",
        "no username netops\n",
        "cuts-login",
        "- 'username netops' would take away or rewrite the login",
    ),
    "ios: who may log in": (
        "ios",
        "aaa authentication login default group T local\n",
        "cuts-login",
        "+ 'aaa authentication' would take away",
    ),
    "eos: a secret that is stored with a salt": (
        "eos",
        "username bob privilege 1 secret sha512 $6$canary$hash\n",
        "salted-secret",
        "'username' sets a secret",
    ),
    "eos: the login that is used is taken away": ("eos", "no username netops\n", "cuts-login", "- 'username netops'"),
}


@pytest.mark.parametrize(("platform", "change", "cause", "said"), REFUSED.values(), ids=REFUSED)
def test_what_no_plan_may_do(platform: str, change: str, cause: str, said: str) -> None:
    refused = read(branch(platform), change).refused
    assert refused is not None
    assert refused.cause == cause
    assert said in refused.detail
    assert "canary" not in refused.detail


# What is near to that, and goes.
ALLOWED = {
    "ios: another login is taken away": ("ios", "no username bob\n", "username bob privilege 1\n"),
    "ios: a secret without a salt": ("ios", "snmp-server community other ro\n", ""),
    "ios: the login as it is": (
        "ios",
        "username netops privilege 15 secret 9 $9$nhEmQVczB7dqsO$X.HsgL6x1il0RxkOSSvyQYwucySCt7qFm4v7pqCxkKM\n",
        "",
    ),
    "eos: another login is taken away": ("eos", "no username bob\n", "username bob nopassword\n"),
}


@pytest.mark.parametrize(("platform", "change", "extra"), ALLOWED.values(), ids=ALLOWED)
def test_what_a_plan_may_do(platform: str, change: str, extra: str) -> None:
    assert read(branch(platform, extra), change).refused is None


def test_what_cannot_be_predicted_is_not_planned() -> None:
    device = branch("ios")
    with pytest.raises(AmbiguousChangeError, match="write each interface out"):
        read(device, "interface range GigabitEthernet0/0/0 - 1\n shutdown\n")


def test_a_device_that_is_not_there_is_said() -> None:
    device = branch("ios")
    device.deaf = True
    with pytest.raises(UnreachableError, match="ber-1-r1 does not answer"):
        read(device, "ntp server 10.0.0.2\n")


def test_the_session_is_closed_also_where_reading_fails() -> None:
    device = branch("ios")
    closed: list[str] = []

    def lost(step: str) -> None:
        if step == "read startup":
            raise UnreachableError("gone")

    class Platform(MemoryPlatform):
        def connect(self, *given: Any) -> Any:
            session = super().connect(*given)
            return _Closing(session, closed)

    device.before = lost
    platform = Platform(name="memory", vendor=IOS, devices={device.name: device})
    with pytest.raises(UnreachableError):
        read(device, "ntp server 10.0.0.2\n", platform=platform)
    assert closed == ["closed"]


class _Closing:
    """A session that tells when it is closed."""

    def __init__(self, session: Any, closed: list[str]) -> None:
        self._session, self._closed = session, closed

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def close(self) -> None:
        self._closed.append("closed")


# What is planned


def test_a_plan_has_what_the_inventory_says_and_what_the_device_can_do() -> None:
    found = plan(branch("ios"), "ntp server 10.0.0.2\nno snmp-server location\n")
    assert (found.device, found.site, found.platform, found.role) == ("ber-1-r1", "ber-1", "memory", "router")
    assert (found.os_version, found.region, found.tier, found.group) == ("17.9", "emea", "gold", "ber-1")
    assert (found.access, found.undo, found.diff_text) == (Access.IN_BAND, UndoRank.TIMER, SEEN)
    assert (found.added, found.removed, found.foreign_unsaved) == (1, 1, 0)


NTP = "ntp server 10.0.0.2\n"

SALT = "$9$nhEmQVczB7dqsO$"

# What is otherwise in the configuration, and which digests of the plan are then others.
DIGESTS: dict[str, tuple[Callable[[str], str], set[str]]] = {
    "nothing": (lambda text: text, set()),
    "a line elsewhere": (lambda text: text + "vlan 77\n name X\n", {"config"}),
    "a clock that drifts": (lambda text: text.replace("17179781", "17179999"), set()),
    "who edited last": (lambda text: f"! Last configuration change by ann\n{text}", set()),
    "secrets that were salted anew": (lambda text: text.replace(SALT, "$9$another-salt$"), set()),
    "a secret elsewhere that is another": (lambda text: text.replace("canary-community", "canary-new"), {"config"}),
    "a login more": (lambda text: f"{text}username bob privilege 1\n", {"config"}),
    "entries under other numbers": (lambda text: text.replace(" 10 permit", " 20 permit"), set()),
}


@pytest.mark.parametrize(("edit", "others"), DIGESTS.values(), ids=DIGESTS)
def test_which_digests_notice_what(edit: Callable[[str], str], others: set[str]) -> None:
    plain = plan(branch("ios"), NTP)
    other = plan(MemoryDevice.booted("ber-1-r1", IOS, edit(BRANCH["ios"])), NTP)
    names = ("base", "target", "diff", "config", "diff_class")
    assert {name for name in names if getattr(plain, name) != getattr(other, name)} == others


def test_drift_in_what_is_touched_is_another_base() -> None:
    change = "interface GigabitEthernet0/0/0\n description to the core\n"
    plain = plan(branch("ios"), change)
    drifted = plan(branch("ios", "interface GigabitEthernet0/0/0\n mtu 9000\n"), change)
    assert plain.base != drifted.base
    assert plain.target != drifted.target
    assert (plain.diff, plain.config) == (drifted.diff, drifted.config)


def test_digests_are_of_what_is_meant_and_not_of_what_is_shown() -> None:
    """Two secrets look alike to people who may not see them, and are different changes."""
    one, two = (plan(branch("ios"), f"snmp-server community {secret} ro\n") for secret in ("canary-one", "canary-two"))
    assert one.diff != two.diff


def test_digests_tell_nothing_to_who_lacks_the_key() -> None:
    device = branch("ios")
    reading = read(device, NTP)
    others = planned(subject(device), reading, Digester(b"l" * 32), SEEN)
    assert others.diff != planned(subject(device), reading, DIGESTER, SEEN).diff


def test_a_replacement_is_planned_over_everything() -> None:
    device = branch("eos")
    wanted = BRANCH["eos"].replace("STAFF", "PEOPLE").replace("ntp server 10.0.0.1\n", "")
    compare = lambda running: compare_replace(running, read_change(wanted, EOS), EOS)  # noqa: E731
    reading = read_and_compare(subject(device), compare, DIGESTER, LIMITS)
    assert reading.text == "  vlan 10\n-  name STAFF\n+  name PEOPLE\n- ntp server 10.0.0.1\n"
    found = planned(subject(device), reading, DIGESTER, SEEN)
    assert (found.added, found.removed) == (1, 2)


def without_secrets(config: str) -> str:
    return "".join(f"{line}\n" for line in config.splitlines() if not line.startswith(("username", "snmp-server")))


@pytest.mark.parametrize(
    ("keep", "cause", "shown"),
    [
        (("username", "snmp-server community"), None, ""),
        (("username",), None, "- snmp-server community <secret "),
        (("snmp-server community",), Cause.CUTS_LOGIN, "- username netops "),
    ],
    ids=["all that the change has not", "less", "not the login"],
)
def test_what_a_replacement_keeps_is_no_part_of_the_plan(
    keep: tuple[str, ...], cause: Cause | None, shown: str
) -> None:
    # Given a change that has everything but what is secret
    device = branch("eos")
    wanted = without_secrets(BRANCH["eos"].replace("STAFF", "PEOPLE"))
    replacement = Replacement(text=wanted, vendor=EOS, keep=keep)
    # When it is planned
    reading = read_and_compare(subject(device), replacement.compare, DIGESTER, LIMITS)
    # Then the rest is the difference
    assert (reading.refused.cause if reading.refused else None) == cause
    assert "-  name STAFF\n+  name PEOPLE\n" in reading.text
    assert shown in reading.text
    assert [words for words in keep if words in reading.text] == []
    assert "canary" not in reading.text


def test_what_is_kept_has_no_part_in_what_was_approved() -> None:
    # Given two devices that differ in what they keep alone
    replacement = Replacement(
        text=without_secrets(BRANCH["eos"].replace("STAFF", "PEOPLE")),
        vendor=EOS,
        keep=("username", "snmp-server community"),
    )
    other = MemoryDevice.booted("ber-1-r1", EOS, BRANCH["eos"].replace("canary-community", "another"))
    found = [
        planned(subject(each), read_and_compare(subject(each), replacement.compare, DIGESTER, LIMITS), DIGESTER, SEEN)
        for each in (branch("eos"), other)
    ]
    # Then they are alike in all but what is only noted
    assert len({(part.base, part.target, part.diff, part.diff_class) for part in found}) == 1
    assert found[0].config != found[1].config
