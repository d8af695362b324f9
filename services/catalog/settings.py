"""What catalog takes from its environment: what every service takes, and nothing else."""

from shared import program


class Settings(program.Settings):
    """The environment of catalog."""
