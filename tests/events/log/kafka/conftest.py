"""A broker that a test may stop, and raw clients beside the log's."""

import importlib.util
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import uuid4

import pytest
from kafka import KafkaProducer
from kafka.errors import KafkaError

from events.log.kafka.settings import KafkaSettings
from events.log.kafka.topics import apply_topics
from events.log.terms import Terms

DEPLOY = Path(__file__).parents[4] / "deploy" / "kafka"


@pytest.fixture(scope="session")
def deployed() -> ModuleType:
    """The module that starts brokers."""
    spec = importlib.util.spec_from_file_location("kafka_broker", DEPLOY / "broker.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


class OwnBroker:
    """A broker that belongs to the tests, so that they may freeze it."""

    def __init__(self, bootstrap: str, pid: int) -> None:
        self.bootstrap = bootstrap
        self._pid = pid

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Connections stay up, and nothing is answered: what a client sees of a cable that was pulled."""
        os.kill(self._pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self._pid, signal.SIGCONT)


@pytest.fixture(scope="session")
def own_broker(deployed: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnBroker]:
    if lacking := deployed.missing():
        if os.environ.get("CI"):
            pytest.fail(f"no Kafka to freeze: {lacking}")
        pytest.skip(f"no Kafka to freeze: {lacking}")
    deployed.TARGET.mkdir(exist_ok=True)
    cluster = deployed.start(tmp_path_factory.mktemp("broker") / "cluster")
    try:
        yield OwnBroker(cluster.bootstrap, cluster.pids[0])
    finally:
        deployed.stop(cluster)


@pytest.fixture
def freezable(own_broker: OwnBroker) -> KafkaSettings:
    """A log of its own, with topics, on the broker that may be frozen; short deadlines."""
    terms = Terms(session=timedelta(seconds=2), margin=timedelta(milliseconds=500), deadline=timedelta(seconds=1))
    settings = KafkaSettings(bootstrap=own_broker.bootstrap, prefix=f"test-{uuid4().hex[:12]}-", terms=terms)
    apply_topics(settings, spread=4, replicas=1)
    return settings


@pytest.fixture
def transaction(bootstrap: str) -> Callable[..., AbstractContextManager[Any]]:
    """A raw transactional producer with an open transaction that has sent a record, as a dead writer leaves it."""

    @contextmanager
    def open_transaction(transactional_id: str, topic: str) -> Iterator[Any]:
        producer = KafkaProducer(
            bootstrap_servers=bootstrap, transactional_id=transactional_id, transaction_timeout_ms=60_000
        )
        producer.init_transactions()
        producer.begin_transaction()
        producer.send(topic, value=b"unfinished", key=b"k", partition=0)
        producer.flush()
        try:
            yield producer
        finally:
            with suppress(KafkaError):
                producer.abort_transaction()
            producer.close()

    return open_transaction
