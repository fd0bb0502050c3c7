"""Pages of others, on this machine or elsewhere, can start nothing, read nothing and show nothing of the workbench."""

import http.server
import threading
from collections.abc import Iterator

import pytest

FOREIGN_NAME = "another-site.test"  # leads to 127.0.0.1 in the browser of these tests

ATTACK = """async (target) => {
  const tried = {};
  const attempt = async (name, action) => {
    try { tried[name] = String(await action()); } catch (error) { tried[name] = `refused: ${error.name}`; }
  };
  const token = "x".repeat(43);
  const form = () => new URLSearchParams({ token, reference: "scanner" });
  await attempt("read", async () => (await fetch(`${target}/`)).text());
  await attempt("read with credentials", async () => (await fetch(`${target}/`, { credentials: "include" })).text());
  await attempt("read blindly", async () => (await fetch(`${target}/`, { mode: "no-cors" })).type);
  await attempt("check", async () => (await fetch(`${target}/checks`, { method: "POST", body: form() })).status);
  await attempt("check blindly", async () =>
    (await fetch(`${target}/checks`, { method: "POST", body: form(), mode: "no-cors" })).type);
  await attempt("check as JSON", async () => (await fetch(`${target}/checks`, {
    method: "POST", body: JSON.stringify({ token, reference: "scanner" }), headers: { "Content-Type": "application/json" },
  })).status);
  await attempt("beacon", () => navigator.sendBeacon(`${target}/checks`, form()));
  await attempt("follow a run", () => new Promise((done, failed) => {
    const source = new EventSource(`${target}/runs/any/events`);
    source.onopen = () => done("open");
    source.onerror = () => { source.close(); failed(new DOMException("", "Closed")); };
  }));
  await attempt("take a script", () => new Promise((done, failed) => {
    const script = Object.assign(document.createElement("script"), { src: `${target}/static/keys.js` });
    script.onload = () => done("loaded");
    script.onerror = () => failed(new DOMException("", "Blocked"));
    document.head.append(script);
  }));
  await attempt("take an image", () => new Promise((done, failed) => {
    const image = new Image();
    image.onload = () => done("loaded");
    image.onerror = () => failed(new DOMException("", "Blocked"));
    image.src = `${target}/static/icon.svg`;
  }));
  await attempt("frame", () => new Promise((done) => {
    const frame = document.createElement("iframe");
    frame.onload = () => { try { done(`read: ${frame.contentDocument.title}`); } catch (error) { done("a page of others"); } };
    frame.src = `${target}/`;
    document.body.append(frame);
  }));
  return tried;
}"""


class _Quiet(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b"<!doctype html><title>attack</title><body>a page of somebody else</body>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture
def attacker() -> Iterator[int]:
    """The port of another server on this machine, with a page of its own."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Quiet) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.fixture(params=["127.0.0.1", FOREIGN_NAME], ids=["same-machine", "foreign-name"])
def attack(request: pytest.FixtureRequest, browser, attacker: int) -> Iterator:
    """A window on the attacker's page: as another server of this machine, and under a name of its own."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"http://{request.param}:{attacker}/")
    yield page
    context.close()


def test_nothing_is_read_or_started_by_script(shared, attack) -> None:
    """Fetch, beacon, event source, script and image: each is refused, and no run exists afterwards."""
    tried = attack.evaluate(ATTACK, shared.origin)

    refused = {name: said for name, said in tried.items() if said.startswith("refused: ")}
    assert set(tried) - set(refused) <= {"beacon", "frame"}, tried  # a beacon's answer is never told
    assert not tried["frame"].startswith("read")
    assert nothing_happened(shared)


def test_a_frame_stays_empty(shared, attack) -> None:
    """A page of the workbench inside another page is not shown at all, so no click can be stolen."""
    attack.evaluate(ATTACK, shared.origin)
    framed = [frame for frame in attack.frames if frame is not attack.main_frame]

    assert framed
    assert [frame.url for frame in framed if frame.url.startswith(shared.origin)] == []
    assert all("Backend Climb" not in frame.content() for frame in framed)


@pytest.mark.parametrize(
    "path", ["/checks", "/projects/scanner/start", "/journal", "/journal/drafts", "/labs/handshake/run"]
)
def test_a_form_of_theirs_is_refused(shared, attack, path: str) -> None:
    """A form that sends itself ends on a refusal."""
    fields = {
        "token": "",
        "reference": "scanner",
        "language": "python",
        "folder": "stolen",
        "text": "theirs",
        "prediction": "1",
    }
    attack.evaluate(
        """([action, fields]) => {
          const form = Object.assign(document.createElement("form"), { method: "post", action });
          for (const [name, value] of Object.entries(fields))
            form.append(Object.assign(document.createElement("input"), { name, value }));
          document.body.append(form);
          form.submit();
        }""",
        [shared.origin + path, fields],
    )
    attack.wait_for_url(shared.origin + path)

    assert "Only the workbench's own pages may start something." in attack.content()
    assert nothing_happened(shared)


def test_a_window_of_theirs_can_not_look_inside(shared, attack) -> None:
    """They may open the workbench, as a link does, but hold no handle on what they opened."""
    with attack.context.expect_page() as opened:
        attack.evaluate("(target) => { window.opened = window.open(target); }", shared.origin)
    opened.value.wait_for_load_state()

    assert "Backend Climb" in opened.value.title()
    assert opened.value.evaluate("window.opener") is None
    assert attack.evaluate("window.opened.closed")


def test_a_name_that_leads_here_gets_nothing(shared, browser) -> None:
    """A foreign name that resolves to this machine (DNS rebinding) is not answered with a page."""
    port = shared.origin.rpartition(":")[2]
    context = browser.new_context()
    page = context.new_page()
    answer = page.goto(f"http://{FOREIGN_NAME}:{port}/")
    said = (answer.status, "token" in page.content())
    context.close()

    assert said == (421, False)


def test_the_attack_works_on_a_server_without_a_guard(attack, attacker: int) -> None:
    """Between two other servers the blind tries succeed: what is refused above is refused by us, not by this browser."""
    other = FOREIGN_NAME if "127.0.0.1" in attack.url else "127.0.0.1"
    tried = attack.evaluate(ATTACK, f"http://{other}:{attacker}")

    assert (tried["read blindly"], tried["check blindly"]) == ("opaque", "opaque"), tried
    assert any(frame.url.startswith(f"http://{other}:") for frame in attack.frames)


def nothing_happened(shared) -> bool:
    """No run, no folder, no entry and no lab was made."""
    made = {path.name for path in shared.home.iterdir()} - {
        "token",
        "index.sqlite",
        "index.sqlite-wal",
        "index.sqlite-shm",
    }
    return not made and [path.name for path in shared.folder.iterdir()] == ["home"]
