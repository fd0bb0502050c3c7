"""Who may read a page of the workbench, who may start something, and what a page lets through to the browser."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import psutil
import pytest
from starlette.routing import Mount, Route

from climb.workbench.app import application
from climb.workbench.settings import Settings

NOBODY = 65534
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


def routes(method: str) -> list[str]:
    """Every address of the application that answers to a method, with its parameters filled in; none can be forgotten here."""
    app = application(Settings(home=Path("/nonexistent"), token="t" * 32))
    found = []
    for route in app.routes:
        assert isinstance(route, Route | Mount)
        if isinstance(route, Mount):
            assert route.path == "/static", "a new mount needs tests of its own"
        elif method in (route.methods or ()):
            found.append(re.sub(r"\{(\w+)\}", r"any-\1", route.path))
    return found


READING = [*routes("GET"), "/static/site.css", "/static/vendor/htmx.min.js", "/static/none", "/no-such-page"]
CHANGING = routes("POST")


def test_the_list_of_routes_is_not_empty() -> None:
    """What follows would hold for nothing."""
    assert {"/", "/runs/any-run/events"} <= set(READING)
    assert {"/checks", "/jobs/any-job/stop", "/journal"} <= set(CHANGING)


# --- the name that was asked for --------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", READING)
def test_a_foreign_name_gets_nothing(browser: Any, address: str) -> None:
    """A name that resolves to 127.0.0.1 is a foreign page's (DNS rebinding), whatever it asks for."""
    for host in ("evil.example", f"evil.example:{browser.client.base_url.port}", "127.0.0.1", "127.0.0.1:1", ""):
        answer = browser.open(address, Host=host)

        assert answer.status_code == 421, host
        assert "<html" not in answer.text
        assert answer.text == f"This is the workbench of {browser.origin}; open that address.\n"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_our_two_names_are_answered(browser: Any, host: str) -> None:
    """With our port."""
    assert browser.open("/", Host=f"{host}:{browser.client.base_url.port}").status_code == 200


@pytest.mark.parametrize("lines", [b"", b"Host: a\r\nHost: b\r\n", b"Host: evil.example\r\nHost: {ours}\r\n"])
def test_no_name_or_two_get_nothing(browser: Any, lines: bytes) -> None:
    """Neither with HTTP/1.1 nor as an old client."""
    ours = browser.origin.removeprefix("http://").encode()
    for version in (b"1.1", b"1.0"):
        request = b"GET / HTTP/" + version + b"\r\n" + lines.replace(b"{ours}", ours) + b"Connection: close\r\n\r\n"
        answer = _raw(browser.client.base_url.port, request)

        assert answer.split()[1] in (b"400", b"421")
        assert b"<html" not in answer


@pytest.mark.parametrize("target", [b"http://evil.example/", b"//evil.example/", b"*"])
def test_a_name_in_the_request_line_does_not_count(browser: Any, target: bytes) -> None:
    """It opens nothing that the Host header does not."""
    port = browser.client.base_url.port
    answer = _raw(port, b"GET " + target + b" HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")

    assert answer.split()[1] in (b"400", b"421")


# --- the page that sends a form ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", CHANGING)
def test_a_form_of_another_page_is_refused(browser: Any, address: str) -> None:
    """With another origin, with none, from a sandboxed frame, or from another port of this machine: even with the token."""
    port = browser.client.base_url.port
    for origin in (None, "null", "", "http://evil.example", "http://127.0.0.1", f"https://127.0.0.1:{port}"):
        headers = {} if origin is None else {"Origin": origin}
        answer = browser.client.post(address, data={"token": browser.token}, headers=headers)

        assert answer.status_code == 403, origin
        assert answer.text == "Only the workbench's own pages may start something.\n"


@pytest.mark.parametrize("address", CHANGING)
def test_a_form_without_the_token_is_refused(browser: Any, address: str) -> None:
    """Missing, empty, another, cut short, or as a file: nothing is started."""
    sent = [{}, {"token": ""}, {"token": "x" * 43}, {"token": browser.token[:-1]}, {"token": "é"}]
    answers = [browser.client.post(address, data=data, headers={"Origin": browser.origin}) for data in sent]
    files = {"token": ("token", browser.token)}
    answers.append(browser.client.post(address, files=files, headers={"Origin": browser.origin}))
    answers.append(browser.client.post(f"{address}?token={browser.token}", headers={"Origin": browser.origin}))

    assert [answer.status_code for answer in answers] == [403, 403, 403, 403, 403, 400, 403]


