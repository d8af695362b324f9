"""`python -m services.review serve|migrate`; exit code 2 and one sentence when it cannot start."""

import sys

from services.review.app import PROGRAM
from shared.program import main

if __name__ == "__main__":
    sys.exit(main(PROGRAM))
