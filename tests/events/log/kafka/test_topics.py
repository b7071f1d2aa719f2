"""Making the topics of a log, and refusing those that are not as they must be."""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from events.log.contract import RECORD_LIMIT, LogError, LogMismatchError, Partition, Topic
from events.log.kafka.client.admin import Admin, Described
from events.log.kafka.log import KafkaLog
from events.log.kafka.settings import KafkaSettings
from events.log.kafka.topics import apply_topics

pytestmark = pytest.mark.kafka


def described(settings: KafkaSettings) -> dict[str, Described]:
    admin = Admin(settings)
    try:
        found = admin.describe([f"{settings.prefix}{topic}" for topic in Topic])
    finally:
        admin.close()
    return {name.removeprefix(settings.prefix): topic for name, topic in found.items()}


def make(settings: KafkaSettings, **topics: Described) -> None:
    admin = Admin(settings)
    admin.create({f"{settings.prefix}{name}": topic for name, topic in topics.items()})
    admin.close()


def test_topics_are_made_as_a_log_needs_them(kafka_settings: KafkaSettings) -> None:
    made = apply_topics(kafka_settings, spread=5, replicas=1)

    found = described(kafka_settings)
    assert sorted(made) == sorted(f"{kafka_settings.prefix}{topic}" for topic in Topic)
    assert {name: topic.partitions for name, topic in found.items()} == {
        "commands": 1,
        "facts": 1,
        "orders": 5,
        "reports": 5,
        "control": 1,
        "checkpoints": 1,
    }
    for topic in found.values():
        assert topic.replicas == 1
        assert topic.settings["cleanup.policy"] == "delete"
        assert topic.settings["retention.ms"] == topic.settings["retention.bytes"] == "-1"
        assert topic.settings["unclean.leader.election.enable"] == "false"
        assert topic.settings["min.insync.replicas"] == "1"
        assert int(topic.settings["max.message.bytes"]) > RECORD_LIMIT


def test_applying_again_makes_nothing(kafka_settings: KafkaSettings) -> None:
    apply_topics(kafka_settings, spread=2, replicas=1)

    assert list(apply_topics(kafka_settings, spread=2, replicas=1)) == []


def test_only_what_is_missing_is_made(kafka_settings: KafkaSettings, help_: Any) -> None:
    apply_topics(kafka_settings, spread=2, replicas=1)
    admin = Admin(kafka_settings)
    admin.delete([f"{kafka_settings.prefix}control"])
    admin.close()
    help_.until(lambda: "control" not in described(kafka_settings))

    assert list(apply_topics(kafka_settings, spread=2, replicas=1)) == [f"{kafka_settings.prefix}control"]


def test_every_difference_is_listed_and_nothing_is_made(kafka_settings: KafkaSettings) -> None:
    # given
    make(
        kafka_settings,
        facts=Described(partitions=2, replicas=1, settings={"retention.ms": "1000"}),
        control=Described(partitions=1, replicas=1, settings={"cleanup.policy": "compact"}),
    )

    # when
    with pytest.raises(LogMismatchError) as caught:
        apply_topics(kafka_settings, spread=2, replicas=1)

    # then
    message = str(caught.value)
    for difference in (
        "facts has partitions 2 and must have 1",
        "facts has retention.ms 1000 and must have -1",
        "control has cleanup.policy compact and must have delete",
    ):
        assert re.search(difference, message)
    assert set(described(kafka_settings)) == {"facts", "control"}


def test_a_log_without_topics_is_refused_with_what_to_do(kafka_settings: KafkaSettings) -> None:
    with pytest.raises(LogMismatchError, match=r"lacks the topics .*facts.*: make them with `wavegate topics apply`"):
        KafkaLog(kafka_settings)


@pytest.mark.parametrize(
    ("odd", "complaint"),
    [("orders", "must have equally many partitions"), ("facts", "facts must have exactly one partition")],
)
def test_partitions_that_do_not_fit_together_are_refused(
    kafka_settings: KafkaSettings, odd: str, complaint: str
) -> None:
    counts = {topic.value: 1 for topic in Topic} | {odd: 3}
    make(kafka_settings, **{name: Described(partitions=n, replicas=1, settings={}) for name, n in counts.items()})

    with pytest.raises(LogMismatchError, match=complaint):
        KafkaLog(kafka_settings)


@pytest.mark.parametrize(
    "ask",
    [
        lambda log, record: log.append([record]),
        lambda log, _: log.reader({Partition(Topic.FACTS, 0): 0}).poll(timedelta(milliseconds=300)),
        lambda log, record: log.fenced_writer("w").commit([record], {}),
        lambda log, _: log.join("g", Topic.ORDERS, "m").poll(timedelta(milliseconds=300)),
    ],
    ids=["append", "reader", "commit", "join"],
)
def test_no_topic_is_made_by_mistake(kafka_world: Any, help_: Any, ask: Callable[..., object]) -> None:
    """The broker would: it makes any topic that a client asks it for without saying that it should not."""
    hurried = replace(kafka_world.terms, deadline=timedelta(seconds=1))
    log = KafkaLog(replace(kafka_world.settings, terms=hurried))
    admin = Admin(kafka_world.settings)
    names = [f"{kafka_world.settings.prefix}{topic}" for topic in Topic]
    admin.delete(names)
    help_.until(lambda: not admin.describe(names))

    with suppress(LogError):
        ask(log, help_.record())

    assert admin.describe(names) == {}
    admin.close()
    log.close()


def test_a_topic_that_is_to_have_more_replicas_than_there_are_brokers_is_an_error(
    kafka_settings: KafkaSettings,
) -> None:
    with pytest.raises(Exception, match=r"(?i)replication"):
        apply_topics(kafka_settings, spread=1, replicas=7)

    assert described(kafka_settings) == {}


def test_logs_of_different_prefixes_know_nothing_of_each_other(kafka_world: Any, help_: Any) -> None:
    other = replace(kafka_world.settings, prefix=f"{kafka_world.settings.prefix}other-")
    apply_topics(other, spread=2, replicas=1)
    one, two = kafka_world.open(), KafkaLog(other)

    one.append([help_.record()])

    assert two.reader({Partition(Topic.FACTS, 0): 0}).end(Partition(Topic.FACTS, 0)) == 0
    two.close()
    admin = Admin(other)
    admin.delete([f"{other.prefix}{topic}" for topic in Topic])
    admin.close()
