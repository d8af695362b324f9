"""What intake takes from its environment, and nothing else does."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.access import Channels

PREFIX = "MENTE_"


class Settings(BaseSettings):
    """One frozen object; nothing secret and nothing outside the process has a default."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True)

    database_url: str
    kafka: str
    http_host: str = "127.0.0.1"
    http_port: int = Field(ge=1, le=65535)
    redis_url: str
    object_store: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+:")]
    channels: Path
    lookup_key: Annotated[str, StringConstraints(pattern=r"^[0-9a-fA-F]{64}$")]
    otlp_endpoint: str | None = None
    log_level: str = "INFO"

    @field_validator("channels")
    @classmethod
    def _is_a_channel_file(cls, path: Path) -> Path:
        Channels.load(path)
        return path


class SettingsIncomplete(Exception):
    """A setting is missing or not usable; the text names each."""


def read_settings() -> Settings:
    """Read the environment; SettingsIncomplete with one sentence that names what is missing or wrong."""
    try:
        return Settings()
    except ValidationError as error:
        wrong = sorted({f"{PREFIX}{str(e['loc'][0]).upper()}" for e in error.errors(include_input=False)})
        raise SettingsIncomplete(f"intake needs usable {', '.join(wrong)} in its environment") from None
