"""What anyone may ask catalog for a disease: pinyin, standard, advice, check list, institutions, the form."""

import jsonschema
import pytest

from tests.support.policy_office import PolicyOffice

SHANGRAO = "/regions/shangrao"


async def test_a_disease_is_found_by_pinyin_and_shown_under_its_three_codes(office: PolicyOffice) -> None:
    (found, *_) = await office.get(f"{SHANGRAO}/diseases", q="guanxinbing")
    assert found["name"] == "冠心病"
    shown = await office.get(f"{SHANGRAO}/diseases/{found['code']}")
    assert (shown["code"], shown["national_code"], shown["standard"]) == ("SRG-013", "M04600", "JX-013")
    assert shown["national"]["cross_province"] is True
    assert shown["recognition_standard"]["scope"] == "basic"
    assert shown["recognition_standard"]["tree"]["test"]


async def test_a_standard_advises_on_evidence_and_names_a_person_who_decides(office: PolicyOffice) -> None:
    where = f"/api/catalog{SHANGRAO}/diseases/SRG-029/advice"
    paper = {"kind": "discharge_summary", "issuer_level": 3, "issuer_tier": "甲等"}
    met = (await office.client.post(where, json={"papers": [paper]})).json()
    low = (await office.client.post(where, json={"papers": [{**paper, "issuer_level": 1}]})).json()
    nothing = (await office.client.post(where, json={})).json()
    said = [one["advice"]["fulfilment"] for one in (met, low, nothing)]
    assert said == ["met", "not_met", "not_shown"]
    assert met["advice"]["note_zh"]
    assert low["advice"]["tree"]["reason_zh"]
    assert (met["standard"]["src"], met["standard"]["grade"]) == ("F-JX67", "B")
    assert "check against the official text" in met["standard"]["note"]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/regions/panzhihua/diseases/PZH-001/advice", 404, "standard-unknown"),
        ("/regions/shangrao/diseases/SRG-999/advice", 404, "disease-unknown"),
        ("/regions/nowhere/diseases/SRG-001/advice", 404, "region-unknown"),
    ],
)
async def test_advice_without_a_standard_says_why(
    office: PolicyOffice, path: str, status: int, code: str
) -> None:
    answer = await office.client.post(f"/api/catalog{path}", json={})
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize("path", ["/regions/shangrao?at=1800-01-01", "/regions/shangrao?at=2026-02-30"])
async def test_a_day_before_all_policies_or_that_is_none_is_refused(office: PolicyOffice, path: str) -> None:
    assert (await office.client.get(f"/api/catalog{path}")).status_code == 422


async def test_evidence_that_names_somebody_is_refused(office: PolicyOffice) -> None:
    where = f"/api/catalog{SHANGRAO}/diseases/SRG-029/advice"
    answer = await office.client.post(where, json={"name": "测试员"})
    assert answer.status_code == 422


async def test_a_standard_is_found_that_the_region_has_not_taken(office: PolicyOffice) -> None:
    (found,) = await office.get(f"{SHANGRAO}/standards", q="yinxiebing")
    assert (found["code"], found["scope"], found["diseases"]) == ("JX-052", "extension", [])
    assert "tree" not in found
    assert (await office.get(f"{SHANGRAO}/standards/JX-052"))["tree"]["test"]
    assert len(await office.get(f"{SHANGRAO}/standards")) == 67
    (taken,) = await office.get(f"{SHANGRAO}/standards", q="JX-013")
    assert taken["diseases"] == ["SRG-013"]


async def test_terms_are_shown_without_the_whole_policy(office: PolicyOffice) -> None:
    shown = await office.get("/regions/panzhihua/terms")
    assert shown["eligibility"]["enrolment_normal"] is True
    assert [one["id"] for one in shown["applicant_classes"]] == ["employee", "resident", "flexible"]


@pytest.mark.parametrize("sources", ["false", "true"])
@pytest.mark.parametrize("region", ["panzhihua", "shangrao"])
async def test_answers_have_the_shape_that_is_described(
    office: PolicyOffice, region: str, sources: str
) -> None:
    disease = "PZH-001" if region == "panzhihua" else "SRG-013"
    described = (await office.client.get("/api/catalog/openapi.json")).json()
    asked = {"/materials": {"disease": disease}, "/institutions": {"disease": disease}}
    below = ("", "/versions", "/channels", "/deadlines", "/guide", "/terms", "/diseases", "/standards")
    for path in (*below, "/materials", "/institutions", f"/diseases/{disease}"):
        found = await office.get(f"/regions/{region}{path}", sources=sources, **asked.get(path, {}))
        told = path.replace(disease, "{code}")
        route = described["paths"][f"/api/catalog/regions/{{region}}{told}"]["get"]
        schema = route["responses"]["200"]["content"]["application/json"]["schema"]
        whole = {**schema, "components": described["components"]}
        jsonschema.Draft202012Validator(whole).validate(found)


