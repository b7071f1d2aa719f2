"""A whole configuration is replaced, and the device keeps its login and other secrets as it has them."""

from typing import Any

import pytest

from automation.platforms.contract import LineRejectedError
from events.reports import AlreadyApplied, DriftFound, DriftNoted, PushFailed, PushRefused, PushVerified
from events.values import Cause
from lab.journal import Event

#: Nothing else of the lab's device is a secret.
SECRETS = ("username", "enable password", "snmp-server community")


@pytest.fixture
def kind() -> str:
    return "eos"


@pytest.fixture
def bench(make_bench: Any) -> Any:
    return make_bench("eos", enable="canary-enable")


def without_secrets(config: str) -> str:
    return "".join(f"{line}\n" for line in config.splitlines() if not line.startswith(SECRETS))


def own_secrets(config: str) -> list[str]:
    return [line for line in config.splitlines() if line.startswith(SECRETS)]


@pytest.fixture
def wanted(bench: Any) -> str:
    """What the device has, with another description, without a name, and without its secrets."""
    return without_secrets(bench.running()).replace("description STAFF", "description ALL").replace("   name POS\n", "")


def told(rollout: Any, outcome: Any) -> str:
    """Everything that was reported, and stored in the clear."""
    clear = [content.decode() for name, content in rollout.desk.blobs.items() if not name.startswith("secret-")]
    return "\n".join([*(each.model_dump_json() for each in (*rollout.desk.reports, outcome)), *clear])


def test_what_is_kept_is_there_afterwards_and_told_nowhere(bench: Any, plan: Any, wanted: str) -> None:
    secrets = own_secrets(bench.running())
    assert sorted(line.split()[0] for line in secrets) == ["enable", "snmp-server", "username"]
    rollout = plan(bench, wanted, replaces=True, keep=SECRETS)
    outcome = rollout.push()
    assert isinstance(outcome, PushVerified), outcome
    # It has what the change says, and its secrets to the letter, after a power cut too
    bench.power_cut()
    assert own_secrets(bench.running()) == secrets
    assert rollout.tree(without_secrets(bench.running())) == rollout.tree(wanted)
    # And nobody was told more than what changed
    edits = [line for line in rollout.desk.blobs[outcome.observed].decode().splitlines() if line[0] in "+-"]
    assert edits == ["-  name POS", "-  description STAFF", "+  description ALL"]
    everything = told(rollout, outcome)
    assert not [line for line in secrets if line in everything or line.split()[-1] in everything]
    # And the next push has nothing to do
    assert isinstance(rollout.push(), AlreadyApplied)


def test_it_comes_back_without_what_was_kept(bench: Any, plan: Any, wanted: str) -> None:
    before = bench.running()
    rollout = plan(bench, wanted, replaces=True, keep=SECRETS)
    outcome = rollout.push()
    assert isinstance(outcome, PushVerified), outcome
    # Given a community that was changed by hand after the push
    [community] = [line for line in own_secrets(before) if line.startswith("snmp")]
    bench.lab.edit(bench.device, [f"no {community}", "snmp-server community canary-later ro"])
    # When the push is rolled back
    work = rollout.back(outcome)
    back = rollout.push(**{name: getattr(work, name) for name in work.__dataclass_fields__} | {"save_foreign": True})
    # Then all else is as it was
    assert isinstance(back, PushVerified), back
    assert rollout.is_as(before.replace(community, "snmp-server community canary-later ro"))


def test_what_is_kept_is_what_the_device_has_now(bench: Any, plan: Any, wanted: str) -> None:
    # Given a community that was changed by hand since the plan
    rollout = plan(bench, wanted, replaces=True, keep=SECRETS)
    bench.lab.edit(bench.device, ["snmp-server community canary-now ro"])
    outcome = rollout.push(save_foreign=True)
    # Then it is noted, stops nothing, and stays
    assert isinstance(outcome, PushVerified), outcome
    assert [type(report) for report in rollout.desk.reports].count(DriftNoted) == 1
    assert "snmp-server community canary-now ro" in bench.startup()
    assert "canary-now" not in told(rollout, outcome)


