"""What all tests share."""

import structlog

# Tracebacks without local variables: a test that fails should not take half a minute to print an installation.
structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.processors.format_exc_info,
        structlog.processors.KeyValueRenderer(key_order=["event"]),
    ]
)
