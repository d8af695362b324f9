"""Who looked at a case, unmasked what, and why: on record also where the call was refused or failed."""

from uuid import uuid4

from shared.contracts.submissions import Agent
from tests.support.cases import a_material
from tests.support.private import PERSON
from tests.support.review_desk import in_shangrao, refused
from tests.support.samples import a_person, an_application_submitted

NAME, ID_NUMBER, PHONE, ADDRESS = "金丝雀", "990101198001010012", "19987654321", "攀枝花市东区鸟鸣街9号"
AGENT = Agent(name="百灵鸟", id_number="990101198001010015", phone="19900005678", relation="子女")
CANARIES = (NAME, ID_NUMBER, PHONE, ADDRESS, AGENT.name, AGENT.id_number, AGENT.phone)
WHY = "申请表上的号码看不清，与身份证核对"


def of_a_canary(**changes):
    person = a_person(name=NAME, id_number=ID_NUMBER, phone=PHONE, address=ADDRESS)
    return an_application_submitted(applicant=person, agent=AGENT, **changes)


async def unmask(desk, who, case, *fields, reason=WHY):
    return await desk.post(who, case, "unmask", {"fields": list(fields), "reason": reason})


async def kept(desk):
    """What is on record, oldest first: actor, act, outcome and code."""
    rows = await desk.database.fetch("SELECT actor, act, outcome, code FROM looks ORDER BY id")
    return [tuple(row) for row in rows]


async def last(desk):
    return dict(await desk.database.fetchrow("SELECT * FROM looks ORDER BY id DESC LIMIT 1"))


async def test_a_look_at_a_case_tells_who_when_as_what_and_which(desk):
    case = await desk.receive(an_application_submitted())
    assert (await desk.get("pzh-officer-1", f"/cases/{case}")).status_code == 200
    row = await last(desk)
    del row["id"]
    assert row == {
        "at": desk.now,
        "actor": "pzh-officer-1",
        "roles": ["acceptance_officer"],
        "act": "get_case",
        "applications": [case],
        "person_id": None,
        "fields": [],
        "reason": None,
        "outcome": "shown",
        "code": None,
    }


async def test_a_page_of_the_queue_is_a_look_at_every_case_on_it(desk):
    first = await desk.receive(an_application_submitted(), in_shangrao())
    second = await desk.receive(an_application_submitted())
    await desk.get("pzh-officer-1", "/queue")
    row = await last(desk)
    assert (row["act"], set(row["applications"])) == ("get_queue", {first, second})


async def test_a_case_is_masked_and_its_persons_are_shown_in_full_for_a_reason(desk):
    case = await desk.receive(of_a_canary(materials=[a_material("medical_evidence")]))
    masked = await desk.get("pzh-officer-1", f"/cases/{case}")
    assert not [one for one in CANARIES if one in masked.text]
    applicant = masked.json()["application"]["applicant"]
    assert (applicant["phone"], applicant["address"]) == ("199****4321", "****")

    answer = await unmask(desk, "pzh-officer-1", case, "id_number", "name", "agent_phone")
    assert answer.json()["shown"] == {"name": NAME, "id_number": ID_NUMBER, "agent_phone": AGENT.phone}
    row = await last(desk)
    assert (row["act"], row["outcome"], row["applications"]) == ("post_unmask", "shown", [case])
    assert (row["fields"], row["reason"]) == (["agent_phone", "id_number", "name"], WHY)


async def test_what_was_not_handed_in_is_none(desk):
    case = await desk.receive(an_application_submitted())
    answer = await unmask(desk, "pzh-final-1", case, "address", "agent_name")
    assert answer.json()["shown"] == {"address": None, "agent_name": None}


async def test_nothing_is_unmasked_for_a_role_or_a_region_that_is_not_the_callers(desk):
    case = await desk.receive(of_a_canary())
    for who, code in (
        ("pzh-expert-1", "scope-missing"),
        ("pzh-supervisor-1", "scope-missing"),
        ("pzh-auditor-1", "scope-missing"),
        ("srg-first-1", "region-outside-scope"),
    ):
        assert refused(await unmask(desk, who, case, "name")) == (403, code)
        row = await last(desk)
        assert (row["actor"], row["act"], row["outcome"]) == (who, "post_unmask", "refused")
        assert (row["code"], row["applications"], row["reason"]) == (code, [case], None)