def test_drift_in_what_is_not_kept_stops_it(bench: Any, plan: Any, wanted: str) -> None:
    rollout = plan(bench, wanted, replaces=True, keep=SECRETS)
    bench.lab.edit(bench.device, ["snmp-server contact somebody"])
    outcome = rollout.push()
    assert isinstance(outcome, DriftFound), outcome
    assert bench.journal(Event.COMMIT) == []


class Altering:
    """A platform whose sessions do something else with what is staged."""

    def __init__(self, bench: Any, staged: Any) -> None:
        self._platform = bench.platform
        self._staged = staged

    def __getattr__(self, name: str) -> Any:
        return getattr(self._platform, name)

    def connect(self, *place: Any) -> Any:
        session = self._platform.connect(*place)
        stage = session.stage
        session.stage = lambda lines, **how: self._staged(lambda: stage(lines, **how), lines)
        return session


def test_a_device_that_would_lose_a_kept_line_is_not_written_to(bench: Any, plan: Any, wanted: str) -> None:
    rollout = plan(bench, wanted, replaces=True, keep=SECRETS)

    def losing(stage: Any, _lines: Any) -> str:
        return "".join(f"{line}\n" for line in stage().splitlines() if not line.startswith("snmp-server community"))

    outcome = rollout.push(platform=Altering(bench, losing))
    assert isinstance(outcome, PushRefused), outcome
    assert outcome.reason.cause is Cause.DIFF_DIFFERS
    assert bench.journal(Event.COMMIT) == []


def test_what_a_kept_line_says_is_not_told_where_the_device_would_lose_it(bench: Any, plan: Any, wanted: str) -> None:
    # Given a kept line in which nobody would look for a secret
    bench.lab.edit(bench.device, ["snmp-server contact canary-contact"])
    rollout = plan(bench, wanted, replaces=True, keep=(*SECRETS, "snmp-server contact"), save_foreign=True)

    def losing(stage: Any, _lines: Any) -> str:
        return "".join(f"{line}\n" for line in stage().splitlines() if not line.startswith("snmp-server contact"))

    outcome = rollout.push(platform=Altering(bench, losing))
    # Then it is told which line it is, and nothing that is in it
    assert isinstance(outcome, PushRefused), outcome
    assert outcome.reason.detail.endswith("besides, and not of this change:\n- snmp-server contact ...\n")
    assert "canary" not in told(rollout, outcome)


@pytest.mark.parametrize("own", [True, False], ids=["a kept line", "a line of the change"])
def test_a_refused_line_is_quoted_only_where_it_is_the_change_s(bench: Any, plan: Any, wanted: str, own: bool) -> None:
    rollout = plan(bench, wanted, replaces=True, keep=SECRETS)

    def refusing(_stage: Any, lines: Any) -> str:
        line = next(line for line in lines if line.startswith("username" if own else "ntp server"))
        raise LineRejectedError(line, f"% Invalid input: {line.split()[-1]}")

    outcome = rollout.push(platform=Altering(bench, refusing))
    assert isinstance(outcome, PushFailed), outcome
    assert outcome.reason.cause is Cause.LINE_REJECTED
    kept = "refused a line that the change keeps, just as the device had shown it: 'username' ..."
    assert (outcome.reason.detail == kept) is own
    assert ("ntp server" in outcome.reason.detail) is not own
    assert "$" not in outcome.reason.detail


def test_without_keeping_it_the_device_would_lose_its_login(bench: Any, plan: Any, wanted: str) -> None:
    rollout = plan(bench, wanted, replaces=True)
    comparison = rollout.work.compare(rollout.tree(bench.running()))
    assert [edit.text.split()[0] for edit in comparison.edits if edit.text.startswith(SECRETS)]
