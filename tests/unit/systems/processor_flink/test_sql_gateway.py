"""The client of Flink's SQL gateway against a server that answers as the gateway does."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from climb.systems.processor.flink.errors import (
    GatewayRefusedError,
    GatewayTimeoutError,
    GatewayUnreachableError,
)
from climb.systems.processor.flink.gateway import Gateway

Answers = dict[str, list[tuple[int, object]]]
Serve = Callable[[Answers], tuple[Gateway, list[str]]]

SESSION: Answers = {
    "POST /v2/sessions": [(200, {"sessionHandle": "s"})],
    "DELETE /v2/sessions/s": [(200, {"status": "CLOSED"})],
    "POST /v2/sessions/s/statements": [(200, {"operationHandle": "o"})],
    "DELETE /v2/sessions/s/operations/o/close": [(200, {"status": "CLOSED"})],
    "POST /v2/sessions/s/operations/o/cancel": [(200, {"status": "CANCELED"})],
}
NOT_READY = {"resultType": "NOT_READY", "nextResultUri": "/v2/sessions/s/operations/o/result/0?rowFormat=JSON"}


def page(rows: list[list[object]], following: int | None, **more: object) -> dict[str, object]:
    data = [{"kind": "INSERT", "fields": row} for row in rows]
    uri = f"/v2/sessions/s/operations/o/result/{following}?rowFormat=JSON"
    results = {"columns": [{"name": "a", "logicalType": {}}, {"name": "b"}], "rowFormat": "JSON", "data": data}
    return {
        "resultType": "PAYLOAD" if following else "EOS",
        "results": results,
        "nextResultUri": following and uri,
        **more,
    }


def result(number: int) -> str:
    return f"GET /v2/sessions/s/operations/o/result/{number}?rowFormat=JSON"


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serves prepared answers, the last one of a path again and again, and tells what was asked."""
    servers = []

    def begin(answers: Answers) -> tuple[Gateway, list[str]]:
        left = {path: list(prepared) for path, prepared in answers.items()}
        asked: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                asked.append(f"{self.command} {self.path}")
                prepared = left[asked[-1]]
                status, document = prepared.pop(0) if len(prepared) > 1 else prepared[0]
                body = document if isinstance(document, bytes) else json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_DELETE = answer  # noqa: N815 - the library's names

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return Gateway(f"http://127.0.0.1:{server.server_address[1]}"), asked

    yield begin
    for server in servers:
        server.shutdown()
        server.server_close()


def test_rows_of_all_pages_are_one_answer(serve: Serve) -> None:
    """Pages are asked for until the last, also those that are not ready at first."""
    gateway, asked = serve(
        SESSION
        | {
            result(0): [(200, NOT_READY), (200, page([[1, "x"]], 1, jobID="job"))],
            result(1): [(200, page([[2, "y"]], 2))],
            result(2): [(200, page([], None))],
        }
    )

    with gateway.session() as session:
        found = session.run("SELECT 1")

    assert found.columns == ("a", "b")
    assert found.rows == ((1, "x"), (2, "y"))
    assert found.job_id == "job"
    assert asked[-2:] == ["DELETE /v2/sessions/s/operations/o/close", "DELETE /v2/sessions/s"]


def test_a_refusal_says_the_innermost_cause(serve: Serve) -> None:
    """Of Flink's stack of causes, the last one is said, without the frames and the parser's lists of words."""
    said = (
        "org.apache.flink.table.gateway.SqlGatewayException: Failed to fetchResults.\n\tat a.b.C.d(C.java:1)\n"
        'Caused by: org.apache.calcite.sql.parser.SqlParseException: Encountered "FORM" at line 1.\n'
        'Was expecting one of:\n    <EOF> \n    "AND" ...\n    <IDENTIFIER> ...\n\tat e.f.G.h(G.java:2)\n\t... 3 more\n'
    )
    gateway, _ = serve(SESSION | {result(0): [(500, {"errors": ["Internal server error.", said]})]})

    with gateway.session() as session, pytest.raises(GatewayRefusedError) as refused:
        session.run("SELECT * FORM t")

    assert refused.value.reason == 'Encountered "FORM" at line 1.'
    assert refused.value.statement == "SELECT * FORM t"


def test_a_statement_that_does_not_end_is_cancelled(serve: Serve) -> None:
    """After the deadline the statement is cancelled, and the session goes on to its end."""
    gateway, asked = serve(SESSION | {result(0): [(200, NOT_READY)]})
    moments = iter([0.0, 0.0, 0.0, 11.0])

    with gateway.session() as session, pytest.raises(GatewayTimeoutError, match="SELECT 1"):
        session.run("SELECT 1\nFROM t", timeout_s=10, clock=lambda: next(moments))

    assert asked[-3] == "POST /v2/sessions/s/operations/o/cancel"


def test_something_else_at_the_address_is_named(serve: Serve) -> None:
    """A server that answers, but not as a gateway, is said to be none."""
    gateway, _ = serve({"GET /v2/info": [(200, b"<html>")]})

    with pytest.raises(GatewayUnreachableError, match="is no SQL gateway"):
        gateway.version()


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "127.0.0.1:8083", "ftp://127.0.0.1"])
def test_no_gateway_is_an_error_that_names_the_address(url: str) -> None:
    """Nobody there, or no address at all: the error begins with what was given."""
    with pytest.raises(GatewayUnreachableError, match=url):
        Gateway(url).version()
