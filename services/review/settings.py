"""What review takes from its environment, and nothing else does."""

from shared import program
from shared.key_service import MasterKeyFile
from shared.sealing import Algorithm


class Settings(program.Settings):
    """What every service takes, who vouches for staff, and what opens the data keys of persons."""

    oidc_issuer: str
    oidc_audience: str
    master_keys: MasterKeyFile
    sealing: Algorithm = Algorithm.A256GCM
