"""What intake takes from its environment, and nothing else does."""

from typing import Annotated

from pydantic import StringConstraints

from shared import program
from shared.access import ChannelFile
from shared.key_service import MasterKeyFile
from shared.sealed_submissions import SubmissionKeyFile
from shared.sealing import Algorithm


class Settings(program.Settings):
    """What every service takes, where files and nonces are kept, who channels and staff are."""

    redis_url: str
    object_store: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+:")]
    channels: ChannelFile
    oidc_issuer: str
    oidc_audience: str
    lookup_key: Annotated[str, StringConstraints(pattern=r"^[0-9a-fA-F]{64}$")]
    master_keys: MasterKeyFile
    submission_keys: SubmissionKeyFile
    sealing: Algorithm = Algorithm.A256GCM
