"""Settings: what is wrong, where it was set, and what to write instead."""

from datetime import timedelta
from pathlib import Path

import pytest

from events.log.kafka.settings import KafkaSettings
from workers.bootstrap_stores import kafka_settings, make_log, open_log
from workers.founding import prepare
from workers.settings import FILE, SettingsFileError, read_settings

NAME = "log-" + "0" * 32


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An installation's folder."""
    (tmp_path / FILE).write_text(f'log_name = "{NAME}"\n')
    return tmp_path


def add(home: Path, *lines: str) -> None:
    with (home / FILE).open("a") as file:
        file.writelines(f"{line}\n" for line in lines)


def refused(home: Path) -> str:
    with pytest.raises(SettingsFileError) as caught:
        read_settings(home)
    return str(caught.value)


def test_what_is_not_set_is_as_the_guide_says(home: Path) -> None:
    settings = read_settings(home)
    assert (settings.log, settings.listen, settings.metrics_port) == ("sqlite", "127.0.0.1", 0)
    assert (settings.capacity, settings.drain_s, settings.session) == (200, 120.0, timedelta(seconds=6))
    assert settings.log_level == "info"


def test_paths_are_below_the_folder_unless_they_are_absolute(home: Path) -> None:
    add(home, 'blobs = "/srv/blobs"', 'estate = ["estate", "/etc/estate"]')
    settings = read_settings(home)
    assert settings.path(settings.log_folder) == home / "log"
    assert settings.path(settings.blobs) == Path("/srv/blobs")
    assert [settings.path(path) for path in settings.estate] == [home / "estate", Path("/etc/estate")]


@pytest.mark.parametrize(
    ("views", "url"),
    [
        pytest.param("sqlite:///views.db", "sqlite:///{home}/views.db", id="below the folder"),
        pytest.param("sqlite:////var/lib/views.db", "sqlite:////var/lib/views.db", id="absolute"),
    ],
)
def test_so_is_the_file_of_the_views(home: Path, views: str, url: str) -> None:
    add(home, f'views = "{views}"')
    assert read_settings(home).views_url == url.format(home=home)


