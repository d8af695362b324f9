"""Made-up regions as large as real ones: a shipped region's policy under other names and division codes."""

from datetime import datetime

from services.catalog import store
from services.catalog.app import read_documents
from services.catalog.domain.composing import Made
from services.catalog.domain.publishing import DELIVERED
from shared.contracts.policies import RegionPolicy
from shared.postgres import Database

LIKE = "shangrao"


def many_regions(number: int) -> list[RegionPolicy]:
    """So many regions, each over 200 KB of JSON: it has the province's standards twice."""
    model = next(d for d in read_documents() if isinstance(d, RegionPolicy) and d.region == LIKE)
    second = (one.model_copy(update={"code": f"{one.code}-2"}) for one in model.standards)
    model = model.model_copy(update={"standards": (*model.standards, *second)})
    return [
        model.model_copy(
            update={
                "region": f"region{place:03}",
                "name": model.name.model_copy(update={"v": f"第{place}市"}),
                "admdvs": model.admdvs.model_copy(update={"v": str(700_000 + place * 100)}),
            }
        )
        for place in range(number)
    ]


async def keep_regions(database: Database, regions: list[RegionPolicy], now: datetime) -> None:
    """Write them straight into catalog's table: made of no files, stated to nobody."""
    for policy in regions:
        async with database.transaction() as tx:
            await store.add_policy(tx, Made(policy, ()), DELIVERED, now)
