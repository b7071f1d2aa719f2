"""An engineer's own task: found by name, held to its version, run for one device, and judged by what it returns."""

import importlib
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from textwrap import dedent

import pytest
from nornir.core.task import Result, Task

from automation.change.bundle import Bundle
from automation.change.errors import ChangeError
from automation.change.model import Change
from automation.change.packing import open_bundle, pack
from automation.change.validation import validate
from automation.config.vendors.ios import IOS
from automation.platforms.contract import Abilities, Endpoint, Limits, Session
from automation.tasks.engineer import lines_of, nornir_for, text_for
from automation.tasks.finding import TaskError, TaskVersionError, find_task, installed
from events.values import UndoRank
from inventory.estate import Estate
from inventory.model import Device, Site

GOOD = """\
    from nornir.core.task import Result, Task

    def mgmt_acl(task: Task) -> Result:
        data = task.host.data
        lines = [f"hostname {task.host.name}", f"vlan {data['row']['vlan']}", ""]
        return Result(host=task.host, result=[*lines, f"ip route {data['variables']['noc']} Null0"])
    """
CHANGE = """\
    title: Management ACL
    ticket: NET-1
    team: netauto
    select: "*"
    task: mgmt_acl
    data: stores.csv
    variables: {noc: 198.51.100.0/24}
    approvals: [{area: network-ops}]
    """


class KnownPlatform:
    """An IOS that can be asked what it is, and to which nothing connects."""

    name = "ios"
    vendor = IOS
    commands: tuple[str, ...] = ()
    abilities = Abilities(
        atomic=False,
        candidate=False,
        lock=True,
        merge=True,
        replace=False,
        confirm_elsewhere=True,
        undo=(UndoRank.TIMER,),
        timer_step=timedelta(minutes=1),
        timer_longest=timedelta(hours=2),
    )

    def connect(self, device: Endpoint, via: Endpoint | None, limits: Limits) -> Session:
        raise AssertionError(f"validating connected to {device.name} through {via} with {limits}")


Put = Callable[[str], Path]
Make = Callable[[str], tuple[Change, Path]]


@pytest.fixture
def estate() -> Estate:
    site = Site(name="ber-1", country="DE", timezone="Europe/Berlin", region="emea")
    devices = [
        Device(name=name, site="ber-1", role="router", platform="ios", address=name, credentials="tacacs")
        for name in ("ber-1-r1", "ber-1-r2")
    ]
    return Estate.of(sites=[site], devices=devices)


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """Writes the source of the task ``mgmt_acl``; gives the tasks folder."""

    def written(source: str) -> Path:
        folder = tmp_path / "tasks"
        folder.mkdir(exist_ok=True)
        (folder / "mgmt_acl.py").write_text(dedent(source))
        return folder

    return written


@pytest.fixture
def make(tmp_path: Path, put: Put) -> Make:
    """A change with the task of this source, and the tasks folder."""

    def made(source: str) -> tuple[Change, Path]:
        folder = put(source)
        (tmp_path / "change.yaml").write_text(dedent(CHANGE))
        (tmp_path / "stores.csv").write_text("site,vlan\nber-1,10\n")
        bundle = pack(tmp_path / "change.yaml", lambda name: find_task(folder, name))
        return open_bundle(bundle.encode()), folder

    return made


@pytest.fixture
def package(tmp_path: Path) -> Iterator[Path]:
    """An installed package with a task ``from_package``; gives the package's folder."""
    root = tmp_path / "site-packages"
    (root / "acme_tasks" / "inner").mkdir(parents=True)
    (root / "acme_tasks" / "__init__.py").write_text("")
    (root / "acme_tasks" / "inner" / "__init__.py").write_text(f"LINE = 'ip routing'  # {tmp_path}\n")
    source = """\
        from nornir.core.task import Result, Task
        from acme_tasks.inner import LINE

        def from_package(task: Task) -> Result:
            return Result(host=task.host, result=LINE)
        """
    (root / "acme_tasks" / "routing.py").write_text(dedent(source))
    (root / "acme_tasks-1.0.dist-info").mkdir()
    (root / "acme_tasks-1.0.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: acme-tasks\nVersion: 1.0\n"
    )
    (root / "acme_tasks-1.0.dist-info" / "entry_points.txt").write_text(
        "[wavegate.tasks]\nfrom_package = acme_tasks.routing:from_package\nlost = nowhere_to_be_found.x:y\n"
    )
    sys.path.insert(0, str(root))
    importlib.invalidate_caches()
    installed.cache_clear()
    yield root / "acme_tasks"
    sys.path.remove(str(root))
    installed.cache_clear()
    for name in [name for name in sys.modules if name.startswith("acme_tasks")]:
        del sys.modules[name]


def test_a_task_gives_lines(make: Make, estate: Estate) -> None:
    change, folder = make(GOOD)

    text = text_for(change, estate, estate.device("ber-1-r1"), folder)

    assert text == "hostname ber-1-r1\nvlan 10\nip route 198.51.100.0/24 Null0\n"
    assert change.platforms == ()


