"""HTTPS to an EOS switch: who is let in, and what carries requests to its API."""

import asyncio
import base64
import binascii
import contextlib
import socket
import ssl

import h11

from lab.device import Bench
from lab.eos.device import EosDevice, HttpConnection
from lab.eos.eapi import answer
from lab.errors import LabError
from lab.estate import DeviceSpec
from lab.journal import Event
from lab.listener import handed_over
from lab.session import SessionGoneError

_PATH = b"/command-api"
_PIECE = 65536
_LARGEST_BODY = 16 * 1024 * 1024
_HANDSHAKE_SECONDS = 30
_IDLE_SECONDS = 120
_JSON, _TEXT = "application/json", "text/plain"


class _RefusedRequestError(LabError):
    """A request that does not get to the API, with what is answered. Never leaves the lab."""

    def __init__(self, status: int, text: str, headers: tuple[tuple[str, str], ...] = ()) -> None:
        self.status, self.text, self.headers = status, text, headers
        super().__init__(text)


class _Exchange:
    """The requests of one connection, one after another."""

    def __init__(
        self, device: EosDevice, session: HttpConnection, streams: tuple[asyncio.StreamReader, asyncio.StreamWriter]
    ) -> None:
        self._device, self._session = device, session
        self._reader, self._writer = streams
        self._http = h11.Connection(h11.SERVER)

    async def run(self) -> None:
        """Answers requests until either side has had enough."""
        while True:
            try:
                request, body = await self._next()
            except h11.RemoteProtocolError as error:
                await self._send(error.error_status_hint, str(error).encode(), _TEXT, (("connection", "close"),))
                return
            if request is None:
                return
            await self._respond(request, body)
            if self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE:
                return
            self._http.start_next_cycle()

    async def _next(self) -> tuple[h11.Request | None, bytes]:
        request: h11.Request | None = None
        body = bytearray()
        while True:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                if self._http.they_are_waiting_for_100_continue:
                    self._writer.write(self._http.send(h11.InformationalResponse(status_code=100, headers=[])) or b"")
                self._http.receive_data(await asyncio.wait_for(self._reader.read(_PIECE), _IDLE_SECONDS))
            elif isinstance(event, h11.Request):
                request = event
            elif isinstance(event, h11.Data):
                body += event.data
                if len(body) > _LARGEST_BODY:
                    raise h11.RemoteProtocolError("the body is too large", error_status_hint=413)
            elif isinstance(event, h11.EndOfMessage):
                return request, bytes(body)
            else:
                return None, b""

    async def _respond(self, request: h11.Request, body: bytes) -> None:
        try:
            self._authenticate(request)
            _route(request)
            payload = await answer(self._device, self._session, body)
            await self._send(200, payload, _JSON)
        except _RefusedRequestError as refusal:
            await self._send(refusal.status, refusal.text.encode(), _TEXT, refusal.headers)

    def _authenticate(self, request: h11.Request) -> None:
        header = next((value for name, value in request.headers if name == b"authorization"), b"")
        user, password = _basic(header)
        session, device = self._session, self._device
        if not user or not device.knows(user, password):
            device.journal.write(Event.LOGIN_REFUSED, user=user, peer=session.peer, session=session.id)
            challenge = (("www-authenticate", 'Basic realm="COMMAND_API_AUTH"'),)
            raise _RefusedRequestError(401, "Unable to authenticate user: Bad username/password combination", challenge)
        # Each request is authenticated, each connection accounted for once.
        if session.user != user:
            session.user = user
            device.journal.write(Event.LOGIN, user=user, peer=session.peer, session=session.id)

    async def _send(self, status: int, body: bytes, kind: str, headers: tuple[tuple[str, str], ...] = ()) -> None:
        if self._http.our_state not in {h11.IDLE, h11.SEND_RESPONSE}:
            return
        head = [("server", "nginx"), ("content-type", kind), ("content-length", str(len(body))), *headers]
        reason = {200: "OK", 400: "Bad Request", 401: "Unauthorized"}.get(status, "")
        self._writer.write(self._http.send(h11.Response(status_code=status, headers=head, reason=reason)) or b"")
        self._writer.write(self._http.send(h11.Data(data=body)) or b"")
        self._writer.write(self._http.send(h11.EndOfMessage()) or b"")
        await self._writer.drain()


def _route(request: h11.Request) -> None:
    if request.target != _PATH:
        raise _RefusedRequestError(404, "Not Found")
    if request.method != b"POST":
        raise _RefusedRequestError(405, "Method Not Allowed", (("allow", "POST"),))


def _basic(header: bytes) -> tuple[str, str]:
    """User and password of an Authorization header, empty where it is not Basic (RFC 7617)."""
    scheme, _, encoded = header.partition(b" ")
    if scheme.lower() != b"basic":
        return "", ""
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return user, password


async def serve_http(device: EosDevice, session: HttpConnection, connection: socket.socket) -> None:
    """Serves one HTTPS connection until it ends."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=_PIECE)
    protocol = asyncio.StreamReaderProtocol(reader)
    writer: asyncio.StreamWriter | None = None
    try:
        transport, _ = await loop.connect_accepted_socket(
            lambda: protocol, handed_over(connection), ssl=device.tls, ssl_handshake_timeout=_HANDSHAKE_SECONDS
        )
        session.transport = transport
        writer = asyncio.StreamWriter(transport, protocol, reader, loop)
        session.check()
        await _Exchange(device, session, (reader, writer)).run()
    except (OSError, ssl.SSLError, TimeoutError, SessionGoneError):
        pass
    finally:
        if session.user:
            device.journal.write(Event.LOGOUT, user=session.user, peer=session.peer, session=session.id)
        if writer is not None:
            writer.close()
            with contextlib.suppress(OSError, ssl.SSLError):
                await writer.wait_closed()


def eos_device(spec: DeviceSpec, bench: Bench) -> EosDevice:
    """A switch that serves eAPI over HTTPS once it is started."""
    return EosDevice(spec, bench, serve_http)
