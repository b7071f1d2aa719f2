"""The whole of a change against simulated devices, step by step: planned, approved, pushed, verified, rolled back."""

import secrets
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from automation.change.bundle import Bundle
from automation.change.model import Change
from automation.config.difference import as_text, difference
from automation.config.reading import read_device
from automation.platforms.registry import platforms
from automation.rollout.states import DeviceState, RolloutState
from console.client import Answer, Client
from console.errors import ConsoleError
from console.freshness import await_views
from console.output import Output
from console.plans import PlanReview, review
from console.reviewing import in_waves, ranks
from console.rollout_page import Page, read_page
from console.telling import counted
from console.trial.estate import Chosen, lab_of, trial_estate
from console.trial.installation import Trial, running_trial
from console.trial.result import Result, closing, tried
from console.views import DeviceInRollout, Filter
from console.watching import is_settled
from events.commands import ApprovePlan, Command, RecordHostKeys, RequestRollout, RollBack, SubmitChange
from events.control import HaltLifted, Subject
from events.facts import BakeStarted, RolloutProposed
from inventory.estate import Estate
from inventory.known_hosts import match_known_hosts, parse_known_hosts
from lab.lab import Lab
from workers.founding import write_secret

D, R = DeviceState, RolloutState

_LOOK_S = 0.1
_PATIENCE = timedelta(seconds=30)
_APPROVED = timedelta(days=29)


