"""The policy of Panzhihua holds what article P says (rows F-P01 to F-P56), under the article's headings."""

from typing import Any

import pytest

from tests.support.policy_paths import SHOWN, claims, found, value

APPS = ("sichuan_app", "panzhihua_miniprogram", "national_app")


def says(path: str) -> Any:
    return value("panzhihua", path)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("applicant_classes.employee.insutype", "310"),
        ("applicant_classes.resident.insutype", "390"),
        ("applicant_classes.resident.includes", ["学生", "儿童"]),
        ("applicant_classes.flexible.insutype", None),
        ("eligibility.enrolment_normal", True),
        ("eligibility.no_arrears", True),
        ("eligibility.out_of_area_filing_first", True),
        ("eligibility.issuer_level_min", 2),
        ("catalogue.title", "《攀枝花市基本医疗保险门诊特殊疾病病种目录》"),
        ("catalogue.complete", False),
    ],
)
def test_who_may_apply_and_for_what_is_told(path: str, expected: object) -> None:
    assert says(path) == expected


def test_the_four_diseases_that_the_article_names_are_there() -> None:
    named = [disease["name"]["v"] for disease in SHOWN["panzhihua"]["diseases"]]
    assert named[:4] == ["高血压", "糖尿病", "恶性肿瘤", "慢性肾功能衰竭"]


def test_three_apps_take_applications_at_any_hour_without_a_visit() -> None:
    for app in APPS:
        assert says(f"channels.{app}.takes_applications") is True
        assert says(f"channels.{app}.visits") == 0
        assert says(f"channels.{app}.hours") == "24小时（系统维护除外）"
        assert says(f"channels.{app}.entries") == ["门特申请", "门诊特殊疾病认定"]
        assert says(f"channels.{app}.progress") == ["办理进度", "我的申请"]


@pytest.mark.parametrize(
    ("app", "way_in", "functions", "population"),
    [
        (
            "sichuan_app",
            "应用商店搜索“四川医保”或官网下载",
            ["门特申请", "异地备案", "信息查询"],
            "全省参保人员",
        ),
        (
            "panzhihua_miniprogram",
            "微信搜索“攀枝花智慧医保”",
            ["门特申请", "缴费查询", "医保电子凭证"],
            "攀枝花本地参保人员",
        ),
        ("national_app", "应用商店下载", ["门特申请", "跨省结算", "政策查询"], "全国参保人员"),
    ],
)
def test_each_app_says_how_to_get_in_what_it_does_and_for_whom(
    app: str, way_in: str, functions: list[str], population: str
) -> None:
    told = [says(f"channels.{app}.{name}") for name in ("way_in", "functions", "population")]
    assert told == [way_in, functions, population]


def test_the_app_of_the_province_comes_from_its_layer() -> None:
    assert (says("province"), found("panzhihua", "province")["origin"]) == ("四川省", "province")
    assert found("panzhihua", "channels.sichuan_app.way_in")["origin"] == "province"
    assert found("panzhihua", "channels.sichuan_app.entries")["origin"] == "city"


def test_the_national_app_serves_people_of_other_regions() -> None:
    assert says("channels.national_app.cross_region") is True


def test_the_window_is_open_on_working_days_and_wants_one_visit() -> None:
    assert says("channels.panzhihua_window.hours") == "工作日 09:00–12:00、13:30–17:00"
    assert says("channels.panzhihua_window.visits") == 1
    assert says("channels.panzhihua_window.progress") == ["窗口查询", "电话查询"]


def test_the_guide_goes_through_five_steps_in_their_order() -> None:
    titles = [step["title"] for step in SHOWN["panzhihua"]["guide"]]
    steps = [title.split(" ", 1)[1] for title in titles if title.startswith("第")]
    assert steps == ["注册与登录", "选择门特申请", "填写与上传材料", "提交与审核", "结果查询与反馈"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("online.real_name_required", True),
        ("online.registration_by", ["身份证号", "社保卡", "医保电子凭证"]),
        ("online.phone_reachable", True),
        ("online.progress_entries", ["办理进度", "我的申请"]),
        ("online.signature", "在APP内签名确认"),
        ("online.hours", "24小时（系统维护除外）"),
        ("application_types", ["new", "renewal", "change", "institution_change"]),
        ("matter_names", ["门特申请", "门诊特殊疾病认定"]),
        ("notifications.by_event.decision-made.channels", ["sms", "in_app"]),
        ("notifications.by_event.material-requested.channels", ["sms", "in_app"]),
    ],
)
def test_what_applying_online_takes_is_told(path: str, expected: object) -> None:
    assert says(path) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("materials.diagnosis_certificate.issuer_level_min", 2),
        ("materials.diagnosis_certificate.stamp", True),
        ("materials.tests_or_record.stamp", True),
        ("materials.tests_or_record.max_age_months", 6),
        ("materials.tests_or_record.must_show", ["疾病诊断", "治疗过程", "医生意见"]),
        ("materials.application_form.form", "在线填写并签名"),
        ("material_forms.app.form", "电子材料上传"),
        ("material_forms.wechat_miniprogram.form", "电子材料上传"),
        ("material_forms.window.form", "纸质原件和复印件"),
    ],
)
def test_what_the_papers_must_be_is_told(path: str, expected: object) -> None:
    assert says(path) == expected