def test_refused_forms_left_nothing(shared_workbench: Any, tmp_path: Path) -> None:
    """No folder was made, and no judge was ever started."""
    browser, target = shared_workbench.browser, tmp_path / "new"
    headers = {"Origin": "http://evil.example"}
    browser.client.post("/projects/scanner/start", data={"folder": str(target), "language": "python"}, headers=headers)
    fields = {"token": browser.token, "folder": str(target), "language": "python"}
    browser.client.post("/projects/scanner/start", data=fields, headers=headers)

    assert not target.exists()
    assert not psutil.Process(shared_workbench.process.pid).children()


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECTX"])
def test_other_methods_change_nothing(browser: Any, method: str) -> None:
    """A foreign one is refused like any form; one of our own pages finds no such door."""
    foreign = browser.client.request(method, "/checks")
    ours = browser.client.request(method, "/checks", headers={"Origin": browser.origin})

    assert foreign.status_code == 403
    assert ours.status_code == 405
    assert not any(name.startswith("access-control") for name in ours.headers)


# --- the page that reads ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", READING)
def test_a_foreign_page_may_not_fetch(browser: Any, address: str) -> None:
    """Not as a script, an image, a stylesheet or by fetch; neither from another site nor from another port of this machine."""
    for site in ("cross-site", "same-site"):
        for mode in ("no-cors", "cors", "websocket"):
            headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode}
            answer = browser.client.get(address, headers=headers)

            assert answer.status_code == 403, headers
            assert answer.text == "Other pages may link to the workbench, not read it.\n"


