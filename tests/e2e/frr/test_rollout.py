"""A whole rollout over eight real routers at four sites, on three of which it goes wrong by its own values.

On one a line is refused after others took effect, on one a line is swallowed without a word, on one the change cuts the
path that it comes on. Each is as it was in the end, and the others carry the change.
"""

import csv
import json
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.frr.lab import FrrLab
from lab.frr.watching import KernelWatch

pytestmark = [pytest.mark.frr, pytest.mark.timeout(300), pytest.mark.real_time]

REFUSED, SWALLOWED, CUT = "s02-r1", "s03-r2", "s04-r1"
HURT = (REFUSED, SWALLOWED, CUT)
OTHERS = ("s01-r1", "s01-r2", "s02-r2", "s03-r1", "s04-r2")
NEIGHBORS = "show ip ospf neighbor"
WAITING = 4

CHANGE = {
    "title": "Blackholes for what no store may reach",
    "ticket": "NET-12",
    "team": "netauto",
    "select": "platform=frr",
    "config": {"frr": "frr.j2"},
    "data": "routers.csv",
    "checks": [{"name": "OSPF has a neighbor", "command": NEIGHBORS, "matches": "Full/"}],
    "checks_within": "4s",
    "strategy": {"canary": 1, "waves": ["50%"], "max_in_flight": 8, "max_unhealthy": 8, "halt_at": 1, "bake": "0s"},
    "approvals": [{"area": "network-ops", "count": 1}],
}
TEMPLATE = """\
ip route {{ row.first }} Null0
ip route {{ row.second }} Null0
ip prefix-list STORES seq 5 permit 10.77.0.0/16 le {{ row.longest }}
ip route {{ row.third }} Null0
{% if row.chain is defined %}
key chain {{ row.chain }}
 key 7
{% else %}
route-map STORES permit 10
{% endif %}
"""


@dataclass(frozen=True)
class State:
    """A router, asked of its daemons, its disk and its kernel; of the routes, those that no neighbor told it."""

    running: str
    startup: str
    routes: frozenset[str]
    vrrp: tuple[str, int]

    @classmethod
    def of(cls, lab: FrrLab, router: str) -> "State":
        routes = frozenset(each["dst"] for each in lab.kernel_routes(router) if each["protocol"] != "ospf")
        [group] = json.loads(lab.vtysh(router, "show vrrp json"))
        vrrp = (group["v4"]["status"], group["v4"]["stats"]["transitions"])
        return cls(lab.running_config(router), lab.startup_config(router), routes, vrrp)


@dataclass
class Story:
    """The rollout as it went: what people saw, and what the kernels of the hurt routers saw."""

    network: Any
    change: Path
    rows: dict[str, dict[str, str]]
    before: dict[str, State]
    seen: dict[str, KernelWatch]
    began: float
    rollout: str = ""
    failures: dict[str, Any] = field(default_factory=dict)
    ended: Any = None

    def lines(self, router: str) -> list[str]:
        """What the change gives a router, as the product renders it."""
        rendered = self.network("change", "render", str(self.change), "--device", router).out
        return [line.strip() for line in rendered.splitlines() if line.strip()]


def _rows(lab: FrrLab) -> dict[str, dict[str, str]]:
    """The change's own values. Three are wrong: a length, a daemon that does not run, the way to the worker."""
    rows = {
        device.name: {
            "first": f"10.77.{number}.0/24",
            "second": f"10.78.{number}.0/24",
            "longest": "24",
            "third": f"10.79.{number}.0/24",
            "chain": "",
        }
        for number, device in enumerate(lab.devices)
    }
    rows[REFUSED]["longest"] = "8"
    rows[SWALLOWED]["chain"] = "STORES"
    rows[CUT]["third"] = str(lab.plan.worker.network)
    return rows


