"""Several real processes on one log, some of them killed, for the adapters that outlive a process."""

import signal
from collections import Counter
from typing import Any

import pytest

from events.log.contract import Partition, Topic

pytestmark = pytest.mark.real_time

FACTS = Partition(Topic.FACTS, 0)
ORDERS = [Partition(Topic.ORDERS, number) for number in range(4)]

APPEND_FOR_EVER = """
for number in itertools.count():
    values = [f"{name}:{number}:{part}".encode() for part in range(3)]
    log.append([Record(topic=Topic.FACTS, key="k", value=value) for value in values])
    print(number, flush=True)
"""

COMMIT_FOR_EVER = """
writer = log.fenced_writer("coordinator")
for number in itertools.count():
    values = [f"{name}:{number}:{part}".encode() for part in range(3)]
    records = [Record(topic=Topic.FACTS, key="k", value=value) for value in values]
    writer.commit(records, {Partition(Topic.COMMANDS, 0): number + 1})
    print(number, flush=True)
"""

WORK_FOR_EVER = """
member = log.join("workers", Topic.ORDERS, name)
owned = set()
while True:
    delivery = member.poll(timedelta(milliseconds=50))
    owned = (owned - delivery.lost) | delivery.gained
    member.renew({})
    print(",".join(str(partition.number) for partition in sorted(owned) if member.holds(partition)), flush=True)
"""


@pytest.fixture(params=["sqlite", pytest.param("kafka", marks=pytest.mark.kafka)])
def world(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(f"{request.param}_world")


def batches(stored: Any, name: str) -> list[tuple[int, int]]:
    """(number, part) of each record of a process, in the order in which they are in the log."""
    values = [record.value.decode().split(":") for record in stored]
    return [(int(number), int(part)) for who, number, part in values if who == name]


def test_processes_append_side_by_side_and_a_killed_one_loses_nothing(world: Any, spawn: Any, help_: Any) -> None:
    # given
    children = {name: spawn(world, name, APPEND_FOR_EVER) for name in ("a", "b", "c")}
    acknowledged = {name: child.lines(15) for name, child in children.items()}

    # when
    for name, child in children.items():
        acknowledged[name] += child.end(signal.SIGKILL)

    # then
    log = world.open()
    stored = help_.read_to_end(log.reader({FACTS: 0}), FACTS)
    for name, numbers in acknowledged.items():
        found = batches(stored, name)
        assert {(int(number), part) for number in numbers for part in range(3)} <= set(found)
        assert found == sorted(set(found))
    assert Counter(record.position for record in stored).most_common(1)[0][1] == 1
    log.append([help_.record(value="z:0:0")])


def test_a_writer_killed_in_a_commit_leaves_all_of_it_or_nothing(world: Any, spawn: Any, help_: Any) -> None:
    # given
    child = spawn(world, "a", COMMIT_FOR_EVER)
    acknowledged = child.lines(15)

    # when
    acknowledged += child.end(signal.SIGKILL)
    successor = world.open().fenced_writer("coordinator")

    # then
    found = batches(help_.read_to_end(world.open().reader({FACTS: 0}), FACTS), "a")
    last = found[-1][0]
    assert found == [(number, part) for number in range(last + 1) for part in range(3)]
    assert last in {int(acknowledged[-1]), int(acknowledged[-1]) + 1}
    assert successor.marks() == {Partition(Topic.COMMANDS, 0): last + 1}


def test_a_killed_worker_is_taken_over_by_the_others(world: Any, spawn: Any, help_: Any, worker: Any, run: Any) -> None:
    # given
    child = spawn(world, "doomed", WORK_FOR_EVER)
    help_.until(lambda: child.lines(1) == ["0,1,2,3"])
    follower = worker(world.open())
    run([follower], lambda: len(follower.held()) == 2)
    kept = {0, 1, 2, 3} - {partition.number for partition in follower.held()}
    help_.until(lambda: child.lines(1) == [",".join(map(str, sorted(kept)))])

    # when
    child.end(signal.SIGKILL)

    # then
    run([follower], lambda: follower.held() == set(ORDERS), world.terms.session.total_seconds() * 4)


def test_a_stopped_worker_finds_its_lease_gone_when_it_wakes(
    world: Any, spawn: Any, help_: Any, worker: Any, run: Any
) -> None:
    # given
    child = spawn(world, "frozen", WORK_FOR_EVER)
    help_.until(lambda: child.lines(1) == ["0,1,2,3"])
    child.signal(signal.SIGSTOP)
    follower = worker(world.open())
    run([follower], lambda: follower.held() == set(ORDERS))

    # when
    child.signal(signal.SIGCONT)
    held: list[set[int]] = []

    def shared() -> bool:
        held.append({int(number) for number in child.lines(1)[0].split(",") if number})
        return len(held[-1]) == 2

    run([follower], shared)

    # then
    assert len(follower.lost) == 2
    assert {partition.number for partition in follower.owned} | held[-1] == {0, 1, 2, 3}
