"""The story, told by the commands that people would type. What stands behind a ``$`` is what is really run."""

import contextlib
import io
import os
import shlex
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from console.demo.changes import write_changes
from console.demo.company import Company
from console.demo.result import Figures, figures
from console.demo.scenery import SITES, Scenery, build
from console.errors import ConsoleError
from console.exits import Exit
from console.freshness import await_views
from console.home import Home, open_home
from console.output import Output
from console.queries import ViewsReader
from console.views import Rollout

#: Runs one ``wavegate`` command in this process and gives its exit code.
RunCommand = Callable[[Sequence[str]], int]

_SEEN = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """Where the log is, and which processes run: their names with the arguments of ``wavegate``."""

    name: str
    init: Sequence[str]
    processes: Mapping[str, Sequence[str]]


EMBEDDED = Backend(name="sqlite", init=("--log", "sqlite"), processes={"wavegate": ("up",)})


def on_kafka(bootstrap: str, prefix: str) -> Backend:
    """On a real broker: a coordinator, two workers and a projector, each a process of its own."""
    init = ("--log", "kafka", "--kafka-bootstrap", bootstrap, "--kafka-prefix", prefix, "--replicas", "1")
    processes = {
        "coordinator": ("run", "coordinator"),
        "worker-1": ("run", "worker"),
        "worker-2": ("run", "worker"),
        "projector": ("run", "projector"),
    }
    return Backend(name="kafka", init=init, processes=processes)


