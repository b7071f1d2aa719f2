"""How much memory 500 simulated devices take in one process, each with a session open.

    python benchmarks/lab_memory.py [--devices 500] [--sites 100]

Starts `python -m lab run` on an estate of branch sites, half ios and half eos, opens an SSH shell to every ios device
and an HTTPS connection with one answered request to every eos device, and reads the resident set of the lab's process
before and after. The clients are in this process and do not count.
"""

import argparse
import asyncio
import base64
import json
import ssl
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import asyncssh

from lab.branches.estate import branch_estate
from lab.control import LabClient
from lab.estate import DeviceSpec, Platform

_USER, _PASSWORD = "netops", "lab-password"
_FIRST_ADDRESS = "127.96.0.0"
_GOAL_MB = 500
_AT_ONCE = 20


def _resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))
    return int(kilobytes) / 1024


async def _open_ssh(device: DeviceSpec, known_hosts: str) -> asyncssh.SSHClientConnection:
    connection = await asyncssh.connect(
        device.address, device.port, username=_USER, password=_PASSWORD, known_hosts=known_hosts, client_keys=None
    )
    process = await connection.create_process(term_type="vt100")
    await process.stdout.readuntil("#")
    process.stdin.write("terminal length 0\nshow running-config\n")
    await process.stdout.readuntil("line vty 0 4")
    return connection


async def _open_https(device: DeviceSpec, certificate: str) -> asyncio.StreamWriter:
    context = ssl.create_default_context(cafile=certificate)
    reader, writer = await asyncio.open_connection(device.address, device.port, ssl=context)
    login = base64.b64encode(f"{_USER}:{_PASSWORD}".encode()).decode()
    params = {"version": 1, "cmds": ["enable", "show running-config"], "format": "text"}
    body = json.dumps({"jsonrpc": "2.0", "method": "runCmds", "params": params, "id": "1"})
    head = f"POST /command-api HTTP/1.1\r\nHost: lab\r\nAuthorization: Basic {login}\r\nContent-Length: {len(body)}"
    writer.write(f"{head}\r\n\r\n{body}".encode())
    answer = await reader.readuntil(b"\r\n\r\n")
    if not answer.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"{device.name} answered {answer!r}")
    length = int(answer.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    await reader.readexactly(length)
    return writer


async def _open_all(devices: tuple[DeviceSpec, ...], client: LabClient) -> list[object]:
    limit = asyncio.Semaphore(_AT_ONCE)
    known_hosts = str(client.known_hosts)
    trust = client.folder / "trust"

    async def one(device: DeviceSpec) -> object:
        async with limit:
            if device.platform is Platform.IOS:
                return await _open_ssh(device, known_hosts)
            return await _open_https(device, str(trust / f"{device.name}.pem"))

    return list(await asyncio.gather(*(one(device) for device in devices)))


async def _measure(
    process: subprocess.Popen[str], devices: tuple[DeviceSpec, ...], client: LabClient
) -> dict[str, float]:
    idle = _resident_mb(process.pid)
    started = time.monotonic()
    held = await _open_all(devices, client)
    seconds = time.monotonic() - started
    open_sessions = sum(each.sessions for each in client.devices())
    figures = {"idle_mb": idle, "with_sessions_mb": _resident_mb(process.pid), "open_seconds": seconds}
    if not open_sessions == len(held) == len(devices):
        raise RuntimeError(f"{open_sessions} sessions are open, {len(devices)} were wanted")
    return figures


def main() -> None:
    """Measures and prints a table, then the same as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--devices", type=int, default=500)
    parser.add_argument("--sites", type=int, default=100)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        estate = branch_estate(options.sites, options.devices, first=_FIRST_ADDRESS)
        (folder / "estate.json").write_text(estate.model_dump_json(exclude_defaults=True))
        started = time.monotonic()
        command = [
            sys.executable,
            "-m",
            "lab",
            "run",
            str(folder / "estate.json"),
            "--folder",
            str(folder),
            "--attached",
        ]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            line = process.stdout.readline() if process.stdout else ""
            if not line:
                raise SystemExit("the lab did not start; what it said is above")
            ready = json.loads(line)
            start_seconds = time.monotonic() - started
            with LabClient(Path(ready["control"])) as client:
                figures = asyncio.run(_measure(process, estate.devices, client))
    figures = {"devices": options.devices, "start_seconds": start_seconds, **figures, "goal_mb": _GOAL_MB}
    for label, value in figures.items():
        print(f"{label:18} {value:10.1f}")
    print(json.dumps({label: round(value, 1) for label, value in figures.items()}))


if __name__ == "__main__":
    main()
