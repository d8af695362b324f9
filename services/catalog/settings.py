"""What catalog takes from its environment, and nothing else does."""

from shared import program


class Settings(program.Settings):
    """What every service takes, and who vouches for staff."""

    oidc_issuer: str
    oidc_audience: str
