"""A real Envoy with a configuration of its owner's."""

import http.server
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from climb.stack.envoy import envoy
from climb.stack.errors import StackError
from climb.stack.ports import held_port

pytestmark = pytest.mark.slow


class Hello(http.server.BaseHTTPRequestHandler):
    """Answers each request with a word."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *_words: object) -> None:
        pass


@pytest.fixture
def upstream() -> Iterator[int]:
    """The port of an HTTP server."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hello)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def test_requests_pass_through_it(upstream: int, nothing_lives: Callable[[str], bool]) -> None:
    """It listens where its configuration says, forwards, counts that in its admin interface, and ends with the block."""
    with held_port() as port, envoy(proxy(port, upstream)) as server:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30) as answer:
            body, via = answer.read(), answer.headers["server"]
        with urllib.request.urlopen(
            f"{server.address}/stats?filter=cluster.upstream.upstream_rq_total", timeout=30
        ) as told:
            counted = told.read()
        admin = urlsplit(server.address)

    assert (body, via) == (b"hello", "envoy")
    assert counted == b"cluster.upstream.upstream_rq_total: 1\n"
    assert admin.hostname == "127.0.0.1"
    assert nothing_lives("climb-envoy-" + str(server.log.parent).rpartition("climb-envoy-")[2])


def test_it_starts_again_where_it_was(upstream: int) -> None:
    """After a kill nobody answers, and after the next start requests pass again."""
    with held_port() as port, envoy(proxy(port, upstream)) as server:
        server.kill()
        with pytest.raises(urllib.error.URLError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30)
        server.start()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30) as answer:
            body = answer.read()

    assert body == b"hello"


def test_a_wrong_configuration_is_reported_in_its_own_words() -> None:
    """The error has what Envoy says of it."""
    with (
        pytest.raises(StackError, match=r"(?s)Envoy has ended with 1; it said:.*no_such_field"),
        envoy({"no_such_field": 1}),
    ):
        pass


def proxy(port: int, upstream: int) -> dict[str, Any]:
    """A listener that forwards all HTTP to one place."""
    route = {"match": {"prefix": "/"}, "route": {"cluster": "upstream"}}
    manager = {
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "in",
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [route]}]},
        "http_filters": [
            {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"},
            }
        ],
    }
    chain = {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
    listener = {"name": "in", "address": _at(port), "filter_chains": [chain]}
    endpoints = {"lb_endpoints": [{"endpoint": {"address": _at(upstream)}}]}
    cluster = {
        "name": "upstream",
        "type": "STATIC",
        "connect_timeout": "5s",
        "load_assignment": {"cluster_name": "upstream", "endpoints": [endpoints]},
    }
    return {"static_resources": {"listeners": [listener], "clusters": [cluster]}}


def _at(port: int) -> dict[str, Any]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}
