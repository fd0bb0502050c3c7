"""Stage 3: where a link may lead, and the many ways to write where it may not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from climb.judge.stage import Stage
from climb.judge.world import World
from climb.projects.links.driver import LinksService, Running, draw_url
from climb.projects.links.rules.blocks import (
    PRIVATE_V4,
    PRIVATE_V6,
    PUBLIC_V4,
    PUBLIC_V6,
    some_address,
    some_address_v6,
)
from climb.projects.links.rules.hosts import ALLOWED, NAMES_OF_THIS_MACHINE, NO_TARGETS, OTHER_NAMES, own_addresses
from climb.projects.links.rules.spellings import V4_WAYS, V6_WAYS, spelled_v6
from climb.projects.links.stages.judged import demand_problem, demand_redirect, demand_status

if TYPE_CHECKING:
    from climb.judge.drivers.http1 import Answer

__all__ = ["safe_targets"]

safe_targets = Stage(
    "safe-targets",
    "Where it may lead",
    concepts=["protocols", "dns", "tcp-ip"],
    hints=[
        "A short link hides where it leads. What could somebody do with one that leads to an address inside the company of whoever clicks it, and in how many ways can that address be written?",
        "Take the url apart yourself, strictly, before you judge it: scheme, host, port, the rest. Everything that the brief does not name is refused. Then turn the host into an address, if it is one, "
        "and compare numbers with blocks; never compare texts.",
        "The host is everything from :// to the first /, ? or #, without the port; one with @, \\, % or other letters is refused. Lower case, without the dot at the end. If the last part is digits or begins with 0x, "
        "read up to four parts, each decimal, octal behind 0, or hexadecimal behind 0x, the last one filling the bytes that are left; what does not fit is refused. Compare with a table of the blocks of both registries, "
        "and an IPv4 address within ::ffff:0:0/96 by itself.",
    ],
)

_WHY_PRIVATE = "Whoever follows the link sends a request there from inside: from a desk in the office, or from a server that previews links. What has no password inside is open to such requests."
_INSIDE = (
    "http://localhost:3000/",
    "http://10.1.2.3/",
    "http://169.254.169.254/",
    "http://[fd00::1]:8080/",
    "http://intern.localhost/?a=1",
)


@safe_targets.check
async def private_addresses_are_refused(links: LinksService, world: World) -> None:
    """An address of any block that is not globally reachable is refused, for a new link and for a change."""
    rng = world.draw.source()
    running = await links.start()
    hosts = [
        *((str(some_address(rng, block)), block, what) for block, what in PRIVATE_V4.items()),
        *((f"[{some_address_v6(rng, block)}]", block, what) for block, what in PRIVATE_V6.items()),
    ]

    for host, block, what in hosts:
        why = f"{host} is in {block}: {what}. {_WHY_PRIVATE}"
        await _demand_refused(running, f"http://{host}/", why)
    link = await running.make(url="https://example.org/")
    for host, block, what in world.draw.sample(hosts, 3):
        answer = await running.ask("PATCH", f"/v1/links/{link.code}", json={"url": f"https://{host}/x"}, status=None)
        why = f"{host} is in {block}: {what}. A link that leads there must not come about by a change either."
        demand_problem(answer, 422, fields=("url",), why=why)


@safe_targets.check
async def other_spellings_are_refused(links: LinksService, world: World) -> None:
    """A private address is refused however it is written: in other numbers, in fewer parts, within an IPv6 address."""
    rng = world.draw.source()
    running = await links.start()
    blocks = ("127.0.0.0/8", "10.0.0.0/8", "192.168.0.0/16")

    for way, write in V4_WAYS.items():
        address = some_address(rng, rng.choice(blocks))
        why = (
            f"That is {address} {way}, and curl, browsers and inet_aton(3) read it so (WHATWG URL, 3.5). {_WHY_PRIVATE}"
        )
        await _demand_refused(running, f"http://{write(address, rng)}{rng.choice(('', ':8080'))}/", why)
    for way, within in V6_WAYS.items():
        address = some_address(rng, rng.choice(blocks))
        why = f"That is {address} {way}: a connection to it is one to the IPv4 address (RFC 4291, 2.5.5.2). {_WHY_PRIVATE}"
        await _demand_refused(running, f"http://[{within(address)}]/", why)
    for block in ("::1/128", "fc00::/7", "fe80::/10"):
        text = spelled_v6(some_address_v6(rng, block), rng)
        await _demand_refused(running, f"https://[{text}]:443/", f"That is an address of {block}. {_WHY_PRIVATE}")
    for host in ("127.1", "2130706433", "0x7f.0.0.1", "[::ffff:10.0.0.1]", "0"):
        await _demand_refused(
            running, f"http://{host}/", f"That leads to the machine itself, or to a private network. {_WHY_PRIVATE}"
        )


@safe_targets.check
async def names_of_this_machine_are_refused(links: LinksService, world: World) -> None:
    """The name localhost and those below it are refused, in any case and with a dot at their end; names that only look like it are not."""
    running = await links.start()
    word = world.draw.word()

    for name in NAMES_OF_THIS_MACHINE:
        why = f"localhost, and each name that ends with .localhost, is the machine of whoever follows the link (RFC 6761, 6.3). {_WHY_PRIVATE}"
        await _demand_refused(running, f"http://{name.replace('WORD', word)}:8080/{word}", why)
    for name in OTHER_NAMES:
        answer = await _try(running, f"http://{name.replace('WORD', word)}/")
        demand_status(
            answer,
            201,
            why="This is another name, and what it means nobody looks up: it may be another address a second later.",
        )


@safe_targets.check
async def it_leads_not_back_to_itself(links: LinksService, world: World) -> None:
    """A target at the host and port of PUBLIC_URL is refused, however they are written; another port or host is another service."""
    word = world.draw.word()
    public = world.draw.choice(
        ("http://go.example.com", "https://go.example.com", "http://go.example.com:8080", "https://Go.Example.com:80")
    )
    why = "A link that leads to a link that leads back never ends, and each step of it costs the service an answer."
    running = await links.start(public_url=public)
    own, others = own_addresses(public)

    for url in own:
        await _demand_refused(running, f"{url}/{word}", f"It is the host and the port of PUBLIC_URL, {public}. {why}")
    for url in others:
        answer = await _try(running, f"{url}/{word}")
        demand_status(answer, 201, why=f"It is another host or another port than that of PUBLIC_URL, {public}.")
    running = await links.start(allow_private=1)
    port = running.instances[0].port
    for host in ("127.0.0.1", "127.1", "0x7f000001", "2130706433"):
        await _demand_refused(
            running, f"http://{host}:{port}/{word}", f"That is 127.0.0.1:{port}, where the service itself is. {why}"
        )


@safe_targets.check
async def what_is_no_target(links: LinksService, world: World) -> None:
    """What is no absolute http or https address, has a user name, is too long, or has characters that belong nowhere is refused."""
    word = world.draw.word()
    running = await links.start(allow_private=world.draw.integer(0, 1))

    for url, why in NO_TARGETS:
        await _demand_refused(running, url.replace("WORD", word), why)
    for length, status in ((2048, 201), (2049, 422)):
        answer = await _try(running, f"https://example.org/{word}?".ljust(length, "x"))
        demand_status(answer, status, why=f"This url has {length:,} characters; at most 2,048 are taken.")


@safe_targets.check
async def what_is_allowed_is_taken(links: LinksService, world: World) -> None:
    """Targets that the brief allows are taken as they are, also beside private blocks; with ALLOW_PRIVATE=1 private ones too."""
    urls = world.draw.some(lambda: draw_url(world.draw), at_least=3, at_most=8)
    running = await links.start(allow_private=0)

    public = (
        *ALLOWED,
        *urls,
        *(f"http://{address}:8080/x" for address in PUBLIC_V4),
        *(f"https://[{address}]/" for address in PUBLIC_V6),
    )
    for number, url in enumerate(public):
        why = "It is an http or https address of the form in the brief, and it leads into no private network."
        await _demand_taken(running, url, f"public-{number}", why)
    running = await links.start(allow_private=1)
    for number, url in enumerate(_INSIDE):
        why = "ALLOW_PRIVATE is 1, so a link may lead into a private network."
        await _demand_taken(running, url, f"private-{number}", why)


async def _try(running: Running, url: str) -> Answer:
    return await running.ask("POST", "/v1/links", json={"url": url}, status=None)


async def _demand_refused(running: Running, url: str, why: str) -> None:
    demand_problem(await _try(running, url), 422, fields=("url",), why=why)


async def _demand_taken(running: Running, url: str, code: str, why: str) -> None:
    answer = await running.ask("POST", "/v1/links", json={"url": url, "code": code}, status=None)
    demand_status(answer, 201, why=why)
    demand_redirect(await running.follow(code), url)