def test_reports_and_records_of_each_kind_do() -> None:
    kinds = {kind for one in says("materials.tests_or_record.any_of") for kind in one}
    assert kinds >= {"test_report", "imaging_report", "pathology_report"}
    assert kinds >= {"discharge_record", "discharge_summary", "outpatient_record"}


def test_every_paper_has_an_example() -> None:
    assert [one["kind"] for one in SHOWN["panzhihua"]["materials"] if "example" not in one] == []


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("figures.deductible_employee.value", 800),
        ("figures.deductible_resident.value", 500),
        ("figures.ratio_employee.value", 85),
        ("figures.ratio_employee.varies_by", "年龄"),
        ("figures.ratio_resident.value", 53),
        ("figures.ratio_resident.up_to", 68),
        ("figures.ratio_resident.varies_by", "缴费档次"),
        ("institution_rules.max_changes_per_year", 1),
        ("institution_rules.change_by", ["app", "wechat_miniprogram"]),
        ("renewal.required_for", "部分病种需定期复审"),
        ("renewal.material", "最新病情材料"),
        ("out_of_area.rule", "按参保地政策报销；长期异地居住的先办理异地就医备案"),
        ("out_of_area.direct_settlement", "部分病种支持异地直接结算"),
    ],
)
def test_the_answers_to_common_questions_are_there(path: str, expected: object) -> None:
    assert says(path) == expected


def test_the_benefit_is_for_costs_of_the_disease_alone() -> None:
    assert says("benefit.scope.body") == "只支付与认定病种有关、并在医保目录内的药品、检查和治疗费用。"


def test_that_some_diseases_are_exempt_is_told_without_inventing_which() -> None:
    exempt = [disease["deductible_exempt"] for disease in SHOWN["panzhihua"]["diseases"]]
    assert all(one["unknown"] and "exempt" in one["note"] for one in exempt)


def test_what_is_settled_in_other_provinces_is_marked() -> None:
    assert all(disease["cross_province"]["v"] for disease in SHOWN["panzhihua"]["diseases"])
    assert "门诊放化疗" in found("panzhihua", "diseases.PZH-003.cross_province")["note"]


def test_originals_are_checked_at_the_window_in_special_cases() -> None:
    assert says("offline_verification.possible") is True
    assert says("offline_verification.triggers") == ["部分特殊病种", "材料复杂"]
    assert says("offline_verification.place") == says("channels.panzhihua_window.name")
    assert found("panzhihua", "offline_verification.home_visit")["grade"] == "A"


def test_an_objection_goes_by_feedback_or_hotline() -> None:
    hotline = says("hotline")
    assert says("remedy.appeal_channels") == ["APP“意见反馈”", f"服务热线 {hotline}"]


@pytest.mark.parametrize(
    ("row", "online", "offline"),
    [
        ("place", "手机APP或小程序，不限地点", "攀枝花市政务中心医保窗口"),
        ("hours", "全天24小时，系统维护时除外", "工作日 09:00–12:00、13:30–17:00"),
        ("papers", "上传电子材料", "纸质原件和复印件"),
        ("limit", "15个工作日", "15个工作日"),
        ("visits", "0次", "1次，核验原件"),
        ("progress", "在APP实时查询", "到窗口或打电话查询"),
        ("suits", "熟悉手机操作、材料齐全的人", "不熟悉手机操作，或材料复杂、需要协助的人"),
    ],
)
def test_online_and_window_are_compared_row_by_row(row: str, online: str, offline: str) -> None:
    assert (says(f"comparison.{row}.online"), says(f"comparison.{row}.offline")) == (online, offline)


def test_the_list_of_what_to_prepare_names_records_and_identity() -> None:
    assert [one["id"] for one in SHOWN["panzhihua"]["checklist"]] == ["identity", "records", "correct"]


@pytest.mark.parametrize(
    ("path", "others"),
    [
        ("deadlines.sla_working_days", [20]),
        ("deadlines.clock_start", ["submission"]),
        ("intake_mode", ["windows"]),
        ("hotline", ["0812-12393"]),
        ("materials.tests_or_record.max_age_months", [24]),
        ("materials.application_form.form", ["由定点医院副主任医师及以上填写"]),
        ("materials.id_document.any_of", ["社保卡也可以"]),
        ("materials.tests_or_record.any_of", ["检查报告和病历是两份材料"]),
        ("review.expert_review", ["required"]),
    ],
)
def test_what_other_pages_claim_stays_visible(path: str, others: list[object]) -> None:
    assert claims("panzhihua", path) == others


def test_the_disputed_windows_close_nothing() -> None:
    assert says("intake_mode") == "rolling"
    assert SHOWN["panzhihua"]["intake_windows"] == []


def test_what_an_institution_may_treat_is_unknown_where_no_class_is_known() -> None:
    listed = SHOWN["panzhihua"]["institutions"]
    assert all(one["entitled"]["unknown"] and "not found" in one["entitled"]["note"] for one in listed)


@pytest.mark.parametrize("region", SHOWN)
def test_no_institution_is_taken_for_a_real_one(region: str) -> None:
    listed = SHOWN[region]["institutions"]
    assert len(listed) >= 8
    assert all("虚构" in one["name"]["v"] and one["name"]["grade"] == "R" for one in listed)
    assert {one["level"]["v"] for one in listed} == {1, 2, 3}
