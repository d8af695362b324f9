"""The blank form of a region as people get it: read back from the PDF by another program."""

import hashlib
import io
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from services.catalog.app import read_documents
from services.catalog.forms import blank_form
from shared.contracts.policies import RegionPolicy
from shared.contracts.sourced import Grade
from shared.errors import Unreadable

POLICIES = {d.region: d for d in read_documents() if isinstance(d, RegionPolicy)}
PANZHIHUA, SHANGRAO = POLICIES["panzhihua"], POLICIES["shangrao"]
EVIL = '#eval("1+1") *fett* $x$ <a> @b \\ // /* ` = " \' [c] {d} #{1} // 。'


def read(policy: RegionPolicy) -> str:
    pages = PdfReader(io.BytesIO(blank_form(policy))).pages
    assert len(pages) == 2
    return re.sub(r"\s+", "", "".join(page.extract_text() for page in pages))


def with_value(policy: RegionPolicy, name: str, **changes: Any) -> RegionPolicy:
    return policy.model_copy(update={name: getattr(policy, name).model_copy(update=changes)})


def with_material(policy: RegionPolicy, kind: str, name: str, **changes: Any) -> RegionPolicy:
    rules = [
        rule.model_copy(update={name: getattr(rule, name).model_copy(update=changes)})
        if rule.kind == kind
        else rule
        for rule in policy.materials
    ]
    return policy.model_copy(update={"materials": tuple(rules)})


