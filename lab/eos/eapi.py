"""eAPI's JSON-RPC: `runCmds` as the Arista Command API guide describes it."""

import json
from collections.abc import Mapping
from typing import Any

from lab.eos.cli import FailedError, Request, run
from lab.eos.commands import Cli
from lab.eos.device import EosDevice, HttpConnection
from lab.errors import LabError

_PARSE_ERROR, _INVALID_REQUEST, _NO_METHOD, _INVALID_PARAMS = -32700, -32600, -32601, -32602


class _MalformedError(LabError):
    """The request is no `runCmds`: JSON-RPC's error code and what is wrong."""

    def __init__(self, code: int, message: str) -> None:
        self.code = code
        super().__init__(message)


async def answer(device: EosDevice, connection: HttpConnection, body: bytes) -> bytes:
    """The response to a request's body.

    The commands run one after another on a command line of their own; the first that fails ends the request, and what
    the earlier ones did stays done. Raises SessionGoneError where the connection is cut meanwhile.
    """
    identity: object = None
    try:
        data = _parsed(body)
        identity = data.get("id")
        requests = _requests(data)
        return _encoded(identity, await _run_all(Cli(device=device, connection=connection), requests))
    except _MalformedError as error:
        return _encoded(identity, {"error": {"code": error.code, "message": str(error)}})


def _encoded(identity: object, outcome: Mapping[str, Any]) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": identity, **outcome}).encode()


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        data = json.loads(body)
    except ValueError as error:
        raise _MalformedError(_PARSE_ERROR, f"Parse error: {error}") from error
    if not isinstance(data, dict) or data.get("jsonrpc") != "2.0":
        raise _MalformedError(_INVALID_REQUEST, "Invalid request: not a JSON-RPC 2.0 object")
    return data


def _requests(data: Mapping[str, Any]) -> list[Request]:
    if data.get("method") != "runCmds":
        raise _MalformedError(_NO_METHOD, f"Method not found: {data.get('method')}")
    params = data.get("params")
    if not isinstance(params, dict) or not isinstance(params.get("cmds"), list) or not params["cmds"]:
        raise _MalformedError(_INVALID_PARAMS, "Invalid params: cmds must be a list of commands")
    encoding = params.get("format") or "json"
    if encoding not in {"json", "text"}:
        raise _MalformedError(_INVALID_PARAMS, f"Invalid params: format {encoding!r} is neither json nor text")
    return [
        _request(each, text=encoding == "text", shorten=bool(params.get("autoComplete"))) for each in params["cmds"]
    ]


def _request(command: object, *, text: bool, shorten: bool) -> Request:
    if isinstance(command, str):
        return Request(command=command, text=text, shorten=shorten)
    if isinstance(command, dict) and isinstance(command.get("cmd"), str):
        return Request(command=command["cmd"], input=str(command.get("input", "")), text=text, shorten=shorten)
    raise _MalformedError(_INVALID_PARAMS, "Invalid params: a command is a string or an object with cmd")


async def _run_all(cli: Cli, requests: list[Request]) -> dict[str, Any]:
    results: list[dict[str, Any]] = []
    try:
        for number, request in enumerate(requests, start=1):
            try:
                results.append(await run(cli, request))
            except FailedError as error:
                message = f"CLI command {number} of {len(requests)} '{request.command}' failed: {error.reason}"
                data = [*results, {"errors": error.errors}]
                return {"error": {"code": error.code, "message": message, "data": data}}
    finally:
        # The request's end is the end of its configuration mode; a client that this locks out gets no answer.
        cli.leave()
        cli.connection.check()
    return {"result": results}
