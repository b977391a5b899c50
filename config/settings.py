"""Bootstrap settings from the environment and `.env`: secrets, addresses, pool sizes; a change needs a restart."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping  # noqa: TC003 - pydantic reads the annotations of this module
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from config.store_address import check_mongodb, check_redis
from core.errors import ConfigurationError

_ENV_FILE = Path(".env")
_SENTENCES = {"missing": "is missing", "zoneinfo_str": "is not the name of a time zone"}
_SECRETS = ("API_HASH", "BOT_TOKEN", "DATABASE_URI", "DATABASE_URIS", "REDIS_URI", "HTTP_TOKEN", "SENTRY_DSN")
_CHANNEL_NAME = re.compile(r"@?[A-Za-z][A-Za-z0-9_]{3,31}")


def _split(value: object) -> object:
    """Texts of several values are separated by commas or spaces."""
    return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value


def _split_uris(value: object) -> object:
    """Addresses are separated by spaces or commas; a comma within one separates the hosts of a replica set."""
    return tuple(re.split(r"[\s,]+(?=mongodb)", value.strip())) if isinstance(value, str) else value


def _matching(pattern: str, sentence: str) -> AfterValidator:
    compiled = re.compile(pattern)

    def check(value: SecretStr) -> SecretStr:
        if not compiled.fullmatch(value.get_secret_value()):
            raise ValueError(sentence)
        return value

    return AfterValidator(check)


def _readable_by(check: Callable[[str], None]) -> AfterValidator:
    def read(value: SecretStr) -> SecretStr:
        check(value.get_secret_value())
        return value

    return AfterValidator(read)


def _channel(value: object) -> object:
    text = str(value)
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    if _CHANNEL_NAME.fullmatch(text):
        return text.removeprefix("@")
    raise ValueError("every channel is an id such as -1001234567890 or a name such as @library")


def _address(value: object) -> object:
    if not isinstance(value, str):
        return value
    host, _, port = value.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise ValueError("an address and a port are expected")
    return host.strip("[]"), int(port)


def _networks(value: object) -> object:
    """Addresses and networks are separated by commas or spaces; an address is a network of one."""
    parts = _split(value)
    try:
        return tuple(ip_network(str(part)) for part in parts) if isinstance(parts, tuple) else parts
    except ValueError:
        raise ValueError("addresses or networks such as 10.0.0.2 or 10.0.0.0/29 are expected") from None


_DatabaseUri = Annotated[
    SecretStr,
    _matching(r"mongodb(\+srv)?://\S+", "an address that begins with mongodb:// is expected"),
    _readable_by(check_mongodb),
]
_DatabaseName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,38}$")]
_Channel = Annotated[int | str, BeforeValidator(_channel)]
_LaneSize = Annotated[int, Field(ge=1, le=1000)]


class ConcurrencyLimits(BaseModel):
    """How many tasks of each kind run at once; field names are the values of `ConcurrencyDomain`."""

    model_config = ConfigDict(frozen=True)

    telegram_send: _LaneSize = 10
    telegram_fetch: _LaneSize = 15
    database_write: _LaneSize = 20
    database_read: _LaneSize = 30
    file_processing: _LaneSize = 5
    broadcast: _LaneSize = 10
    indexing: _LaneSize = 8


class BootstrapSettings(BaseSettings):
    """What the process needs to start. Constructed directly it reads no environment; `load_settings` does.

    Each field carries its help (`description`) and an example of a good value.
    """

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", hide_input_in_errors=True, validate_by_name=True, validate_by_alias=True
    )

    api_id: int = Field(gt=0, description="Number of the application, from my.telegram.org.", examples=["1234567"])
    api_hash: Annotated[SecretStr, _matching(r"[0-9a-fA-F]{32}", "32 hexadecimal digits are expected")] = Field(
        description="Its secret.", examples=["0123456789abcdef0123456789abcdef"]
    )
    bot_token: Annotated[
        SecretStr, _matching(r"\d+:[\w-]{8,}", "a number, a colon and a secret are expected, as BotFather gives them")
    ] = Field(description="From BotFather.", examples=["123456789:AAE-your-own-token-from-BotFather"])
    session_file: Path = Field(
        default=Path("data/bot.session"),
        validation_alias="SESSION",
        description="Where the Telegram login is kept.",
        examples=["data/bot.session"],
    )

    database_uri: _DatabaseUri = Field(
        description="The primary database.", examples=["mongodb://127.0.0.1:27017/?replicaSet=rs0"]
    )
    database_name: _DatabaseName = Field(
        default="file_filter_bot", description="Its name.", examples=["file_filter_bot"]
    )
    database_uris: Annotated[tuple[_DatabaseUri, ...], NoDecode, BeforeValidator(_split_uris)] = Field(
        default=(),
        description="Further databases, for files only.",
        examples=["mongodb+srv://user:password@second.example.net mongodb://third.example.net"],
    )
    database_names: Annotated[tuple[_DatabaseName, ...], NoDecode, BeforeValidator(_split)] = Field(
        default=(),
        validate_default=True,
        description="Their names, one for each; none when all are called DATABASE_NAME.",
        examples=["file_filter_bot file_filter_bot"],
    )
    redis_uri: Annotated[
        SecretStr,
        _matching(r"(rediss?|unix)://\S+", "an address that begins with redis:// is expected"),
        _readable_by(check_redis),
    ] = Field(
        default=SecretStr("redis://127.0.0.1:6379/0"),
        description="Redis or Valkey, for caches, limits and questions.",
        examples=["redis://127.0.0.1:6379/0"],
    )

    admins: Annotated[tuple[int, ...], NoDecode, BeforeValidator(_split)] = Field(
        min_length=1, description="Telegram user ids; the first one is the owner.", examples=["123456789 987654321"]
    )
    channels: Annotated[tuple[_Channel, ...], NoDecode, BeforeValidator(_split)] = Field(
        default=(),
        description="Ids or names; they seed the index list at the first start only.",
        examples=["-1001234567890 @library"],
    )

    delete_channel: _Channel | None = Field(
        default=None,
        description="Id or name; a file that is posted there is deleted from the library.",
        examples=["-1009876543210"],
    )

    port: int = Field(
        default=8000, ge=0, le=65_535, description="Of the HTTP sidecar; 0: any that is free.", examples=["8000"]
    )
    http_host: str = Field(
        default="127.0.0.1", description="Address that the HTTP sidecar listens on.", examples=["127.0.0.1"]
    )
    http_token: Annotated[SecretStr, _matching(r"\S{16,}", "at least 16 characters are expected")] | None = Field(
        default=None,
        description="Shows details of the sidecar; without one nobody from outside sees them.",
        examples=["a-long-random-secret"],
    )
    http_trusted_proxies: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(_networks)] = (
        Field(
            default=(),
            description="Networks of proxies whose word the sidecar takes for whom they ask; nobody else's.",
            examples=["127.0.0.1 10.0.0.0/29"],
        )
    )
    time_zone: ZoneInfo = Field(
        default=ZoneInfo("UTC"), validation_alias="TZ", description="In which a day begins.", examples=["Europe/Berlin"]
    )
    telegram_datacenter: Annotated[tuple[str, int], NoDecode, BeforeValidator(_address)] | None = Field(
        default=None,
        description="Host and port of a data centre other than Telegram's own, for tests.",
        examples=["127.0.0.1:18443"],
    )
    telegram_datacenter_key: Path | None = Field(
        default=None,
        validate_default=True,
        description="File of its public key (PEM).",
        examples=["data/datacenter.pem"],
    )

    send_budget: bool = Field(
        default=True,
        description="Keep to the pace that Telegram demands of bots; off only with a data centre of one's own.",
        examples=["true"],
    )

    concurrency_telegram_send: _LaneSize = Field(default=10, description="Sends at once.", examples=["10"])
    concurrency_telegram_fetch: _LaneSize = Field(
        default=15, description="Reads from Telegram at once.", examples=["15"]
    )
    concurrency_database_write: _LaneSize = Field(
        default=20, description="Writes to databases at once.", examples=["20"]
    )
    concurrency_database_read: _LaneSize = Field(
        default=30, description="Reads from databases at once.", examples=["30"]
    )
    concurrency_file_processing: _LaneSize = Field(default=5, description="Files at once.", examples=["5"])
    concurrency_broadcast: _LaneSize = Field(default=10, description="Messages of broadcasts at once.", examples=["10"])
    concurrency_indexing: _LaneSize = Field(default=8, description="Batches of posts at once.", examples=["8"])

    shutdown_deadline_s: float = Field(
        default=4.0, gt=0, le=60, description="Everything is closed within so many seconds.", examples=["4"]
    )
    log_format: Literal["auto", "json", "console"] = Field(
        default="auto",
        description="Lines for machines or for people; auto: for people on a terminal.",
        examples=["auto"],
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least that is logged.", examples=["info"]
    )
    sentry_dsn: (
        Annotated[SecretStr, _matching(r"https?://\S+@\S+/\S+", "the address of a Sentry project is expected")] | None
    ) = Field(
        default=None,
        description="Where errors are reported, without anything that somebody wrote; needs the extra `sentry`.",
        examples=["https://key@sentry.example.net/1"],
    )

    @field_validator("telegram_datacenter_key")
    @classmethod
    def _belongs_to_a_datacenter(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if value is None and info.data.get("telegram_datacenter") is not None:
            raise ValueError("TELEGRAM_DATACENTER needs the file of its public key")
        if value is not None and not value.is_file():
            raise ValueError("there is no such file")
        return value

    @field_validator("send_budget")
    @classmethod
    def _spares_telegram(cls, value: bool, info: ValidationInfo) -> bool:  # noqa: FBT001 - pydantic hands it over
        if not value and info.data.get("telegram_datacenter") is None:
            raise ValueError("only a bot on a TELEGRAM_DATACENTER of its own may send without a budget")
        return value

    @field_validator("database_names")
    @classmethod
    def _tells_databases_apart(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        uris: tuple[SecretStr, ...] = info.data.get("database_uris", ())
        if value and len(value) != len(uris):
            raise ValueError(f"as many names as addresses in DATABASE_URIS are expected ({len(uris)}), or none")
        primary, name = info.data.get("database_uri"), info.data.get("database_name", "")
        places = [*zip(uris, value or (name,) * len(uris), strict=True), *([(primary, name)] if primary else [])]
        if len({(uri.get_secret_value().rstrip("/"), of) for uri, of in places}) < len(places):
            raise ValueError("two of the databases are one and the same; give each its own address or name")
        return value

    @property
    def databases(self) -> tuple[tuple[SecretStr, str], ...]:
        """Address and name of every database, the primary first."""
        names = self.database_names or (self.database_name,) * len(self.database_uris)
        return ((self.database_uri, self.database_name), *zip(self.database_uris, names, strict=True))

    @property
    def concurrency(self) -> ConcurrencyLimits:
        """The sizes of the seven lanes."""
        prefix = "concurrency_"
        return ConcurrencyLimits(**{name: getattr(self, prefix + name) for name in ConcurrencyLimits.model_fields})

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values that no log line, answer or message may contain: every setting that is declared a secret."""
        given = (getattr(self, name) for name in type(self).model_fields)
        secrets = (part for value in given for part in (value if isinstance(value, tuple) else (value,)))
        return tuple(secret.get_secret_value() for secret in secrets if isinstance(secret, SecretStr))

    @classmethod
    def variables(cls) -> dict[str, str]:
        """Every environment variable with an example of a good value."""
        return {_variable(name): str((field.examples or [""])[0]) for name, field in cls.model_fields.items()}

    @classmethod
    def settings_customise_sources(  # noqa: D102 - pydantic-settings' own hook
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


def read_environment(environ: Mapping[str, str] | None = None, env_file: Path | None = _ENV_FILE) -> dict[str, str]:
    """All variables by upper-case name: those of the file, overruled by the process environment; empty ones left out.

    A secret may be in a file of its own, which its name with `_FILE` names; given both ways, the file is not read.

    Args:
        environ: None for the environment of the process.
        env_file: read when it exists; None for no file.

    Raises:
        ConfigurationError: the file of a secret cannot be read.
    """
    source = os.environ if environ is None else environ
    from_file = DotEnvSettingsSource(BootstrapSettings, env_file=env_file).env_vars
    pairs = ((name, value) for values in (from_file, source) for name, value in values.items() if value)
    given = {name.upper(): value.strip() for name, value in pairs if value.strip()}
    return given | {name: secret for name in _SECRETS if name not in given and (secret := _read_secret(name, given))}


def _read_secret(name: str, given: Mapping[str, str]) -> str:
    variable = f"{name}_FILE"
    if variable not in given:
        return ""
    try:
        return Path(given[variable]).read_text("utf-8").strip()
    except (OSError, ValueError):
        raise ConfigurationError(
            f"the settings cannot be used:\n  {variable}: there is no such file that can be read; "
            f"for example {variable}=/run/secrets/{name.lower()}"
        ) from None


def load_settings(environ: Mapping[str, str] | None = None, env_file: Path | None = _ENV_FILE) -> BootstrapSettings:
    """Read and check the settings.

    Raises:
        ConfigurationError: names every variable that is missing or wrong, what is wrong with it and an example;
            never a value that was given.
    """
    given = read_environment(environ, env_file)
    by_field = {name: given[_variable(name)] for name in BootstrapSettings.model_fields if _variable(name) in given}
    try:
        return BootstrapSettings.model_validate(by_field)
    except ValidationError as error:
        raise ConfigurationError(_complaint(error)) from None


def _complaint(error: ValidationError) -> str:
    """One line for every variable that is wrong, in the order of the declaration."""
    problems: dict[str, str] = {}
    for problem in error.errors(include_input=False, include_url=False, include_context=False):
        sentence = _SENTENCES.get(problem["type"], problem["msg"].removeprefix("Value error, "))
        problems.setdefault(_variable(str(problem["loc"][0])), sentence)
    examples = BootstrapSettings.variables()
    lines = [f"  {name}: {sentence}; for example {name}={examples[name]}" for name, sentence in problems.items()]
    return "\n".join(("the settings cannot be used:", *lines))


def _variable(field_name: str) -> str:
    field = BootstrapSettings.model_fields.get(field_name)
    alias = None if field is None else field.validation_alias  # errors already carry the alias
    return alias if isinstance(alias, str) else field_name.upper()
