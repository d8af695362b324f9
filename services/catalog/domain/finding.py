"""What of a policy holds where somebody is: institutions by level and place, the form of papers; pure."""

from enum import StrEnum

from pydantic import BaseModel, Field

from shared.contracts.benefits import Institution
from shared.contracts.materials import MaterialForm
from shared.contracts.policies import RegionPolicy


class Sought(BaseModel):
    """Which institutions: of a level or above, in a division, entitled to treat a disease."""

    level: int | None = Field(default=None, ge=1, le=3)
    division: str | None = Field(default=None, pattern=r"^[0-9]{6}$")
    disease: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_.:-]{1,64}$")
    certifies: bool | None = Field(default=None, description="only those that prove a disease, or not")


class Entitlement(StrEnum):
    """Whether an institution may treat a disease; where nobody knows, that is the answer."""

    ENTITLED = "entitled"
    NOT_ENTITLED = "not_entitled"
    UNKNOWN = "unknown"


def find_institutions(policy: RegionPolicy, sought: Sought) -> list[Institution]:
    """List the designated institutions that are meant, without those that may not treat the disease."""
    return [
        one
        for one in policy.institutions
        if (sought.level is None or one.level.v >= sought.level)
        and (sought.division is None or one.division == sought.division)
        and (sought.certifies is None or one.certifies.v is sought.certifies)
        and (sought.disease is None or entitlement(policy, one, sought.disease) != Entitlement.NOT_ENTITLED)
    ]


def entitlement(policy: RegionPolicy, institution: Institution, disease_code: str) -> Entitlement:
    """Tell whether an institution may treat a disease, by the class of the disease."""
    disease = policy.disease(disease_code)
    disease_class = disease.disease_class.v if disease else None
    if disease_class is None or institution.entitled.v is None:
        return Entitlement.UNKNOWN
    return Entitlement.ENTITLED if disease_class in institution.entitled.v else Entitlement.NOT_ENTITLED


def form_at(policy: RegionPolicy, channel_id: str) -> MaterialForm | None:
    """Tell in which form a channel takes papers (F-P50, F-S17); None where the region does not say."""
    kind = next((channel.kind for channel in policy.channels if channel.id == channel_id), None)
    return next((form for form in policy.material_forms if form.kind == kind), None)
