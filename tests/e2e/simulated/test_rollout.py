"""Changes over IOS and EOS in one estate, out and back, as the devices themselves tell it."""

from typing import Any

import pytest

from lab.journal import Event

pytestmark = pytest.mark.timeout(300)

IOS = "ntp server 192.0.2.7\ninterface Loopback0\n description reached through here\n"
EOS = "ntp server 192.0.2.7\ninterface Ethernet1\n   description printer\n"


@pytest.fixture(scope="module")
def company(found_company: Any, enrolled: Any) -> Any:
    """Three sites with a router and a switch each, half of them IOS and half EOS."""
    made = found_company(3, 6)
    made.start("up")
    enrolled(made)
    return made


@pytest.fixture(scope="module")
def oracle(company: Any, oracle_of: Any) -> Any:
    return oracle_of(company)


def has(company: Any, *lines: str) -> set[str]:
    """The devices that have all these lines, both in running and in startup."""
    configs = {name: (company.lab.running(name), company.lab.startup(name)) for name in company.devices}
    return {name for name, both in configs.items() if all(line in config for config in both for line in lines)}


def test_a_merge_goes_out_to_both_platforms_and_comes_back(company: Any, oracle: Any) -> None:
    # Given a change of more than one section on each platform, which somebody else than its author approved
    rollout = company.approved(company.change("merge", ios=IOS, eos=EOS))
    # When it has gone out
    page = company.reaches(rollout, "completed")
    # Then every device runs it and has saved it, and noted what the log says: one confirmed write each
    assert page["rollout"]["counts"] == {"verified": 6}
    assert has(company, "ntp server 192.0.2.7", "description") == set(company.devices)
    assert [len(company.noted(Event.CONFIRMED, device)) for device in company.devices] == [1] * 6
    oracle.reconcile()
    # When all of it is rolled back
    company("rollout", "rollback", rollout, "-r", "a drill", "--yes", by="olga")
    # Then every device is as it began, by a second write of its own
    assert company.reaches(rollout, "rolled_back")["rollout"]["counts"] == {"rolled_back": 6}
    assert oracle.now() == oracle.begun
    assert [len(company.noted(Event.CONFIRMED, device)) for device in company.devices] == [2] * 6
    oracle.reconcile()


@pytest.fixture
def with_logins(found_company: Any, enrolled: Any) -> Any:
    """Two sites whose devices have their logins, the enable secret and a community in their own configurations."""
    made = found_company(2, 4, enable="an-enable-secret")
    made.start("up")
    enrolled(made)
    return made


KEPT = ("username", "enable password", "snmp-server community")


def secrets(config: str) -> list[str]:
    return [line for line in config.splitlines() if line.startswith(KEPT)]


def switches(company: Any) -> dict[str, str]:
    """The EOS devices, with what they run."""
    return {name: config for name in company.devices if "EOS" in (config := company.lab.running(name))}


def replacing(whole: dict[str, str]) -> dict[str, Any]:
    """What makes a change replace each of these devices' whole configuration by what is wanted there."""
    parts = [f'{{% if device.name == "{name}" %}}\n{wanted(config)}{{% endif %}}\n' for name, config in whole.items()]
    return {"eos": "".join(parts), "select": "platform=eos", "platforms": ["eos"], "mode": "replace"}


def test_a_replacement_keeps_the_login_and_comes_back(with_logins: Any, oracle_of: Any) -> None:
    # Given the whole configuration of each EOS device but for its secrets, with another domain
    company, oracle = with_logins, oracle_of(with_logins)
    whole = switches(company)
    # When nothing is kept, then nobody gets as far as an approval
    cutting = company.planned(company.change("cutting", **replacing(whole)))
    assert {each["cause"] for each in company.show(cutting)["failures"]} == {"cuts-login"}
    # When what is secret is kept
    rollout = company.planned(company.change("keeping", **replacing(whole), keep=list(KEPT)))
    # Then operations sees that all else goes, and of the lines themselves the rest alone
    told = "REPLACES whole configurations: all that the change does not have goes, but for the device's own "
    before, said, shown = company("rollout", "plan", rollout).out.partition(told + ", ".join(KEPT))
    assert said, before
    assert "+ dns domain replaced.example.net" in shown
    assert not [word for word in KEPT if word in shown]
    company("rollout", "approve", rollout, "--yes", by="olga")
    # When it has gone out, then the devices have that, and their secrets to the letter
    page = company.reaches(rollout, "completed", "halted")
    assert page["rollout"]["counts"] == {"verified": 2}, page["failures"]
    assert has(company, "dns domain replaced.example.net") == set(whole)
    for name, config in whole.items():
        assert len(secrets(config)) == 3
        assert sorted(secrets(company.lab.startup(name))) == sorted(secrets(config))
    oracle.reconcile()
    # When it is rolled back, by the same login, then what was not there any more is there again
    company("rollout", "rollback", rollout, "-r", "a drill", "--yes", by="olga")
    assert company.reaches(rollout, "rolled_back")["rollout"]["counts"] == {"rolled_back": 2}
    assert oracle.now() == oracle.begun
    oracle.reconcile()


@pytest.fixture
def without_secrets(found_company: Any, enrolled: Any) -> Any:
    """Two sites whose devices ask an AAA server: a change that replaces everything could not bring secrets back."""
    made = found_company(2, 4, remote=True)
    made.start("up")
    enrolled(made)
    return made


def test_a_whole_configuration_is_replaced_and_comes_back(without_secrets: Any, oracle_of: Any) -> None:
    # Given the whole configuration of each EOS device, with another domain and without the description of a port
    company, oracle = without_secrets, oracle_of(without_secrets)
    whole = switches(company)
    rollout = company.approved(company.change("replace", **replacing(whole)))
    # When it has gone out
    page = company.reaches(rollout, "completed", "halted")
    # Then they have just that, and the others were left alone
    assert page["rollout"]["counts"] == {"verified": 2}, page["failures"]
    assert has(company, "dns domain replaced.example.net") == set(whole)
    assert not has(company, "description desk 2") & set(whole)
    oracle.reconcile()
    # When it is rolled back, then what was not there any more is there again
    company("rollout", "rollback", rollout, "-r", "a drill", "--yes", by="olga")
    assert company.reaches(rollout, "rolled_back")["rollout"]["counts"] == {"rolled_back": 2}
    assert oracle.now() == oracle.begun
    oracle.reconcile()


def wanted(config: str) -> str:
    """A configuration with another domain, and without the description of a port; no change holds its secrets."""
    kept = [line for line in config.splitlines() if "desk 2" not in line and not line.startswith(KEPT)]
    return "".join(f"{line}\n" for line in kept).replace("branch.example.net", "replaced.example.net")