@dataclass(slots=True, kw_only=True)
class Story:
    """One demonstration. ``quiet``: nothing of it is told."""

    folder: Path
    backend: Backend
    output: Output
    command: RunCommand
    quiet: bool = False
    monotonic: Callable[[], float] = time.monotonic

    def play(self) -> Figures:
        """Plays it to its end; everything that was started is stopped then.

        Raises:
            ConsoleError: a step did not go as the story has it; says which.
        """
        started = self.monotonic()
        self._chapter(f"Setting up: {SITES} sites in 8 countries, 100 devices of two platforms, simulated")
        scenery = build(self.folder)
        write_changes(scenery)
        with Company(self.folder) as company:
            self._set_up(scenery, company)
            home = open_home(self.folder / "home")
            with home.views() as views:
                first = self._managers(scenery, home, views)
                second = self._ntp(scenery, home, views)
                self._look_back(scenery, first)
                self._await(home, views)
                return figures(views, first, second, self.monotonic() - started, self.backend.name)

    def _set_up(self, scenery: Scenery, company: Company) -> None:
        home = str(self.folder / "home")
        os.environ["WAVEGATE_HOME"] = home
        lab = self.folder / "lab"
        company.start("lab", ["lab", "run", str(scenery.lab), "--folder", str(lab), "--attached"], {})
        self._run("init", home, *self.backend.init, "--admin", "root", "--team", "platform")
        settings = self.folder / "home" / "wavegate.toml"
        with settings.open("a") as file:
            # One machine is worker and all devices: a hundred sessions begun at once would be late on a slow one.
            file.write(f'estate = ["{scenery.estate}"]\ncapacity = 32\n')
            file.write("connect_s = 5.0\nanswer_s = 6.0\nsession_s = 6.0\n")
        self._people()
        for name, arguments in self.backend.processes.items():
            company.start(name, ["console.cli", *arguments], {"WAVEGATE_HOME": home})
        certificates = lab / "trust"
        self._run("inventory", "check")
        known = str(certificates / "known_hosts")
        self._as("olga", "inventory", "enroll", "--known-hosts", known, "--certificates", str(certificates), "--yes")

    def _people(self) -> None:
        self._tell("Ann writes changes; Olga is on duty in network operations. Each has a key of their own.")
        roles = {"ann": ("netauto", "engineer", ()), "olga": ("netops", "operator", ("--area", "network-ops"))}
        root = str(self.folder / "home" / "keys" / "root.pem")
        for name, (team, role, areas) in roles.items():
            key = self._key(name)
            self._silently("key", "new", key, "--name", name)
            register = ("key", "register", f"{key}.pub", "--name", name, "--team", team, "--role", role, *areas)
            self._silently(*register, "--key", root)

    def _managers(self, scenery: Scenery, home: Home, views: ViewsReader) -> str:
        """The first change: one site's own value is wrong."""
        change = str(scenery.change("managers"))
        self._chapter("Ann changes from where devices may be managed, with a value for each site, and tries it")
        self._run("change", "validate", change)
        self._run("change", "try", change)
        self._chapter("She asks for a rollout of it; the devices are read, nothing is written")
        rollout = self._requested(change, "the NOC has moved", home, views)
        self._chapter("Olga looks at the plan, and approves exactly that plan")
        self._run("rollout", "plan", rollout)
        self._as("olga", "rollout", "approve", rollout, "--note", "looks right", "--yes")
        self._chapter("The canary and the first wave pass; in the second one a device shuts us out")
        self._watch(rollout, Exit.WAITING)
        hurt = scenery.hurt.devices[0].name
        self._chapter(
            f"{hurt} took the change and was not reachable any more: its own timer undid it, all else stopped"
        )
        self._run("device", "history", hurt)
        self._chapter("Olga leaves that device as it is, lifts the automatic halt and goes on")
        self._as("olga", "rollout", "skip", rollout, hurt, "--reason", "its site has a wrong prefix")
        self._as("olga", "rollout", "resume", rollout, "--reason", "the others are fine", "--yes")
        self._watch(rollout, Exit.DONE)
        return rollout

    def _ntp(self, scenery: Scenery, home: Home, views: ViewsReader) -> str:
        """The second change: rolled out, and rolled back whole."""
        self._chapter("A second change goes out to all devices, and is then rolled back whole")
        rollout = self._requested(str(scenery.change("ntp")), "a third server", home, views)
        self._as("olga", "rollout", "approve", rollout, "--yes")
        self._watch(rollout, Exit.DONE)
        self._as("olga", "rollout", "rollback", rollout, "--reason", "the server is not ready", "--yes")
        # It ended, but not with the change on the devices: to whoever watches for that, it failed.
        self._watch(rollout, Exit.FAILED)
        return rollout

    def _look_back(self, scenery: Scenery, first: str) -> None:
        hurt = scenery.hurt.devices[0].name
        self._chapter(f"Who did what to {hurt}, when and why")
        self._run("audit", "--device", hurt)
        self._chapter("Where to look next")
        home = f"--home {shlex.quote(os.path.relpath(self.folder / 'home'))}"
        for text in (
            f"wavegate rollout list {home}",
            f"wavegate rollout show {first} {home}",
            f"wavegate log --rollout {first} {home}",
            f"wavegate audit --person olga {home}",
            "README.md, docs/guides/operations.md, docs/guides/writing-a-change.md",
        ):
            self._tell(f"  {text}")

    def _requested(self, change: str, reason: str, home: Home, views: ViewsReader) -> str:
        self._as("ann", "rollout", "request", change, "--reason", reason)
        self._await(home, views)
        rollout = views.rollouts()[0].id
        self._until(home, views, rollout, "awaiting_approval")
        return rollout

    def _until(self, home: Home, views: ViewsReader, rollout: str, state: str) -> Rollout:
        deadline = self.monotonic() + 60
        while self.monotonic() < deadline:
            self._await(home, views)
            found = views.rollout(rollout)
            if found.state == state:
                return found
            time.sleep(0.1)
        raise ConsoleError(f"rollout {rollout} was not {state} within a minute; it is {views.rollout(rollout).state}")

    @staticmethod
    def _await(home: Home, views: ViewsReader) -> None:
        with home.log() as log:
            await_views(log, views, _SEEN)

    def _watch(self, rollout: str, wanted: Exit) -> None:
        self._run("rollout", "watch", rollout, wanted=wanted)

    def _as(self, person: str, *arguments: str) -> None:
        self._run(*arguments, "--key", self._key(person))

    def _key(self, person: str) -> str:
        return str(self.folder / f"{person}.pem")

    def _run(self, *arguments: str, wanted: Exit = Exit.DONE) -> None:
        """Runs a command, as it would be typed, and holds its exit code against what the story needs."""
        self._tell(f"$ wavegate {shlex.join(_shortened(arguments, self.folder))}", style="bold")
        if self.quiet:
            self._silently(*arguments, wanted=wanted)
            return
        self._check(self.command(arguments), arguments, wanted, "")

    def _silently(self, *arguments: str, wanted: Exit = Exit.DONE) -> None:
        kept = io.StringIO()
        with contextlib.redirect_stdout(kept), contextlib.redirect_stderr(kept):
            code = self.command(arguments)
        self._check(code, arguments, wanted, kept.getvalue())

    def _check(self, code: int, arguments: Sequence[str], wanted: Exit, said: str) -> None:
        if code != wanted:
            told = f"; it said: {said.strip()[-1500:]}" if said else ""
            raise ConsoleError(
                f"'wavegate {shlex.join(arguments)}' ended with {code} in place of {wanted.value}{told}; "
                f"the logs of all processes are in {self.folder}"
            )

    def _chapter(self, title: str) -> None:
        self._tell()
        self._tell(f"── {title}", style="bold cyan")

    def _tell(self, text: str = "", style: str = "") -> None:
        if not self.quiet:
            self.output.say(text, style=style)


def _shortened(arguments: Sequence[str], folder: Path) -> list[str]:
    """Arguments as they would be typed in the demonstration's folder."""
    return [argument.removeprefix(f"{folder}/") for argument in arguments]
