"""What a policy file must get right before it may be published, and what its editor is warned of; pure."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from services.catalog.domain.composing import Editions, Made, composed_since, regions_on
from services.catalog.domain.sheets import Sheet, calendar_of, standards_of
from services.catalog.domain.showing import sourced_values
from services.catalog.domain.vectors import Background, failures
from shared.calendar import Calendar
from shared.contracts.calendars import CalendarDocument, CalendarYear
from shared.contracts.policies import RegionPolicy
from shared.errors import Unreadable

INTAKE_MODES = ("rolling", "windows")
LIMITS = ("sla_working_days", "acceptance_working_days", "supplement_answer_working_days")
MOST_WORKING_DAYS = 500
WORKING_DAYS = re.compile(r"(\d+) ?个工作日")
PHONE = re.compile(r"(?<!\d)0\d{2,3}-\d{5,8}(?!\d)")
NEED_NO_BASIS = ("id_document",)
"""Papers that may be asked for without a law that says so (N-04)."""


Faults = Callable[[RegionPolicy], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Report:
    """What is wrong with a file, what its editor should know, and the regions whose policies it makes."""

    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    vectors: int = 0
    regions: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether the file may be published."""
        return not self.errors


def check(
    sheet: Sheet, editions: Editions, calendars: Sequence[CalendarDocument], today: date, faults: Faults
) -> Report:
    """Check a file with the layers and calendars it will stand with; `editions` holds it already."""
    reports = []
    for region in [] if sheet.kind == "calendar" else regions_on(editions, sheet.key):
        try:
            made = composed_since(editions, region, max(sheet.effective_from, today))
        except Unreadable as error:
            reports.append(unmade(error))
        else:
            reports.append(check_made(sheet, made, calendars, faults))
    return whole_report(sheet, reports, calendars, today)


def check_made(
    sheet: Sheet, made: Sequence[Made], calendars: Sequence[CalendarDocument], faults: Faults
) -> Report:
    """Check the policies that a file makes of one region; `faults` tells what else is wrong with one."""
    contradictions = [_contradiction(calendars, one.policy.calendar_additions) for one in made]
    if wrong := [told for told in contradictions if told]:
        return Report(errors=tuple(wrong))
    errors = [*_outlived(made), *_cross_references(made), *_vectors(sheet, made, calendars)]
    errors += [f"{one.policy.region}: {told}" for one in made for told in _lost_on_the_bus(one.policy)]
    errors += [f"{one.policy.region}: {fault}" for one in made for fault in faults(one.policy)]
    warnings = sorted({told for one in made for told in (*_warnings(one.policy), *_echoes(one.policy))})
    regions = tuple(sorted({one.policy.region for one in made}))
    return Report(tuple(errors), tuple(warnings), regions=regions)


def unmade(error: Unreadable) -> Report:
    """Report that a file makes no policy of a region."""
    return Report(errors=tuple(error.detail.split("; ")))


def whole_report(
    sheet: Sheet, reports: Sequence[Report], calendars: Sequence[CalendarDocument], today: date
) -> Report:
    """Join what was found in the regions that a file reaches with what it says by itself."""
    if sheet.kind == "calendar":
        return _check_calendar(sheet, calendars)
    alone = [] if reports else [*failures(sheet.vectors, Background(None, calendars, standards_of(sheet)))]
    errors = [*_dates(sheet, today), *alone, *(error for report in reports for error in report.errors)]
    warnings = [warning for report in reports for warning in report.warnings]
    regions = tuple(region for report in reports for region in report.regions)
    return Report(tuple(dict.fromkeys(errors)), tuple(warnings), len(sheet.vectors), regions)


def _check_calendar(sheet: Sheet, calendars: Sequence[CalendarDocument]) -> Report:
    """Work the vectors out with the years up to this one, as they were when it was announced."""
    calendar = calendar_of(sheet, 1)
    earlier = [other for other in calendars if other.year < calendar.year]
    years = [*earlier, calendar]
    told = _contradiction(years, ())
    errors = (told,) if told else tuple(failures(sheet.vectors, Background(None, years)))
    warnings = () if sheet.vectors else (f"{sheet.key} has no vectors: nothing shows that it counts right",)
    return Report(errors, warnings, len(sheet.vectors))


def _contradiction(years: Sequence[CalendarDocument], additions: Sequence[CalendarYear]) -> str | None:
    try:
        Calendar.of(years, additions)
    except ValueError as error:
        return f"days off: {error}"
    return None


def _dates(sheet: Sheet, today: date) -> Iterator[str]:
    if sheet.effective_from < today:
        yield (
            f"effective_from: {sheet.effective_from} has passed; what was decided stays under the rules of "
            "its time, so a change holds from today at the earliest"
        )


