"""Review's cases in tests: valid by default, moved by the domain's own acts; every person is made up."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from services.review import domain
from services.review.domain import CaseFile, Claim, Handover, Holder, Officer, Recommendation, Ruling
from services.review.domain.rules import Rules
from shared.calendar import Calendar
from shared.contracts.applications import MaterialSupplied
from shared.contracts.cases import CaseEvent, Outcome, RequestedItem, SealedCaseEvent, Stage
from shared.contracts.deadlines import ClockStart, ExpertReview, OnSupplement
from shared.contracts.materials import MaterialRule, NeededBy
from shared.contracts.sourced import Grade, Sourced
from shared.contracts.submissions import Material, PhysicianOpinion, PhysicianTitle
from shared.person_keys import sealed
from tests.support.private import KEY, told
from tests.support.samples import NOON, an_application_submitted
from tests.unit.arrangements import CALENDAR

AREA = "510400"
REASONS = {"RECORD_TOO_OLD": "病历资料超过规定期限", "STAMP_MISSING": "未加盖医院公章"}


def an_officer(name: str, *roles: str, areas: tuple[str, ...] = (AREA,)) -> Officer:
    """A member of staff."""
    return Officer(name, frozenset(roles), frozenset(areas))


OFFICER = an_officer("officer-1", "acceptance_officer")
FIRST = an_officer("first-1", "first_reviewer")
EXPERT_1 = an_officer("expert-1", "expert")
EXPERT_2 = an_officer("expert-2", "expert")
EXPERT_3 = an_officer("expert-3", "expert")
FINAL = an_officer("final-1", "final_reviewer")


def some_rules(**changes) -> Rules:
    """Rules of Panzhihua: 15 working days from acceptance, paused while material is asked for."""
    values = {
        "region": "panzhihua",
        "version": 1,
        "name": "攀枝花市",
        "admdvs": AREA,
        "sla_working_days": 15,
        "acceptance_working_days": 5,
        "supplement_answer_working_days": 10,
        "request_rounds": 1,
        "clock_start": ClockStart.ACCEPTANCE,
        "on_supplement": OnSupplement.PAUSE,
        "expert_review": ExpertReview.NOT_REQUIRED,
        "expert_quorum": 2,
        "reasons": REASONS,
        "remedy": "可自知道之日起60日内申请行政复议。",
    }
    return Rules(**{**values, **changes})


def expert_rules(**changes) -> Rules:
    """Rules that send every case to the experts."""
    return some_rules(expert_review=ExpertReview.REQUIRED, **changes)


def opinion_rule(**changes) -> MaterialRule:
    """The physician's opinion, needed by the decision."""

    def sourced(value):
        return Sourced(v=value, src="test", grade=Grade.UNVERIFIED)

    values = {
        "kind": "physician_opinion",
        "name": sourced("医师认定意见"),
        "required": sourced(True),
        "any_of": sourced((("physician_opinion",),)),
        "needed_by": sourced(NeededBy.DECISION),
        "signer_title_min": sourced(PhysicianTitle.ASSOCIATE_CHIEF),
    }
    return MaterialRule(**{**values, **changes})


def an_opinion(title: PhysicianTitle = PhysicianTitle.CHIEF) -> PhysicianOpinion:
    """A signed opinion of a physician who does not exist."""
    return PhysicianOpinion(
        physician="医师甲",
        title=title,
        department="心内科",
        institution="测试医院",
        opinion="符合认定标准。",
        signed_on=NOON.date(),
    )


def a_material(kind: str = "diagnosis_certificate") -> Material:
    """An uploaded paper."""
    return Material(kind=kind, content_hash="a" * 64, content_type="application/pdf", size=1000)


def some_items(*kinds: str) -> list[RequestedItem]:
    """A list of what is missing."""
    return [RequestedItem(kind=kind, detail="请补充近六个月内的材料。") for kind in kinds or ("test_report",)]


class Story:
    """One case through the domain: each step claims, acts and evolves; `events` is what was stated."""

    def __init__(self, rules: Rules | None = None, calendar: Calendar = CALENDAR, **submitted) -> None:
        self.rules = rules or some_rules()
        self.now: datetime = NOON
        application = an_application_submitted(submitted.pop("application_id", None), **submitted)
        received_on = domain.received_on(application)
        due = calendar.add_working_days(received_on, self.rules.acceptance_working_days)
        opened = domain.open_case(application, self.rules, due, self.now)
        self.events: list[CaseEvent] = [opened]
        case = domain.evolve(None, opened)
        self.file = CaseFile(case, Claim(), domain.Dossier(application), self.rules, calendar)

    @property
    def case(self) -> domain.Case:
        return self.file.case

    @property
    def last(self) -> CaseEvent:
        return self.events[-1]

    @property
    def application_id(self) -> UUID:
        return self.case.application_id

    def later(self, **passed: float) -> "Story":
        self.now += timedelta(**passed)
        return self

    def claimed(self, officer: Officer) -> Holder:
        claim = domain.granted(domain.released(self.file.claim), officer, self.now)
        self.file = replace(self.file, claim=claim)
        return Holder(officer, claim.token)

    def act(self, deed, by: Officer, *asked) -> "Story":
        holder = self.claimed(by)
        return self._after(deed(self.file, holder, *asked, self.now))

    def accept(self, by: Officer = OFFICER) -> "Story":
        return self.act(domain.accept, by)

    def ask(self, by: Officer, *kinds: str) -> "Story":
        return self.act(domain.request_material, by, some_items(*kinds))

    def supply(self, *materials: Material, opinion: PhysicianOpinion | None = None) -> "Story":
        supplied = told(
            MaterialSupplied,
            application_id=self.application_id,
            round=self.case.rounds,
            materials=list(materials),
            physician_opinion=opinion,
            occurred_at=self.now,
        )
        events = domain.resume(self.case, supplied, self.rules, self.file.calendar, self.now)
        self.file = replace(self.file, dossier=domain.supplemented(self.file.dossier, supplied))
        return self._after(events)

    def forward(self, by: Officer = FIRST, to: Stage = Stage.FINAL) -> "Story":
        return self.act(domain.forward, by, Handover(to, "材料齐全。"))

    def advise(self, by: Officer, outcome: Outcome = Outcome.APPROVED) -> "Story":
        return self.act(domain.give_opinion, by, Recommendation(outcome, "同意。"))

    def decide(self, by: Officer = FINAL, outcome: Outcome = Outcome.APPROVED, *grounds) -> "Story":
        return self.act(domain.decide, by, Ruling(outcome, "按规定作出结论。", tuple(grounds)))

    def withdraw(self) -> "Story":
        return self._after(domain.withdraw(self.case, self.now))

    def _after(self, events: list[CaseEvent]) -> "Story":
        case = self.case
        events = [sealed(event, KEY) if isinstance(event, SealedCaseEvent) else event for event in events]
        for event in events:
            case = domain.evolve(case, event)
        self.events += events
        self.file = replace(self.file, case=case, claim=domain.released(self.file.claim))
        return self


def at_first(rules: Rules | None = None, **submitted) -> Story:
    """An accepted case at first review."""
    return Story(rules, **submitted).accept()


def at_expert(**changes) -> Story:
    """A case before the experts."""
    return at_first(expert_rules(**changes)).forward(to=Stage.EXPERT)


def at_final(rules: Rules | None = None, **submitted) -> Story:
    """A case before the final reviewer."""
    return at_first(rules, **submitted).forward()


def an_id() -> UUID:
    """A new application id."""
    return uuid4()
