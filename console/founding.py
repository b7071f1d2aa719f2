"""Making an installation, and the topics of its log."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from console.errors import StoppedError, UsageError
from console.exits import Exit
from console.output import Output
from events.log.contract import LogError, LogUnavailableError
from events.log.kafka.topics import apply_topics
from events.log.topics import DEFAULT_SPREAD
from workers.bootstrap_stores import kafka_settings, make_log
from workers.founding import Founded, complete_founding, founding_records, keep_founding, prepare
from workers.settings import Settings, read_settings

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Founding:
    """What an installation is to be like."""

    home: Path
    log: Literal["sqlite", "kafka"]
    bootstrap: str | None
    prefix: str | None
    admin: str
    team: str
    replicas: int


def found(wanted: Founding, output: Output) -> Exit:
    """Makes an installation. Where its log cannot be reached yet, the rest is made and it is said how to go on.

    Raises:
        UsageError: something that is wanted cannot be meant.
        FoundingError: the folder cannot be used.
        LogError: the log is there, and not as it must be.
    """
    _check(wanted)
    stopped = _HALF_MADE
    try:
        founded = prepare(wanted.home, _lines(wanted))
        keep_founding(wanted.home, founding_records(founded, wanted.admin, wanted.team, datetime.now(UTC)))
        stopped = _NOT_FOUNDED
        return _completed(wanted, founded, output)
    except KeyboardInterrupt as error:
        raise StoppedError(stopped.format(home=wanted.home)) from error


def _completed(wanted: Founding, founded: Founded, output: Output) -> Exit:
    settings = read_settings(wanted.home)
    root = wanted.home / "keys" / "root.pem"
    output.emit_if_json({"home": wanted.home, "log": founded.log, "key": root, "admin": wanted.admin})
    output.say(f"Made {wanted.home} with log {founded.log}. The root key {root} is {wanted.admin}'s, who is an admin.")
    try:
        made = apply(settings, replicas=wanted.replicas)
    except LogError as error:
        output.complain(f"the log is not founded yet: {error}")
        output.note(f"When it can be reached: wavegate topics apply --home {wanted.home}")
        return Exit.UNDECIDED if isinstance(error, LogUnavailableError) else Exit.FAILED
    if made.topics:
        output.say(f"Made {len(made.topics)} topics.")
    output.say(_NEXT.format(home=wanted.home))
    return Exit.DONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What was missing of a log: the topics that were made, and how many of its first records were written."""

    topics: tuple[str, ...]
    records: int


def apply(
    settings: Settings, *, spread: int = DEFAULT_SPREAD, replicas: int = 3, in_sync: int | None = None
) -> Applied:
    """Makes what is missing of a log: on Kafka its topics, on any its first records.

    Raises:
        LogError: it cannot be reached, or what is there is not as it must be.
        FoundingError: its first records are needed and not here.
    """
    topics: tuple[str, ...] = ()
    if settings.log == "kafka":
        topics = tuple(apply_topics(kafka_settings(settings), spread=spread, replicas=replicas, in_sync=in_sync))
    log = make_log(settings)
    try:
        return Applied(topics=topics, records=complete_founding(log, settings.log_name, settings.home))
    finally:
        log.close()


def _check(wanted: Founding) -> None:
    for what, name in (("admin", wanted.admin), ("team", wanted.team)):
        if not _NAME.fullmatch(name):
            rule = "1 to 63 letters, digits, dots, dashes and underscores, the first a letter or a digit"
            raise UsageError(f"--{what} {name!r} is no name: {rule}")
    if (wanted.log == "kafka") != (wanted.bootstrap is not None):
        raise UsageError("--kafka-bootstrap HOST:PORT goes with --log kafka, and only with that")


def _lines(wanted: Founding) -> dict[str, str]:
    lines: dict[str, str] = {"log": wanted.log}
    if wanted.bootstrap is not None:
        lines["kafka_bootstrap"] = wanted.bootstrap
    if wanted.prefix:
        lines["kafka_prefix"] = wanted.prefix
    return lines


_HALF_MADE = "interrupted: {home} is half made, and no use as it is. Remove it, then run 'wavegate init' again"
_NOT_FOUNDED = (
    "interrupted: {home} is made, and its log perhaps not founded. Go on with: wavegate topics apply --home {home}"
)
_NEXT = """\
Next:
  1. Put the inventory into {home}/estate, and look at it: wavegate inventory check --home {home}
  2. Keys for people: wavegate key new FILE --name NAME, then wavegate key register FILE.pub ... as admin
  3. Run it: wavegate up --home {home}"""
