"""The policy of Shangrao holds what article S says (rows F-S01 to F-S24), and what its province adds."""

from typing import Any

import pytest

from tests.support.policy_paths import SHOWN, claims, found, value

ONLINE, OFFLINE = ("ganfutong", "jiangxi_portal"), ("hospital_office", "agency_hall")
TEN_IN_OTHER_PROVINCES = {1, 7, 8, 12, 13, 16, 18, 23, 31, 34}
YEARS = {4: 5, 9: 2, 17: 5, 18: 5, 19: 3, 23: 5, 26: 2}
CAPS = {
    **dict.fromkeys((10, 11, 12, 13, 16, 18, 23, 24, 25), 5000),
    **dict.fromkeys((14, 15, 22, 28), 3000),
    **dict.fromkeys((17, 21, 27, 29, 30), 4000),
    **{19: 3500, 20: 1000, 26: 2500},
}


def says(path: str) -> Any:
    return value("shangrao", path)


def disease(number: int, name: str) -> Any:
    return says(f"diseases.SRG-{number:03}.{name}")


def test_the_two_recommended_channels_come_first() -> None:
    channels = SHOWN["shangrao"]["channels"]
    assert [one["id"] for one in channels][:2] == list(ONLINE)
    assert [one["id"] for one in channels if one.get("recommended", {}).get("v")] == list(ONLINE)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("ganfutong.way_in", "支付宝搜索进入“赣服通”，医保专区 → 门诊慢特病登记"),
        ("ganfutong.entries", ["门诊慢特病登记"]),
        ("ganfutong.hours", "随时"),
        ("jiangxi_portal.way_in", "登录后搜索“门诊慢特病”"),
        ("jiangxi_portal.entries", ["门诊慢特病"]),
        ("shangrao_wechat.functions", ["目录下载", "认定标准下载", "申报入口或指引链接"]),
        ("shangrao_wechat.takes_applications", None),
        ("hospital_office.agent_allowed", True),
        ("agency_hall.agent_allowed", True),
    ],
)
def test_each_channel_is_told_as_the_article_tells_it(path: str, expected: object) -> None:
    assert says(f"channels.{path}") == expected


def test_applications_are_taken_online_and_in_person() -> None:
    assert all(says(f"channels.{one}.takes_applications") is True for one in (*ONLINE, *OFFLINE))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("application_form.required", True),
        ("application_form.available_at", ["医保部门官网", "微信公众号", "定点医院"]),
        ("medical_evidence.issuer_designated", True),
        ("medical_evidence.must_show", ["完整", "真实有效", "清晰反映病情"]),
        ("physician_opinion.required", True),
        ("physician_opinion.signer_title_min", "associate_chief"),
        ("physician_opinion.signer_department", "诊断科室"),
    ],
)
def test_what_the_papers_must_be_is_told(path: str, expected: object) -> None:
    assert says(f"materials.{path}") == expected


def test_records_summaries_and_reports_are_evidence() -> None:
    kinds = {kind for one in says("materials.medical_evidence.any_of") for kind in one}
    assert kinds >= {"inpatient_record", "discharge_summary", "outpatient_record", "test_report"}


def test_files_go_up_and_paper_is_handed_in() -> None:
    assert says("material_forms.alipay_miniprogram.form") == says("material_forms.web.form")
    assert says("material_forms.web.form") == "扫描或拍照后上传，要清晰"
    assert says("material_forms.window.form") == says("material_forms.hospital_office.form") == "纸质材料"


def test_experts_are_part_of_the_twenty_days() -> None:
    assert says("review.expert_review") == "required"
    assert says("deadlines.on_expert_review") == "run"
    assert says("deadlines.sla_working_days") == 20


@pytest.mark.parametrize(
    ("row", "online", "offline"),
    [
        ("ways", "支付宝“赣服通”、江西政务服务网", "上饶市人民医院医保办、医保经办大厅等"),
        ("convenience", "高，随时随地办理，不必排队", "较低，要由本人或委托的人到指定地点"),
        ("papers", "扫描或拍照后上传，要清晰", "现场交纸质材料"),
        ("limit", "原则上不超过20个工作日", "与线上基本一致"),
        ("suits", "熟悉智能手机和网络操作的参保人", "不熟悉线上操作或材料复杂的参保人"),
    ],
)
def test_online_and_offline_are_compared_row_by_row(row: str, online: str, offline: str) -> None:
    assert (says(f"comparison.{row}.online"), says(f"comparison.{row}.offline")) == (online, offline)


