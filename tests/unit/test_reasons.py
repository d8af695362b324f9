"""A reason that is kept for ever holds no number of a person, and nothing that it is to show."""

import pytest

from shared.errors import Refused
from shared.reasons import require_nameless

ID_NUMBER, PHONE = "510402197111110078", "13912345678"


@pytest.mark.parametrize(
    "reason",
    [
        f"证件{ID_NUMBER}核对",
        "证件51040219711111007X核对",
        f"to call {PHONE}",
        f"电话{PHONE[:3]}-{PHONE[3:7]} {PHONE[7:]}",
        "电话１３９１２３４５６７８",
        f"证件{ID_NUMBER[:6]} {ID_NUMBER[6:14]} {ID_NUMBER[14:]}",
    ],
)
def test_a_number_of_a_person_is_refused_however_it_is_parted(reason):
    with pytest.raises(Refused, match="reason-names-person"):
        require_nameless(reason)


def test_what_is_private_is_refused():
    with pytest.raises(Refused, match="reason-names-person"):
        require_nameless("给金 丝雀打电话", [None, "金丝雀"])


@pytest.mark.parametrize(
    "reason", ["court order 7", "2026-11-20 申请人来信要求", "x" * 4000, "案号2026-0001-139"]
)
def test_other_reasons_pass(reason):
    require_nameless(reason, ["金丝雀", None, ""])
