"""Become a server that dies with its supervisor.

Run as `python -I -S launch.py PARENT SIGNAL mapped|plain COMMAND…`. The process keeps its number through
`exec`, so whoever started it can signal and wait for the server itself. Doing this here instead of in a
`preexec_fn` keeps a fork of a program with many threads from running Python code.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1
CLONE_NEWUSER = 0x10000000
NOBODY = 65534


def main(arguments: list[str]) -> None:
    """Ask the kernel for a signal at the parent's death, then turn into the command; exit 1 when orphaned."""
    parent, signal_number, identity, *command = arguments
    libc = ctypes.CDLL(None, use_errno=True)
    if identity == "mapped":
        _look_like_nobody(libc)
    # After the namespace: a change of credentials clears the parent-death signal.
    if libc.prctl(PR_SET_PDEATHSIG, int(signal_number), 0, 0, 0) != 0:
        sys.exit("the kernel refused to tie this process to its supervisor")
    if os.getppid() != int(parent):
        sys.exit(1)
    os.execv(command[0], command)  # noqa: S606


def _look_like_nobody(libc: ctypes.CDLL) -> None:
    """Enter a user namespace where this user is called nobody: PostgreSQL refuses root and the nameless."""
    user, group = os.geteuid(), os.getegid()
    if libc.unshare(CLONE_NEWUSER) != 0:
        sys.exit(
            "PostgreSQL refuses this user and user namespaces are closed here: start as an ordinary user"
        )
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{NOBODY} {user} 1"),
        ("gid_map", f"{NOBODY} {group} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:  # noqa: PTH123
            file.write(text)


if __name__ == "__main__":
    main(sys.argv[1:])