def test_a_foreign_page_may_link(browser: Any) -> None:
    """A link that is followed is a navigation."""
    answer = browser.client.get("/", headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"})

    assert answer.status_code == 200


@pytest.mark.parametrize("address", READING)
def test_every_answer_carries_the_headers(browser: Any, address: str) -> None:
    """Pages, errors, redirects, static files and streams alike; and none shares itself with other origins."""
    with browser.client.stream("GET", address) as answer:  # the head is enough: some streams never end
        headers, status = answer.headers, answer.status_code

    assert {name: headers.get(name) for name in HEADERS} == HEADERS
    assert not any(name.startswith("access-control") for name in headers)
    assert status < 500


@pytest.mark.parametrize("address", ["/", "/runs", "/projects/scanner", "/no-such-page"])
def test_pages_are_kept_by_no_cache(browser: Any, address: str) -> None:
    """They hold the token."""
    assert browser.open(address).headers["cache-control"] == "no-store"


@pytest.mark.parametrize("address", ["/", "/projects/scanner", "/runs", "/journal/new", "/no-such-page"])
def test_pages_need_no_exception_from_the_policy(browser: Any, address: str) -> None:
    """No script, style or handler within the page, and nothing from elsewhere."""
    page = browser.open(address).text

    assert not re.search(r"<script(?![^>]*\bsrc=)", page)
    assert not re.search(r"<style|\sstyle=|\son\w+=", page)
    assert not re.search(r"""<(?:script|link|img|iframe|form)[^>]+(?:src|href|action)=["'](?:https?:)?//""", page)


async def test_a_mistake_of_ours_is_a_page_with_the_headers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody expected is answered within the guard, and told in the terminal."""
    monkeypatch.setattr("climb.workbench.security.is_ours", lambda _client, _server: True)  # there is no connection
    app = application(Settings(home=tmp_path, token="t" * 32, port=4810))

    async def broken(_request: Any) -> Any:
        raise ZeroDivisionError("by us")

    app.router.routes.insert(0, Route("/broken", broken))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:4810") as client:
        answer = await client.get("/broken")

    assert answer.status_code == 500
    assert "the workbench made a mistake" in answer.text.lower()
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS


# --- other users of this machine --------------------------------------------------------------------------------------

ASK = """
import os, socket, sys
os.setgroups([]); os.setgid(USER); os.setuid(USER)
family, address, port, how = sys.argv[1:]
with socket.socket(getattr(socket, family)) as client:
    client.settimeout(10)
    client.connect((address, int(port)))
    client.sendall(f"GET / HTTP/1.1\\r\\nHost: 127.0.0.1:{port}\\r\\nConnection: close\\r\\n\\r\\n".encode())
    if how == "half-closed":
        client.shutdown(socket.SHUT_WR)
    while data := client.recv(65536):
        sys.stdout.buffer.write(data)
"""


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("how", ["open", "half-closed"])
@pytest.mark.parametrize(("family", "address"), [("AF_INET", "127.0.0.1"), ("AF_INET6", "::ffff:127.0.0.1")])
@pytest.mark.parametrize(("user", "status"), [(NOBODY, b"403"), (0, b"200")])
def test_another_user_of_this_machine_gets_nothing(
    browser: Any, family: str, address: str, how: str, user: int, status: bytes
) -> None:
    """By whichever family of sockets; we ourselves are answered by both."""
    words = [family, address, str(browser.client.base_url.port), how]
    done = subprocess.run(
        [sys.executable, "-c", ASK.replace("USER", str(user)), *words], capture_output=True, timeout=30
    )

    assert done.stdout.split()[1:2] == [status], done.stderr
    assert (b"<html" in done.stdout) == (status == b"200")


# --- names that are no names ------------------------------------------------------------------------------------------

TRICKS = {
    "up": "..%2f..%2f..%2f..%2fetc%2fpasswd",
    "up, encoded twice": "..%252f..%252fetc%252fpasswd",
    "dots": "%2e%2e",
    "backslashes": "..%5c..%5cetc%5cpasswd",
    "absolute": "%2fetc%2fpasswd",
    "NUL": "a%00b",
    "long": "a" * 5000,
    "not UTF-8": "%ff%fe",
    "unicode": "%e2%80%ae%f0%9f%92%a9",
    "line ends": "a%0d%0aSet-Cookie:%20a=b",
    "markup": "%3Cscript%3Ealert(1)%3C/script%3E",
    "empty": "%20",
    "a format": "{0}%25s%7b%7b7*7%7d%7d",
}
WITH_NAMES = [address for address in READING if "any-" in address]


@pytest.mark.parametrize("trick", TRICKS.values(), ids=TRICKS)
@pytest.mark.parametrize("address", [*WITH_NAMES, "/static/any-file"])
def test_a_name_that_is_none_is_not_found(browser: Any, address: str, trick: str) -> None:
    """Whatever stands where a name should: an ordinary refusal, no file's content, nothing of the name as markup."""
    answer = browser.open(re.sub(r"any-\w+", trick, address))

    assert answer.status_code in (307, 400, 404), answer.text
    assert "root:" not in answer.text
    assert "<script>alert" not in answer.text
    assert "set-cookie" not in answer.headers
    assert ">49<" not in answer.text


@pytest.mark.parametrize("trick", TRICKS.values(), ids=TRICKS)
@pytest.mark.parametrize("address", [address for address in CHANGING if "any-" in address])
def test_an_action_on_a_name_that_is_none_is_refused(browser: Any, address: str, trick: str) -> None:
    """The same for forms with a token."""
    answer = browser.send(re.sub(r"any-\w+", trick, address), text="text", title="title")

    assert answer.status_code in (307, 400, 404), answer.text
    assert "root:" not in answer.text


@pytest.mark.parametrize("folder", ["", "\0", "a\0b", "x" * 5000, "~no-such-user/x", "/etc/passwd", "/proc/self/mem"])
@pytest.mark.parametrize("address", ["/checks", "/projects/scanner/start"])
def test_a_folder_that_is_none_is_refused(browser: Any, address: str, folder: str) -> None:
    """With a page that says so, and nothing of what is there."""
    typed = quote(folder)
    body = f"token={browser.token}&language=python&folder={typed}"
    headers = {"Origin": browser.origin, "Content-Type": "application/x-www-form-urlencoded"}
    answer = browser.client.post(address, content=body, headers=headers)

    assert answer.status_code in (400, 503), answer.text
    assert "That could not be done" in answer.text
    assert "root:" not in answer.text


@pytest.mark.parametrize(
    "fields",
    [
        {f"field-{number}": "x" for number in range(100)},
        {"text": "x" * (2 * 1024 * 1024)},
        {"x" * (2 * 1024 * 1024): "y"},
    ],
    ids=["many", "long", "long name"],
)
@pytest.mark.parametrize("address", ["/journal", "/checks"])
def test_a_form_that_is_too_large_is_refused(browser: Any, address: str, fields: dict[str, str]) -> None:
    """Too many fields or too long ones, in both ways in which forms are sent."""
    headers = {"Origin": browser.origin}
    plain = browser.client.post(address, data={"token": browser.token, **fields}, headers=headers)
    parts = {name: (None, value) for name, value in {"token": browser.token, **fields}.items()}
    multipart = browser.client.post(address, files=parts, headers=headers)

    assert 400 <= plain.status_code < 500
    assert 400 <= multipart.status_code < 500


def test_a_body_that_never_ends_is_refused(browser: Any) -> None:
    """More than any form can hold is not read to its end."""
    head = (
        f"POST /checks HTTP/1.1\r\nHost: {browser.origin[7:]}\r\nOrigin: {browser.origin}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100000000000\r\n\r\ntoken="
    )
    answer = _raw(browser.client.base_url.port, head.encode(), more=b"x" * 65536)

    assert answer.split()[1] in (b"400", b"413")


# --- what programs and entries bring ----------------------------------------------------------------------------------

MARKUP = "<img src=x onerror=alert(1)>"
NASTY = MARKUP + "</script><script>alert(2)</script></code></template>{{ 7*7 }}"
SHOUTING = f"""
sys.stdout.buffer.write({NASTY.encode()!r} + bytes([0, 27, 91, 51, 49, 109, 255, 254, 10, 13, 8, 0xe2, 0x80, 0xae]))
print({NASTY!r}, file=sys.stderr)
sys.exit(3)
"""


@pytest.fixture(scope="module")
def bad_run(shared_workbench: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, str], str]:
    """A run of a program that prints markup, in a folder named with markup: its page, its live parts, its plain page."""
    folder = tmp_path_factory.mktemp("bad") / f"x{MARKUP.replace('/', '')}"
    folder.mkdir()
    (folder / "program.py").write_text("import sys\n" + SHOUTING, encoding="utf-8")
    run = f"{sys.executable} -I -S program.py"
    manifest = f"project = 'scanner'\nlanguage = '{NASTY}'\nrun = '{run}'\n"
    (folder / "climb.toml").write_text(manifest, encoding="utf-8")
    run = shared_workbench.browser.check(folder)
    live = dict(shared_workbench.browser.to_the_end(run))
    return run, live, shared_workbench.browser.read(run)


