"""The count over many applications finds what is lost and what is doubled."""

import secrets
from collections import Counter
from dataclasses import replace
from datetime import timedelta

from deploy.demo.many import plans
from deploy.demo.tally import Tally, count, spread
from tests.support.chapters import NOON, a_life, a_receipt, a_record, taken, the_messages, the_records


def tally_of(*, without: str = "", extra: int = 0) -> Tally:
    """One application; without the records of a type, or with so many of them again."""
    receipt = a_receipt()
    records = the_records(receipt.application_id, receipt.person_id)
    kept = [record for record in records if record.type != without]
    return count([a_life(receipt)], [*kept, *records[:extra]], taken(records), 2.0)


def test_an_application_with_everything_is_whole() -> None:
    tally = tally_of()

    assert tally.whole
    assert (tally.submitted, tally.applications, tally.cases, tally.decided) == (1, 1, 1, 1)
    assert (tally.messages, tally.texts, tally.lost, tally.doubled) == (6, 3, 0, 0)


def test_a_missing_case_is_lost() -> None:
    tally = tally_of(without="case-opened")

    assert (tally.cases, tally.lost, tally.whole) == (0, 1, False)


def test_messages_that_were_never_sent_are_lost() -> None:
    assert tally_of(without="message-sent").lost == 6 + 3


def test_a_case_that_was_opened_twice_is_doubled() -> None:
    tally = tally_of(extra=2)

    assert (tally.doubled, tally.lost, tally.whole) == (2, 0, False)


def test_a_person_with_two_applications_is_doubled() -> None:
    receipt, other = a_receipt(), a_receipt()
    records = the_records(receipt.application_id, receipt.person_id)
    again = the_records(other.application_id, receipt.person_id)[:1]

    assert count([a_life(receipt)], [*records, *again], taken(records), 1.0).doubled == 1


def test_applications_of_others_are_not_counted() -> None:
    receipt, other = a_receipt(), a_receipt()
    records = the_records(receipt.application_id, receipt.person_id)

    assert count([a_life(receipt)], [*records, *the_records(other.application_id)], taken(records), 1.0).whole


def test_a_text_that_the_gateway_took_twice_is_doubled() -> None:
    receipt = a_receipt()
    records = the_records(receipt.application_id, receipt.person_id)
    texts = taken(records)
    texts[0]["calls"] = 2

    assert count([a_life(receipt)], records, texts, 1.0).doubled == 1


def test_a_message_that_went_out_twice_is_doubled() -> None:
    receipt = a_receipt()
    records = the_records(receipt.application_id, receipt.person_id)
    again = [a_record(event) for event in the_messages(receipt.application_id)[:1]]
    texts = taken([*records, *again])

    assert count([a_life(receipt)], [*records, *again], texts, 1.0).doubled == 1


def test_a_text_that_the_gateway_does_not_know_is_lost() -> None:
    receipt = a_receipt()
    records = the_records(receipt.application_id, receipt.person_id)

    assert count([a_life(receipt)], records, taken(records)[1:], 1.0).lost == 1


def test_a_submission_that_was_refused_is_named() -> None:
    tally = count([a_life(problem="409 application-open")], [], [], 1.0)

    assert (tally.planned, tally.submitted, tally.whole) == (1, 0, False)
    assert tally.problems == Counter({"409 application-open": 1})


def test_times_run_from_submission_to_task_and_from_decision_to_text() -> None:
    receipt = a_receipt()
    records = the_records(receipt.application_id, receipt.person_id)
    life = a_life(receipt, begun_at=NOON - timedelta(seconds=1))

    tally = count([life], records, taken(records), 1.0)

    assert tally.to_task == [2.0]
    (decided,) = [record for record in records if record.type == "decision-made"]
    (sent,) = [
        r for r in records if r.type == "message-sent" and b'"approved"' in r.body and b'"sms"' in r.body
    ]
    assert tally.to_text == [(sent.at - decided.at).total_seconds()]


def test_a_spread_names_the_middle_and_the_slow_end() -> None:
    assert spread([number / 1000 for number in range(1, 201)]) == {"p50": 0.101, "p95": 0.191, "p99": 0.199}
    assert spread([0.5]) == {"p50": 0.5, "p95": 0.5, "p99": 0.5}
    assert spread([]) is None


def test_the_plans_mix_regions_channels_ways_and_outcomes() -> None:
    planned = list(plans(240, secrets.randbelow))

    assert Counter(plan.region for plan in planned) == {"panzhihua": 160, "shangrao": 80}
    assert len({plan.channel for plan in planned}) == 8
    assert sum(plan.by_bus for plan in planned) == 24
    assert {plan.region for plan in planned if plan.by_bus} == {"panzhihua", "shangrao"}
    assert 0 < sum(not plan.approved for plan in planned) < 60
    assert len({plan.figure.id_number for plan in planned}) == 240


def test_a_record_published_later_than_it_happened_counts_as_published() -> None:
    receipt = a_receipt()
    records = the_records(receipt.application_id, receipt.person_id)
    late = [
        replace(record, published_at=record.at + timedelta(seconds=3))
        if record.type == "case-opened"
        else record
        for record in records
    ]

    assert count([a_life(receipt)], late, taken(records), 1.0).to_task == [4.0]