async def test_a_reason_is_stated_and_holds_nothing_that_is_masked(desk):
    case = await desk.receive(of_a_canary())
    for reason in ("", "看", None):
        answer = await unmask(desk, "pzh-officer-1", case, "name", reason=reason)
        assert refused(answer) == (422, "request-invalid")
    for reason in (
        "给金丝雀打电话",
        f"电话 {PHONE[:3]}-{PHONE[3:7]} {PHONE[7:]}",
        f"证件{AGENT.id_number}核对",
    ):
        answer = await unmask(desk, "pzh-officer-1", case, "name", reason=reason)
        assert refused(answer) == (422, "reason-names-person")
        assert (await last(desk))["reason"] is None
    assert {row[2:] for row in await kept(desk)} == {
        ("refused", "request-invalid"),
        ("refused", "reason-names-person"),
    }


async def test_the_phone_of_somebody_else_in_a_reason_is_refused(desk):
    case = await desk.receive(of_a_canary())
    answer = await unmask(desk, "pzh-officer-1", case, "name", reason="来电13912345678询问进度")
    assert refused(answer) == (422, "reason-names-person")
    assert (await last(desk))["reason"] is None


async def test_a_person_whose_key_is_gone_is_shown_to_nobody(desk):
    case = await desk.receive(of_a_canary())
    async with desk.database.transaction() as tx:
        held = await tx.fetchrow("DELETE FROM person_keys WHERE person_id = $1 RETURNING *", PERSON)
    try:
        assert refused(await unmask(desk, "pzh-officer-1", case, "name")) == (503, "person-key-missing")
        assert (await kept(desk))[-1][2:] == ("failed", "person-key-missing")
    finally:
        places = ", ".join(f"${n}" for n in range(1, len(held) + 1))
        await desk.database.execute(f"INSERT INTO person_keys VALUES ({places})", *held)


async def test_a_call_for_what_is_not_there_is_on_record(desk):
    unknown = uuid4()
    assert refused(await desk.get("pzh-officer-1", f"/cases/{unknown}")) == (404, "case-unknown")
    assert (await last(desk))["applications"] == [unknown]
    assert refused(await desk.get("pzh-officer-1", "/cases/990101198001010012")) == (422, "request-invalid")
    row = await last(desk)
    assert (row["outcome"], row["code"], row["applications"]) == ("refused", "request-invalid", [])


async def test_who_shows_no_badge_is_nobody_and_fills_no_table(desk):
    answer = await desk.client.get(f"/cases/{uuid4()}")
    assert answer.status_code == 401
    assert await kept(desk) == []


async def test_acts_are_on_record_with_what_became_of_them(desk):
    case = await desk.receive(an_application_submitted())
    await desk.done("pzh-officer-1", case, "accept")
    assert refused(await desk.post("pzh-officer-2", case, "accept", claim=1)) == (409, "wrong-stage")
    assert refused(await desk.post("pzh-officer-2", case, "accept")) == (428, "claim-token-missing")
    assert await kept(desk) == [
        ("pzh-officer-1", "post_claim", "shown", None),
        ("pzh-officer-1", "post_accept", "shown", None),
        ("pzh-officer-2", "post_accept", "refused", "wrong-stage"),
        ("pzh-officer-2", "post_accept", "refused", "claim-token-missing"),
    ]


async def test_a_database_that_dies_in_the_middle_takes_the_act_and_leaves_the_record(desk):
    case = await desk.receive(an_application_submitted())
    token = await desk.claim("pzh-officer-1", case)
    before = await desk.stated(case)
    await desk.database.execute(
        "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$"
    )
    await desk.database.execute(
        "CREATE TRIGGER dying BEFORE INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION die()"
    )
    try:
        answer = await desk.post("pzh-officer-1", case, "accept", claim=token)
    finally:
        await desk.database.execute("DROP TRIGGER dying ON outbox")
        await desk.database.execute("DROP FUNCTION die()")
    assert refused(answer) == (503, "database-away")
    assert await desk.stated(case) == before
    row = await last(desk)
    assert (row["act"], row["outcome"], row["code"]) == ("post_accept", "failed", "database-away")
    assert row["applications"] == [case]


