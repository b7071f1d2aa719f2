"""What all tests share."""

import importlib.util
import logging
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import structlog

DEPLOY = Path(__file__).parents[1] / "deploy" / "kafka"

# A shell starts what runs in the background with Ctrl-C ignored, and so would be every process that a test starts.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long comes first, so that no process is left with it when the others have finished."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None and "e2e" not in item.path.parts)


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """What a test that runs a command or a process in here sets, no other test has to bear.

    Tracebacks come without local variables: a test that fails should not take half a minute to print an installation.
    """
    structlog.reset_defaults()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["event"]),
        ]
    )
    levels = {name: logging.getLogger(name).level for name in ("", "kafka")}
    yield
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.fixture(scope="session")
def bootstrap() -> str:
    """Where a real Kafka is. Without one, tests are left out loudly on a laptop and fail in CI."""
    found = os.environ.get("KAFKA_BOOTSTRAP")
    if found:
        return found
    what = "no Kafka: set KAFKA_BOOTSTRAP, or run the tests through deploy/kafka/with-broker"
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


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
