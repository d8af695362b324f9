"""The standards of Jiangxi answer the vectors that stand beside them."""

import pytest

from shared.contracts.evidence import Evidence, EvidencePaper, Fulfilment
from shared.recognition import failure_of, judge
from shared.recognition.wording import KINDS
from tests.support.provinces import standards_of, vectors_of

STANDARDS = {standard.code: standard for standard in standards_of("jiangxi")}
VECTORS = vectors_of("jiangxi")
CODES = sorted(STANDARDS)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: f"{v.recognition} {v.expect} {v.why}")
def test_a_standard_answers_its_vector(vector):
    assert failure_of(vector, STANDARDS.values()) is None


def test_each_basic_disease_has_a_vector_that_is_met_and_one_that_is_not():
    answers = {code: {v.expect for v in VECTORS if v.recognition == code} for code in CODES[:35]}
    assert all(Fulfilment.MET in expected and len(expected) > 1 for expected in answers.values())


def test_no_vector_stands_twice():
    assert len({v.model_dump_json(exclude={"why"}) for v in VECTORS}) == len(VECTORS)


@pytest.mark.parametrize("code", CODES)
def test_a_paper_of_a_village_clinic_recognises_nothing(code):
    papers = [EvidencePaper(kind=kind, issuer_level=1) for kind in KINDS]
    shown = Evidence(applied_on=VECTORS[0].evidence.applied_on, papers=papers)
    assert judge(STANDARDS[code].tree.v, shown).fulfilment is not Fulfilment.MET
