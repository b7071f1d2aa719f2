"""What all tests share."""

import os
import signal

import pytest
import structlog

# Tracebacks without local variables: a test that fails should not take half a minute to print an installation.
structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.processors.format_exc_info,
        structlog.processors.KeyValueRenderer(key_order=["event"]),
    ]
)


# A shell starts what runs in the background with Ctrl-C ignored, and so would be every process that a test starts.
signal.signal(signal.SIGINT, signal.default_int_handler)


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
