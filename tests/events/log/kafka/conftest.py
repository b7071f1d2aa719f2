"""A log on a broker that a test may stop, and raw clients beside the log's."""

import gc
import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from kafka import KafkaProducer
from kafka.errors import KafkaError

from events.log.kafka.settings import KafkaSettings
from events.log.kafka.topics import apply_topics
from events.log.terms import Terms


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


@pytest.fixture
def freezable(own_broker: Any) -> KafkaSettings:
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
