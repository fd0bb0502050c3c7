"""Stage 1: make a link, follow it, and let nobody in who has no good token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from climb.judge.expect import expect, fail
from climb.judge.stage import Stage
from climb.judge.together import all_to_the_end
from climb.judge.world import World
from climb.projects.links.driver import OWNER, Issuer, LinksService, Running, draw_code, draw_url, link_in
from climb.projects.links.driver.keys import ALGORITHMS
from climb.projects.links.rules.codes import ALPHABET, RESERVED, guessable
from climb.projects.links.stages.bad_tokens import (
    bad_tokens,
    demand_expired,
    demand_good_tokens,
    demand_unauthorized,
    short_lived,
)
from climb.projects.links.stages.judged import (
    demand_location,
    demand_problem,
    demand_redirect,
    demand_status,
)
from climb.projects.links.stages.key_changes import (
    demand_few_fetches,
    demand_first_keys,
    demand_known_keys_go_on,
    demand_new_keys,
    demand_unavailable,
)
from climb.projects.links.stages.mistakes import draw_mistakes, sizes
from climb.projects.links.stages.told import demand_not_stored, demand_told

if TYPE_CHECKING:
    from climb.judge.drivers.http1 import Answer

__all__ = ["create"]

create = Stage(
    "create",
    "A short name",
    concepts=["rest", "sql", "jwt", "rest-frameworks"],
    hints=[
        "What has to be in the database so that a link can be followed after a restart, and which of its columns must never hold the same value twice? Let the database see to that, since two requests may "
        "come at once.",
        "Make one function for each kind of problem: it takes the status and the fields that are wrong, and answers application/problem+json. Check all fields before you answer, and collect what is wrong. "
        "Draw codes from your language's source of secrets, and draw again if the insert says that the code is taken. Read the key set once, and keep it by kid.",
        "A table links with code as its primary key, url, owner, created_at and expires_at, in UTC. POST: check the token (typ, kid, alg of that key, signature, iss, aud, exp, sub), the media type, the size, the JSON, then the fields; "
        "insert ... on conflict (code) do nothing, and nothing inserted means 409, or another random code. GET /{code}: select by code, then 302 with Location and Cache-Control: no-store. "
        "An unknown kid fetches the key set again, unless that was done in the last ten seconds.",
    ],
)

_WHY_RANDOM = (
    "Who can guess the next code finds the links of others, which nobody told them. Take each character from a source that is made for secrets; what is counted, "
    "made from the time, or begins with the same seed at each start can be guessed."
)
_RULES = {
    "PORT": "a TCP port, required",
    "DATABASE_URL": "postgresql://user:password@host:port/name, required",
    "CACHE_URL": "redis://host:port/number, required",
    "DATA_DIR": "an existing folder, required",
    "ISSUER": "required",
    "STALE_MS": "100 or more",
    "ALLOW_PRIVATE": "1 or 0",
}
# By kind. One of each is tried in a run, since each costs a start.
_MISSING = ("DATABASE_URL", "CACHE_URL", "DATA_DIR", "ISSUER", "PORT")
_NO_NUMBERS = (
    ("STALE_MS", "soon"),
    ("STALE_MS", "99"),
    ("STALE_MS", "1.5"),
    ("STALE_MS", "-1"),
    ("PORT", "http"),
    ("PORT", "70000"),
)
_OTHERS = (
    ("ALLOW_PRIVATE", "yes"),
    ("ALLOW_PRIVATE", "2"),
    ("CACHE_URL", "http://127.0.0.1:6379/0"),
    ("DATABASE_URL", "mysql://climb@127.0.0.1:3306/climb"),
)


@create.check
async def a_link_is_made_and_followed(links: LinksService, world: World) -> None:
    """A link is made with 201 and told as it is, and whoever asks for its code is sent exactly to its url."""
    urls = world.draw.some(lambda: draw_url(world.draw), at_least=3, at_most=12, usually=5)
    word = draw_code(world.draw)
    public = world.draw.choice((None, "https://go.example.com", "http://go.example.com:8080"))
    running = await links.start(public_url=public)

    for url, code in [*((url, {"code": f"{word}-{number}"}) for number, url in enumerate(urls)), (urls[0], {})]:
        answer = await running.ask("POST", "/v1/links", json={"url": url, **code}, status=201)
        link = link_in(answer)
        demand_location(
            answer, f"/v1/links/{link.code}", "Location says where the new link can be read (RFC 9110, 15.3.2)."
        )
        demand_told(answer, link, url, running)

        followed = await running.follow(link.code)
        demand_redirect(followed, url)
        demand_not_stored(followed)
        head = await running.follow(link.code, method="HEAD")
        demand_redirect(head, url, "HEAD has the fields of GET (RFC 9110, 9.3.2).")
    unknown = await running.follow(f"{word}-none")
    demand_status(unknown, 404, why="Nobody has made a link with this code.")


@create.check
async def codes_are_random(links: LinksService, world: World) -> None:
    """A code that was left out is 7 random characters of 0-9A-Za-z: another one for each link, and others after each start."""
    url = draw_url(world.draw)
    found: list[list[str]] = []
    for _ in range(2):
        running = await links.start()
        found.append([(await running.make(url=url, code=None)).code for _ in range(32)])

        wrong = guessable(found[-1])
        if wrong is not None:
            fail(
                "the random codes of 32 links",
                expected="7 random characters of 0-9A-Za-z",
                received=wrong,
                why=_WHY_RANDOM,
            )
    again = sorted(set(found[0]) & set(found[1]))
    expect(again, "codes that came again behind a new start, on an empty database").equals([], why=_WHY_RANDOM)


@create.check
async def codes_can_be_chosen(links: LinksService, world: World) -> None:
    """A code of 3 to 32 characters of 0-9A-Za-z_- may be chosen, upper and lower case being different; a taken one is 409, others are 422."""
    word = draw_code(world.draw)
    good = [word, word.swapcase(), world.draw.word(3, 3), (word + "_-" * 16)[:32], "-" + word, "_9-", ALPHABET[-32:]]
    bad = [
        "ab",
        (word + "x" * 32)[:33],
        "",
        f"{word}.x",
        f"{word}/x",
        f"{word} x",
        f"{word}é",
        f"{word}%20",
        f"{word}\n",
        *RESERVED,
    ]
    running = await links.start()

    for code in good:
        link = await running.make(code=code)
        expect(link.code, "the code of a link for which one was chosen").equals(
            code, why="It was chosen, and nobody has it."
        )
        demand_redirect(await running.follow(code), link.url)
    for code in bad:
        answer = await _try(running, {"url": draw_url(world.draw), "code": code})
        why = (
            "It is the name of something else that the service has."
            if code in RESERVED
            else "A code has 3 to 32 characters of 0-9A-Za-z_-, so that it needs no escapes in any URL."
        )
        demand_status(answer, 422, why=why)
    for owner in (OWNER, "bert"):
        answer = await _try(running, {"url": draw_url(world.draw), "code": word}, owner=owner)
        demand_status(answer, 409, why="There is a link with this code. Whoever knows it counts on where it leads.")
    expect((await running.read(good[0])).owner, f"owner of {good[0]}, after others asked for its code").equals(
        OWNER, why="It was refused, so nothing has changed."
    )


@create.check
async def mistakes_are_named(links: LinksService, world: World) -> None:
    """What is wrong with a request is told as a problem with the right status, and names all fields that are wrong."""
    url = draw_url(world.draw)
    running = await links.start()

    for mistake in draw_mistakes(world.draw, url):
        answer = await running.ask(
            mistake.method, mistake.target, body=mistake.body, fields=mistake.headers, status=None
        )
        demand_problem(answer, mistake.status, fields=mistake.wrong, why=mistake.why)
    for body, status in sizes(url):
        answer = await running.ask("POST", "/v1/links", body=body, status=None)
        demand_status(
            answer, status, why=f"The body has {len(body):,} bytes; up to 65,536 (64 KiB) are taken, and more are 413."
        )


@create.check
async def tokens_are_checked(links: LinksService, world: World) -> None:
    """Only a good token of the issuer opens /v1: whatever is wrong with one, the answer is 401."""
    issuer = await Issuer.open(world, path=f"/{world.draw.word()}/keys")
    for algorithm in ALGORITHMS:
        issuer.new_key(algorithm)
    running = await links.start(issuer=issuer, jwks_url=issuer.jwks_url)

    await demand_good_tokens(running)
    short = short_lived(issuer)
    await running.ask(
        "GET", "/v1/links", token=short.token, status=200, why="This token is good for some seconds more."
    )
    bad_ones = bad_tokens(issuer, world.draw)
    for bad in world.draw.sample(bad_ones, len(bad_ones)):
        await demand_unauthorized(running, bad)
    await demand_expired(running, short)


@create.check(early=True)
async def keys_come_and_go(links: LinksService, world: World) -> None:
    """Keys are fetched when they are needed and not more often, new ones are taken, withdrawn ones are not, and known ones go on without the issuer."""
    issuer = await Issuer.open(world)
    issuer.refuses()
    running = await links.start(issuer=issuer)

    await demand_unavailable(running)
    await demand_first_keys(running)
    await demand_new_keys(running)
    demand_few_fetches(issuer)
    await demand_known_keys_go_on(running)


@create.check
async def wrong_settings_are_refused(links: LinksService, world: World) -> None:
    """A variable that is missing or wrong is named in a line on standard error, and the program ends with exit code 2."""
    no_folder = links.service.folder("beside") / "missing"
    wrong: list[tuple[str, Any]] = [
        *((variable, None) for variable in world.draw.sample(_MISSING, 2)),
        ("DATA_DIR", no_folder),
        world.draw.choice(_NO_NUMBERS),
        world.draw.choice(_OTHERS),
    ]

    await all_to_the_end(*(_demand_refusal(links, variable, value) for variable, value in wrong))


async def _demand_refusal(links: LinksService, variable: str, value: Any) -> None:
    told = await links.refuses(variable, value, rule=_RULES[variable])
    if variable not in told:
        fail(
            f"standard error of a start {f'without {variable}' if value is None else f'with {variable}={value}'}",
            expected=f"a line that names {variable}",
            received=repr(told[-400:]) if told else "nothing",
            why="Whoever started the program has to find out which of its settings is wrong.",
        )


async def _try(running: Running, body: object, owner: str = OWNER) -> Answer:
    return await running.ask("POST", "/v1/links", owner=owner, json=body, status=None)
