"""Each trap of Kafka and of its client that was found, as the log stays out of it."""

import signal
from datetime import timedelta
from itertools import islice
from typing import Any

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import MemberToRemove
from kafka.errors import KafkaError

from events.log.contract import FencedError, LogMismatchError, Mark, Partition, Topic, place

pytestmark = [pytest.mark.kafka, pytest.mark.real_time]

FACTS = Partition(Topic.FACTS, 0)
CONTROL = Partition(Topic.CONTROL, 0)
ORDERS = [Partition(Topic.ORDERS, number) for number in range(4)]


def name(world: Any, topic: str) -> str:
    return f"{world.settings.prefix}{topic}"


def test_an_open_transaction_hides_neither_control_nor_its_end(kafka_world: Any, transaction: Any, help_: Any) -> None:
    log = kafka_world.open()
    reader = log.reader({CONTROL: 0, FACTS: 0})

    with transaction("somebody", name(kafka_world, "facts")) as producer:
        producer.send(name(kafka_world, "control"), value=b"in a transaction", key=b"k", partition=0)
        producer.flush()
        log.append([help_.record(Topic.CONTROL, "halt")])
        stored = help_.read(reader, 2)

        assert help_.values(stored) == [b"in a transaction", b"halt"]
        assert reader.position(CONTROL) == reader.end(CONTROL)


def test_a_transaction_of_a_dead_writer_ends_when_its_successor_opens(
    kafka_world: Any, transaction: Any, help_: Any
) -> None:
    log = kafka_world.open()
    reader = log.reader({FACTS: 0})

    with transaction(name(kafka_world, "writer-coordinator"), name(kafka_world, "facts")):
        log.append([help_.record(value="behind it")])
        assert reader.end(FACTS) == 0

        log.fenced_writer("coordinator")

        assert help_.values(help_.read_to_end(reader, FACTS)) == [b"behind it"]
        assert reader.position(FACTS) == reader.end(FACTS)


COMMIT_FOR_EVER = """
writer = log.fenced_writer("coordinator")
for number in itertools.count():
    writer.commit([Record(topic=Topic.FACTS, key="k", value=str(number).encode())] * 50, {})
    print(number, flush=True)
"""


def test_a_writer_killed_in_a_transaction_holds_nobody_up(kafka_world: Any, spawn: Any, help_: Any) -> None:
    child = spawn(kafka_world, "doomed", COMMIT_FOR_EVER)
    committed = len(child.lines(3) + child.end(signal.SIGKILL))
    log = kafka_world.open()

    writer = log.fenced_writer("coordinator")
    writer.commit([help_.record(value="after")], {})

    stored = help_.read_to_end(log.reader({FACTS: 0}), FACTS, at_least=1 + 50 * committed)
    assert stored[-1].value == b"after"
    assert (len(stored) - 1) % 50 == 0


def test_an_evicted_writer_in_a_transaction_does_not_evict_its_successor(kafka_world: Any, help_: Any) -> None:
    """kafka-python asks for a new epoch when its own is refused; granted one, it would shut the successor out."""
    # given
    evicted = kafka_world.open().fenced_writer("coordinator")
    raw = evicted._transactions._kafka
    raw.begin_transaction()
    raw.send(name(kafka_world, "facts"), value=b"unfinished", key=b"k", partition=0)
    raw.flush()
    log = kafka_world.open()
    successor = log.fenced_writer("coordinator")

    # when
    late = raw.send(name(kafka_world, "facts"), value=b"too late", key=b"k", partition=0)
    with pytest.raises(KafkaError):
        late.get(timeout=20)
    with pytest.raises(FencedError):
        evicted.commit([help_.record(value="later still")], {})

    # then
    for number in range(3):
        successor.commit([help_.record(value=str(number))], {})
    stored = help_.read_to_end(log.reader({FACTS: 0}), FACTS, at_least=3)
    assert help_.values(stored) == [b"0", b"1", b"2"]


def test_what_was_aborted_is_not_read_and_not_waited_for(kafka_world: Any, transaction: Any, help_: Any) -> None:
    log = kafka_world.open()
    reader = log.reader({FACTS: 0})

    with transaction("somebody", name(kafka_world, "facts")) as producer:
        log.append([help_.record(value="kept")])
        producer.abort_transaction()

    assert help_.values(help_.read_to_end(reader, FACTS, at_least=1)) == [b"kept"]
    assert reader.position(FACTS) == reader.end(FACTS)


def test_the_partition_is_said_and_never_left_to_the_client(kafka_world: Any, help_: Any) -> None:
    """Where the client chose, half of these keys would be elsewhere."""
    keys = [f"site-{number}" for number in range(50)]
    kafka_world.open().append([help_.record(Topic.REPORTS, "x", key=key) for key in keys])
    consumer = KafkaConsumer(
        name(kafka_world, "reports"),
        bootstrap_servers=kafka_world.settings.bootstrap,
        auto_offset_reset="earliest",
        consumer_timeout_ms=20_000,
    )

    found = {record.key.decode(): record.partition for record in islice(consumer, len(keys))}

    assert found == {key: place(key, kafka_world.spread) for key in keys}
    consumer.close()


