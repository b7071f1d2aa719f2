"""A real Apache Kafka on free ports of this machine, for tests and the demo.

What it is made of is in pom.xml and comes through Maven; everything it writes is under target/.
"""

import contextlib
import hashlib
import os
import shutil
import signal
import socket
import string
import subprocess
import sys
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
TARGET = HERE / "target"
LIBRARIES = TARGET / "libs"
NOTE = TARGET / "broker.env"

# Quick to start and small, rather than fast for hours.
JVM = ("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-Djava.awt.headless=true")
READY = "Kafka Server started"
START_S = 60.0
STOP_S = 15.0


class BrokerError(Exception):
    """The broker could not be fetched, started or stopped."""


@dataclass(frozen=True, kw_only=True)
class Node:
    """One broker of a cluster: its number, its ports on 127.0.0.1, and its folder."""

    number: int
    port: int
    controller_port: int
    folder: Path

    @property
    def output(self) -> Path:
        """Where it writes what it has to say."""
        return self.folder / "output.log"


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """What runs: where clients find it, its processes and its folder. ``processes``: those that this one started."""

    bootstrap: str
    pids: tuple[int, ...]
    folder: Path
    processes: tuple[subprocess.Popen[bytes], ...] = ()


def missing() -> str | None:
    """What this machine lacks to run a broker; None where it has all."""
    lacking = [program for program in (_java(), "mvn") if shutil.which(program) is None]
    if not lacking:
        return None
    return f"{' and '.join(lacking)} not found: install a Java runtime (17 or later) and Maven"


def fetch() -> None:
    """Has Maven copy the broker's jars to target/libs, unless they are there for this very pom.xml."""
    wanted = hashlib.sha256((HERE / "pom.xml").read_bytes()).hexdigest()
    stamp = LIBRARIES / "pom.sha256"
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    shutil.rmtree(LIBRARIES, ignore_errors=True)
    command = ["mvn", "--quiet", "--batch-mode", "--file", str(HERE / "pom.xml"), "dependency:copy-dependencies"]
    if subprocess.run(command, stdout=sys.stderr, check=False).returncode:
        raise BrokerError(f"Maven could not fetch the broker; see above, or run: {' '.join(command)}")
    stamp.write_text(wanted)


def start(folder: Path, brokers: int = 1, more: str = "") -> Cluster:
    """Starts brokers in a fresh folder and waits until they serve; what was started is ended if that fails.

    ``more``: settings that are added to those of server.properties, or take their place.
    """
    fetch()
    shutil.rmtree(folder, ignore_errors=True)
    nodes = _nodes(folder, brokers)
    identity = urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
    for node in nodes:
        _configure(node, nodes, more)
        _format(node, identity)
    processes = tuple(_launch(node) for node in nodes)
    cluster = Cluster(
        bootstrap=",".join(f"127.0.0.1:{node.port}" for node in nodes),
        pids=tuple(process.pid for process in processes),
        folder=folder,
        processes=processes,
    )
    try:
        for node, process in zip(nodes, processes, strict=True):
            _await_ready(node, process)
    except BaseException:
        stop(cluster)
        raise
    return cluster


def stop(cluster: Cluster) -> None:
    """Ends brokers: asks first, and insists after a while."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in cluster.pids:
            if _is_broker(pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
        if _until(lambda: not any(_is_broker(pid) for pid in cluster.pids), STOP_S):
            break
    else:
        raise BrokerError(f"the broker's processes {cluster.pids} do not end")
    for process in cluster.processes:
        # So that none of ours stays a zombie.
        process.wait()


def note(cluster: Cluster) -> None:
    """Notes what runs, in a form that a shell can read."""
    pids = ",".join(map(str, cluster.pids))
    NOTE.write_text(f"KAFKA_BOOTSTRAP={cluster.bootstrap}\nKAFKA_PIDS={pids}\nKAFKA_FOLDER={cluster.folder}\n")


def noted() -> Cluster | None:
    """What was noted, if all of it still runs."""
    if not NOTE.is_file():
        return None
    values = dict(line.split("=", 1) for line in NOTE.read_text().splitlines())
    pids = tuple(int(pid) for pid in values["KAFKA_PIDS"].split(","))
    if not all(_is_broker(pid) for pid in pids):
        return None
    return Cluster(bootstrap=values["KAFKA_BOOTSTRAP"], pids=pids, folder=Path(values["KAFKA_FOLDER"]))


def _nodes(folder: Path, brokers: int) -> list[Node]:
    with contextlib.ExitStack() as reserved:
        ports = [_free_port(reserved) for _ in range(2 * brokers)]
    return [
        Node(number=number, port=ports[2 * number], controller_port=ports[2 * number + 1], folder=folder / str(number))
        for number in range(brokers)
    ]


def _free_port(reserved: contextlib.ExitStack) -> int:
    # All are held until all are known, or the same one could be given twice.
    listener = reserved.enter_context(socket.socket())
    listener.bind(("127.0.0.1", 0))
    return int(listener.getsockname()[1])


def _configure(node: Node, nodes: Sequence[Node], more: str) -> None:
    replicas = min(3, len(nodes))
    settings = {
        "node": node.number,
        "port": node.port,
        "controller_port": node.controller_port,
        "voters": ",".join(f"{other.number}@127.0.0.1:{other.controller_port}" for other in nodes),
        "data": node.folder / "data",
        "replicas": replicas,
        "in_sync": max(1, replicas - 1),
    }
    node.folder.mkdir(parents=True)
    template = string.Template((HERE / "server.properties").read_text())
    (node.folder / "server.properties").write_text(f"{template.substitute(settings)}\n{more}")


def _format(node: Node, identity: str) -> None:
    settings = str(node.folder / "server.properties")
    command = _command("kafka.tools.StorageTool", "format", "-t", identity, "-c", settings)
    with node.output.open("ab") as output:
        if subprocess.run(command, stdout=output, stderr=output, check=False).returncode:
            raise BrokerError(f"the broker's folder could not be made; see {node.output}")


def _launch(node: Node) -> subprocess.Popen[bytes]:
    command = _command("kafka.Kafka", str(node.folder / "server.properties"))
    with node.output.open("ab") as output:
        # A session of its own, so that Ctrl-C ends the tests first and the broker after them.
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=node.folder, start_new_session=True
        )


def _await_ready(node: Node, process: subprocess.Popen[bytes]) -> None:
    up = _until(lambda: process.poll() is not None or READY in node.output.read_text(errors="replace"), START_S)
    if process.poll() is not None:
        raise BrokerError(f"the broker ended while it started; see {node.output}")
    if not up:
        raise BrokerError(f"the broker was not ready after {START_S:g} s; see {node.output}")


def _command(main: str, *arguments: str) -> list[str]:
    logging = f"-Dlog4j2.configurationFile={HERE / 'log4j2.properties'}"
    return [_java(), *JVM, logging, "-cp", f"{LIBRARIES}/*", main, *arguments]


def _java() -> str:
    home = os.environ.get("JAVA_HOME")
    return str(Path(home) / "bin" / "java") if home else "java"


def _is_broker(pid: int) -> bool:
    """Whether the process lives and is a broker of ours: a noted number may long belong to somebody else."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        return state != "Z" and str(TARGET) in Path(f"/proc/{pid}/cmdline").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def _until(condition: Callable[[], bool], patience_s: float) -> bool:
    deadline = time.monotonic() + patience_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
