"""How fast each adapter of the log appends and reads, beside the bare client or database in the same run.

    KAFKA_BOOTSTRAP=... python benchmarks/log.py [--records N] [--json FILE] [--profile ADAPTER]

Rates are records a second. The machine is noisy: only the ratio to the reference beside it means something.
"""

import argparse
import json
import os
import sqlite3
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, OffsetAndMetadata, TopicPartition
from rich.console import Console
from rich.table import Table

from events.log.contract import EventLog, Partition, Record, Topic
from events.log.kafka.log import KafkaLog
from events.log.kafka.settings import KafkaSettings
from events.log.kafka.topics import apply_topics
from events.log.memory import MemoryLog, MemoryStore
from events.log.sqlite.log import SqliteLog

VALUE = bytes(range(48, 123)) * 4
BATCH = 500
FACTS = Partition(Topic.FACTS, 0)


@dataclass(frozen=True, kw_only=True)
class Rate:
    """How many records a second one thing did."""

    adapter: str
    what: str
    rate: float
    reference: float | None

    @property
    def ratio(self) -> float | None:
        """The share of the reference's rate; None without a reference."""
        return self.rate / self.reference if self.reference else None


def measured(count: int, work: Callable[[], object]) -> float:
    """Records a second of work on so many."""
    started = time.perf_counter()
    work()
    return count / (time.perf_counter() - started)


def one_by_one(append: Callable[[int], object], count: int) -> Callable[[], None]:
    """Appends records one after the other."""

    def work() -> None:
        for _ in range(count):
            append(1)

    return work


