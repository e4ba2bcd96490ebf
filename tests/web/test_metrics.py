import asyncio

from prometheus_client.parser import text_string_to_metric_families

from domain.bulkheads import Bulkhead
from web.metrics import Metrics


def test_one_process_labels_nothing() -> None:
    assert b"worker=" not in Metrics().text()


def test_each_sample_of_a_worker_names_it() -> None:
    metrics = Metrics()
    metrics.requests.labels("/graphql", 200).inc()
    metrics.latency.labels("/graphql").observe(0.1)
    metrics.name_worker(3)

    families = list(text_string_to_metric_families(metrics.text().decode()))
    samples = [sample for family in families for sample in family.samples]

    assert len(samples) > 20
    assert {sample.labels["worker"] for sample in samples} == {"3"}
    (counted,) = (one for one in samples if one.name == "cnop_http_requests_total")
    assert counted.labels == {"worker": "3", "path": "/graphql", "status": "200"}


async def test_places_at_the_store_are_told_as_they_are() -> None:
    metrics = Metrics()
    requests = Bulkhead(name="requests", places=2, waiting_max=5, wait_s_max=60.0)
    metrics.watch_store(requests)

    async with requests, requests, asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(requests.__aenter__())
        await asyncio.sleep(0)
        told = metrics.text()
        waiting.cancel()

    assert b'cnop_store_calls_in_flight{compartment="requests",state="running"} 2.0' in told
    assert b'cnop_store_calls_in_flight{compartment="requests",state="waiting"} 1.0' in told
    assert b'cnop_store_calls_in_flight{compartment="requests",state="waiting"} 0.0' in (
        metrics.text()
    )
