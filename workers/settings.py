"""The settings of an installation: a TOML file in its folder, and the environment over it (``WAVEGATE_…``)."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource
from pydantic_settings.exceptions import SettingsError

from inventory.problems import Suggester

FILE = "wavegate.toml"

_PREFIX = "WAVEGATE_"
_SQLITE = "sqlite:///"


class SettingsFileError(Exception):
    """The settings cannot be used."""


class Settings(BaseSettings):
    """An installation. Paths that are not absolute are below ``home``.

    ``log_name`` pins the log by the digest of its root key: whoever else founds one cannot take its place. ``data_key``
    is a file with the 32 bytes that encrypt configurations and key their digests; all workers share it.
    """

    model_config = SettingsConfigDict(env_prefix=_PREFIX, extra="forbid", frozen=True)

    home: Path
    log_name: str = Field(pattern=r"^log-[0-9a-f]{32}$")
    log: Literal["sqlite", "kafka"] = "sqlite"
    log_folder: Path = Path("log")
    kafka_bootstrap: str = "127.0.0.1:9092"
    kafka_prefix: str = ""
    kafka_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    kafka_ca_file: Path | None = None
    kafka_certificate_file: Path | None = None
    kafka_key_file: Path | None = None
    kafka_key_password: SecretStr | None = None
    kafka_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "GSSAPI"] | None = None
    kafka_user: str | None = None
    kafka_password: SecretStr | None = None
    # A lease is renewed every second: a shorter session would end between two renewals.
    session_s: float = Field(default=6.0, ge=2.0, le=300.0)
    blobs: Path = Path("blobs")
    data_key: Path = Path("keys/data.key")
    coordinator_key: Path = Path("keys/coordinator.pem")
    estate: tuple[Path, ...] = (Path("estate"),)
    tasks: Path = Path("tasks")
    cache: Path = Path("cache")
    views: str = "sqlite:///views.db"
    capacity: int = Field(default=200, ge=1, le=5_000)
    drain_s: float = Field(default=120.0, ge=0.0)
    connect_s: float = Field(default=15.0, gt=0.0)
    answer_s: float = Field(default=30.0, gt=0.0)
    listen: str = "127.0.0.1"
    metrics_port: int = Field(default=0, ge=0, le=65535)
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("views")
    @classmethod
    def _is_embedded(cls, url: str) -> str:
        if not url.removeprefix(_SQLITE) or not url.startswith(_SQLITE):
            raise ValueError(f"views are kept in SQLite: write {_SQLITE} and the path of a file")
        return url

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic's
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic's
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is given outright, then the environment, then the file."""
        given: dict[str, Any] = getattr(init_settings, "init_kwargs", {})
        file = Path(given["home"]) / FILE if "home" in given else None
        return (init_settings, env_settings, TomlConfigSettingsSource(settings_cls, file))

    def path(self, path: Path) -> Path:
        """A path as it is meant: below the home where it is not absolute."""
        return path if path.is_absolute() else self.home / path

    @property
    def views_url(self) -> str:
        """The views' SQLAlchemy URL, with a relative SQLite file below the home."""
        return f"{_SQLITE}{self.path(Path(self.views.removeprefix(_SQLITE)))}"

    @property
    def session(self) -> timedelta:
        """After this long without a word from a process its work goes to others."""
        return timedelta(seconds=self.session_s)


def read_settings(home: Path, **given: Any) -> Settings:  # noqa: ANN401 - any of the settings
    """The settings of the installation in a folder.

    Raises:
        SettingsFileError: there is none, or something in it is wrong; says what and where.
    """
    file = home / FILE
    if not file.is_file():
        raise SettingsFileError(
            f"{home} has no {FILE}: make an installation with 'wavegate init {home}', or name its folder"
        )
    try:
        return Settings(home=home.resolve(), **given)
    except ValidationError as error:
        raise SettingsFileError("; ".join(_told(file, problem) for problem in error.errors())) from error
    except SettingsError as error:
        raise SettingsFileError(
            f'a {_PREFIX}… variable of the environment: {error}; lists are written as JSON, for example ["estate"]'
        ) from error
    except (ValueError, OSError) as error:
        raise SettingsFileError(f"{file} cannot be read: {error}") from error


def _told(file: Path, problem: ErrorDetails) -> str:
    """What does not fit, and where it was set; never the value, which may be a secret.

    The name of a setting that does not exist is told: whoever reads this wrote it.
    """
    name = str(problem["loc"][0])
    if problem["type"] == "extra_forbidden":
        hint = Suggester().hint(name, Settings.model_fields)
        return f"{file}: there is no setting {name!r}" + (f"; {hint}" if hint else "")
    variable = f"{_PREFIX}{name}".upper()
    place = f"{variable} in the environment" if variable in os.environ else f"{file}: {name}"
    return f"{place}: {problem['msg'].removeprefix('Value error, ')}"