def batched(append: Callable[[int], object], count: int) -> Callable[[], None]:
    """Appends records in batches."""

    def work() -> None:
        for _ in range(count // BATCH):
            append(BATCH)

    return work


def rates_of(log: EventLog, count: int) -> dict[str, float]:
    """The rates of a log: appending, committing and reading."""
    record = Record(topic=Topic.FACTS, key="key", value=VALUE)
    writer = log.fenced_writer("benchmark")
    position = iter(range(sys.maxsize))

    def commit(size: int) -> None:
        writer.commit([record] * size, {Partition(Topic.COMMANDS, 0): next(position)})

    few = max(BATCH, count // 100)
    rates = {
        "append one by one": measured(few, one_by_one(lambda size: log.append([record] * size), few)),
        "append in batches": measured(count, batched(lambda size: log.append([record] * size), count)),
        "commit one by one": measured(few, one_by_one(commit, few)),
        "commit in batches": measured(count, batched(commit, count)),
    }
    total = 2 * count + 2 * few
    return rates | {"read": measured(total, lambda: read(log, total))}


def read(log: EventLog, count: int) -> None:
    """Reads so many facts."""
    reader, found = log.reader({FACTS: 0}), 0
    while found < count:
        found += len(reader.poll(timedelta(seconds=1)))
    reader.close()


def raw_sqlite(folder: Path, count: int) -> dict[str, float]:
    """A table of the same shape under the same settings, written by sqlite3 alone."""
    connection = sqlite3.connect(folder / "raw.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE records (place INTEGER PRIMARY KEY, key TEXT, value BLOB, headers TEXT)")
    places = iter(range(sys.maxsize))

    def append(size: int) -> None:
        connection.execute("BEGIN IMMEDIATE")
        rows = [(next(places), "key", VALUE, None) for _ in range(size)]
        connection.executemany("INSERT INTO records VALUES (?, ?, ?, ?)", rows)
        connection.execute("COMMIT")

    few = max(BATCH, count // 100)
    rates = {
        "append one by one": measured(few, one_by_one(append, few)),
        "append in batches": measured(count, batched(append, count)),
    }
    rates |= {what.replace("append", "commit"): rate for what, rate in rates.items()}
    total = count + few
    rates["read"] = measured(total, lambda: connection.execute("SELECT * FROM records").fetchall())
    connection.close()
    return rates


def raw_kafka(bootstrap: str, topic: str, count: int) -> dict[str, float]:
    """kafka-python by itself: idempotent, acknowledged by all, with transactions of the same sizes."""
    place = TopicPartition(topic, 0)
    settings = {"bootstrap_servers": bootstrap, "compression_type": "zstd", "metrics_enabled": False}
    settings |= {"batch_size": 256 * 1024}
    plain = KafkaProducer(**settings)
    transactional = KafkaProducer(**settings, transactional_id=topic, retry_backoff_ms=2)
    transactional.init_transactions()

    def append(size: int) -> None:
        sent = [plain.send(topic, VALUE, b"key", partition=0) for _ in range(size)]
        for future in sent:
            future.get(timeout=30)

    def commit(size: int) -> None:
        transactional.begin_transaction()
        for _ in range(size):
            transactional.send(topic, VALUE, b"key", partition=0)
        transactional.send_offsets_to_transaction({place: OffsetAndMetadata(1, "", -1)}, topic)
        transactional.commit_transaction()

    few = max(BATCH, count // 100)
    rates = {
        "append one by one": measured(few, one_by_one(append, few)),
        "append in batches": measured(count, batched(append, count)),
        "commit one by one": measured(few, one_by_one(commit, few)),
        "commit in batches": measured(count, batched(commit, count)),
    }
    plain.close()
    transactional.close()
    total = 2 * count + 2 * few
    return rates | {"read": measured(total, lambda: raw_read(bootstrap, place, total))}


def raw_read(bootstrap: str, place: TopicPartition, count: int) -> None:
    """Reads so many records with a bare consumer."""
    consumer = KafkaConsumer(
        bootstrap_servers=bootstrap, isolation_level="read_committed", enable_auto_commit=False, metrics_enabled=False
    )
    consumer.assign([place])
    consumer.seek(place, 0)
    found = 0
    while found < count:
        found += sum(len(records) for records in consumer.poll(timeout_ms=1000).values())
    consumer.close()


def compared(adapter: str, rates: dict[str, float], references: dict[str, float]) -> list[Rate]:
    """Rates beside their references."""
    return [Rate(adapter=adapter, what=what, rate=rate, reference=references.get(what)) for what, rate in rates.items()]


def memory_rates(count: int) -> list[Rate]:
    """The log in memory; nothing to compare it with."""
    log = MemoryLog(MemoryStore())
    return compared("memory", rates_of(log, count), {})


def sqlite_rates(count: int, folder: Path) -> list[Rate]:
    """The log in SQLite beside sqlite3."""
    log = SqliteLog(folder / "log")
    rates = rates_of(log, count)
    log.close()
    return compared("sqlite", rates, raw_sqlite(folder, count))


def kafka_rates(count: int, bootstrap: str) -> list[Rate]:
    """The log on Kafka beside kafka-python."""
    with topics(bootstrap) as settings:
        log = KafkaLog(settings)
        rates = rates_of(log, count)
        log.close()
        return compared("kafka", rates, raw_kafka(bootstrap, f"{settings.prefix}checkpoints", count))


@contextmanager
def topics(bootstrap: str) -> Iterator[KafkaSettings]:
    """The topics of a log, removed afterwards."""
    settings = KafkaSettings(bootstrap=bootstrap, prefix=f"benchmark-{uuid.uuid4().hex[:8]}-")
    apply_topics(settings, spread=1, replicas=1)
    try:
        yield settings
    finally:
        admin = KafkaAdminClient(bootstrap_servers=bootstrap)
        admin.delete_topics([f"{settings.prefix}{topic}" for topic in Topic])
        admin.close()


def shown(rates: list[Rate]) -> Table:
    """The rates as a table."""
    table = Table("adapter", "what", "records/s", "reference", "ratio", title="The log beside its bare clients")
    for rate in rates:
        reference = f"{rate.reference:,.0f}" if rate.reference else ""
        table.add_row(
            rate.adapter, rate.what, f"{rate.rate:,.0f}", reference, f"{rate.ratio:.2f}" if rate.ratio else ""
        )
    return table


def main() -> None:
    """Measures, prints a table, and writes JSON where asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=20_000, help="how many records each batched measurement takes")
    parser.add_argument("--json", type=Path, help="where to write the rates")
    arguments = parser.parse_args()
    rates = memory_rates(arguments.records)
    with tempfile.TemporaryDirectory() as folder:
        rates += sqlite_rates(arguments.records, Path(folder))
    if bootstrap := os.environ.get("KAFKA_BOOTSTRAP"):
        rates += kafka_rates(arguments.records, bootstrap)
    else:
        print("no Kafka: set KAFKA_BOOTSTRAP to measure it too", file=sys.stderr)
    Console().print(shown(rates))
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(rate) | {"ratio": rate.ratio} for rate in rates], indent=2))


if __name__ == "__main__":
    main()
