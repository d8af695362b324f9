"""What review takes from its environment, and nothing else does."""

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "MENTE_"


class Settings(BaseSettings):
    """One frozen object; every name has the prefix MENTE_ in the environment."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True)

    database_url: str
    kafka: str
    http_host: str = "127.0.0.1"
    http_port: int
    oidc_issuer: str
    oidc_audience: str
    otlp_endpoint: str | None = None
    log_level: str = "INFO"


class SettingsIncomplete(Exception):
    """A setting is missing or not usable; the text names each."""


def read_settings() -> Settings:
    """Read the environment; SettingsIncomplete with one sentence that names what is missing or wrong."""
    try:
        return Settings()
    except ValidationError as error:
        wrong = sorted({f"{PREFIX}{str(e['loc'][0]).upper()}" for e in error.errors()})
        raise SettingsIncomplete(f"review needs {', '.join(wrong)} in its environment") from None
