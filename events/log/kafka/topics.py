"""Making the topics of a log on a Kafka, and telling what is wrong with those that are there."""

from collections.abc import Mapping, Sequence

from events.log.contract import LogMismatchError
from events.log.kafka.client.admin import Admin, Described
from events.log.kafka.client.producers import REQUEST_LIMIT
from events.log.kafka.settings import KafkaSettings
from events.log.topics import DEFAULT_SPREAD, TABLE, check_spread


def apply_topics(
    settings: KafkaSettings, *, spread: int = DEFAULT_SPREAD, replicas: int = 3, in_sync: int | None = None
) -> Sequence[str]:
    """Makes the topics that are missing; changes none that is there.

    Args:
        settings: where.
        spread: the number of partitions of the spread topics.
        replicas: how many brokers keep each partition; at most as many as there are.
        in_sync: how many of those must have a record before it counts as appended; one less than ``replicas`` where
            it is not said, so that one broker may fail.

    Returns:
        The names of the topics that were made.

    Raises:
        LogMismatchError: when existing topics differ from what they must be; lists every difference. Nothing is made.
        LogUnavailableError: when no broker answered in time.
    """
    check_spread(spread)
    wanted = _wanted(settings.prefix, spread, replicas, max(1, replicas - 1) if in_sync is None else in_sync)
    admin = Admin(settings)
    try:
        found = admin.describe(list(wanted))
        if different := [line for name in found for line in _differences(name, wanted[name], found[name])]:
            raise LogMismatchError(
                f"Kafka at {settings.bootstrap} has topics that are not as they must be; change them, or use another "
                f"prefix: {'; '.join(different)}"
            )
        missing = {name: topic for name, topic in wanted.items() if name not in found}
        if missing:
            admin.create(missing)
        return list(missing)
    finally:
        admin.close()


def _wanted(prefix: str, spread: int, replicas: int, in_sync: int) -> dict[str, Described]:
    # Of what is not listed the broker's own defaults may stand; these are what the log relies on.
    kept = {
        "cleanup.policy": "delete",
        "retention.ms": "-1",
        "retention.bytes": "-1",
        "min.insync.replicas": str(in_sync),
        "unclean.leader.election.enable": "false",
        "max.message.bytes": str(REQUEST_LIMIT),
    }
    return {
        f"{prefix}{rule.topic.value}": Described(partitions=rule.partitions(spread), replicas=replicas, settings=kept)
        for rule in TABLE
    }


def _differences(name: str, wanted: Described, found: Described) -> list[str]:
    facets = {"partitions": (found.partitions, wanted.partitions), "replicas": (found.replicas, wanted.replicas)}
    pairs: Mapping[str, tuple[object, object]] = facets | {
        setting: (found.settings.get(setting), value) for setting, value in wanted.settings.items()
    }
    return [f"{name} has {what} {is_} and must have {must}" for what, (is_, must) in pairs.items() if is_ != must]
