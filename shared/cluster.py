"""Which Kafka cluster answers: a broker that came back empty has another identity."""

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError


async def cluster_id(kafka: str) -> str | None:
    """The identity of the cluster behind `kafka` (host:port); None while nobody answers."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka, request_timeout_ms=3000)
    try:
        await admin.start()
        found = (await admin.describe_cluster())["cluster_id"]
        return str(found) if found else None
    except (KafkaError, OSError, TimeoutError):
        return None
    finally:
        await admin.close()
