"""What becomes of Kafka's clients when their connection breaks under them."""

import asyncio
import threading

import pytest
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.metadata import MetadataRequest
from faststream.kafka import KafkaBroker

from shared import serving
from shared.cluster import ClusterWatch
from shared.contracts.topics import APPLICATIONS
from shared.inbox import Consumer
from shared.kafka import ClientStuck, Consumption
from tests.support.bus import until


def test_a_write_to_a_closed_transport_breaks_the_connection_and_nothing_else(kafka):
    """uvloop's own error would end the task that keeps a client's metadata, and with it the client."""
    answers = []

    async def break_it_and_ask():
        client = AIOKafkaClient(bootstrap_servers=kafka)
        await client.bootstrap()
        try:
            assert await client.force_metadata_update()
            (connection,) = client._conns.values()
            connection._writer.transport.abort()
            await asyncio.sleep(0)  # closed now, while its reader has not yet been woken
            with pytest.raises(KafkaConnectionError):
                connection.send(MetadataRequest([]))
            answers.append(await asyncio.wait_for(client.force_metadata_update(), 5))
        finally:
            await client.close()

    # Signals belong to the main thread, and so does the loop of the other tests.
    thread = threading.Thread(target=serving.run, args=[break_it_and_ask()])
    thread.start()
    thread.join()
    assert answers == [True]


async def test_a_client_that_does_not_end_ends_the_loop(kafka, monkeypatch):
    stuck = []
    stop = KafkaBroker.stop

    async def never(broker):
        stuck.append(broker)
        await asyncio.Event().wait()

    consumption = Consumption(kafka, None, [Consumer("review", APPLICATIONS, {})], patience=0.2)
    running = asyncio.create_task(consumption.run())
    await until(lambda: _is(consumption.ready, None))
    monkeypatch.setattr(KafkaBroker, "stop", never)
    monkeypatch.setattr(ClusterWatch, "identity", _another_cluster)
    with pytest.raises(ClientStuck):
        await asyncio.wait_for(running, 20)
    await stop(*stuck)


async def _is(ready, wanted):
    return await ready() == wanted


async def _another_cluster(_watch):
    return "another"
