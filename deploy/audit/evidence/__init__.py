"""Evidence of one application for people outside: what it consists of, and the script that checks it."""
