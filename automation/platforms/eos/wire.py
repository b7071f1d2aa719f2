"""eAPI on the wire, in place of pyeapi's own transport: TLS with recorded certificates, bounded in time and size.

Every request has a connection of its own, as with pyeapi: one that was kept open and then closed by the switch would
leave it open whether the command had been carried out. Nothing is logged: requests and answers hold secrets.
"""

import contextlib
import json
import ssl
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from http.client import HTTPConnection, HTTPException
from typing import Any, ClassVar

from pyeapi.eapilib import CommandError, EapiConnection

from automation.platforms.contract import (
    AnswerTimeoutError,
    AnswerTooLargeError,
    DeviceBusyError,
    Endpoint,
    HostKeyError,
    HostKeyUnknownError,
    IncompleteAnswerError,
    Limits,
    LoginRefusedError,
    SessionLostError,
    UnreachableError,
)
from automation.platforms.links import hung_up, reason, where
from automation.platforms.ssh import changed_key, trusted_keys
from automation.platforms.ways import Way, real_socket
from inventory.hostkeys import HostKey, tls_context
from inventory.hostkeys import HostKeyError as UnusableKeyError

_PATH = "/command-api"
#: Stands between the header of a text and the text, in a line on its way through NAPALM, which would change the text.
_TEXT_FOLLOWS = "\x1f"


class BoundedSocket(ssl.SSLSocket):
    """A TLS socket that gives up at a moment (on the monotonic clock) and after so many bytes."""

    ends: float
    left: int

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        """Reads, and closes the socket where that fails: ssl does so before a handshake, and forgets to close it."""
        try:
            return super().recv(buflen, flags)
        except OSError:
            self.close()
            raise

    def recv_into(self, buffer: Any, nbytes: int | None = None, flags: int = 0) -> int:  # noqa: ANN401 - as in ssl
        """Reads within the bounds.

        Raises:
            TimeoutError: the time is over.
            AnswerTooLargeError: the answer is larger than what is taken.
        """
        self.settimeout(max(self.ends - time.monotonic(), 0.001))
        received = super().recv_into(buffer, nbytes, flags)
        self.left -= received
        if self.left < 0:
            raise AnswerTooLargeError("the device answers with more than is taken from it")
        return received


class EapiRefusedError(CommandError):  # type: ignore[misc]  # pyeapi has no types
    """A command of a request failed.

    ``failed`` is its number among the commands of the request, or None where the request itself was refused;
    ``answer`` what the switch says about it.
    """

    def __init__(self, code: int, message: str, failed: int | None, answer: str) -> None:
        super().__init__(code, message)
        self.failed = failed
        self.answer = answer


