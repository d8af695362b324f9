"""Applications of made-up persons that travel through a running stack by its public doors alone."""

from deploy.demo.counted import run_many
from deploy.demo.running import run
from deploy.demo.stories import STORIES

__all__ = ["STORIES", "run", "run_many"]
