"""From an order to work: the same bytes on every machine, and refused where they would not be."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from automation.change.packing import pack
from automation.config.reading import read_device
from automation.config.tree import Tree
from automation.config.vendors.eos import EOS
from automation.push.before import pack as pack_before
from automation.tasks.finding import find_task
from events.log.memory import MemoryLog, MemoryStore
from events.orders import Order, PlanDevice, PushDevice, RollBackDevice, Unresolved
from events.plans import Plan, PlannedDevice, digest
from events.values import Access, Cause, UndoRank
from inventory.credentials import CredentialError
from inventory.problems import InventoryError
from workers.bootstrap import Installation, make_workshop, opened
from workers.bootstrap_stores import estate_paths
from workers.device.permission import Granted
from workers.device.preparing import UnpreparedError, Workshop, label
from workers.founding import prepare
from workers.settings import read_settings

KEYED = "hmac:" + "4" * 64

ESTATE = """\
sites:
  ber: {country: DE, timezone: Europe/Berlin, region: emea, variables: {noc: 10.1.0.1}}
  tok: {country: JP, timezone: Asia/Tokyo, region: apac, variables: {noc: 10.2.0.1}}
credentials:
  lab: {username: ops, password: env:LAB_PASSWORD}
jump_hosts:
  jump-1: {address: 127.0.9.1, credentials: lab, max_connections: 3}
devices:
  ber-sw1: {site: ber, role: switch, platform: eos, address: 127.0.9.2, credentials: lab, via: jump-1}
  tok-sw1: {site: tok, role: switch, platform: eos, address: 127.0.9.3, credentials: lab}
  tok-r1: {site: tok, role: router, platform: ios, address: 127.0.9.4, credentials: lab}
"""

CHANGE = """\
title: The NOC's address
ticket: NET-1
team: netauto
select: role=switch
config: {eos: noc.j2}
data: stores.csv
checks: [{name: it is there, command: show ntp status, matches: synchronised}]
checks_within: 7s
approvals: [{area: network-ops}]
"""

TEMPLATE = "ntp server {{ noc }}\nsnmp-server location {{ row.place }}\n"

TASKED = """\
title: The NOC's address
ticket: NET-1
team: netauto
select: role=switch
task: noc
approvals: [{area: network-ops}]
"""

TASK = """\
    from nornir.core.task import Result, Task

    def noc(task: Task) -> Result:
        return Result(host=task.host, result=["ntp server " + task.host.data["variables"]["noc"]])
    """


@dataclass
class Machine:
    """One worker's machine: an installation of its own, with the same inventory and the same data key as others."""

    home: Path
    installation: Installation
    workshop: Workshop

    def store(self, files: dict[str, str], tasks: bool = False) -> str:
        """Packs a change here and puts it into the store; gives its id."""
        folder = self.home / "change"
        folder.mkdir(exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text)
        bundle = pack(folder / "change.yaml", (lambda name: find_task(self.home / "tasks", name)) if tasks else None)
        self.installation.blobs.put(bundle.encode())
        return bundle.id


@pytest.fixture
def make_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Machine]]:
    monkeypatch.setenv("LAB_PASSWORD", "very secret")
    with ExitStack() as closing:

        def make(name: str) -> Machine:
            home = tmp_path / name
            prepare(home, {"blobs": str(tmp_path / "blobs"), "data_key": str(tmp_path / "data.key")})
            shared = tmp_path / "data.key"
            if not shared.exists():
                shared.write_bytes(b"k" * 32)
                shared.chmod(0o600)
            (home / "estate" / "all.yaml").write_text(ESTATE)
            installation = opened(read_settings(home), MemoryLog(MemoryStore()))
            closing.callback(installation.close)
            return Machine(home, installation, make_workshop(installation, name))

        yield make


@pytest.fixture
def machine(make_machine: Callable[[str], Machine]) -> Machine:
    return make_machine("worker-1")


@pytest.fixture
def change(machine: Machine) -> str:
    rows = "site,place\nber,Ost & West\ntok,東京\n"
    return machine.store({"change.yaml": CHANGE, "noc.j2": TEMPLATE, "stores.csv": rows})


