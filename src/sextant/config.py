"""Settings, from SEXTANT_* in the environment. Any secret may come from a file: SEXTANT_SECRET_KEY_FILE."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from sextant.errors import SetupError
from sextant.platforms.base import App, Platform

SECRET_KEY_HINT = (
    "Set SEXTANT_SECRET_KEY (or SEXTANT_SECRET_KEY_FILE) to a long random text, for example the output of "
    "'openssl rand -base64 32', and keep it: the tokens of connected accounts are sealed with it."
)


class Settings(BaseSettings):
    """Everything an operator can set, but for the platform apps (see `app_for`)."""

    model_config = SettingsConfigDict(env_prefix="SEXTANT_", extra="ignore")

    data_dir: Path = Field(
        Path("data"), description="Where the SQLite file, media in transit and sandbox state live."
    )
    database_url: str = Field(
        "",
        description="sqlite:///path or postgresql://…; default: sextant.sqlite in the data directory.",
        repr=False,
    )
    secret_key: str = Field(
        "", description="Seals the tokens of connected accounts. At least 16 characters.", repr=False
    )
    public_url: str = Field(
        "", description="The address people and networks reach this server at; default http://HOST:PORT."
    )
    sandbox_api_key: str = Field(
        "",
        description="The API key of the sandbox organization (mk_…); made and printed when empty.",
        repr=False,
    )
    sandbox_url: str = Field(
        "", description="The address of a running 'sextant sandbox', used by --sandbox in place of its own."
    )
    read_deadline_s: float = Field(
        10.0, gt=0, description="How long a first read waits for the networks, in seconds."
    )
    publish_wait_s: float = Field(
        5.0, ge=0, description="How long POST /social/post waits for quick networks, in seconds."
    )
    preflight_wait_s: float = Field(
        20.0,
        ge=0,
        description="How long POST /social/post waits for media and accounts when it checks a post, in "
        "seconds; media that take longer are checked before sending.",
    )
    late_limit_s: float = Field(
        21_600.0,
        gt=0,
        description="A scheduled post that is later than this, in seconds, is not sent but reported.",
    )
    metrics_address: str = Field(
        "", description="HOST:PORT on which a worker without an API answers /metrics, /healthz and /readyz."
    )
    collect: bool = Field(
        True, description="Whether a worker reads posts by plan; without, they are read when asked for."
    )
    media_max_bytes: int = Field(4 << 30, gt=0, description="Largest medium that is fetched, in bytes.")
    rate_limit_per_minute: int = Field(
        0, ge=0, description="Requests per minute and API key; 0 means no limit."
    )
    max_body_bytes: int = Field(
        1_000_000, gt=0, description="Largest request body accepted, in bytes (413 above)."
    )
    ledger_days: int = Field(
        30, ge=1, le=3650, description="How long the ledger of requests to networks is kept, in days."
    )

    @field_validator("database_url")
    @classmethod
    def known_database(cls, value: str) -> str:
        if value and not value.startswith(("sqlite:///", "postgresql://")):
            raise ValueError("it has to start with sqlite:/// or postgresql://")
        return value

    @field_validator("metrics_address")
    @classmethod
    def host_and_port(cls, value: str) -> str:
        host, _, port = value.rpartition(":")
        if value and not (host and port.isascii() and port.isdecimal() and int(port) < 65536):
            raise ValueError("it has to be HOST:PORT, for example 127.0.0.1:9400")
        return value

    @field_validator("sandbox_url")
    @classmethod
    def an_address(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("it has to start with http:// or https://")
        return value.rstrip("/")

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{(self.data_dir / 'sextant.sqlite').absolute()}"


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process; raises SetupError with a sentence that names the variable."""
    environ = os.environ if environ is None else environ
    values = {name: found for name in Settings.model_fields if (found := read(environ, name))}
    try:
        return Settings(**values)  # type: ignore[arg-type]
    except ValidationError as error:
        raise SetupError(" ".join(map(_sentence, error.errors()))) from None


def _sentence(fault: Mapping[str, Any]) -> str:
    """A fault as pydantic describes it, without the value: it may hold a password."""
    return f"SEXTANT_{str(fault['loc'][0]).upper()} is wrong: {fault['msg'].removeprefix('Value error, ')}."


def read(environ: Mapping[str, str], name: str) -> str:
    """SEXTANT_<NAME>, or the content of the file that SEXTANT_<NAME>_FILE names."""
    variable = f"SEXTANT_{name.upper()}"
    if environ.get(variable):
        return environ[variable]
    path = environ.get(f"{variable}_FILE")
    if not path:
        return ""
    try:
        return Path(path).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        raise SetupError(f"{variable}_FILE names a file that cannot be read: {why}.") from None


def app_for(platform: Platform, environ: Mapping[str, str] | None = None) -> App | None:
    """The operator's app at a network, or None when nothing is set; half of it is a SetupError."""
    environ = os.environ if environ is None else environ
    name = platform.name.upper()
    client_id, secret = read(environ, f"{name}_CLIENT_ID"), read(environ, f"{name}_CLIENT_SECRET")
    if not client_id and not secret:
        return None
    if not client_id or not secret:
        lacking = "CLIENT_SECRET" if client_id else "CLIENT_ID"
        raise SetupError(f"Set SEXTANT_{name}_{lacking}: the app at {platform.title} is only half set up.")
    version = read(environ, f"{name}_API_VERSION") or platform.api_version
    return App(client_id, secret, login_of(platform, environ), version)


def login_of(platform: Platform, environ: Mapping[str, str]) -> str:
    """The operator's choice among the platform's logins, else the first."""
    variable = f"{platform.name.upper()}_LOGIN"
    login = read(environ, variable) or next(iter(platform.logins))
    if login not in platform.logins:
        known = ", ".join(platform.logins)
        raise SetupError(f"SEXTANT_{variable} is {login!r}; it has to be one of: {known}.")
    return login


def apps_for(platforms: Mapping[str, Platform], environ: Mapping[str, str] | None = None) -> dict[str, App]:
    """All apps that are set up; raises SetupError when there is none at all."""
    found = {name: app for name, p in platforms.items() if (app := app_for(p, environ)) is not None}
    if not found:
        pairs = ", ".join(f"SEXTANT_{name.upper()}_CLIENT_ID" for name in platforms)
        raise SetupError(
            "No platform app is set up. Set the client id and secret of at least one: "
            f"{pairs}, each with its _CLIENT_SECRET; or try the simulated networks with --sandbox."
        )
    return found


def missing_app(platform: Platform) -> str:
    """What to tell somebody who wants a network that is not set up."""
    name = f"SEXTANT_{platform.name.upper()}"
    return f"{platform.title} is not set up here: set {name}_CLIENT_ID and {name}_CLIENT_SECRET and restart."


def require_secret_key(settings: Settings) -> str:
    if len(settings.secret_key) < 16:
        raise SetupError(SECRET_KEY_HINT)
    return settings.secret_key