async def test_a_bug_is_on_record_too(desk):
    case = await desk.receive(an_application_submitted())
    await desk.database.execute("ALTER TABLE person_keys RENAME TO keys_away")
    try:
        assert refused(await desk.get("pzh-officer-1", f"/cases/{case}")) == (500, "internal-error")
    finally:
        await desk.database.execute("ALTER TABLE keys_away RENAME TO person_keys")
    row = await last(desk)
    assert (row["outcome"], row["code"], row["applications"]) == ("failed", "internal-error", [case])


async def test_what_cannot_be_recorded_is_not_shown(desk):
    case = await desk.receive(of_a_canary())
    await desk.database.execute("ALTER TABLE looks RENAME TO looks_away")
    try:
        for answer in (
            await desk.get("pzh-officer-1", f"/cases/{case}"),
            await desk.get("pzh-officer-1", "/queue"),
            await unmask(desk, "pzh-officer-1", case, "name"),
        ):
            assert refused(answer) == (503, "look-not-recorded")
            assert not [one for one in (*CANARIES, "PZH-001") if one in answer.text]
        foreign = await desk.get("srg-officer-1", f"/cases/{case}")
        assert refused(foreign) == (403, "region-outside-scope")
    finally:
        await desk.database.execute("ALTER TABLE looks_away RENAME TO looks")


async def test_an_auditor_reads_the_record_by_application_and_by_actor_newest_first(desk):
    case = await desk.receive(an_application_submitted())
    other = await desk.receive(an_application_submitted())
    for seen in (case, other, case):
        await desk.get("pzh-officer-1", f"/cases/{seen}")
    await desk.get("pzh-first-1", f"/cases/{case}/deadline")

    page = (await desk.get("pzh-auditor-1", "/looks", application_id=str(case), limit=2)).json()
    assert [look["act"] for look in page["looks"]] == ["get_deadline", "get_case"]
    rest = await desk.get("pzh-auditor-1", "/looks", application_id=str(case), before=page["next"])
    # The reading of the first page stands before what is read now, and is newer than its last line.
    assert [look["act"] for look in rest.json()["looks"]] == ["get_case"]
    by = (await desk.get("pzh-auditor-1", "/looks", actor="pzh-officer-1")).json()
    assert [look["applications"] for look in by["looks"]] == [[str(case)], [str(other)], [str(case)]]
    assert by["next"] is None
    both = await desk.get("pzh-auditor-1", "/looks", actor="pzh-first-1", application_id=str(other))
    assert both.json()["looks"] == []


async def test_reading_the_record_is_on_record(desk):
    case = await desk.receive(an_application_submitted())
    await desk.get("pzh-auditor-1", "/looks", application_id=str(case))
    assert refused(await desk.get("pzh-officer-1", "/looks")) == (403, "scope-missing")
    page = (await desk.get("pzh-auditor-1", "/looks", application_id=str(case))).json()
    assert [(look["actor"], look["act"]) for look in page["looks"]] == [("pzh-auditor-1", "get_looks")]
    assert (await kept(desk))[1] == ("pzh-officer-1", "get_looks", "refused", "scope-missing")


async def test_the_record_names_nobody(desk):
    case = await desk.receive(of_a_canary())
    await desk.get("pzh-officer-1", f"/cases/{case}")
    await unmask(desk, "pzh-officer-1", case, *("name", "id_number", "phone", "address", "agent_name"))
    await unmask(desk, "pzh-officer-1", case, "name", reason=f"找{NAME}")
    await unmask(desk, "srg-officer-1", case, "name", reason=f"找{NAME}")
    await unmask(desk, "pzh-expert-1", case, NAME, reason=f"找{NAME}")
    await unmask(desk, "pzh-officer-1", case, NAME, reason=WHY)
    await desk.get("pzh-officer-1", f"/cases/{ID_NUMBER}")
    rows = await desk.database.fetch("SELECT row_to_json(l)::text AS told FROM looks l")
    assert len(rows) == 7
    assert not [one for one in CANARIES for row in rows if one in row["told"]]
