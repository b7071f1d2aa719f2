"""Looking at Kafka's topics and making them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import KafkaError

from events.log.kafka.client.connection import close_sockets, reaching, translated
from events.log.kafka.settings import KafkaSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A topic: its number of partitions, the replicas of each, and its settings by Kafka's names."""

    partitions: int
    replicas: int
    settings: Mapping[str, str]


class Admin:
    """Looks topics up and makes them. For one thread."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        with translated(settings, "connecting"):
            self._kafka = _Admin(reaching(settings))

    def describe(self, topics: Sequence[str]) -> dict[str, Described]:
        """Those of these topics that exist."""
        with translated(self._settings, "looking at its topics"):
            found = [topic for topic in self._kafka.describe_topics(list(topics)) if not topic["error_code"]]
            resources = [ConfigResource(ConfigResourceType.TOPIC, topic["name"]) for topic in found]
            configs = self._kafka.describe_configs(resources, config_filter="all")["topic"] if found else {}
        return {
            topic["name"]: Described(
                partitions=len(topic["partitions"]),
                replicas=min(len(partition["replica_nodes"]) for partition in topic["partitions"]),
                settings={name: str(config["value"]) for name, config in configs[topic["name"]].items()},
            )
            for topic in found
        }

    def create(self, topics: Mapping[str, Described]) -> None:
        """Makes topics, and returns when they can be used."""
        wanted = {
            name: {
                "num_partitions": topic.partitions,
                "replication_factor": topic.replicas,
                "configs": dict(topic.settings),
            }
            for name, topic in topics.items()
        }
        with translated(self._settings, "making topics"):
            self._kafka.create_topics(wanted, wait_for_metadata=True)

    def delete(self, topics: Sequence[str]) -> None:
        """Removes topics, with all that is in them."""
        with translated(self._settings, "removing topics"):
            self._kafka.delete_topics(list(topics))

    def close(self) -> None:
        """Lets go of connections and threads."""
        self._kafka.close()


class _Admin(KafkaAdminClient):  # type: ignore[misc]
    def __init__(self, configuration: dict[str, Any]) -> None:
        try:
            super().__init__(**configuration)
        except KafkaError:
            # A client that finds no broker would leave a thread and sockets behind.
            self._client.close()
            raise

    def close(self) -> None:
        super().close()
        close_sockets(self._manager._conns)  # noqa: SLF001
