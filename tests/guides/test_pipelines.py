"""What docs/guides/pipelines.md shows does what it says: its blocks are run as they stand there, by a POSIX shell."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from automation.change.packing import open_bundle, pack
from automation.rollout.commands import rollout_id
from events import commands
from events.authority import Authority
from events.commands import Command
from events.control import KeyEntry, KeyRegistered, LogFounded, Role
from events.log.contract import Partition, Stored, Topic
from events.log.kafka.log import KafkaLog
from events.log.kafka.settings import KafkaSettings
from events.log.kafka.topics import apply_topics
from events.signing import CONTROL, Signer, log_name, public_from_pem, seal

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "guides" / "pipelines.md").read_text(encoding="utf-8")
JARS = ROOT / "deploy" / "kafka" / "target" / "libs"
BLOCKS = dict(re.findall(r"^```sh file=(\S+)\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL))
NEEDED = ("openssl", "base32", "tr", "cut", "sort", "find", "tail", "head", "date", "mktemp", "cat", "rm")

CHANGE = {
    "change.yaml": """\
title: Another NTP server
ticket: NET-1
team: netauto
select: role=router
config: {ios: ntp.j2, eos: templates/eos.j2}
data: stores.csv
approvals: [{area: noc}]
""",
    "ntp.j2": "ntp server 10.0.0.2\n",
    "templates/eos.j2": "ntp server {{ row.ntp }}\n",
    "stores.csv": "site,ntp\nber-1,10.0.0.3\nmünchen,10.0.0.4\n",
}

#: In place of Kafka's: one record for each line, as it does.
FAKE_PRODUCER = """\
#!/bin/sh
cat >>"$RECORDS"
"""
REAL_PRODUCER = """\
#!/bin/sh
exec java -Xmx256m -XX:TieredStopAtLevel=1 -cp "$JARS/*" org.apache.kafka.tools.ConsoleProducer "$@"
"""


class Pipeline:
    """A job's checkout with the guide's files in it, and nothing on its path but what the guide names."""

    def __init__(self, folder: Path, producer: str) -> None:
        self.folder = folder
        self.programs = folder / "programs"
        self.programs.mkdir()
        for name in NEEDED + (("java",) if "java" in producer else ()):
            found = shutil.which(name)
            assert found, f"{name} is not installed"
            (self.programs / name).symlink_to(found)
        (self.programs / "kafka-console-producer.sh").write_text(producer)
        (self.programs / "kafka-console-producer.sh").chmod(0o755)
        for name, text in BLOCKS.items():
            (folder / name).write_text(text)
        for path, text in CHANGE.items():
            (folder / "change" / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / "change" / path).write_text(text, encoding="utf-8")
        (folder / "change" / ".gitignore").write_text("not part of it")
        (key_block,) = re.findall(r"^```sh\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
        self.run(key_block)
        self.public = public_from_pem((folder / "pipeline.pub.pem").read_bytes())

    def run(self, script: str, **variables: str) -> str:
        """What a script prints."""
        shell = shutil.which("dash") or shutil.which("sh")
        assert shell
        done = subprocess.run(
            [shell, "-eu", "-c", script],
            cwd=self.folder,
            env={"PATH": str(self.programs), "JARS": str(JARS)} | variables,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def root() -> Signer:
    return Signer.generate()


@pytest.fixture
def make_pipeline(tmp_path: Path) -> Callable[[str], Pipeline]:
    return lambda producer: Pipeline(tmp_path, producer)


def authority(root: Signer, pipeline: Pipeline, now: datetime) -> Authority:
    """A log in which the pipeline's key is registered as the guide says."""
    log = log_name(root.public)
    admin = KeyEntry(public=root.public, name="root", team="security", roles=(Role.ADMIN,))
    key = KeyEntry(public=pipeline.public, name="deploy", team="netauto", roles=(Role.PIPELINE,))
    found = Authority(log=log)
    for position, message in enumerate((LogFounded(root=admin, at=now), KeyRegistered(key=key))):
        signed = seal(root, CONTROL, message, log=log, id=f"k-{position}", expires=now)
        found, _ = found.read(position, signed)
    return found


def accepted(root: Signer, pipeline: Pipeline, signed: str) -> tuple[str, Command]:
    """A command's id and what it asks, once everything about it has been checked."""
    now = datetime.now(UTC)
    envelope, command, author = authority(root, pipeline, now).command(signed, now)
    assert author.name == "deploy"
    assert timedelta(minutes=59) < envelope.expires - now <= timedelta(hours=1)
    return envelope.id, command


