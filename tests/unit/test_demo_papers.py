"""The persons and papers of the demonstration: usable everywhere, and nobody's."""

import io
import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date

from PIL import Image

from deploy.demo import dossiers
from deploy.demo.papers import TABLE_COLOUR, Paper, draw_up
from deploy.demo.persons import a_figure
from services.intake.domain.identity import id_number_fault, is_mobile_number
from services.intake.domain.papers import content_type_of
from services.intake.domain.validating import MINOR_UNDER, is_minor

TODAY = date(2026, 11, 22)
FIGURE = a_figure(lambda _: 0, 1234)


def test_a_made_up_person_is_a_valid_adult_of_a_region_that_does_not_exist() -> None:
    for _ in range(200):
        figure = a_figure(secrets.randbelow)
        assert figure.id_number.startswith("99")
        assert id_number_fault("01", figure.id_number, TODAY) is None
        assert not is_minor(figure.as_applicant(), TODAY), f"younger than {MINOR_UNDER}"
        assert is_mobile_number(figure.phone)
        assert figure.phone.startswith("1990000")


def test_the_phone_may_be_chosen_by_its_ending() -> None:
    assert a_figure(secrets.randbelow, 12_345).phone == "19900002345"


def test_a_photograph_shows_a_turned_page_on_a_table() -> None:
    file = draw_up(dossiers.diagnosis(FIGURE, TODAY))

    assert file.content_type == content_type_of(file.content) == "image/jpeg"
    photo = Image.open(io.BytesIO(file.content))
    assert photo.width > 800
    corner, middle = photo.getpixel((4, 4)), photo.getpixel((photo.width // 2, photo.height // 2))
    assert isinstance(corner, tuple)
    assert isinstance(middle, tuple)
    assert sum(corner) < sum(TABLE_COLOUR) + 60 < sum(middle)


def test_a_pdf_carries_its_chinese_letters_with_it() -> None:
    file = draw_up(dossiers.outpatient_record(FIGURE, TODAY))

    assert file.content_type == content_type_of(file.content) == "application/pdf"
    assert b"NotoSansSC" in file.content


def test_every_paper_of_the_stories_is_one_page_of_a_bearable_size() -> None:
    papers = [
        *dossiers.panzhihua_papers(FIGURE, TODAY, 30),
        *dossiers.shangrao_papers(FIGURE, TODAY),
        dossiers.opinion_page(FIGURE, TODAY),
    ]

    files = [draw_up(paper) for paper in papers]

    assert {file.content_type for file in files} == {"application/pdf", "image/jpeg"}
    assert all(2_000 < len(file.content) < 1_000_000 for file in files)


def test_another_stamp_makes_another_paper() -> None:
    paper = dossiers.outpatient_record(FIGURE, TODAY)

    assert draw_up(paper).content != draw_up(replace(paper, stamped=False)).content


def test_several_people_have_their_papers_drawn_up_at_once():
    papers = [Paper("test_report", "检查报告", (("姓名", f"测试员{n}"),)) for n in range(16)]
    with ThreadPoolExecutor(8) as threads:
        drawn = list(threads.map(draw_up, papers))
    assert len({file.content for file in drawn}) == 16