class Wire(EapiConnection):  # type: ignore[misc]  # pyeapi has no types
    """One switch's API. NAPALM's driver makes it, and hands ``device``, ``way`` and ``limits`` on to it."""

    statuses: ClassVar[Mapping[int, type[UnreachableError | DeviceBusyError]]] = {
        429: DeviceBusyError,
        502: DeviceBusyError,
        503: DeviceBusyError,
    }

    def __init__(
        self, host: str, username: str, password: str, timeout: float, device: Endpoint, way: Way, limits: Limits
    ) -> None:
        super().__init__()
        self._host = host
        self._timeout = timedelta(seconds=timeout)
        self._device = device
        self._way = way
        self._limits = limits
        self._tls = _context(device)
        self.authentication(username, password)

    def request(
        self,
        commands: Sequence[str | dict[str, str]],
        encoding: str | None = None,
        reqid: str | None = None,
        **options: Any,  # noqa: ANN401 - pyeapi's
    ) -> str:
        """The body of a request; headers of texts get their texts back."""
        restored = [with_text(command) if isinstance(command, str) else command for command in commands]
        return str(super().request(restored, encoding=encoding, reqid=reqid, **options))

    def send(self, data: str) -> dict[str, Any]:
        """Sends a request's body; returns the decoded answer.

        Raises:
            EapiRefusedError: a command failed.
            PlatformError: anything else went wrong; of those, only SessionLostError, AnswerTimeoutError and
                AnswerTooLargeError mean that the request may have been carried out.
        """
        status, body = self._exchange(data.encode())
        if status == 401:
            login, name = self._device.login.username, self._device.credential
            raise LoginRefusedError(f"{self._place} refused the login {login!r} (credentials {name!r})", name)
        if status != 200:
            kind = self.statuses.get(status, UnreachableError)
            raise kind(f"{self._place} answers {status} where its API should be: see 'management api http-commands'")
        answer = self._decoded(body)
        if "error" in answer:
            raise _refusal(answer["error"])
        return answer

    @property
    def _place(self) -> str:
        return where(self._device)

    def _decoded(self, body: bytes) -> dict[str, Any]:
        try:
            answer = json.loads(body)
        except ValueError as error:
            raise IncompleteAnswerError(f"{self._place} answers what is no JSON") from error
        if not isinstance(answer, dict) or not {"result", "error"} & set(answer):
            raise IncompleteAnswerError(f"{self._place} answers what is no answer of eAPI")
        return answer

    def _exchange(self, body: bytes) -> tuple[int, bytes]:
        connection = self._connected()
        try:
            return self._posted(connection, body)
        except TimeoutError as error:
            raise AnswerTimeoutError(f"{self._place} did not answer in {self._timeout.total_seconds():g} s") from error
        except (OSError, HTTPException) as error:
            raise SessionLostError(f"{self._place} ended the connection: {reason(error)}") from error
        finally:
            connection.close()

    def _posted(self, connection: BoundedSocket, body: bytes) -> tuple[int, bytes]:
        connection.ends = time.monotonic() + self._timeout.total_seconds()
        connection.left = self._limits.answer_bytes
        connection.settimeout(self._timeout.total_seconds())
        http = HTTPConnection(self._host)
        http.sock = connection
        name, value = self._auth
        http.request("POST", _PATH, body, {"Content-Type": "application/json-rpc", name: value})
        with http.getresponse() as response:
            return response.status, response.read()

    def _connected(self) -> BoundedSocket:
        """A connection with the handshake done; the switch has proven who it is."""
        raw = real_socket(self._way.open())
        raw.settimeout(self._limits.connect.total_seconds())
        try:
            wrapped = self._tls.wrap_socket(raw)
        except ssl.SSLCertVerificationError as error:
            raw.close()
            raise self._other_certificate(error) from error
        except (ConnectionError, ssl.SSLEOFError) as error:
            raw.close()
            raise hung_up(self._device) from error
        except (OSError, ValueError) as error:
            raw.close()
            raise UnreachableError(f"{self._place}: no TLS session came about: {reason(error)}") from error
        if not isinstance(wrapped, BoundedSocket):
            raise TypeError("the context makes sockets of another kind")
        return wrapped

    def _other_certificate(self, error: ssl.SSLCertVerificationError) -> HostKeyError:
        """Which certificate it shows instead; asked for over a connection on which nothing else is said."""
        shown = self._shown()
        trusted = trusted_keys(self._device)
        if shown is None or shown in trusted:
            return HostKeyError(f"{self._place}: its certificate is not taken: {error.verify_message}")
        return HostKeyError(changed_key(self._device, shown, trusted))

    def _shown(self) -> HostKey | None:
        looking = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        looking.check_hostname = False
        looking.verify_mode = ssl.CERT_NONE
        with contextlib.suppress(OSError, ValueError, UnreachableError, UnusableKeyError):
            raw = real_socket(self._way.open())
            with contextlib.closing(raw):
                raw.settimeout(self._limits.connect.total_seconds())
                with looking.wrap_socket(raw) as wrapped:
                    return HostKey.of_certificate(wrapped.getpeercert(binary_form=True) or b"")
        return None


def text_line(head: str, text: str) -> str:
    """A header and the text that follows it, as one line for NAPALM, which strips and drops lines of texts."""
    return f"{head}{_TEXT_FOLLOWS}{json.dumps(text)}"


def with_text(line: str) -> str | dict[str, str]:
    """A line as eAPI takes it: one that has a text behind it becomes a command with input."""
    head, separator, text = line.partition(_TEXT_FOLLOWS)
    return {"cmd": head, "input": json.loads(text)} if separator else line


def _context(device: Endpoint) -> ssl.SSLContext:
    try:
        context = tls_context(device.name, trusted_keys(device))
    except UnusableKeyError as error:
        raise HostKeyUnknownError(f"{where(device)}: {error}") from error
    context.sslsocket_class = BoundedSocket
    return context


def _refusal(error: Mapping[str, Any]) -> EapiRefusedError:
    results = [result for result in error.get("data", ()) if isinstance(result, dict)]
    last: Mapping[str, Any] = results[-1] if results else {}
    said = [str(line) for line in last.get("errors", ())]
    failed = len(results) - 1 if said else None
    return EapiRefusedError(int(error.get("code", 0)), str(error.get("message", "")), failed, "\n".join(said))
