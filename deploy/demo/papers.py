"""Papers of made-up persons as real files: PDF, and photographs of a printed page as a phone takes them."""

from __future__ import annotations

import io
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal

import pylopdf_fonts_zh_cn as fonts
import typst
from PIL import Image, ImageChops

TEMPLATE = Path(__file__).with_name("paper.typ")
PHOTO_PPI = 110
TABLE_COLOUR = (96, 78, 62)
JPEG_QUALITY = 80
NOISE = 8
"""How far the sensor's noise strays, in steps of 256."""


@dataclass(frozen=True, slots=True)
class Paper:
    """What stands on a paper and what the channel says about it; a card is a small one without a stamp.

    `issuer_level` is the level of the hospital, 1 to 3; a paper without an issuer is the applicant's own.
    """

    kind: str
    title: str
    fields: Sequence[tuple[str, str]]
    paragraphs: Sequence[str] = ()
    issuer: str | None = None
    issuer_level: int | None = None
    issued_on: date | None = None
    signature: str = ""
    stamped: bool = False
    shape: Literal["page", "card"] = "page"
    photographed: bool = True


@dataclass(frozen=True, slots=True)
class File:
    """A paper as it is uploaded."""

    content: bytes
    content_type: Literal["application/pdf", "image/jpeg"]


def draw_up(paper: Paper) -> File:
    """Make the file of a paper: typeset, and photographed if it says so."""
    words = {"paper": _words(paper)}
    if not paper.photographed:
        return File(_typeset(words, "pdf", None), "application/pdf")
    page = Image.open(io.BytesIO(_typeset(words, "png", PHOTO_PPI))).convert("RGB")
    return File(photograph(page, zlib.crc32(words["paper"].encode())), "image/jpeg")


def photograph(page: Image.Image, seed: int) -> bytes:
    """Photograph a page that lies on a table: turned a little, lit from one side, grainy (JPEG)."""
    turn = (seed % 41 - 20) / 10 or 0.7
    table = Image.new("RGB", (int(page.width * 1.12), int(page.height * 1.1)), TABLE_COLOUR)
    table.paste(page, ((table.width - page.width) // 2, (table.height - page.height) // 2))
    turned = table.rotate(turn, Image.Resampling.BILINEAR, fillcolor=TABLE_COLOUR)
    lit = ImageChops.multiply(turned, _light(turned.size, seed))
    grain = Image.effect_noise((lit.width // 2, lit.height // 2), NOISE).resize(lit.size).convert("RGB")
    photo = ImageChops.add(lit, grain, scale=1, offset=-128)
    file = io.BytesIO()
    photo.save(file, "JPEG", quality=JPEG_QUALITY, dpi=(PHOTO_PPI, PHOTO_PPI))
    return file.getvalue()


def _light(size: tuple[int, int], seed: int) -> Image.Image:
    """A falling light from one of four sides, never darker than about two thirds."""
    fall = Image.linear_gradient("L").rotate(90 * (seed % 4)).resize(size)
    return fall.point([170 + step // 3 for step in range(256)]).convert("RGB")


def _words(paper: Paper) -> str:
    words = {
        "title": paper.title,
        "shape": paper.shape,
        "fields": list(paper.fields),
        "paragraphs": list(paper.paragraphs),
        "issuer": paper.issuer or "",
        "signature": paper.signature,
        "date": f"{paper.issued_on:%Y年%m月%d日}" if paper.issued_on else "",
        "stamp": (paper.issuer or "") if paper.stamped else "",
    }
    return json.dumps(words, ensure_ascii=False)


def _typeset(words: dict[str, str], form: Literal["pdf", "png"], ppi: float | None) -> bytes:
    # A compiler is for one thread at a time, and several people upload at once.
    compiler = typst.Compiler(TEMPLATE, font_paths=_fonts())
    made = compiler.compile(format=form, ppi=ppi, sys_inputs=words)
    if not isinstance(made, bytes):
        raise TypeError("a paper has one page")
    return made


@cache
def _fonts() -> typst.Fonts:
    folder = fonts.sans_path().parent
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder])