def _written(network: Any, rows: dict[str, dict[str, str]]) -> Path:
    folder: Path = network.home / "changes" / "blackholes"
    folder.mkdir(parents=True)
    (folder / "change.yaml").write_text(yaml.safe_dump(CHANGE))
    (folder / "frr.j2").write_text(TEMPLATE)
    with (folder / "routers.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["device", *rows[REFUSED]])
        table.writerows([name, *row.values()] for name, row in rows.items())
    return folder / "change.yaml"


@pytest.fixture(scope="module")
def story(network: Any, until: Any) -> Iterator[Story]:
    """An engineer asks for it, operations approves it, and decides about each router that it hurts until it is done."""
    lab = network.routers
    rows = _rows(lab)
    with ExitStack() as watches:
        told = Story(
            network=network,
            change=_written(network, rows),
            rows=rows,
            before={device.name: State.of(lab, device.name) for device in lab.devices},
            seen={router: watches.enter_context(lab.watching(router)) for router in HURT},
            began=time.monotonic(),
        )
        told.rollout = network("rollout", "request", str(told.change), "--json", by="ed").json["rollout"]
        until(lambda: network.show(told.rollout)["rollout"]["state"] == "awaiting_approval", "the plan")
        network("rollout", "approve", told.rollout, "--yes", by="olga")
        _decide(told)
        yield told


def _decide(story: Story) -> None:
    """Watches; where it halted, looks at what was hurt, leaves that as it is and goes on."""
    network = story.network
    while (ended := network("rollout", "watch", story.rollout, wanted=None)).code == WAITING:
        hurt = {each["device"]: each for each in network.show(story.rollout)["failures"]}
        assert hurt.keys() - story.failures.keys(), ended.out
        for router in hurt:
            network("rollout", "skip", story.rollout, router, "-r", "its row is wrong", by="olga")
        story.failures |= hurt
        network("rollout", "resume", story.rollout, "-r", "the others are fine", "--yes", by="olga")
    story.ended = ended


# What people see.


def test_it_is_told_what_became_of_each_router(story: Story) -> None:
    assert story.ended.code == 0, story.ended.out
    page = story.network.show(story.rollout)["rollout"]
    assert (page["state"], page["counts"]) == ("completed", {"verified": len(OTHERS), "skipped": len(HURT)})
    seen = {router: (each["state"], each["cause"]) for router, each in story.failures.items()}
    assert seen == {
        REFUSED: ("reverted", "line-rejected"),
        SWALLOWED: ("reverted", "diff-differs"),
        CUT: ("reverted", "access-lost"),
    }
    assert "le 8" in story.failures[REFUSED]["detail"]
    assert "Invalid prefix range" in story.failures[REFUSED]["detail"]
    there, lacking = story.failures[SWALLOWED]["detail"].split("approved, and not there:\n")
    assert "key chain" not in there
    assert "+ key chain" in lacking


@pytest.mark.parametrize("router", HURT)
def test_its_history_says_that_it_was_undone_and_left(story: Story, router: str) -> None:
    told = story.network("device", "history", router, "--json").lines
    types = [each["type"] for each in told if each["rollout"] == story.rollout]
    assert types[-4:] == ["PushStarted", "DeviceStaged", "DeviceReverted", "DeviceSkipped"]


# What the routers say.


@pytest.mark.parametrize("router", HURT)
def test_a_router_that_was_hurt_is_as_it_was(story: Story, until: Any, router: str) -> None:
    lab, before = story.network.routers, story.before[router]
    until(lambda: State.of(lab, router) == before, f"{router} being as it was")
    assert json.loads(lab.run(router, "wavegate-deadman", "status"))["pending"] is None


@pytest.mark.parametrize(
    ("router", "came", "went"),
    [
        pytest.param(REFUSED, ["first", "second"], ["first", "second"], id="the third line of five is refused"),
        pytest.param(SWALLOWED, ["first", "second", "third"], ["first", "second", "third"], id="the last is swallowed"),
        # The way to the worker was there before: its place was taken, and is given back.
        pytest.param(CUT, ["first", "second", "third"], ["first", "second"], id="the fourth cuts the path"),
    ],
)
def test_its_kernel_had_what_came_before_and_has_it_no_more(
    story: Story, until: Any, router: str, came: list[str], went: list[str]
) -> None:
    seen, row = story.seen[router], story.rows[router]
    assert [name for name in ("first", "second", "third") if seen.came(f"blackhole {row[name]}")] == came
    until(lambda: all(seen.went(f"blackhole {row[name]}") for name in went), f"all leaving {router}")
    assert not [each for each in story.network.routers.kernel_routes(router) if each.get("type") == "blackhole"]


@pytest.mark.parametrize("router", OTHERS)
def test_the_others_carry_the_change(story: Story, router: str) -> None:
    state = State.of(story.network.routers, router)
    row = story.rows[router]
    assert set(story.lines(router)) <= set(state.running.splitlines())
    assert set(story.lines(router)) <= set(state.startup.splitlines())
    assert f"{state.startup}end\n" == state.running
    assert {row["first"], row["second"], row["third"]} == state.routes - story.before[router].routes


def test_routing_and_redundancy_never_broke(story: Story) -> None:
    lab = story.network.routers
    lab.converge()
    for router, before in story.before.items():
        assert State.of(lab, router).vrrp == before.vrrp, router
        neighbors = json.loads(lab.vtysh(router, f"{NEIGHBORS} json"))["neighbors"].values()
        lasted = [each["upTimeInMsec"] / 1000 for [each] in neighbors if each["nbrState"].startswith("Full")]
        assert len(lasted) == 2, router
        assert min(lasted) > time.monotonic() - story.began, router


# What their journals say.


@pytest.mark.parametrize("router", [*HURT, *OTHERS])
def test_the_journal_and_the_log_agree(story: Story, router: str) -> None:
    noted, orders = story.network.noted(router), story.network.orders(router)
    assert noted.strange == []
    # Each write belongs to an order of the log, and each order that wrote has its write.
    staged = {label for label, types in orders.items() if "DeviceStaged" in types}
    assert noted.writes.keys() == staged
    assert len(staged) == 1
    for label, write in noted.writes.items():
        verified = "DeviceVerified" in orders[label]
        assert verified is (router in OTHERS)
        assert ("DeviceReverted" in orders[label]) is not verified
        assert (write.ended, write.saved) == ([_END.get(router, "confirmed")], 1 if verified else 0)
        least = _LEAST.get(router, len(story.lines(router)))
        assert write.lines == story.lines(router)[: max(least, len(write.lines))]
        assert router != REFUSED or len(write.lines) == least


_END = {REFUSED: "reverted", SWALLOWED: "reverted", CUT: "fired"}
#: After the line that cuts the path one more may be on its way, if the answer to the line was quicker.
_LEAST = {REFUSED: 3, CUT: 4}


def test_nothing_was_sent_that_the_platform_does_not_list(story: Story) -> None:
    listed = story.network("platform", "commands", "frr", "--json").json["commands"]
    known = [re.compile(pattern) for pattern in [*listed, re.escape(NEIGHBORS)]]
    # An empty line is none: netmiko asks for a prompt by one where it has waited for long.
    sent = {command for router in story.before for command in story.network.noted(router).commands if command}
    assert [command for command in sent if not any(each.fullmatch(command) for each in known)] == []
    # And what is listed is what is sent, but for leaving a section: these lines open one alone.
    unused = [pattern for pattern in listed if not any(re.fullmatch(pattern, command) for command in sent)]
    assert unused == ["exit"]


def test_what_is_done_by_hand_is_seen_by_these_very_tests(story: Story) -> None:
    router = OTHERS[0]
    lab = story.network.routers
    lab.vtysh(router, "configure terminal", "ip route 10.66.0.0/16 Null0")
    assert story.network.noted(router).strange == ["staticd executed what nobody typed: ip route 10.66.0.0/16 Null0"]
    lab.vtysh(router, "configure terminal", "no ip route 10.66.0.0/16 Null0")


# And then the power goes.


def test_a_power_cut_later_on_leaves_the_change_where_it_was_verified(story: Story, until: Any) -> None:
    router, lab = OTHERS[1], story.network.routers
    after = State.of(lab, router)
    lab.power_cut(router)
    until(lambda: State.of(lab, router).routes == after.routes, "its kernel having all routes again")
    assert State.of(lab, router).running == after.running