def test_a_task_may_give_one_text(make: Make, estate: Estate) -> None:
    change, folder = make(GOOD.replace("result=[*lines, f", "result=f").replace('Null0"]', 'Null0"'))

    assert text_for(change, estate, estate.device("ber-1-r2"), folder) == "ip route 198.51.100.0/24 Null0\n"


def test_the_version_is_part_of_the_changes_id(make: Make) -> None:
    before, _ = make(GOOD)
    after, _ = make(GOOD + "\n# another line\n")

    assert before.task is not None
    assert after.task is not None
    assert before.task.version != after.task.version
    assert before.id != after.id


def test_a_worker_refuses_another_version(make: Make, put: Put, estate: Estate) -> None:
    # given a change that was packed, and a task that was edited since
    change, folder = make(GOOD)
    put(GOOD.replace("hostname", "no hostname"))

    with pytest.raises(
        TaskVersionError, match=r"the task 'mgmt_acl' is sha256:\w+ here .*, the change was packed with"
    ):
        text_for(change, estate, estate.device("ber-1-r1"), folder)


def test_what_runs_is_what_was_digested(make: Make, put: Put, estate: Estate) -> None:
    # given a version that was loaded, another that took its place, and the first one back
    change, folder = make(GOOD)
    first = text_for(change, estate, estate.device("ber-1-r1"), folder)
    other, _ = make(GOOD.replace("hostname", "banner"))
    assert text_for(other, estate, estate.device("ber-1-r1"), folder).startswith("banner")

    put(GOOD)

    assert text_for(change, estate, estate.device("ber-1-r1"), folder) == first


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("raise KeyError('vlan')", "the task 'mgmt_acl' failed on ber-1-r1: KeyError: 'vlan'"),
        ("return Result(host=task.host, failed=True, result='no vlan')", "failed on ber-1-r1: no vlan"),
        ("return Result(host=task.host, result=7)", "returned int for ber-1-r1 and no lines; return Result"),
        ("return Result(host=task.host, result=['a', 7])", "returned list for ber-1-r1 and no lines"),
        ("return Result(host=task.host, result=None)", "returned NoneType for ber-1-r1 and no lines"),
        ("return Result(host=task.host, result='a\\x1b[31mb')", r"returned the character U\+001B for ber-1-r1"),
        ("return Result(host=task.host, result='x' * 3_000_000)", "returned more than 2000000 characters"),
        ("task.run(task=inner)", "failed on ber-1-r1: NornirSubTaskError"),
    ],
    ids=["raises", "fails", "a number", "a mixed list", "nothing", "an escape", "too much", "an inner task"],
)
def test_what_a_task_returns_is_judged(make: Make, estate: Estate, body: str, message: str) -> None:
    source = f"""\
        from nornir.core.task import Result, Task

        def inner(task: Task) -> Result:
            raise ValueError("inner")

        def mgmt_acl(task: Task) -> Result:
            {body}
        """
    change, folder = make(source)

    with pytest.raises(TaskError, match=message):
        text_for(change, estate, estate.device("ber-1-r1"), folder)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            "import nothing_of_that_name\n",
            "cannot be loaded: ModuleNotFoundError: No module named 'nothing_of_that_name'",
        ),
        ("def mgmt_acl(:\n", "cannot be loaded: SyntaxError"),
        ("raise SystemError('boo')\n", "cannot be loaded: SystemError: boo"),
        ("raise SystemExit(3)\n", "cannot be loaded: SystemExit: 3"),
        ("def other(task):\n    pass\n", r"has no function 'mgmt_acl'; write def mgmt_acl\(task: Task\) -> Result"),
        ("mgmt_acl = 7\n", "has no function 'mgmt_acl'"),
    ],
)
def test_a_module_that_is_none_is_refused(make: Make, estate: Estate, source: str, message: str) -> None:
    change, folder = make(source)

    with pytest.raises(TaskError, match=message):
        text_for(change, estate, estate.device("ber-1-r1"), folder)


def test_a_task_that_is_not_there_is_told_when_it_is_packed(tmp_path: Path, put: Put) -> None:
    folder = put(GOOD)
    (tmp_path / "change.yaml").write_text(dedent(CHANGE).replace("task: mgmt_acl", "task: mgmt_alc"))
    (tmp_path / "stores.csv").write_text("site,vlan\n")

    with pytest.raises(ChangeError, match=r"change.yaml:5: there is no task 'mgmt_alc'; did you mean 'mgmt_acl'\?"):
        pack(tmp_path / "change.yaml", lambda name: find_task(folder, name))


def test_without_a_tasks_folder_there_is_no_task(tmp_path: Path) -> None:
    (tmp_path / "change.yaml").write_text(dedent(CHANGE))
    (tmp_path / "stores.csv").write_text("site,vlan\n")

    with pytest.raises(ChangeError, match="the task 'mgmt_acl' is not to be found; say where tasks are kept"):
        pack(tmp_path / "change.yaml")
    with pytest.raises(TaskError, match=r"there is no task 'x'; put x.py into the tasks folder"):
        find_task(None, "x")