def test_what_a_program_prints_is_text(bad_run: tuple[str, dict[str, str], str]) -> None:
    """On the live page and afterwards: its markup is shown, not obeyed."""
    _, live, page = bad_run

    for shown in (live["report"], live["head"], page):
        assert "<img" not in shown
        assert "alert(2)</script>" not in shown
        assert "{{ 7*7 }}" in shown
        assert "&lt;img src=x onerror=alert(1)&gt;" in shown


def test_what_steers_a_terminal_is_shown(bad_run: tuple[str, dict[str, str], str]) -> None:
    """Escape sequences, NUL, wrong bytes and characters that turn the line around are spelt out."""
    _, live, page = bad_run

    for shown in (live["report"], page):
        assert not set(shown) & {"\0", "\x1b", "\b", "\u202e", "\ud800"}
        assert "\\x1b[31m" in shown or "\\x1b" in shown


@pytest.mark.parametrize("address", ["/", "/runs", "/projects/scanner"])
def test_lists_of_runs_show_the_same_as_text(
    browser: Any, bad_run: tuple[str, dict[str, str], str], address: str
) -> None:
    """The folder's name and the language are the learner's, and anything."""
    page = browser.read(address)

    assert bad_run[0] in page
    assert "<img" not in page
    assert "alert(2)</script>" not in page


BAD_ENTRY = """# <script>alert(1)</script>

<img src=x onerror=alert(1)>

[a](javascript:alert(1)) [b](data:text/html,x) [c](vbscript:x) <javascript:alert(1)> ![d](https://evil.example/x.png)

<iframe src="https://evil.example"></iframe><style>*{}</style> [e]( javascript:alert(1)) [f](JaVaScRiPt:alert(1))
"""


def test_an_entry_is_markdown_and_nothing_more(browser: Any) -> None:
    """Raw HTML is text; links that would run something are no links; nothing is loaded from elsewhere."""
    made = browser.send("/journal", title=MARKUP, text=BAD_ENTRY, window="a1b2c3d4")
    address = made.headers["location"]
    pages = [browser.read(address), browser.read("/journal"), browser.read(f"{address}/edit")]

    assert made.status_code == 303
    for page in pages:
        body = page.partition("<main")[2].partition("</main>")[0]
        assert not re.search(r"<(script|img|iframe|style)\b(?![^>]*src=\"/static)", body)
        assert not re.search(r"""(href|src|action)=["']?\s*(javascript|data|vbscript)""", body, re.IGNORECASE)
        assert "evil.example" not in re.findall(r'(?:src|href)="([^"]*)"', body)


def _raw(port: int, request: bytes, more: bytes = b"") -> bytes:
    """What comes back for exactly these bytes; ``more`` is sent again and again until the server has had enough."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(request)
        try:
            for _ in range(10_000 if more else 0):
                client.sendall(more)
        except OSError:
            pass
        answer = b""
        try:
            while data := client.recv(65536):
                answer += data
                if more:
                    break
        except ConnectionError:
            pass
    return answer