def test_the_environment_stands_over_the_file_and_what_is_given_over_both(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(home, "capacity = 3", "drain_s = 4.0")
    monkeypatch.setenv("WAVEGATE_CAPACITY", "5")
    monkeypatch.setenv("WAVEGATE_ESTATE", '["elsewhere"]')
    settings = read_settings(home)
    assert (settings.capacity, settings.drain_s, settings.estate) == (5, 4.0, (Path("elsewhere"),))
    assert read_settings(home, capacity=7).capacity == 7


@pytest.mark.parametrize(
    ("line", "why"),
    [
        pytest.param("capacity = 0", "capacity: Input should be greater than or equal to 1", id="too small"),
        pytest.param('capacity = "many"', "capacity: Input should be a valid integer", id="no number"),
        pytest.param("session_s = 1.0", "session_s: Input should be greater than or equal to 2", id="a short session"),
        pytest.param("metrics_port = 70000", "metrics_port: Input should be less than or equal to 65535", id="port"),
        pytest.param('log = "mongo"', "log: Input should be 'sqlite' or 'kafka'", id="another log"),
        pytest.param('log_level = "loud"', "log_level: Input should be 'debug', 'info'", id="another level"),
        pytest.param('estate = "estate"', "estate: Input should be a valid tuple", id="no list"),
        pytest.param('views = "postgresql://db/x"', "views: views are kept in SQLite: write sqlite:///", id="views"),
        pytest.param('views = "sqlite:///"', "views: views are kept in SQLite", id="views without a file"),
        pytest.param("capacty = 3", "there is no setting 'capacty'; did you mean 'capacity'?", id="a slip"),
        pytest.param("[kafka]\nbootstrap = 1", "there is no setting 'kafka'", id="a table"),
    ],
)
def test_what_is_wrong_in_the_file_is_told_with_its_name(home: Path, line: str, why: str) -> None:
    add(home, line)
    assert refused(home).startswith(f"{home / FILE}: {why}")


def test_all_that_is_wrong_is_told_at_once(home: Path) -> None:
    add(home, "capacity = 0", "drain_s = -1", "capacty = 3")
    told = refused(home)
    assert "capacity: Input" in told
    assert "drain_s: Input" in told
    assert "no setting 'capacty'" in told


@pytest.mark.parametrize(
    ("variable", "value", "why"),
    [
        pytest.param("WAVEGATE_CAPACITY", "many", "WAVEGATE_CAPACITY in the environment: Input", id="no number"),
        pytest.param("WAVEGATE_KAFKA_PROTOCOL", "TLS", "WAVEGATE_KAFKA_PROTOCOL in the environment: Input", id="none"),
        pytest.param("WAVEGATE_ESTATE", "estate", 'for example ["estate"]', id="a list that is none"),
    ],
)
def test_what_is_wrong_in_the_environment_is_told_as_that(
    home: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, why: str
) -> None:
    monkeypatch.setenv(variable, value)
    assert why in refused(home)
    assert FILE not in refused(home)


def test_values_are_never_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAVEGATE_KAFKA_PASSWORD", "hunter2")
    add(home, 'kafka_key_password = ["canary-secret"]', 'kafka_user = ["hunter3"]')
    told = refused(home)
    assert "kafka_key_password" in told
    for secret in ("hunter2", "canary-secret", "hunter3"):
        assert secret not in told


def test_secrets_are_not_shown(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAVEGATE_KAFKA_PASSWORD", "hunter2")
    settings = read_settings(home)
    assert "hunter2" not in repr(settings) + settings.model_dump_json()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        pytest.param(b"capacity = [\n", "cannot be read: Invalid value", id="no TOML"),
        pytest.param(b'log_name = "a"\nlog_name = "b"\n', "cannot be read: Cannot overwrite a value", id="twice"),
        pytest.param(b"\xff\xfe\n", "cannot be read: 'utf-8' codec", id="no UTF-8"),
        pytest.param(b"", "log_name: Field required", id="empty"),
    ],
)
def test_a_file_that_is_none(home: Path, content: bytes, why: str) -> None:
    (home / FILE).write_bytes(content)
    assert refused(home).startswith(f"{home / FILE}")
    assert why in refused(home)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    # A file that is there and whose reading fails, for root too.
    (tmp_path / FILE).symlink_to("/proc/self/mem")
    assert refused(tmp_path) == f"{tmp_path / FILE} cannot be read: [Errno 5] Input/output error"


def test_a_folder_without_an_installation(tmp_path: Path) -> None:
    assert refused(tmp_path) == (
        f"{tmp_path} has no {FILE}: make an installation with 'wavegate init {tmp_path}', or name its folder"
    )


class TestKafka:
    def test_everything_reaches_the_client(self, home: Path) -> None:
        add(
            home,
            'kafka_bootstrap = "b1:9093,b2:9093"',
            'kafka_prefix = "shop-"',
            'kafka_protocol = "SASL_SSL"',
            'kafka_mechanism = "SCRAM-SHA-512"',
            'kafka_user = "worker"',
            'kafka_password = "hunter2"',
            "session_s = 12.0",
        )
        found = kafka_settings(read_settings(home))
        assert isinstance(found, KafkaSettings)
        assert (found.bootstrap, found.prefix) == ("b1:9093,b2:9093", "shop-")
        assert (found.security.protocol, found.security.mechanism) == ("SASL_SSL", "SCRAM-SHA-512")
        assert (found.security.user, found.security.password) == ("worker", "hunter2")
        assert (found.terms.session, found.terms.margin) == (timedelta(seconds=12), timedelta(seconds=2))

    @pytest.mark.parametrize(
        "lines",
        [
            pytest.param(('kafka_protocol = "SASL_SSL"',), id="a login without a name"),
            pytest.param(('kafka_mechanism = "PLAIN"',), id="a mechanism without a login"),
        ],
    )
    def test_what_does_not_go_together_is_told(self, home: Path, lines: tuple[str, ...]) -> None:
        add(home, *lines)
        with pytest.raises(SettingsFileError, match="the settings for Kafka do not go together: "):
            kafka_settings(read_settings(home))


def test_an_embedded_log_is_made_once_and_found_again(tmp_path: Path) -> None:
    prepare(tmp_path, {})
    settings = read_settings(tmp_path)
    make_log(settings).close()
    open_log(settings).close()
    assert (tmp_path / "log").is_dir()