def _outlived(made: Sequence[Made]) -> Iterator[str]:
    for one in made:
        for path, value in sourced_values(one.policy):
            if value.effective_to is not None and value.effective_to < one.policy.effective_from:
                yield f"{one.policy.region}: {path} has ended on {value.effective_to} by its own source"


def _vectors(sheet: Sheet, made: Sequence[Made], calendars: Sequence[CalendarDocument]) -> Iterator[str]:
    for one in made:
        for failure in failures(sheet.vectors, Background(one.policy, calendars, one.policy.standards)):
            yield f"{one.policy.region}: {failure}"


def _cross_references(made: Sequence[Made]) -> Iterator[str]:
    for one in made:
        told_of = (_of_diseases, _of_institutions, _of_intake, _of_the_rest)
        for told in (told for of in told_of for told in of(one.policy)):
            yield f"{one.policy.region}: {told}"


def _of_diseases(policy: RegionPolicy) -> Iterator[str]:
    standards = {standard.code for standard in policy.standards}
    national = {code.code for code in policy.national_codes}
    for disease in policy.diseases:
        if disease.standard is not None and disease.standard not in standards:
            yield f"{disease.code} names the standard {disease.standard}, which is in no layer"
        if disease.national_code.v is not None and disease.national_code.v not in national:
            yield f"{disease.code} names the national code {disease.national_code.v}, which is not listed"
        for other in disease.excludes.v if disease.excludes else ():
            back = policy.disease(other)
            if back and (back.excludes is None or disease.code not in back.excludes.v):
                yield f"{disease.code} excludes {other}, which does not exclude it"


def _of_institutions(policy: RegionPolicy) -> Iterator[str]:
    divisions = {policy.admdvs.v, *(division.code for division in policy.divisions)}
    classes = {d.disease_class.v for d in policy.diseases if d.disease_class.v}
    for institution in policy.institutions:
        if institution.division not in divisions:
            yield f"the institution {institution.code} is in the division {institution.division}, not of here"
        if strangers := set(institution.entitled.v or ()) - classes:
            yield f"the institution {institution.code} is entitled to unknown classes {sorted(strangers)}"


def _of_intake(policy: RegionPolicy) -> Iterator[str]:
    if policy.intake_mode.v not in INTAKE_MODES:
        yield f"the intake mode {policy.intake_mode.v} is none of {', '.join(INTAKE_MODES)}"
    if policy.intake_mode.v == "windows" and not policy.intake_windows:
        yield "intake goes by windows and there is no window"
    for window in policy.intake_windows:
        for day in (window.opens, window.closes):
            if not _is_a_day(day):
                yield f"the window {window.id} names {day}, which no year has"


def _of_the_rest(policy: RegionPolicy) -> Iterator[str]:
    for name in LIMITS:
        if not 1 <= getattr(policy.deadlines, name).v <= MOST_WORKING_DAYS:
            yield f"{name} is not a number of working days from 1 to {MOST_WORKING_DAYS}"
    offline = policy.offline_verification
    codes = {disease.code for disease in policy.diseases}
    if offline and (strangers := set(offline.diseases.v or ()) - codes):
        yield f"offline verification names unknown diseases {sorted(strangers)}"


def _is_a_day(month_day: str) -> bool:
    try:
        date.fromisoformat(f"2024-{month_day}")
    except ValueError:
        return False
    return True


def _echoes(policy: RegionPolicy) -> Iterator[str]:
    """Tell texts that repeat a limit or a hotline otherwise than the policy has it."""
    limits = {str(getattr(policy.deadlines, name).v) for name in LIMITS}
    extra = (policy.remedy.appeal_answer_working_days, policy.public_notice_working_days)
    limits |= {str(one.v) for one in extra if one and one.v}
    phones = {policy.hotline.v, *(office.phone.v for office in policy.offices)}
    for path, value in sourced_values(policy):
        text = getattr(value, "v", None)
        if not isinstance(text, str):
            continue
        for said in WORKING_DAYS.findall(text):
            if said not in limits:
                yield f"{policy.region}: {path} says {said}个工作日, which is no limit of the policy"
        for said in PHONE.findall(text):
            if said not in phones:
                yield f"{policy.region}: {path} names {said}, which is neither hotline nor office"


def _lost_on_the_bus(policy: RegionPolicy) -> Iterator[str]:
    """Whoever reads the published document must read the same policy."""
    try:
        read = RegionPolicy.model_validate_json(policy.model_dump_json(exclude_none=True))
    except ValueError as error:
        yield f"the document could not be read once it is published: {error}"
    else:
        if read != policy:
            yield "the document would say something else once it is published"


def _warnings(policy: RegionPolicy) -> Iterator[str]:
    for rule in policy.materials:
        if rule.required.v and rule.kind not in NEED_NO_BASIS and rule.legal_basis is None:
            yield (
                f"{policy.region}: {rule.kind} is asked for without a legal basis; more than an ID document "
                "may be asked for only where a law says so (社会保险经办条例 第三十一条, N-04)"
            )
