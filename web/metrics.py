"""What is counted and measured; every label has a handful of values."""

import re
from collections.abc import Callable
from datetime import timedelta

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from adapters.table_calls import CallOutcome, TableCall
from domain.bulkheads import Bulkhead
from domain.candles import CandleInterval
from domain.circuit_breaker import CircuitState

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""Source: Prometheus, exposition formats."""

LATENCY_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
"""From a cached query to what nobody waits for."""

UNKNOWN_AGE_S = -1.0
"""What the market's age reads as before the first tick."""

_LABELLED = re.compile(rb"^(\w+)\{", re.MULTILINE)
_BARE = re.compile(rb"^(\w+) ", re.MULTILINE)
"""Samples at the beginning of their lines; comments begin otherwise."""


class Metrics:
    """The metrics of one server, in a registry of their own."""

    def __init__(self) -> None:
        self._worker = b""
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        GCCollector(registry=self._registry)
        self.requests = Counter(
            "cnop_http_requests", "HTTP requests.", ("path", "status"), registry=self._registry
        )
        self.latency = Histogram(
            "cnop_http_request_seconds",
            "Time to the end of an answer.",
            ("path",),
            registry=self._registry,
            buckets=LATENCY_BUCKETS_S,
        )
        self.operations = Counter(
            "cnop_graphql_operations",
            "GraphQL operations that came to an end, by how.",
            ("transport", "outcome"),
            registry=self._registry,
        )
        self.refused = Counter(
            "cnop_rate_limited_requests",
            "Requests that one address had too many of.",
            registry=self._registry,
        )
        self.sockets = Gauge(
            "cnop_websockets_open", "Websockets that are open.", registry=self._registry
        )
        self.socket_operations = Gauge(
            "cnop_websocket_operations_running",
            "Operations that run on websockets, subscriptions mostly.",
            registry=self._registry,
        )
        self.ticks = Counter(
            "cnop_price_ticks", "Ticks that changed a price.", registry=self._registry
        )
        self.price_changes = Counter(
            "cnop_price_changes", "Prices that changed.", registry=self._registry
        )
        self.shed = Counter(
            "cnop_shed_requests",
            "Requests and websockets refused since there was too much to do.",
            ("kind",),
            registry=self._registry,
        )
        self._in_flight = Gauge(
            "cnop_requests_in_flight", "Requests being worked on.", registry=self._registry
        )
        self._in_flight_bound = Gauge(
            "cnop_requests_in_flight_bound",
            "Requests that may be worked on at present; it falls while the event loop is late.",
            registry=self._registry,
        )
        self._loop_lag = Gauge(
            "cnop_event_loop_lag_seconds",
            "How late the event loop was when last measured.",
            registry=self._registry,
        )
        self._market_age = Gauge(
            "cnop_market_age_seconds",
            "Time since the market was last heard; -1 before the first time.",
            registry=self._registry,
        )

        self._large_moves = Counter(
            "cnop_large_price_moves",
            "Changes of over 5 % between two reports of a real market.",
            ("direction",),
            registry=self._registry,
        )
        self._backfilled = Counter(
            "cnop_candles_backfilled",
            "Candles made from charts of a real market.",
            ("interval",),
            registry=self._registry,
        )
        self._coingecko = Gauge(
            "cnop_coingecko_trusted",
            "1 while CoinGecko is asked, 0 while it is left alone after failures.",
            registry=self._registry,
        )
        self._coingecko.set(1)
        self._redis = Gauge(
            "cnop_redis_trusted",
            "1 while Redis is asked, 0 while it is left alone after failures.",
            registry=self._registry,
        )
        self._store_circuit = Gauge(
            "cnop_store_trusted",
            "1 while the store is asked, 0 while it is left alone after failures.",
            registry=self._registry,
        )
        self._store_calls = Histogram(
            "cnop_store_call_seconds",
            "Time of a call to the store, by how it ended.",
            ("compartment", "call", "outcome"),
            registry=self._registry,
            buckets=LATENCY_BUCKETS_S,
        )
        self._store_places = Gauge(
            "cnop_store_calls_in_flight",
            "Calls to the store that have a place, and that wait for one.",
            ("compartment", "state"),
            registry=self._registry,
        )

    def moved_far(self, *, is_up: bool) -> None:
        """Take note of a large move of a price."""
        self._large_moves.labels("up" if is_up else "down").inc()

    def backfilled(self, interval: CandleInterval, count: int) -> None:
        """Take note of candles that were backfilled."""
        self._backfilled.labels(interval.value).inc(count)

    def coingecko_changed(self, state: CircuitState) -> None:
        """Take note of whether CoinGecko is asked at all."""
        self._coingecko.set(state is CircuitState.CLOSED)

    def redis_changed(self, state: CircuitState) -> None:
        """Take note of whether Redis is asked at all."""
        self._redis.set(state is CircuitState.CLOSED)

    def circuit_changed(self, state: CircuitState) -> None:
        """Take note of whether the store is asked at all."""
        self._store_circuit.set(state is CircuitState.CLOSED)

    def called(
        self, *, compartment: str, call: TableCall, outcome: CallOutcome, seconds: float
    ) -> None:
        """Take note of a call to the store."""
        self._store_calls.labels(compartment, call.value, outcome.value).observe(seconds)

    def watch_market(self, age: Callable[[], timedelta | None]) -> None:
        """Ask for the market's age whenever metrics are collected."""

        def age_s() -> float:
            found = age()
            return UNKNOWN_AGE_S if found is None else found.total_seconds()

        self._market_age.set_function(age_s)

    def watch_store(self, compartment: Bulkhead) -> None:
        """Ask for the places at the store whenever metrics are collected."""
        places = self._store_places.labels
        places(compartment.name, "running").set_function(lambda: compartment.taken)
        places(compartment.name, "waiting").set_function(lambda: compartment.waiting)

    def watch_load(
        self,
        *,
        in_flight: Callable[[], int],
        bound: Callable[[], int],
        lag_s: Callable[[], float],
    ) -> None:
        """Ask for the load whenever metrics are collected."""
        self._in_flight.set_function(in_flight)
        self._in_flight_bound.set_function(bound)
        self._loop_lag.set_function(lag_s)

    def name_worker(self, number: int) -> None:
        """Say in every sample which worker of several it is of; each counts for itself."""
        self._worker = f'worker="{number}"'.encode()

    def text(self) -> bytes:
        """Return all metrics in Prometheus's text format."""
        text = generate_latest(self._registry)
        if not self._worker:
            return text
        labelled = _LABELLED.sub(rb"\1{" + self._worker + b",", text)
        return _BARE.sub(rb"\1{" + self._worker + b"} ", labelled)
