"""`python -m services.catalog serve|migrate|check`; exit code 2 and one sentence when it cannot start."""

import sys

from services.catalog.app import PROGRAM
from shared.program import main

if __name__ == "__main__":
    sys.exit(main(PROGRAM))
