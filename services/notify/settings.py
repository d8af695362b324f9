"""What notify takes from its environment, and nothing else does."""

from pydantic import Field

from shared import program
from shared.access import ChannelFile
from shared.key_service import MasterKeyFile
from shared.sealing import Algorithm


class Settings(program.Settings):
    """What every service takes, who may ask, the master keys, and the SMS provider.

    `sms_callback` is where the provider reports deliveries, this process itself unless set; `sms_timeout`
    in seconds is how long one answer of the provider is awaited.
    """

    channels: ChannelFile
    master_keys: MasterKeyFile
    sealing: Algorithm = Algorithm.A256GCM
    oidc_issuer: str
    oidc_audience: str
    sms_url: str = Field(pattern=r"^https?://")
    sms_secret: str = Field(min_length=16)
    sms_callback: str | None = Field(default=None, pattern=r"^https?://")
    sms_timeout: float = Field(default=8.0, gt=0, le=60)

    @property
    def callback(self) -> str:
        """The address of the receipts route as the provider reaches it."""
        return self.sms_callback or f"http://{self.http_host}:{self.http_port}/api/notify/sms/receipts"
