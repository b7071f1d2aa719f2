"""A broker that a test may stop, and raw clients beside the log's."""

import gc
import importlib.util
import logging
import os
import signal
import sys
import time
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
        # The signal is only asked for by now: some thread may still answer a last request.
        deadline = time.monotonic() + 10
        while self._states() != {"T"}:
            assert time.monotonic() < deadline, "the broker does not stop"
        try:
            yield
        finally:
            os.kill(self._pid, signal.SIGCONT)

    def _states(self) -> set[str]:
        """What its threads are doing, in the kernel's letters."""
        threads = Path(f"/proc/{self._pid}/task").iterdir()
        return {(thread / "stat").read_text().rpartition(")")[2].split()[0] for thread in threads}


@pytest.fixture
def collected() -> Iterator[None]:
    """Has the garbage collected within the test that makes it, and expects it, and not in some later one."""
    # What kafka-python logs holds on to its connections for as long as pytest keeps the lines.
    logger = logging.getLogger("kafka")
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    yield
    logger.setLevel(before)
    gc.collect()


@pytest.fixture(scope="session")
def needs_java(deployed: Any) -> None:
    """Skips loudly where no broker can be started, and fails where CI is set."""
    if lacking := deployed.missing():
        if os.environ.get("CI"):
            pytest.fail(f"no Kafka of the tests' own: {lacking}")
        pytest.skip(f"no Kafka of the tests' own: {lacking}")


@pytest.fixture(scope="session")
def own_broker(deployed: Any, needs_java: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnBroker]:
    cluster = deployed.start(tmp_path_factory.mktemp("broker") / "cluster")
    try:
        yield OwnBroker(cluster.bootstrap, cluster.pids[0])
    finally:
        deployed.stop(cluster)


@pytest.fixture
def freezable(own_broker: OwnBroker) -> KafkaSettings:
    """A log of its own, with topics, on the broker that may be frozen; short deadlines."""
    terms = Terms(session=timedelta(seconds=3), margin=timedelta(milliseconds=500), deadline=timedelta(seconds=1))
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