def order(change: str, device: str = "ber-sw1", site: str = "ber", **more: Any) -> Order:
    return PlanDevice(id="r-1.1", rollout="r-1", change=change, device=device, site=site, control=0, **more)


def plan(machine: Machine, change: str, device: str = "ber-sw1", site: str = "ber") -> str:
    """A plan for one device, in the store; gives its digest."""
    one = PlannedDevice(
        device=device,
        site=site,
        platform="eos",
        role="switch",
        os_version="4.30",
        region="emea",
        access=Access.IN_BAND,
        undo=UndoRank.TIMER,
        base=KEYED,
        target=KEYED,
        diff=KEYED,
        config=KEYED,
        diff_class=digest(b"class"),
        diff_text=machine.installation.blobs.put(b"+ ntp server"),
        added=1,
        removed=0,
    )
    sealed = Plan(
        log="log-" + "0" * 32,
        rollout="r-1",
        change=change,
        title="t",
        ticket="NET-1",
        team="netauto",
        authors=("ann",),
        inventory=digest(b"inventory"),
        approvals=(),
        devices=(one,),
        waves=((device,),),
    ).sealed()
    machine.installation.blobs.put(sealed)
    return digest(sealed)


def push(machine: Machine, change: str, **more: Any) -> PushDevice:
    content = order(change).model_dump() | {"plan": plan(machine, change), "approvals": ()} | more
    return PushDevice.model_validate(content)


def lines(machine: Machine, change: str, device: str) -> str:
    workshop = machine.workshop
    return workshop.lines(workshop.change(change), workshop.estate.devices[device])


def test_two_machines_render_the_same_bytes_from_one_bundle(
    machine: Machine, change: str, make_machine: Callable[[str], Machine]
) -> None:
    other = make_machine("worker-2")
    for device, text in (
        ("ber-sw1", "ntp server 10.1.0.1\nsnmp-server location Ost & West\n"),
        ("tok-sw1", "ntp server 10.2.0.1\nsnmp-server location 東京\n"),
    ):
        assert lines(machine, change, device) == lines(other, change, device) == text


def test_and_find_the_same_differences_with_the_same_digests(
    machine: Machine, change: str, make_machine: Callable[[str], Machine]
) -> None:
    other = make_machine("worker-2")
    found = [each.workshop.compare(order(change))(Tree()) for each in (machine, other)]
    digests = [
        each.workshop.digester.edits(comparison.edits) for each, comparison in zip((machine, other), found, strict=True)
    ]
    assert digests[0] == digests[1]
    assert [edit for comparison in found for edit in comparison.lines].count("ntp server 10.1.0.1") == 2


def test_the_folder_that_a_change_was_packed_from_does_not_matter_any_more(machine: Machine, change: str) -> None:
    (machine.home / "change" / "noc.j2").write_text("ntp server 6.6.6.6\n")
    assert "6.6.6.6" not in lines(machine, change, "ber-sw1")


class TestTasks:
    @pytest.fixture
    def tasked(self, machine: Machine) -> str:
        (machine.home / "tasks" / "noc.py").write_text(dedent(TASK))
        return machine.store({"change.yaml": TASKED}, tasks=True)

    def test_an_engineer_s_own_task_gives_lines_like_a_template(self, machine: Machine, tasked: str) -> None:
        assert lines(machine, tasked, "tok-sw1") == "ntp server 10.2.0.1\n"
        assert machine.workshop.compare(order(tasked))(Tree()).lines == ("ntp server 10.1.0.1",)

    def test_another_version_of_it_is_refused(self, tasked: str, make_machine: Callable[[str], Machine]) -> None:
        other = make_machine("worker-2")
        (other.home / "tasks" / "noc.py").write_text(dedent(TASK) + "# mended since\n")
        with pytest.raises(
            UnpreparedError, match=r"the task 'noc' is sha256:.* here .*; bring this machine up to date"
        ):
            other.workshop.compare(order(tasked))
        with pytest.raises(UnpreparedError) as caught:
            other.workshop.compare(order(tasked))
        assert caught.value.cause is Cause.TASK_VERSION

    def test_a_machine_without_it_refuses_too(self, tasked: str, make_machine: Callable[[str], Machine]) -> None:
        with pytest.raises(Exception, match="there is no task 'noc'"):
            make_machine("worker-2").workshop.compare(order(tasked))


