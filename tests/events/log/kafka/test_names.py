"""What things of a log are called in Kafka."""

import pytest

from events.log.contract import Partition, Record, Stored, Topic, place
from events.log.kafka.client.consumers import Fetched
from events.log.kafka.names import Names

NAMES = Names("east-", {topic: 3 if topic in {Topic.ORDERS, Topic.REPORTS} else 1 for topic in Topic})


@pytest.mark.parametrize("topic", list(Topic))
def test_a_place_leads_back_to_its_partition(topic: Topic) -> None:
    for partition in NAMES.of(topic):
        name, number = NAMES.place(partition)

        assert name == f"east-{topic.value}"
        assert NAMES.partition((name, number)) == partition


def test_all_partitions_are_listed_once() -> None:
    assert len(NAMES.all()) == len(set(NAMES.all())) == 4 + 2 * 3


@pytest.mark.parametrize("key", ["site-1", "site-2", "", "ünïcode"])
def test_a_record_is_sent_to_the_partition_of_its_key(key: str) -> None:
    record = Record(topic=Topic.ORDERS, key=key, value=b"v", headers=(("h", b"1"),))

    assert NAMES.sent([record]) == [(("east-orders", place(key, 3)), key.encode(), b"v", [("h", b"1")])]


def test_a_fetched_record_is_read_back_as_it_was() -> None:
    fetched = Fetched(place=("east-reports", 2), offset=41, key="ü".encode(), value=b"v", headers=(("h", b"1"),))

    assert NAMES.stored([fetched]) == [
        Stored(partition=Partition(Topic.REPORTS, 2), position=41, key="ü", value=b"v", headers=(("h", b"1"),))
    ]
