"""Every SQL statement of notify, each above the one function that runs it."""