def test_a_platform_without_a_template_is_told_as_that(machine: Machine, change: str) -> None:
    with pytest.raises(UnpreparedError, match="no template for the platform 'ios'") as caught:
        machine.workshop.compare(order(change, "tok-r1", "tok"))
    assert caught.value.cause is Cause.NO_TEMPLATE


def test_a_device_that_is_not_in_the_inventory_is_told_as_that(machine: Machine, change: str) -> None:
    for prepare_it in (machine.workshop.subject, machine.workshop.compare):
        with pytest.raises(UnpreparedError, match="par-sw1 is not in this worker's inventory") as caught:
            prepare_it(order(change, "par-sw1", "par"))
        assert caught.value.cause is Cause.NOT_IN_INVENTORY


def test_a_subject_is_the_device_as_the_inventory_has_it_with_the_keys_of_the_order(
    machine: Machine, change: str
) -> None:
    keys, via_keys = ("ssh-ed25519 AAAAdevice",), ("ssh-ed25519 AAAAjump",)
    subject = machine.workshop.subject(order(change, host_keys=keys, via_host_keys=via_keys))
    assert (subject.device, subject.site, subject.region, subject.role) == ("ber-sw1", "ber", "emea", "switch")
    assert (subject.endpoint.address, subject.endpoint.host_keys) == ("127.0.9.2", keys)
    assert subject.via is not None
    assert (subject.via.name, subject.via.host_keys) == ("jump-1", via_keys)
    assert subject.os_version == "unknown"


def test_what_is_a_device_s_own_is_known_by_name(machine: Machine, change: str) -> None:
    own = machine.workshop.subject(order(change)).own
    assert {name: own[name] for name in ("device", "site", "address", "noc", "row.place")} == {
        "device": "ber-sw1",
        "site": "ber",
        "address": "127.0.9.2",
        "noc": "10.1.0.1",
        "row.place": "Ost & West",
    }


@pytest.mark.parametrize(
    ("device", "expected"), [("ber-sw1", ("jump-1", 3)), ("tok-sw1", (None, 0)), ("par-sw1", (None, 0))]
)
def test_the_way_to_a_device(machine: Machine, change: str, device: str, expected: tuple[str | None, int]) -> None:
    assert machine.workshop.jump_host(order(change, device)) == expected