def test_records_go_over_the_wire_compressed(kafka_world: Any, help_: Any, bootstrap: str) -> None:
    kafka_world.open().append([help_.record(value=b"the same again " * 10_000)])
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)

    directories = [directory for broker in admin.describe_log_dirs() for directory in broker["log_dirs"]]

    sizes = [
        partition["partition_size"]
        for directory in directories
        for topic in directory["topics"]
        for partition in topic["partitions"]
        if topic["name"] == name(kafka_world, "facts")
    ]
    assert 0 < max(sizes) < 10_000
    admin.close()


def test_records_that_were_removed_are_an_error_and_no_jump(kafka_world: Any, help_: Any, bootstrap: str) -> None:
    # given
    log = kafka_world.open()
    log.append([help_.record(value=str(number)) for number in range(5)])
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    admin.delete_records({TopicPartition(name(kafka_world, "facts"), 0): 3})
    admin.close()
    reader = log.reader({FACTS: 0})

    # when
    for _ in range(2):
        with pytest.raises(LogMismatchError, match="does not hold the position"):
            help_.until(lambda: reader.poll(timedelta(milliseconds=100)))

    # then
    assert help_.values(help_.read(log.reader({FACTS: 3}), 2)) == [b"3", b"4"]


def test_a_mark_past_the_end_is_an_error_and_no_jump(kafka_world: Any, help_: Any, worker: Any, run: Any) -> None:
    first = worker(kafka_world.open())
    run([first], lambda: len(first.owned) == 4)
    first.marks = {ORDERS[0]: Mark(position=1000)}
    run([first], lambda: not first.marks)
    first.membership.leave()
    second = worker(kafka_world.open())

    with pytest.raises(LogMismatchError, match="does not hold the position"):
        run([second], lambda: False)


def test_nothing_is_committed_by_itself(kafka_world: Any, help_: Any, worker: Any, run: Any, bootstrap: str) -> None:
    kafka_world.open().append([help_.record(Topic.ORDERS, key=help_.key_for(0))])
    only = worker(kafka_world.open())
    run([only], lambda: only.records)
    only.membership.leave()
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)

    (offsets,) = admin.list_group_offsets(name(kafka_world, "workers")).values()

    assert {partition.topic for partition in offsets} == {name(kafka_world, "control")}
    admin.close()


def test_a_foreign_record_without_a_key_or_value_is_read(kafka_world: Any, help_: Any) -> None:
    """Pipelines write commands with whatever client they have; what is wrong with those is for others to say."""
    producer = KafkaProducer(bootstrap_servers=kafka_world.settings.bootstrap)
    producer.send(name(kafka_world, "commands"), value=b"no key", headers=[("h", b"")])
    producer.send(name(kafka_world, "commands"), key=b"\xff\xfe no value", value=None)
    producer.close()

    stored = help_.read(kafka_world.open().reader({Partition(Topic.COMMANDS, 0): 0}), 2)

    assert [(record.key, record.value) for record in stored] == [("", b"no key"), ("\ufffd\ufffd no value", b"")]


def test_who_was_put_out_claims_nothing(kafka_world: Any, help_: Any, worker: Any, run: Any, bootstrap: str) -> None:
    """kafka-python asks to be let in again in its old name, is refused, and then asks with its old claims."""
    # given
    evicted, other = worker(kafka_world.open()), worker(kafka_world.open())
    run([evicted, other], lambda: len(evicted.held()) == len(other.held()) == 2)
    coordinator = evicted.membership._member._kafka._coordinator
    coordinator._disable_heartbeat()
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    admin.remove_group_members(name(kafka_world, "workers"), [MemberToRemove(coordinator._generation.member_id)])
    admin.close()
    run([other], lambda: len(other.held()) == 4)
    other.lost.clear()

    # when
    coordinator.request_rejoin()
    run([evicted, other], lambda: len(evicted.held()) == len(other.held()) == 2)

    # then
    assert len(other.lost) == 2
    assert evicted.owned | other.owned == set(ORDERS)


def test_an_answer_that_came_between_two_polls_is_taken_up(kafka_world: Any, help_: Any, worker: Any, run: Any) -> None:
    """kafka-python throws it away and joins anew; done by the leader, that keeps a whole group from settling."""
    # given
    hurried, other = worker(kafka_world.open()), worker(kafka_world.open())
    run([hurried], lambda: len(hurried.held()) == 4)
    run([hurried, other], lambda: len(hurried.held()) == len(other.held()) == 2)
    coordinator = hurried.membership._member._kafka._coordinator
    coordinator.request_rejoin()
    hurried.membership.poll(timedelta(0))
    assert not coordinator._join_task.is_done

    # when
    run([other], lambda: coordinator._join_task.is_done)
    generation = coordinator._generation.generation_id
    hurried.membership.poll(timedelta(0))

    # then
    assert hurried.membership._member._kafka.is_settled()
    assert coordinator._generation.generation_id == generation
    run([hurried, other], lambda: len(hurried.held()) == len(other.held()) == 2)
