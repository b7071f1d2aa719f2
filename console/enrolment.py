"""Enrolling: which host keys are trusted from now on, and where they were found."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import asyncssh

from automation.platforms.ports import PORTS
from console.outbox import Outbox
from console.views import HostKeys
from events.commands import RecordHostKeys
from inventory.credentials import resolve_login
from inventory.estate import Estate
from inventory.hostkeys import HostKey, HostKeyError, known_hosts_text
from inventory.known_hosts import match_known_hosts, parse_known_hosts
from inventory.model import Device, JumpHost
from inventory.problems import InventoryError, Problem
from inventory.scanning import HostKeyScanError, scan_https, scan_ssh

_HTTPS = 443
_AT_ONCE = 32
_WITHIN = timedelta(seconds=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Keys that a device or a jump host is said to have, and who says so."""

    name: str
    keys: tuple[HostKey, ...]
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """What was found, and what could not be used, each with the reason."""

    offers: tuple[Offer, ...]
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorted:
    """Offers by what is to be done about them: to be recorded, known already, or in the way of recorded keys."""

    new: tuple[Offer, ...]
    known: tuple[str, ...]
    conflicts: tuple[Offer, ...]


def from_known_hosts(estate: Estate, path: Path) -> Offers:
    """The keys of the estate's devices and jump hosts in a known_hosts file.

    Raises:
        OSError: it cannot be read.
    """
    known = parse_known_hosts(path.read_text(errors="replace"), str(path))
    matches = match_known_hosts(known, [*estate.devices.values(), *estate.jump_hosts.values()])
    offers = tuple(Offer(name=name, keys=keys, source=f"from {path}") for name, keys in matches.keys.items())
    unused = tuple(f"{path}:{entry.line}: no device or jump host has this address" for entry in matches.unused)
    return Offers(offers=offers, problems=(*map(str, known.problems), *unused))


def from_certificates(estate: Estate, folder: Path) -> Offers:
    """The certificates of devices in a folder: DEVICE.pem for each.

    Raises:
        OSError: it cannot be read.
    """
    offers: list[Offer] = []
    problems: list[Problem] = []
    for path in sorted(folder.glob("*.pem")):
        if path.stem not in estate.devices:
            problems.append(Problem(file=str(path), line=0, message=f"there is no device {path.stem!r}"))
            continue
        try:
            keys = (HostKey.parse(path.read_text(errors="replace")),)
        except HostKeyError as error:
            problems.append(Problem(file=str(path), line=0, message=str(error)))
            continue
        offers.append(Offer(name=path.stem, keys=keys, source=f"from {path}"))
    return Offers(offers=tuple(offers), problems=tuple(map(str, problems)))


def from_scan(estate: Estate, devices: Sequence[Device], recorded: Mapping[str, HostKeys]) -> Offers:
    """The keys that live devices show. Nobody has vouched for them: whoever records them believes the network."""
    return asyncio.run(_Scan(estate, recorded).of(devices))


def sort_offers(offers: Iterable[Offer], recorded: Mapping[str, HostKeys], *, replace: bool) -> Sorted:
    """Tells what is new from what is known and from what would replace recorded keys."""
    new: list[Offer] = []
    known: list[str] = []
    conflicts: list[Offer] = []
    for offer in offers:
        there = set(recorded[offer.name].keys) if offer.name in recorded else set()
        wanted = {key.text for key in offer.keys}
        if wanted == there or (wanted <= there and not replace):
            known.append(offer.name)
        elif there and not replace:
            conflicts.append(offer)
        else:
            new.append(offer)
    return Sorted(new=tuple(new), known=tuple(known), conflicts=tuple(conflicts))