def check_commands(root: Signer, pipeline: Pipeline, lines: list[str]) -> None:
    """What a job published is a change that can be opened, and a request of just that one."""
    (submit_id, submitted), (request_id, requested) = [accepted(root, pipeline, line) for line in lines]
    packed = pack(pipeline.folder / "change" / "change.yaml")
    assert submitted == commands.SubmitChange(bundle=packed.id, files=packed.texts())
    assert requested == commands.RequestRollout(change=packed.id, only="region=emea", reason="build 4711")
    assert (submit_id, request_id) == ("4711-submit", "4711-request")
    assert open_bundle(packed.encode()).title == "Another NTP server"


def test_openssl_and_a_console_producer_submit_a_change_and_request_its_rollout(
    make_pipeline: Callable[[str], Pipeline], root: Signer, tmp_path: Path
) -> None:
    # Given a pipeline whose producer writes to a file
    pipeline = make_pipeline(FAKE_PRODUCER)
    records = tmp_path / "records"
    # When its job runs
    given = {"WAVEGATE_LOG": log_name(root.public), "BUILD": "4711", "KAFKA_BOOTSTRAP": "none", "KAFKA_PREFIX": ""}
    pipeline.run(BLOCKS["deploy.sh"], RECORDS=str(records), **given)
    # Then both commands count, and are what Wavegate's own tools would have sent
    check_commands(root, pipeline, records.read_text().splitlines())


def test_the_bundle_is_the_same_to_the_byte(make_pipeline: Callable[[str], Pipeline]) -> None:
    pipeline = make_pipeline(FAKE_PRODUCER)
    made = pipeline.run(". ./wavegate.sh; bundle change")
    assert made.encode() == pack(pipeline.folder / "change" / "change.yaml").encode()


def test_the_key_id_is_the_registered_one(make_pipeline: Callable[[str], Pipeline]) -> None:
    pipeline = make_pipeline(FAKE_PRODUCER)
    signer = Signer.from_pem((pipeline.folder / "pipeline.pem").read_bytes())
    assert pipeline.run(". ./wavegate.sh; key_id pipeline.pem") == signer.key_id
    assert signer.public == pipeline.public


def test_the_name_of_the_rollout_is_known_beforehand(make_pipeline: Callable[[str], Pipeline]) -> None:
    printed = make_pipeline(FAKE_PRODUCER).run(BLOCKS["name.sh"], BUILD="4711")
    assert printed.strip() == rollout_id("4711-request")


def test_every_code_that_the_guide_lists_is_one() -> None:
    table = GUIDE.partition("## What comes of it")[2].partition("A change of up to")[0]
    listed = re.findall(r"^\| `([a-z-]+)` \|", table, re.MULTILINE)
    sources = [*ROOT.glob("events/*.py"), *ROOT.glob("automation/rollout/*.py"), *ROOT.glob("workers/coordinator/*.py")]
    code = "".join(path.read_text(encoding="utf-8") for path in sources)
    assert len(listed) >= 8
    assert [name for name in listed if f'"{name}"' not in code] == []


@pytest.fixture
def kafka() -> Iterator[KafkaLog]:
    """A log of its own on the Kafka of this run."""
    bootstrap = os.environ.get("KAFKA_BOOTSTRAP")
    if not bootstrap:
        what = "no Kafka: set KAFKA_BOOTSTRAP, or run the tests through deploy/kafka/with-broker"
        if os.environ.get("CI"):
            pytest.fail(what)
        sys.stderr.write(f"\n*** {what} ***\n")
        pytest.skip(what)
    settings = KafkaSettings(bootstrap=bootstrap, prefix=f"pipeline-{uuid4().hex[:8]}.")
    apply_topics(settings, spread=2, replicas=1)
    log = KafkaLog(settings)
    yield log
    log.close()


@pytest.mark.kafka
def test_the_same_on_a_real_kafka(kafka: KafkaLog, make_pipeline: Callable[[str], Pipeline], root: Signer) -> None:
    # Given a real broker, and Kafka's own console producer
    pipeline = make_pipeline(REAL_PRODUCER)
    settings = kafka._settings
    given = {"KAFKA_BOOTSTRAP": settings.bootstrap, "KAFKA_PREFIX": settings.prefix}
    # When the job runs
    pipeline.run(BLOCKS["deploy.sh"], WAVEGATE_LOG=log_name(root.public), BUILD="4711", **given)
    # Then the coordinator's reader finds both commands
    check_commands(root, pipeline, [stored.value.decode() for stored in all_commands(kafka)])


def all_commands(log: KafkaLog) -> list[Stored]:
    partition = Partition(Topic.COMMANDS, 0)
    reader = log.reader({partition: 0})
    try:
        end = reader.end(partition)
        found: list[Stored] = []
        while reader.position(partition) < end:
            found.extend(reader.poll(timedelta(milliseconds=200)))
        return found
    finally:
        reader.close()