def test_a_login_that_is_not_there_is_named_without_its_value(
    machine: Machine, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LAB_PASSWORD")
    with pytest.raises(CredentialError, match="LAB_PASSWORD"):
        machine.workshop.subject(order(change))


class TestWork:
    def test_it_is_what_the_plan_says_about_the_device(self, machine: Machine, change: str) -> None:
        work = machine.workshop.work(push(machine, change), Granted(), None)
        assert (work.order, work.rollout, work.device, work.worker) == ("r-1.1", "r-1", "ber-sw1", "worker-1")
        assert (work.base, work.diff, work.config) == (KEYED, KEYED, KEYED)
        assert [check.name for check in work.checks] == ["it is there"]
        assert work.timing.within.total_seconds() == 7
        assert (work.accept_no_undo, work.save_foreign, work.replace, work.earlier) == (False, False, None, None)

    def test_a_replacement_has_what_the_change_says_and_what_the_device_keeps(self, machine: Machine) -> None:
        whole = CHANGE.replace("data:", "mode: replace\nkeep: [username, enable password]\ndata:")
        files = {"change.yaml": whole, "noc.j2": TEMPLATE, "stores.csv": "site,place\nber,Ost\n"}
        work = machine.workshop.work(push(machine, machine.store(files)), Granted(), None)
        assert work.replace is not None
        shown = "enable password canary\nusername ops secret canary\nntp server 10.9.9.9\nend\n"
        own = ("enable password canary", "username ops secret canary")
        assert work.replace.lines(shown) == (*own, "ntp server 10.1.0.1", "snmp-server location Ost")
        # And what is compared when it is planned is what is compared when it is pushed
        running = read_device(shown, EOS)
        planned = machine.workshop.compare(order(machine.store(files)))(running)
        assert planned == work.compare(running)
        assert [line.text for line in planned.rest] == list(own)

    def test_a_roll_back_of_it_replaces_nothing(self, machine: Machine) -> None:
        whole = CHANGE.replace("data:", "mode: replace\nkeep: [username]\ndata:")
        files = {"change.yaml": whole, "noc.j2": TEMPLATE, "stores.csv": "site,place\nber,Ost\n"}
        change = machine.store(files)
        before = machine.installation.blobs.put(
            pack_before(frozenset({"ntp server 10.1.0.1", "hostname a"}), "hostname a\nusername ops secret old\n"),
            secret=True,
        )
        given = push(machine, change).model_dump(exclude={"approvals", "unresolved"})
        back = RollBackDevice(**given, authority="command.in.an-envelope", before=before, after=KEYED)
        work = machine.workshop.work(back, Granted(), None)
        assert work.replace is None
        running = read_device("ntp server 10.1.0.1\nusername ops secret new\n", EOS)
        assert work.compare(running).lines == ("hostname a", "no ntp server 10.1.0.1")

    def test_its_label_is_the_same_in_every_process(
        self, machine: Machine, change: str, make_machine: Callable[[str], Machine]
    ) -> None:
        other = make_machine("worker-2").workshop.work(push(machine, change), Granted(), None)
        mine = machine.workshop.work(push(machine, change), Granted(), None)
        assert mine.label == other.label == label("r-1.1") == "wg-" + mine.label[3:]
        assert len(mine.label) == 19
        assert label("r-1.2") != mine.label

    def test_what_was_accepted_by_name_is_accepted_for_that_device_alone(self, machine: Machine, change: str) -> None:
        given = push(machine, change)
        for name, accepted in (("ber-sw1", True), ("tok-sw1", False)):
            granted = Granted(accept_no_undo=frozenset({name}), save_foreign=True)
            work = machine.workshop.work(given, granted, None)
            assert (work.accept_no_undo, work.save_foreign) == (accepted, True)

    def test_a_device_that_the_plan_does_not_have_is_refused(self, machine: Machine, change: str) -> None:
        given = push(machine, change, plan=plan(machine, change, "tok-sw1", "tok"))
        with pytest.raises(UnpreparedError, match="ber-sw1 is not in plan sha256:"):
            machine.workshop.work(given, Granted(), None)

    def test_a_reconciliation_only_finds_out(self, machine: Machine, change: str) -> None:
        before = machine.installation.blobs.put(
            pack_before(frozenset({"ntp server 10.0.0.1"}), "ntp server 10.0.0.1\n"), secret=True
        )
        unresolved = Unresolved(order="r-1.0", before=before, undo=UndoRank.TIMER)
        work = machine.workshop.work(push(machine, change, unresolved=unresolved), Granted(), None)
        assert work.earlier is not None
        assert (work.earlier.label, work.earlier.kept, work.earlier.again) == (label("r-1.0"), before, False)
        assert list(work.earlier.before.running.texts()) == ["ntp server 10.0.0.1"]


def test_an_inventory_that_changes_is_followed(machine: Machine, change: str) -> None:
    (path,) = estate_paths(machine.installation.settings)
    (path / "all.yaml").write_text(ESTATE.replace("10.1.0.1", "10.1.0.99"))
    machine.workshop.estates.current()
    assert lines(machine, change, "ber-sw1").startswith("ntp server 10.1.0.99\n")


def test_one_that_is_wrong_now_is_left_out_of_account(machine: Machine, change: str) -> None:
    (path,) = estate_paths(machine.installation.settings)
    (path / "all.yaml").write_text("devices: {x: {site: nowhere}}\n")
    with pytest.raises(InventoryError):
        machine.workshop.estates.current()
    assert lines(machine, change, "ber-sw1").startswith("ntp server 10.1.0.1\n")
