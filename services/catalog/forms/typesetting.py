"""Sets the blank form on two A4 pages: a version gives the same bytes whenever and wherever it is made."""

import json
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from services.catalog.forms.wording import Words, form_words
from shared.contracts.policies import RegionPolicy
from shared.errors import Unavailable, Unreadable

if TYPE_CHECKING:
    from typst import Fonts

SIZES = (9.5, 8.5, 7.5)
"""Of the letters, in points; the largest that leaves room enough to write on two pages is taken."""

FAMILIES = {"Noto Sans SC", "Noto Serif SC"}
ACCESSIBLE: Final = "ua-1"
TOO_LONG = "the form does not fit on two pages"
"""What form.typ says, too."""


def blank_form(policy: RegionPolicy) -> bytes:
    """Make the blank form of a region as an accessible PDF (PDF/UA-1) without a date.

    It takes about 20 ms of processor time: call it in a thread. Raises Unreadable when the policy says more
    than two pages hold or has a letter that no font has, Unavailable when the fonts are not installed.
    """
    words = form_words(policy)
    for size in SIZES:
        made = _typeset(words | {"size": size})
        if made is not None:
            return made
    raise Unreadable("form-too-long", f"the policy of {policy.region}: {TOO_LONG}")


def faults(policy: RegionPolicy) -> list[str]:
    """Tell why the form of a policy cannot be made; nothing if it can."""
    try:
        blank_form(policy)
    except Unreadable as error:
        return [f"the blank form: {error.detail}"]
    return []


def _typeset(words: Words) -> bytes | None:
    """Typeset once; None if the letters are too large for two pages."""
    import typst  # large, and the command line does without

    # The words come in as data. A compiler is for one thread at a time, so each call has its own.
    compiler = typst.Compiler(_template(), font_paths=_fonts())
    try:
        made = compiler.compile(
            format="pdf", sys_inputs={"form": json.dumps(words, ensure_ascii=False)}, pdf_standards=ACCESSIBLE
        )
    except typst.TypstError as error:
        if TOO_LONG in error.message:
            return None
        raise Unreadable("form-unreadable", error.message) from None
    if not isinstance(made, bytes):
        raise TypeError("a PDF is one file")
    return made


@cache
def _template() -> bytes:
    return files(__package__).joinpath("form.typ").read_bytes()


@cache
def _fonts() -> "Fonts":
    """Find the Chinese fonts of the package, never the machine's own: they would change the bytes."""
    import pylopdf_fonts_zh_cn
    import typst

    folder = pylopdf_fonts_zh_cn.sans_path().parent
    found = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder])
    if not set(found.families()) >= FAMILIES:
        raise Unavailable("fonts-missing", "the Chinese fonts of the form are not installed")
    return found
