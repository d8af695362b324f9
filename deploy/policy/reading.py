"""Policy files that somebody names on the command line; what is wrong with them ends the command in words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.staff_calls import stop

if TYPE_CHECKING:
    from services.catalog.domain.sheets import Sheet


def read(paths: Sequence[Path]) -> list[Sheet]:
    """Read files and the files of folders, lower layers first."""
    from deploy.policy.files import read_files
    from shared.errors import Unreadable

    try:
        return read_files(paths)
    except Unreadable as error:
        stop("\n".join(error.detail.split("; ")))
    except UnicodeDecodeError:
        stop("A file is not UTF-8 text.")
    except OSError as error:
        stop(f"{error.filename} cannot be read: {error.strerror}.")