def test_the_guide_says_what_a_recognition_is_for_and_whom_to_ask() -> None:
    assert "认定通过后" in says("guide.effect.body")
    assert "上饶医疗保障" in says("guide.ask.body")
    assert "最新指南" in says("guide.ask.body")


def test_the_offices_of_the_city_and_of_its_twelve_areas_are_listed() -> None:
    areas = {one["code"] for one in SHOWN["shangrao"]["divisions"]}
    offices = SHOWN["shangrao"]["offices"]
    assert len(offices) == 13
    assert {one["division"] for one in offices if "division" in one} == areas


def test_the_classes_of_the_35_are_those_of_the_list() -> None:
    assert [n for n in range(1, 36) if disease(n, "disease_class") == "I"] == list(range(1, 11))
    assert [n for n in range(1, 36) if disease(n, "disease_class") == "II"] == list(range(11, 32))


def test_reviews_and_caps_are_those_of_the_list() -> None:
    for n in range(1, 31):
        assert disease(n, "re_review_years") == YEARS.get(n, 0), n
        expected = "as_inpatient_incl_serious_illness" if n == 1 else CAPS.get(n, "as_inpatient")
        assert disease(n, "annual_cap_yuan") == expected, n
    for n in range(31, 36):
        assert disease(n, "re_review_years") is None
        assert disease(n, "annual_cap_yuan") is None


def test_diseases_of_children_end_and_two_exclude_each_other() -> None:
    listed = SHOWN["shangrao"]["diseases"]
    assert {one["code"]: one["ends_at_age"]["v"] for one in listed if "ends_at_age" in one} == {
        "SRG-011": 18,
        "SRG-029": 18,
    }
    excluded = {one["code"]: one["excludes"]["v"] for one in listed if "excludes" in one}
    assert excluded == {"SRG-009": ["SRG-026"], "SRG-026": ["SRG-009"]}


def test_each_disease_is_judged_by_the_provincial_standard_of_its_name() -> None:
    standards = {one["code"]: one["name"]["v"] for one in SHOWN["shangrao"]["standards"]}
    for n, one in enumerate(SHOWN["shangrao"]["diseases"], start=1):
        assert one["standard"] == f"JX-{n:03}"
        assert standards[one["standard"]] == one["name"]["v"]


def test_the_ten_that_are_settled_in_other_provinces_are_marked() -> None:
    marked = {n for n in range(1, 36) if "cross_province" in found("shangrao", f"diseases.SRG-{n:03}")}
    assert marked == TEN_IN_OTHER_PROVINCES


def test_institutions_of_level_1_take_the_second_class_alone() -> None:
    for one in SHOWN["shangrao"]["institutions"]:
        expected = ["II"] if one["level"]["v"] == 1 else ["I", "II"]
        assert (one["entitled"]["v"], one["entitled"]["grade"]) == (expected, "C")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("province", "江西省"),
        ("figures.deductible.value", 0),
        ("out_of_area.mutual_recognition", True),
        ("out_of_area.recognised_after", "2024-01-01"),
    ],
)
def test_what_holds_in_the_whole_province_comes_from_its_layer(path: str, expected: object) -> None:
    assert (says(path), found("shangrao", path)["origin"]) == (expected, "province")


@pytest.mark.parametrize(
    ("path", "others"),
    [
        ("deadlines.sla_working_days", [10, 5]),
        ("public_notice", [True]),
        ("catalogue.count", [68, 61]),
        ("review.body", ["有资质的定点医疗机构（一级及以上）"]),
        ("review.expert_review", ["Ⅰ类随到随评，Ⅱ类在20个工作日内"]),
        ("diseases.SRG-006.disease_class", ["不在Ⅰ类"]),
        ("diseases.SRG-009.disease_class", ["不在Ⅰ类"]),
        ("diseases.SRG-010.disease_class", ["不在Ⅰ类"]),
        ("diseases.SRG-022.disease_class", ["I"]),
        ("diseases.SRG-033.disease_class", ["I"]),
    ],
)
def test_what_other_pages_claim_stays_visible(path: str, others: list[object]) -> None:
    assert claims("shangrao", path) == others


def test_a_public_notice_would_last_five_days_and_is_off() -> None:
    assert says("public_notice") is False
    assert says("public_notice_working_days") == 5
