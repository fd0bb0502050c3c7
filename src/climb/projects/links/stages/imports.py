"""Stage 8: many links at once, and one for the eye."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from climb.judge.drivers.problems import problem
from climb.judge.expect import expect, fail
from climb.judge.stage import Stage
from climb.judge.world import World
from climb.projects.links.driver import OWNER, LinksService, draw_code, draw_url
from climb.projects.links.rules.codes import ALPHABET
from climb.projects.links.rules.moments import from_now, moment, written
from climb.projects.links.rules.qr import Found, NoCode, found_in, read_png, text_of
from climb.projects.links.stages.broken_off import break_off, how_many_of
from climb.projects.links.stages.import_lines import MEDIA_TYPE, bad_lines, coded, joined, send_import
from climb.projects.links.stages.imported import Told, told_in
from climb.projects.links.stages.judged import demand_redirect, demand_status

if TYPE_CHECKING:
    from climb.judge.drivers.http1 import Answer

__all__ = ["imports"]

imports = Stage(
    "imports",
    "Many at once, and for the eye",
    concepts=["transactions", "sql", "rest"],
    hints=[
        "Ten thousand lines, ten thousand inserts: what does each round trip to the database cost, and what is in the database when the program dies in the middle? Think of one statement that takes many rows.",
        "Read and check all lines first, without the database; that gives errors for some of them and rows for the others. Then insert all rows in one transaction and let the database tell which codes were taken. "
        "For the picture take a library for QR codes, and look up what it calls the border and the scale.",
        "insert into links (code, url, ...) select * from unnest($1::text[], $2::text[], ...) on conflict (code) do nothing returning code: what does not come back was taken. A code that stands on two lines belongs to the first. "
        "Random codes that were taken are drawn and inserted again before the commit. The answer has a line for each line, in order. QR: border 4, scale 4 or more, the text is short_url, image/png.",
    ],
)

_MOST = 10_000
_LONGEST = 4 * 1024 * 1024
_WHY_LINES = "Each line is judged by itself, by the rules of POST /v1/links, and has a line in the answer, in order."
_WHY_TOGETHER = (
    "The good lines are made together or not at all: whoever has half of them can neither go on nor begin anew."
)
_LEAST_PIXELS = 4
_QUIET = 4


@imports.check
async def many_lines_make_many_links(links: LinksService, world: World) -> None:
    """Each good line makes a link, with its code or a random one, and the answer tells them in order."""
    running = await links.start()
    count = world.draw.integer(200, 400)
    rng = world.draw.source()
    word = draw_code(world.draw)
    lines: list[dict[str, Any]] = [
        {"url": f"https://example.org/{number}/{rng.randrange(10**6)}"} for number in range(count)
    ]
    for number in rng.sample(range(count), count // 2):
        lines[number] |= {"code": f"{word}-{number}"}
    for number in rng.sample(range(count), count // 4):
        lines[number] |= {"expires_at": rng.choice((None, written(from_now(3600 + number))))}

    told = told_in(await send_import(running, joined(lines)), count)

    _demand_codes(told, lines)
    for number in rng.sample(range(count), 25):
        link = await running.read(str(told[number].code))
        received = {"url": link.url, "owner": link.owner, "expires_at": moment(link.expires_at)}
        wanted = {"url": lines[number]["url"], "owner": OWNER, "expires_at": moment(lines[number].get("expires_at"))}
        expect(received, f"the link of line {number + 1}").equals(
            wanted, why="A line is like the body of a POST /v1/links."
        )
        demand_redirect(await running.follow(link.code), link.url)
    listed = await running.page("limit=200")
    expect(len(listed.items), "links on the first page of the list, with limit=200").equals(
        200, why="They are the owner's, as if each had been made by itself."
    )


@imports.check
async def bad_lines_are_told(links: LinksService, world: World) -> None:
    """A bad line has its errors, each with its field, and does not keep the others from being made; of two lines with one code the first has it."""
    running = await links.start()
    taken = await running.make(code=draw_code(world.draw))
    word = world.draw.word()
    bad = bad_lines(word, taken.code)
    good = [msgspec.json.encode({"url": f"https://example.org/{word}/{number}"}) for number in range(len(bad))]
    twice = msgspec.json.encode({"url": f"https://example.org/{word}/first", "code": f"{word}-twice"})
    order = world.draw.sample([(line, None) for line in good] + list(bad), len(good) + len(bad))
    order = [(twice, None), *order, (twice, ("code",))]

    told = told_in(await send_import(running, b"\n".join(line for line, _ in order)), len(order))

    for (line, fields), each in zip(order, told, strict=True):
        shown = line.decode(errors="backslashreplace")[:80]
        expect(each.fields, f"the fields that are wrong in the line {shown!r}").equals(
            fields and sorted(fields),
            why=f"{_WHY_LINES} One that is no JSON object has an error with an empty field, one whose code is taken, by a line before it too, an error of code.",
        )
        if fields is None:
            demand_status(
                await running.follow(str(each.code)), 302, why="A bad line does not keep the others from being made."
            )
    expect((await running.read(f"{word}-twice")).url, f"the url of {word}-twice").equals(
        f"https://example.org/{word}/first", why="The first of the two lines has the code."
    )


@imports.check
async def an_import_has_limits(links: LinksService, world: World) -> None:
    """1 to 10,000 lines and 4 MiB are taken; more are 413, none 422, another media type 415; and of a refused one nothing is made."""
    running = await links.start()
    line = {"url": f"https://example.org/{world.draw.word()}"}

    answer = await send_import(running, joined([line] * _MOST), timeout_s=60)
    told = told_in(answer, _MOST)
    expect(len({each.code for each in told}), f"different codes of {_MOST:,} lines").equals(
        _MOST, why="Each line makes a link of its own."
    )
    refused = f"refused-{world.draw.word()}"
    first = {"url": "https://example.org/", "code": refused}
    padding = {"url": "https://example.org/" + "x" * 1900}
    for body, kind, status, why in (
        (joined([first, *[line] * _MOST]), MEDIA_TYPE, 413, "These are 10,001 lines."),
        (joined([first, *[padding] * (_LONGEST // 1900)]), MEDIA_TYPE, 413, "These are more than 4 MiB."),
        (b"", MEDIA_TYPE, 422, "There is no line."),
        (joined([first]), "application/json", 415, "An import is application/x-ndjson."),
    ):
        given = await send_import(running, body, kind=kind, status=None, timeout_s=60)
        demand_status(given, status, why=why)
        problem(given)
    demand_status(
        await running.follow(refused),
        404,
        why="It stood in the first line of imports that were refused, and of these nothing is made.",
    )


@imports.check
async def all_of_it_or_nothing(links: LinksService, world: World) -> None:
    """When the database breaks off in the middle of an import, or the program is killed there, all of its links are made, or none."""
    running = await links.start()
    await send_import(running, joined(coded("warm", 3)))

    for turn in ("reset", "reset", "killed"):
        word, count = world.draw.word(), world.draw.integer(200, 300)
        lines = coded(word, count)
        await break_off(running, turn, joined(lines), world.draw.integer(300, 20_000))
        codes = [line["code"] for line in lines]
        made = await how_many_of(running, codes)
        if 0 < made < count:
            fail(
                f"how many of {count} links of one import there are, after it was broken off",
                expected=f"{count}, or none",
                received=str(made),
                why=_WHY_TOGETHER,
                saw="the connections to the database were reset in the middle of the import"
                if turn == "reset"
                else "the program was killed in the middle of the import",
            )


@imports.check
async def an_import_is_made_once(links: LinksService, world: World) -> None:
    """With an Idempotency-Key the same import has the same answer again and makes its links once; another one with it is 422."""
    running = await links.start()
    body = joined([*({"url": draw_url(world.draw)} for _ in range(world.draw.integer(2, 6))), {"url": "nowhere"}])
    key = [("Idempotency-Key", world.draw.word())]

    first = await send_import(running, body, fields=key)
    again = await send_import(running, body, fields=key)

    why = "The client did not get the first answer, and asks again. It gets the same codes, and there are no further links."
    expect(again.text, "the answer to the same import with the same Idempotency-Key").equals(first.text, why=why)
    made = sum(each.code is not None for each in told_in(first, body.count(b"\n") + 1))
    expect(len((await running.page("limit=200")).items), "how many links there are").equals(made, why=why)
    other = await send_import(running, body + b"\n" + body, fields=key, status=None)
    demand_status(other, 422, why="The key stands for another import.")


@imports.check
async def a_picture_says_it(links: LinksService, world: World) -> None:
    """The QR code of a link says its short_url: every module is right, with at least four pixels for each and four modules of margin."""
    host = world.draw.choice(
        (
            "https://go.example",
            f"https://{world.draw.word(8, 20)}.example.com",
            "http://go.example.com:8080/of/somebody",
        )
    )
    running = await links.start(public_url=host)
    rng = world.draw.source()

    for length in (3, world.draw.integer(4, 31), 32):
        link = await running.make(code="".join(rng.choices(ALPHABET, k=length)))
        answer = await running.ask("GET", f"/v1/links/{link.code}/qr")
        if answer.headers.get("content-type", "").partition(";")[0].strip().lower() != "image/png":
            answer.blame(
                "Content-Type: image/png",
                f"Content-Type: {answer.headers.get('content-type', 'none')}",
                "The picture is a PNG.",
            )
        text, found = _read(answer)
        expect(text, f"what the QR code of {link.code} says").equals(
            link.short_url,
            why="Whoever scans it goes where the short link leads, so it says short_url, letter by letter.",
        )
        expect(found.pixels, "pixels of a module").at_least(
            _LEAST_PIXELS, why="A camera needs some pixels for each module, on paper too."
        )
        expect(found.quiet, "modules of margin around the code").at_least(
            _QUIET - 0.01,
            why="Readers find the code by the light margin around it: four modules (ISO/IEC 18004, 6.3.8).",
        )


def _demand_codes(told: Sequence[Told], lines: Sequence[dict[str, Any]]) -> None:
    """Each line has its code, those that were left to the service are all different."""
    bad = [each.line for each in told if each.code is None]
    expect(bad, "the numbers of lines with errors").equals([], why="Nothing is wrong with these lines.")
    chosen = [(each.code, line["code"]) for each, line in zip(told, lines, strict=True) if "code" in line]
    expect([code for code, _ in chosen], "the codes of lines that chose one").equals(
        [code for _, code in chosen], why=_WHY_LINES
    )
    expect(len({each.code for each in told}), "how many different codes there are").equals(
        len(lines), why="Each line makes a link of its own."
    )


def _read(answer: Answer) -> tuple[str, Found]:
    """What the code in a picture says, and how it is drawn."""
    try:
        found = found_in(read_png(answer.body))
        return text_of(found.modules), found
    except NoCode as error:
        answer.blame(
            "a PNG picture of a QR code (ISO/IEC 18004)",
            f"{answer.body_bytes:,} bytes in which there is none: {error}",
            "A reader in a telephone gives up where the code breaks a rule.",
        )
