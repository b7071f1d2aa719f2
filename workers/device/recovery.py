"""What an earlier owner of a partition did: read from its reports before any of its orders is touched."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import structlog

from events.codec import decode_report
from events.errors import MessageError, UnknownTypeError, UnknownVersionError
from events.log.contract import EventLog, Partition, Topic
from events.reports import Outcome, PushStaged

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Past:
    """By order: which have ended, and which had come to the point of writing.

    ``orders_end`` and ``reports_end`` are where the two partitions ended when that was read.
    """

    ended: frozenset[str]
    staged: Mapping[str, PushStaged]
    orders_end: int = 0
    reports_end: int = 0

    @property
    def unfinished(self) -> dict[str, PushStaged]:
        """What may have been written to a device without anybody saying how it ended."""
        return {order: report for order, report in self.staged.items() if order not in self.ended}


def read_past(log: EventLog, partition: Partition, start: int) -> Past:
    """What the reports of a partition of orders say from ``start`` on.

    Raises:
        LogError: they could not be read; the partition's orders must not be touched.
        UnknownTypeError, UnknownVersionError: newer software has worked here, and this one cannot tell what it did.
    """
    reports = Partition(Topic.REPORTS, partition.number)
    ended: set[str] = set()
    staged: dict[str, PushStaged] = {}
    reader = log.reader({reports: start})
    try:
        # In this order: whatever is told of an order from there on, is told from the end of the reports on.
        end = reader.end(reports)
        orders_end = _end(log, partition)
        while reader.position(reports) < end:
            for stored in reader.poll(timedelta(milliseconds=200)):
                try:
                    report = decode_report(stored.value).report
                except (UnknownTypeError, UnknownVersionError):
                    raise
                except MessageError as error:
                    _log.warning("a report cannot be read", position=stored.position, reason=str(error))
                    continue
                if isinstance(report, Outcome):
                    ended.add(report.order)
                elif isinstance(report, PushStaged):
                    staged[report.order] = report
    finally:
        reader.close()
    return Past(frozenset(ended), staged, orders_end, end)


def _end(log: EventLog, partition: Partition) -> int:
    reader = log.reader({partition: 0})
    try:
        return reader.end(partition)
    finally:
        reader.close()