@pytest.mark.parametrize("name", ["../x", "a b", "", "x.y", "9x"])
def test_a_name_leads_nowhere_else(put: Put, name: str) -> None:
    with pytest.raises(TaskError, match="cannot be the name of a task"):
        find_task(put(GOOD), name)


def test_a_task_may_be_installed(make: Make, package: Path, estate: Estate) -> None:
    task = find_task(None, "from_package")

    lines = lines_of(task, None, nornir_for(make(GOOD)[0], estate, estate.device("ber-1-r1")))

    assert lines == "ip routing\n"


def test_the_version_of_an_installed_task_covers_its_package(package: Path) -> None:
    before = find_task(None, "from_package")
    (package / "inner" / "__init__.py").write_text("LINE = 'no ip routing'\n")
    installed.cache_clear()

    assert find_task(None, "from_package").version != before.version


def test_a_package_that_changes_under_a_process_is_refused(make: Make, package: Path, estate: Estate) -> None:
    task = find_task(None, "from_package")
    (package / "inner" / "__init__.py").write_text("LINE = 'no ip routing'\n")

    with pytest.raises(TaskError, match="was changed while this process ran; restart it"):
        lines_of(task, None, nornir_for(make(GOOD)[0], estate, estate.device("ber-1-r1")))


def test_an_entry_that_leads_nowhere_is_told(package: Path) -> None:
    with pytest.raises(TaskError, match="the task 'lost' is in 'nowhere_to_be_found', which is not installed"):
        find_task(None, "lost")


def test_two_tasks_of_one_name_are_refused(package: Path, tmp_path: Path) -> None:
    (tmp_path / "from_package.py").write_text(dedent(GOOD))

    with pytest.raises(
        TaskError, match=r"there are several tasks 'from_package': .*from_package.py and the package of"
    ):
        find_task(tmp_path, "from_package")


def test_a_nornir_that_remembers_a_failure_is_refused(make: Make, estate: Estate) -> None:
    # given a Nornir that has failed once: it would leave the host out and report success
    change, folder = make(GOOD)
    nornir = nornir_for(change, estate, estate.device("ber-1-r1"))

    def fail(task: Task) -> Result:
        raise ValueError(task.host.name)

    nornir.run(task=fail)
    assert change.task is not None

    with pytest.raises(TaskError, match="a task is run for one host in a fresh Nornir"):
        lines_of(change.task, folder, nornir)


def test_a_task_gets_no_login(make: Make, estate: Estate) -> None:
    change, _ = make(GOOD)

    host = nornir_for(change, estate, estate.device("ber-1-r1")).inventory.hosts["ber-1-r1"]

    assert (host.username, host.password) == (None, None)


@pytest.mark.parametrize(
    ("recorded", "message"),
    [
        (None, r"change.yaml:5: the bundle does not say which version of the task 'mgmt_acl' it wants"),
        (b'{"name":"other","version":"x"}', "task.json is about 'other', the change about 'mgmt_acl'"),
        (b'{"name":"mgmt_acl"}', "this is no reference to a task"),
    ],
    ids=["nothing", "another task", "nonsense"],
)
def test_a_bundle_says_which_version_it_wants(make: Make, tmp_path: Path, recorded: bytes | None, message: str) -> None:
    _, folder = make(GOOD)
    files = dict(pack(tmp_path / "change.yaml", lambda name: find_task(folder, name)).files)
    del files["task.json"]
    if recorded is not None:
        files["task.json"] = recorded

    with pytest.raises(ChangeError, match=message):
        open_bundle(Bundle(files=files).encode())


def test_a_change_with_a_task_is_validated_like_any_other(make: Make, estate: Estate) -> None:
    # given a task that works for one device and gives the other something that no device takes
    source = """\
        from nornir.core.task import Result, Task

        def mgmt_acl(task: Task) -> Result:
            first = task.host.name == "ber-1-r1"
            return Result(host=task.host, result="ip routing" if first else "do reload")
        """
    change, folder = make(source)
    platforms = {"ios": KnownPlatform()}

    found = validate(change, estate, platforms, partial(text_for, tasks_folder=folder))

    assert [problem.message for problem in found] == [
        "a line is a command and no configuration (1 device: ber-1-r2, on ber-1-r2 'do reload')"
    ]


def test_a_task_that_fails_is_a_problem_of_its_devices(make: Make, estate: Estate) -> None:
    source = """\
        from nornir.core.task import Result, Task

        def mgmt_acl(task: Task) -> Result:
            raise KeyError("vlan")
        """
    change, folder = make(source)

    found = validate(change, estate, {"ios": KnownPlatform()}, partial(text_for, tasks_folder=folder))

    assert [(problem.file, problem.line) for problem in found] == [("change.yaml", 5)]
    assert found[0].message == (
        "the task gives no lines (2 devices: ber-1-r1, ber-1-r2, on ber-1-r1 the task 'mgmt_acl' failed on ber-1-r1: "
        "KeyError: 'vlan')"
    )