def record(outbox: Outbox, offers: Sequence[Offer], *, replace: bool) -> dict[str, str]:
    """Has the keys recorded. Returns the devices whose keys were not, each with the reason.

    Raises:
        LogError: the commands could not be sent.
    """
    commands = [
        RecordHostKeys(
            device=offer.name, keys=tuple(key.text for key in offer.keys), replace=replace, reason=offer.source
        )
        for offer in offers
    ]
    answers = outbox.ask_all(commands)
    failed: dict[str, str] = {}
    for offer, answer in zip(offers, answers, strict=True):
        if not answer.decided:
            failed[offer.name] = f"nobody decided about command {answer.command} in time"
        elif answer.refusal is not None:
            failed[offer.name] = f"refused ({answer.refusal.code}): {answer.refusal.reason}"
    return failed


@dataclass(slots=True)
class _Scan:
    """One scan: so many devices at once, each jump host logged in to once."""

    estate: Estate
    recorded: Mapping[str, HostKeys]
    problems: list[str] = field(default_factory=list)

    async def of(self, devices: Sequence[Device]) -> Offers:
        by_jump: dict[str | None, list[Device]] = {}
        for device in devices:
            by_jump.setdefault(device.via, []).append(device)
        found = await asyncio.gather(*(self._behind(via, group) for via, group in by_jump.items()))
        return Offers(offers=tuple(offer for group in found for offer in group), problems=tuple(self.problems))

    async def _behind(self, via: str | None, devices: Sequence[Device]) -> list[Offer]:
        if via is None:
            return await self._all(devices, None, _AT_ONCE)
        jump = self.estate.jump_hosts[via]
        if via not in self.recorded:
            self.problems.append(
                f"{via} has no host keys on record, so nothing behind it was asked; its own are offered here: record "
                "them, then scan again"
            )
            return await self._jump(jump)
        try:
            async with self._tunnel(jump) as tunnel:
                return await self._all(devices, tunnel, jump.max_connections)
        except (InventoryError, OSError, asyncssh.Error) as error:
            self.problems.append(f"{via}: {error}")
            return []

    async def _all(
        self, devices: Sequence[Device], tunnel: asyncssh.SSHClientConnection | None, at_once: int
    ) -> list[Offer]:
        room = asyncio.Semaphore(at_once)

        async def one(device: Device) -> Offer | None:
            async with room:
                return await self._device(device, tunnel)

        return [offer for offer in await asyncio.gather(*map(one, devices)) if offer is not None]

    async def _device(self, device: Device, tunnel: asyncssh.SSHClientConnection | None) -> Offer | None:
        over_https = PORTS.get(device.platform) == _HTTPS
        if over_https and tunnel is not None:
            self.problems.append(f"{device.name}: a certificate cannot be scanned through a jump host; give its file")
            return None
        try:
            if over_https:
                keys = await scan_https(device.address, device.port, within=_WITHIN)
            else:
                keys = await scan_ssh(
                    device.address, device.port, within=_WITHIN, legacy_crypto=device.legacy_crypto, tunnel=tunnel
                )
        except HostKeyScanError as error:
            self.problems.append(f"{device.name}: {error}")
            return None
        return Offer(name=device.name, keys=keys, source="scanned: trusted on first use")

    async def _jump(self, jump: JumpHost) -> list[Offer]:
        try:
            keys = await scan_ssh(jump.address, jump.port, within=_WITHIN)
        except HostKeyScanError as error:
            self.problems.append(f"{jump.name}: {error}")
            return []
        return [Offer(name=jump.name, keys=keys, source="scanned: trusted on first use")]

    @asynccontextmanager
    async def _tunnel(self, jump: JumpHost) -> AsyncIterator[asyncssh.SSHClientConnection]:
        """A login on a jump host, by the keys that are on record for it."""
        login = resolve_login(self.estate.credentials_of(jump), os.environ)
        keys = [HostKey.parse(text) for text in self.recorded[jump.name].keys]
        private = [asyncssh.import_private_key(login.private_key.get_secret_value())] if login.private_key else None
        async with asyncssh.connect(
            jump.address,
            jump.port,
            config=None,
            agent_path=None,
            username=login.username,
            password=login.password.get_secret_value() if login.password else None,
            client_keys=private,
            known_hosts=asyncssh.import_known_hosts(known_hosts_text(jump, keys)),
            connect_timeout=_WITHIN.total_seconds(),
        ) as connection:
            yield connection