def with_many(policy: RegionPolicy, count: int) -> RegionPolicy:
    """Give the policy so many papers and half as many channels, all with names of ordinary length."""
    rule, channel = policy.materials[-1], policy.channels[0]
    name = rule.name.model_copy(update={"v": "近两年内住院病历或门诊病历及检查报告单"})
    papers = [rule.model_copy(update={"kind": f"paper_{n}", "name": name}) for n in range(count)]
    ways = [channel.model_copy(update={"id": f"way_{n}"}) for n in range(count // 2)]
    return policy.model_copy(update={"materials": tuple(papers), "channels": tuple(ways)})


@pytest.mark.parametrize(
    ("region", "title", "named"),
    [
        ("shangrao", "江西省门诊慢特病病种待遇认定申请表", "参保地：上饶市待遇名称：门诊慢特病"),
        ("panzhihua", "门诊慢特病病种待遇认定申请表", "参保地：攀枝花市待遇名称：门诊特殊疾病（门特）"),
    ],
)
def test_the_form_is_titled_as_the_region_calls_it(region: str, title: str, named: str) -> None:
    text = read(POLICIES[region])
    assert text.startswith(title)
    assert named in text
    document = PdfReader(io.BytesIO(blank_form(POLICIES[region])))
    assert document.metadata is not None
    assert document.metadata.title == title


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
def test_every_page_names_the_version_and_says_that_the_layout_is_not_official(policy: RegionPolicy) -> None:
    newer = policy.model_copy(update={"version": 37})
    for page in PdfReader(io.BytesIO(blank_form(newer))).pages:
        text = page.extract_text()
        assert "政策第 37 版 policy version 37（自 2025-01-01 起）" in text
        assert "非官方样式，以参保地医保部门发布的为准 / not an official layout" in text


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
def test_the_form_has_the_fields_that_the_national_platform_stores(policy: RegionPolicy) -> None:
    text = read(policy)
    fields = (
        "姓名 性别 民族 证件类型 证件号码 出生日期 参保类别 所属区县 医保编号 工作单位 联系电话 联系地址 "
        "申请类型 申请病种 病种代码 认定机构 治疗机构 机构编号 申请理由 代办人信息 与申请人关系 "
        "病史和诊断 检查结果 医师意见 医师签名 职称 科室 医疗机构 本人声明 申请人（监护人）签名 代办人签名"
    )
    assert [field for field in fields.split() if field not in text] == []
    assert "定点医院医保办意见（盖章）" in text
    assert text.count("（盖章）") == 2


def test_the_kinds_of_insurance_and_application_are_boxes_to_tick() -> None:
    text = read(PANZHIHUA)
    assert "□城镇职工基本医疗保险参保人员□城乡居民基本医疗保险参保人员（含学生、儿童）" in text
    assert "□新申请□续期（复审）□变更□定点医疗机构变更" in text


def test_a_choice_that_nobody_verified_is_marked_and_the_mark_explained() -> None:
    shangrao, panzhihua = read(SHANGRAO), read(PANZHIHUA)
    assert "□城乡居民基本医疗保险参保人员□灵活就业参保人员＊" in shangrao
    assert "□新申请＊" in shangrao
    assert shangrao.count("＊未经核实，以参保地医保部门答复为准") == 2
    assert "＊" not in panzhihua


def test_the_title_that_the_signing_physician_must_have_is_told_where_the_region_asks_for_one() -> None:
    assert "须由诊断科室副主任医师及以上职称的医师填写并签名" in read(SHANGRAO)
    assert "须由" not in read(PANZHIHUA)
    unverified = with_material(SHANGRAO, "physician_opinion", "signer_title_min", grade=Grade.UNVERIFIED)
    assert "须由" not in read(unverified)


def test_each_paper_is_on_the_list_and_says_who_must_bring_it() -> None:
    shangrao, panzhihua = read(SHANGRAO), read(PANZHIHUA)
    assert "□医学诊断证明材料必须（新申请、续期）" in shangrao
    assert "□授权委托书＊视情况＊（委托他人代办）" in shangrao
    assert "□有效身份证件必须" in panzhihua
    assert "□社保卡视情况（可由其他材料代替）" in panzhihua
    assert "□监护关系证明视情况（未成年人时必须）" in panzhihua
    assert "□近期免冠照片视情况（部分病种；新申请、续期时必须）" in panzhihua
    assert all(rule.name.v.replace(" ", "") in panzhihua for rule in PANZHIHUA.materials)


def test_only_channels_that_take_applications_are_ways_to_submit() -> None:
    text = read(SHANGRAO)
    takes = {c.name.v for c in SHANGRAO.channels if c.takes_applications.v}
    assert {c.name.v for c in SHANGRAO.channels if c.name.v.replace(" ", "") in text} == takes
    assert "支付宝搜索进入“赣服通”" in text


def test_a_channel_is_no_way_to_submit_when_nobody_verified_that_it_is_one() -> None:
    channel = SHANGRAO.channels[0]
    takes = channel.takes_applications.model_copy(update={"grade": Grade.UNVERIFIED})
    guessed = channel.model_copy(update={"takes_applications": takes})
    assert "赣服通" not in read(SHANGRAO.model_copy(update={"channels": (guessed,)}))


@pytest.mark.parametrize("name", ["hotline", "name", "benefit_name", "agency", "hours"])
def test_a_value_that_nobody_verified_is_never_printed(name: str) -> None:
    marked = "某某热线9999"
    assert marked in read(with_value(PANZHIHUA, name, v=marked))
    assert marked not in read(with_value(PANZHIHUA, name, v=marked, grade=Grade.UNVERIFIED))


def test_a_title_or_way_in_that_nobody_verified_is_never_printed() -> None:
    assert read(
        with_material(SHANGRAO, "application_form", "name", v="某某表", grade=Grade.UNVERIFIED)
    ).startswith("门诊慢特病病种待遇认定申请表")
    channel = SHANGRAO.channels[0]
    guessed = channel.model_copy(
        update={"way_in": channel.way_in.model_copy(update={"grade": Grade.UNVERIFIED})}
    )
    text = read(SHANGRAO.model_copy(update={"channels": (guessed,)}))
    assert "赣服通" in text
    assert "支付宝搜索进入" not in text


def test_the_brackets_of_a_title_are_not_part_of_it() -> None:
    assert read(with_material(PANZHIHUA, "application_form", "name", v="《某某表》")).startswith("某某表")


def test_a_region_without_a_rule_for_the_form_has_one_nevertheless() -> None:
    others = tuple(rule for rule in PANZHIHUA.materials if rule.kind != "application_form")
    assert read(PANZHIHUA.model_copy(update={"materials": others})).startswith("门诊慢特病病种待遇认定申请表")


def test_a_region_that_nobody_can_apply_in_still_has_a_form() -> None:
    assert "咨询电话0812-3323000" in read(PANZHIHUA.model_copy(update={"channels": ()}))


@pytest.mark.parametrize("name", ["name", "benefit_name", "agency", "hotline", "hours"])
def test_words_of_a_policy_are_never_run_as_code(name: str) -> None:
    assert EVIL.replace(" ", "") in read(with_value(PANZHIHUA, name, v=EVIL))


def test_the_name_of_a_paper_is_never_run_as_code() -> None:
    evil = with_material(PANZHIHUA, "application_form", "name", v=EVIL)
    assert read(evil).count(EVIL.replace(" ", "")) == 2


def test_the_same_version_gives_the_same_bytes_whenever_and_wherever_it_is_made() -> None:
    made = blank_form(SHANGRAO)
    script = (
        "import hashlib\n"
        "from services.catalog.app import read_documents\n"
        "from services.catalog.forms import blank_form\n"
        "policy = next(d for d in read_documents() if getattr(d, 'region', '') == 'shangrao')\n"
        "print(hashlib.sha256(blank_form(policy)).hexdigest())\n"
    )
    elsewhere = {"TZ": "Asia/Shanghai", "PYTHONHASHSEED": "7", "LANG": "C", "HOME": "/nowhere"}
    told = subprocess.run(
        [sys.executable, "-c", script], check=True, timeout=60, capture_output=True, text=True, env=elsewhere
    )
    assert told.stdout.strip() == hashlib.sha256(made).hexdigest()
    assert b"Date" not in b"".join(re.findall(rb"<<[^<>]*/Creator[^<>]*>>", made))
    assert made != blank_form(SHANGRAO.model_copy(update={"version": 2}))


def test_the_pdf_holds_no_date() -> None:
    document = PdfReader(io.BytesIO(blank_form(PANZHIHUA)))
    assert document.metadata is not None
    assert not {"/CreationDate", "/ModDate"} & set(document.metadata)


def test_many_threads_make_the_form_at_once() -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(blank_form, [SHANGRAO, PANZHIHUA] * 8))
    assert set(made) == {blank_form(SHANGRAO), blank_form(PANZHIHUA)}


@pytest.mark.parametrize("count", [1, 14, 24, 30])
def test_a_form_with_many_papers_and_channels_stays_on_two_pages(count: int) -> None:
    text = read(with_many(PANZHIHUA, count))
    assert text.count("近两年内住院病历或门诊病历及检查报告单") == count
    assert "第2页，共2页" in text


@pytest.mark.parametrize("count", [40, 120])
def test_a_form_that_leaves_no_room_to_write_is_refused(count: int) -> None:
    with pytest.raises(Unreadable, match="form-too-long: the policy of panzhihua"):
        blank_form(with_many(PANZHIHUA, count))


@pytest.mark.parametrize("letter", ["🙂", "\ue000", "가"])
def test_a_letter_that_no_font_has_is_refused_rather_than_left_out(letter: str) -> None:
    with pytest.raises(Unreadable, match="form-unreadable"):
        blank_form(with_value(PANZHIHUA, "name", v=f"甲{letter}乙"))


def test_without_its_fonts_the_form_is_for_later(tmp_path: Path) -> None:
    script = (
        "import pathlib, sys, types\n"
        "fonts = types.ModuleType('pylopdf_fonts_zh_cn')\n"
        "fonts.sans_path = lambda: pathlib.Path(sys.argv[1]) / 'none.otf'\n"
        "sys.modules['pylopdf_fonts_zh_cn'] = fonts\n"
        "from services.catalog.app import read_documents\n"
        "from services.catalog.forms import blank_form\n"
        "from shared.errors import Unavailable\n"
        "try:\n"
        "    blank_form(next(d for d in read_documents() if getattr(d, 'region', '') == 'shangrao'))\n"
        "except Unavailable as error:\n"
        "    print(error.code)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    told = subprocess.run(command, check=True, timeout=60, capture_output=True, text=True)
    assert told.stdout == "fonts-missing\n"


def test_the_command_line_and_the_start_of_catalog_do_without_the_typesetter() -> None:
    script = (
        "import sys\n"
        "import deploy.cli, services.catalog.app, services.catalog.forms\n"
        "assert not {'typst', 'pylopdf_fonts_zh_cn', 'pypinyin'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