@dataclass(slots=True, kw_only=True)
class Story:
    """One trial of a change on chosen devices, told as it goes."""

    change: Change
    bundle: Bundle
    chosen: Chosen
    estate: Estate
    output: Output
    tasks: Path | None
    patience: timedelta
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def run(self) -> Result:
        """Plays it. Nothing of it touches a real device or a real installation; everything is gone afterwards.

        Raises:
            ConsoleError: it cannot be played to its end.
            LabError: the simulated devices cannot be started.
        """
        started = self.monotonic()
        password = secrets.token_hex(12)
        with tempfile.TemporaryDirectory(prefix="wavegate-trial-") as name:
            folder = Path(name)
            write_secret(folder / "password", password.encode())
            described = lab_of(self.chosen, password)
            estate = trial_estate(self.estate, self.chosen, described, folder / "password")
            self._introduce()
            areas = [wanted.area for wanted in self.change.approvals]
            most = max(wanted.count for wanted in self.change.approvals)
            with (
                Lab(described, folder / "lab") as lab,
                running_trial(folder / "home", estate, self.change.team, areas, most, self.tasks) as trial,
            ):
                result = self._play(trial, lab, estate, started)
        for line in closing(result):
            self._say(line, style="green" if result.ok else "red")
        return result

    def _introduce(self) -> None:
        kinds = sorted({f"{device.role} on {device.platform}" for device in self.chosen.devices})
        self._say(f"Trying “{self.change.title}” on simulated devices in place of real ones:")
        self._say(f"  {counted(len(self.chosen.devices), 'device')} of {self.chosen.selected}: {', '.join(kinds)}")
        for platform, count in self.chosen.left_out.items():
            self.output.warn(f"  left out: {counted(count, 'device')} on {platform}, which has no simulation here")

    def _play(self, trial: Trial, lab: Lab, estate: Estate, started: float) -> Result:
        before = {name: lab.running(name) for name in estate.devices}
        self._enroll(trial, lab, estate)
        rollout = self._request(trial)
        page = self._until(trial, rollout, "planned")
        plan = self._tell_plan(trial, page)
        if plan is not None:
            self._approve(trial, plan)
            page = self._until(trial, rollout, "pushed")
        pushed = trial.views.devices(rollout)
        self._tell_pushes(pushed)
        if page.rollout.count(D.VERIFIED):
            page = self._roll_back(trial, page)
        ended = {device.device: device.state for device in trial.views.devices(rollout)}
        left = {name: self._left(estate, name, text, lab) for name, text in before.items()}
        devices = tried(estate, pushed, ended, left)
        return Result(
            ok=all(device.well for device in devices),
            seconds=round(self.monotonic() - started, 1),
            rollout=rollout,
            state=page.rollout.state,
            devices=devices,
            plan=plan,
            left_out=self.chosen.left_out,
        )

    def _enroll(self, trial: Trial, lab: Lab, estate: Estate) -> None:
        known = parse_known_hosts(lab.known_hosts.read_text(), "known_hosts")
        matches = match_known_hosts(known, estate.devices.values())
        for name in estate.devices:
            keys = tuple(key.text for key in matches.keys.get(name, ())) or (lab.certificate(name).read_text(),)
            self._asked(trial.operators[0], RecordHostKeys(device=name, keys=keys, reason="it is simulated"))

    def _request(self, trial: Trial) -> str:
        self._asked(trial.engineer, SubmitChange(bundle=self.bundle.id, files=self.bundle.texts()))
        answer = self._asked(trial.engineer, RequestRollout(change=self.bundle.id, reason="a trial"))
        proposed = next(each.fact for each in answer.records if isinstance(each.fact, RolloutProposed))
        return proposed.rollout

    def _tell_plan(self, trial: Trial, page: Page) -> PlanReview | None:
        if page.rollout.plan is None:
            self._say("Planned: nothing is to be changed anywhere.")
            for failure in page.failures:
                self._say(f"  {failure.device}: {failure.cause}: {failure.detail}", style="red")
            return None
        plan = review(trial.views, trial.blobs, page.rollout)
        self._say(
            f"Planned: {counted(plan.devices, 'device')} in {in_waves(plan.waves)}, undone by {ranks(plan.undo)}."
        )
        for diff_class in plan.classes:
            self._say(f"  {counted(diff_class.devices, 'device')} as {diff_class.example}:")
            self._say("".join(f"      {line}\n" for line in diff_class.diff.splitlines()).rstrip("\n"))
        for each in plan.left_out:
            self._say(f"  not planned: {each.device}: {each.cause or each.state}: {each.detail or ''}", style="red")
        return plan

    def _approve(self, trial: Trial, plan: PlanReview) -> None:
        until = trial.clock() + _APPROVED
        for wanted in self.change.approvals:
            for operator in trial.operators[: wanted.count]:
                command = ApprovePlan(
                    rollout=plan.rollout,
                    plan=plan.plan,
                    area=wanted.area,
                    until=until,
                    accept_no_undo=plan.no_undo,
                    note="a trial",
                )
                self._asked(operator, command)
        self._say(f"Approved for {', '.join(plan.wanted)}, by people who do not exist. Pushing.")

    def _tell_pushes(self, devices: Sequence[DeviceInRollout]) -> None:
        for device in devices:
            well = device.state in {D.VERIFIED, D.UNCHANGED}
            why = "" if well or not device.cause else f": {device.cause}: {device.detail}"
            self._say(f"  {device.device}: {device.state}{why}", style="green" if well else "red")

    def _roll_back(self, trial: Trial, page: Page) -> Page:
        rollout, operator = page.rollout.id, trial.operators[0]
        for halt in operator.authority().standing([Subject(kind="rollout", name=rollout)]):
            operator.control(HaltLifted(halt=halt.id, reason="a trial"))
        self._asked(operator, RollBack(rollout=rollout, reason="a trial"))
        page = self._until(trial, rollout, "rolled back")
        self._say(f"Rolled back: {page.rollout.state}.")
        return page

    @staticmethod
    def _left(estate: Estate, device: str, before: str, lab: Lab) -> str:
        vendor = platforms()[estate.devices[device].platform].vendor
        found = difference(read_device(before, vendor), read_device(lab.running(device), vendor), vendor)
        return as_text(found)

    def _until(self, trial: Trial, rollout: str, what: str) -> Page:
        """Waits until nothing happens any more; bakes are skipped."""
        deadline = self.monotonic() + self.patience.total_seconds()
        while self.monotonic() < deadline:
            trial.check()
            # What was decided a moment ago has to be seen, or it would seem that nothing happens.
            behind = await_views(trial.engineer.log, trial.views, _PATIENCE)
            page = read_page(trial.views, rollout)
            if is_settled(page) and not behind:
                return page
            if page.rollout.state == R.BAKING:
                self._skip_bake(trial, rollout)
            self.sleep(_LOOK_S)
        waits = "; ".join(f"{what_} ({who})" for what_, who in page.rollout.waits) or "nothing that is known"
        raise ConsoleError(
            f"it was not {what} within {self.patience.total_seconds():g} s (see --patience); the rollout is "
            f"{page.rollout.state} and waits for {waits}"
        )

    def _skip_bake(self, trial: Trial, rollout: str) -> None:
        for happening in trial.views.timeline(Filter(rollout=rollout, types=(BakeStarted.wire,), last=1)):
            if isinstance(happening.record.fact, BakeStarted):
                trial.clock.skip_to(happening.record.fact.until)

    def _asked(self, client: Client, command: Command) -> Answer:
        answer = client.ask(command, _PATIENCE)
        if not answer.decided or answer.refusal is not None:
            why = f"{answer.refusal.code}: {answer.refusal.reason}" if answer.refusal else "nobody decided in time"
            raise ConsoleError(f"{command.wire} was refused in the trial ({why})")
        return answer

    def _say(self, text: str, style: str = "") -> None:
        self.output.say(text, style=style)
