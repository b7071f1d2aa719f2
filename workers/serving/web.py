"""A small HTTP server with two pages: /metrics for Prometheus, /healthz for whoever decides about a restart."""

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import make_wsgi_app

#: What is wrong, by part; a process without an entry is well.
Health = Callable[[], Mapping[str, str]]

_StartResponse = Callable[[str, list[tuple[str, str]]], Any]


class AddressInUseError(Exception):
    """The status page cannot listen where the settings say."""


class StatusPage:
    """Serves in threads of its own, on an address that is chosen by the caller; port 0 takes any that is free."""

    def __init__(
        self,
        address: str,
        port: int,
        *,
        registry: CollectorRegistry,
        health: Health,
        refresh: Callable[[], None] = lambda: None,
    ) -> None:
        """Binds the port. ``refresh`` is called before metrics are read, ``health`` when somebody asks.

        Raises:
            AddressInUseError: it cannot listen there.
        """
        metrics = make_wsgi_app(registry)
        one_at_a_time = threading.Lock()

        def app(environ: dict[str, Any], start_response: _StartResponse) -> Iterable[bytes]:
            match environ.get("PATH_INFO"):
                case "/metrics":
                    with one_at_a_time:
                        refresh()
                        pages: Iterable[bytes] = metrics(environ, start_response)
                    return pages
                case "/healthz":
                    return _health(health(), start_response)
                case _:
                    start_response("404 Not Found", [("Content-Type", "text/plain")])
                    return [b"there is /metrics and /healthz\n"]

        try:
            self._server = make_server(address, port, app, server_class=_Server, handler_class=_Quiet)
        except OSError as error:
            raise AddressInUseError(
                f"cannot listen on {address} port {port} for /metrics and /healthz: {error.strerror or error}; set "
                "metrics_port (0 takes any free one) or listen"
            ) from error
        self._thread = threading.Thread(target=self._server.serve_forever, name="status-page", daemon=True)

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return self._server.server_port

    def start(self) -> None:
        """Begins to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the server and waits for it."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()


def _health(troubles: Mapping[str, str], start_response: _StartResponse) -> Iterable[bytes]:
    status = "503 Service Unavailable" if troubles else "200 OK"
    start_response(status, [("Content-Type", "application/json")])
    return [json.dumps({"ok": not troubles, "troubles": dict(troubles)}).encode() + b"\n"]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    allow_reuse_address = True


class _Quiet(WSGIRequestHandler):
    """Scrapes are no news."""

    def log_message(self, *_args: object) -> None:
        pass
