"""Every SQL statement of intake, each above the one function that runs it."""
