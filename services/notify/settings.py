"""What notify takes from its environment, and nothing else does."""

from pathlib import Path

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.access import Channels

PREFIX = "MENTE_"


class Settings(BaseSettings):
    """One frozen object; every name has the prefix MENTE_ in the environment, nothing secret has a default.

    `sms_callback` is where the provider reports deliveries, this process itself unless set; `sms_timeout`
    in seconds is how long one answer of the provider is awaited.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True)

    database_url: str
    kafka: str
    http_host: str = "127.0.0.1"
    http_port: int = Field(ge=1, le=65535)
    channels: Path
    oidc_issuer: str
    oidc_audience: str
    sms_url: str = Field(pattern=r"^https?://")
    sms_secret: str = Field(min_length=16)
    sms_callback: str | None = Field(default=None, pattern=r"^https?://")
    sms_timeout: float = Field(default=8.0, gt=0, le=60)
    otlp_endpoint: str | None = None
    log_level: str = "INFO"

    @property
    def callback(self) -> str:
        """The address of the receipts route as the provider reaches it."""
        return self.sms_callback or f"http://{self.http_host}:{self.http_port}/api/notify/sms/receipts"

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
        raise SettingsIncomplete(f"notify needs usable {', '.join(wrong)} in its environment") from None
