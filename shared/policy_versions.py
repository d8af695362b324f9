"""Which version of each region's policy a service holds, for /metrics."""

from collections.abc import Mapping

from prometheus_client import Gauge

HELD = Gauge("mente_policy_version", "Newest version of a region's policy that is held here", ["region"])


def tell_versions(newest: Mapping[str, int]) -> None:
    """Say what is held now, by region."""
    for region, version in newest.items():
        HELD.labels(region).set(version)