async def test_the_check_list_tells_the_form_that_a_channel_wants(office: PolicyOffice) -> None:
    asked = {"disease": "PZH-001", "application_type": "new"}
    online = await office.get("/regions/panzhihua/materials", channel="sichuan_app", **asked)
    window = await office.get("/regions/panzhihua/materials", channel="panzhihua_window", **asked)
    assert {one["form_at_channel"] for one in window} != {one["form_at_channel"] for one in online}
    assert "原件" in window[0]["form_at_channel"]
    assert any(one.get("example") for one in online)
    assert any(one.get("must_show") for one in online)


async def test_institutions_are_found_by_level_place_and_what_they_may_treat(office: PolicyOffice) -> None:
    everywhere = await office.get(f"{SHANGRAO}/institutions")
    third = await office.get(f"{SHANGRAO}/institutions", level=3)
    for_class_one = await office.get(f"{SHANGRAO}/institutions", disease="SRG-001")
    assert 0 < len(third) < len(everywhere)
    assert {one["level"] for one in third} == {3}
    assert 0 < len(for_class_one) < len(everywhere)
    assert all("I" in one["entitled"] for one in for_class_one)
    division = everywhere[0]["division"]
    assert {one["division"] for one in await office.get(f"{SHANGRAO}/institutions", division=division)} == {
        division
    }
    assert all("虚构" in one["name"] for one in everywhere)


async def test_what_an_institution_may_treat_is_unknown_where_nobody_knows(office: PolicyOffice) -> None:
    for region, disease in (("panzhihua", "PZH-001"), ("shangrao", "SRG-032")):
        found = await office.get(f"/regions/{region}/institutions", disease=disease)
        assert found
        assert {one["entitlement"] for one in found} == {"unknown"}
    known = await office.get(f"{SHANGRAO}/institutions", disease="SRG-001")
    assert {one["entitlement"] for one in known} == {"entitled"}


async def test_a_note_that_limits_a_value_stands_beside_it(office: PolicyOffice) -> None:
    shown = await office.get(f"{SHANGRAO}/diseases/SRG-001")
    assert shown["cross_province"] is True
    assert "放化疗" in shown["notes"]["cross_province"]


async def test_the_blank_form_is_a_pdf_with_an_etag_that_holds(office: PolicyOffice) -> None:
    where = f"/api/catalog{SHANGRAO}/form"
    first = await office.client.get(where)
    again = await office.client.get(where, headers={"if-none-match": first.headers["etag"]})
    assert first.headers["content-type"] == "application/pdf"
    assert first.content.startswith(b"%PDF-")
    assert again.status_code == 304


async def test_both_regions_are_readable_whole_with_every_source(office: PolicyOffice) -> None:
    for region in ("panzhihua", "shangrao"):
        shown = await office.get(f"/regions/{region}", sources="true")
        titles = {source["src"] for source in shown["sources"]}
        assert {"A", "B", "C", "R"} == {source["grade"] for source in shown["sources"]}
        assert shown["deadlines"]["sla_working_days"]["src"] in titles
        assert shown["guide"]
        assert shown["comparison"]
        assert shown["checklist"]
    assert len(shown["standards"]) == 67
    assert {disease["standard"] for disease in shown["diseases"]} == {f"JX-{n:03}" for n in range(1, 36)}


async def test_every_route_is_described(office: PolicyOffice) -> None:
    described = (await office.client.get("/api/catalog/openapi.json")).json()["paths"]
    for path, methods in described.items():
        for method, told in methods.items():
            assert told.get("description"), f"{method} {path}"
            (good,) = [answer for status, answer in told["responses"].items() if status in {"200", "201"}]
            assert len(told["responses"]) > 1, f"{method} {path}"
            shapes = [shape["schema"] for shape in good["content"].values() if shape.get("schema")]
            is_file = path.endswith(("/form", "/versions/{version}"))
            assert shapes or is_file, f"{method} {path}"
