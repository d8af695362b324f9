"""What becomes of Kafka's clients when their connection breaks under them."""

import asyncio
import threading

import pytest
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.metadata import MetadataRequest

from shared import serving
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


class Stuck(Consumption):
    """A consumption whose client library does not end before it is let go."""

    def build(self, cluster):
        broker, undecodable = super().build(cluster)
        self.let_go, broker.stop = broker.stop, asyncio.Event().wait
        return broker, undecodable


async def test_a_client_that_does_not_end_ends_the_loop(kafka):
    consumption = Stuck(kafka, None, [Consumer("review", APPLICATIONS, {})], patience=0.2)
    running = asyncio.create_task(consumption.run())
    await until(lambda: _is(consumption.ready, None))
    running.cancel()
    with pytest.raises(ClientStuck):
        await asyncio.wait_for(running, 20)
    await consumption.let_go()


async def _is(ready, wanted):
    return await ready() == wanted
