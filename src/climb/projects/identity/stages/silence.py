"""Stage 7: what a stranger learns about who has an account, which is nothing; and who waits for the mail, which is nobody."""

from __future__ import annotations

import asyncio
import statistics
from typing import TYPE_CHECKING

from climb.judge.evidence import Comparison, Latencies, Percentiles
from climb.judge.expect import CannotTell, Failure, fail
from climb.judge.stage import Stage
from climb.judge.world import World
from climb.projects.identity.driver import IdentityService, Message, Person, Running, draw_password
from climb.projects.identity.rules.told_apart import Seen, compared, told_apart

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from climb.judge.drivers.http1 import Answer

__all__ = ["silence"]

silence = Stage(
    "silence",
    "Nothing to learn",
    concepts=["password-hashing", "retries", "timeouts"],
    timed=True,
    hints=[
        "Somebody has a list of a million addresses and wants to know which of them have an account with you. They may register, log in and ask for resets as often as they like. Where do your answers differ: in status, in words, in fields, in time?",
        "Decide what is to be said after the answer is settled: the answer is a constant, and the difference goes into a message. A login for an unknown address has to do the same work as any other, the hash included.",
        "Keep a hash of a random password, made at the start with the same parameters, and verify against it if the address is unknown; throw the result away. Requests write messages into a table; one task posts what is due, with a short time limit, "
        "sets next_try a little later after each failure, and goes on after a restart. Delete a row when it was answered with 2xx.",
    ],
)

_PAIRS = 19
_TURNS = 3
_WARM = 2
_HOLD_S = 1.0
_HOLD_TIMES = 10
_AGAIN_S = 60.0
_QUIET_S = 2.5
_UNTIL_TAKEN = (
    "Until it was answered with 2xx a message is tried again, for at least a minute, and also after a kill -9."
)
_LISTS = "With a difference, a list of addresses becomes a list of customers, by asking for each."


@silence.check
async def registrations_tell_nothing(identity: IdentityService, _world: World) -> None:
    """A registration is answered alike, whether the address has an account, waits for its confirmation, or is new."""
    running = await identity.start()
    assert running.administrator is not None
    waiting, password = identity.person(), identity.person().password

    async def asks(email: str) -> Answer:
        return await running.ask("POST", "/v1/registrations", json={"email": email, "password": password}, status=202)

    await asks(waiting.email)
    await _demand_alike(
        {
            "a new address": [await asks(identity.person().email) for _ in range(2)],
            "an address with an account": [await asks(running.administrator.email) for _ in range(2)],
            "an address that waits for its confirmation": [await asks(waiting.email) for _ in range(2)],
        }
    )


@silence.check
async def resets_tell_nothing(identity: IdentityService, _world: World) -> None:
    """A request for a reset is answered alike, whether the address has an account or not; a message goes to accounts only."""
    running = await identity.start()
    assert running.administrator is not None
    waiting, strangers = identity.person(), [identity.person() for _ in range(2)]
    await running.ask(
        "POST", "/v1/registrations", json={"email": waiting.email, "password": waiting.password}, status=202
    )

    async def asks(email: str) -> Answer:
        return await running.ask("POST", "/v1/password-resets", json={"email": email}, status=202)

    await _demand_alike(
        {
            "an address without an account": [await asks(each.email) for each in strangers],
            "an address that waits for its confirmation": [await asks(waiting.email) for _ in range(2)],
            "an address with an account": [await asks(running.administrator.email) for _ in range(2)],
        }
    )
    for _ in range(2):
        await running.mail.message(running.administrator.email, "reset")
    for each in (*strangers, waiting):
        if sent := running.mail.all(each.email, "reset"):
            _blame_message(sent[0], "This address has no account, so there is no password to reset.")


@silence.check
async def logins_tell_nothing(identity: IdentityService, world: World) -> None:
    """A wrong password and an unknown address are answered alike, after the same time."""
    running = await identity.start(failures=100)
    known = await running.register()
    waiting, stranger = identity.person(), identity.person()
    await running.ask(
        "POST", "/v1/registrations", json={"email": waiting.email, "password": waiting.password}, status=202
    )
    wrong = draw_password(world.draw, low=16, high=16)
    cases = {
        "a wrong password": [(known.email, wrong), (known.email, "x")],
        "an unknown address": [(stranger.email, wrong), (stranger.email, wrong)],
        "an address that waits for its confirmation": [(waiting.email, waiting.password), (waiting.email, wrong)],
        "what is no address": [("nobody", wrong), ("", wrong)],
    }

    await _demand_alike(
        {case: [await running.tries(*each, status=401) for each in tried] for case, tried in cases.items()}
    )
    await _demand_same_time(running, known, stranger, wrong)


@silence.check
async def messages_hold_nobody_up(identity: IdentityService, _world: World) -> None:
    """While MAIL_URL takes messages and does not answer, or refuses connections, requests are answered as fast as before."""
    running = await identity.start()
    assert running.administrator is not None
    admin = running.administrator

    async def asks() -> float:
        new = identity.person()
        first = await running.ask(
            "POST", "/v1/registrations", json={"email": new.email, "password": new.password}, status=202
        )
        second = await running.ask("POST", "/v1/password-resets", json={"email": admin.email}, status=202)
        return max(first.seconds, second.seconds)

    before = statistics.median([await asks() for _ in range(3)])
    limit = _HOLD_S + _HOLD_TIMES * before
    for what, breaks in _mail_breaks(running):
        await breaks()
        for _ in range(3):
            took = await asks()
            if took > limit:
                fail(
                    f"a registration and a request for a reset while the mail {what}",
                    expected=f"answers within {limit:.1f} s: {_HOLD_S:g} s, and {_HOLD_TIMES} times the {before:.2f} s that they took before",
                    received=f"{took:.1f} s",
                    why="A request never waits for a message. Else a mail server that hangs takes the service with it, and the time of the answer tells who has an account.",
                )


@silence.check
async def messages_are_tried_again(identity: IdentityService, world: World) -> None:
    """A message without an answer of 2xx comes again, also after a kill -9, until it is taken; each token that came is good until one was used."""
    running = await identity.start(admin=False)
    person = identity.person()
    running.mail.refuses(world.draw.choice((503, 500, 404, 302)))

    await running.ask(
        "POST", "/v1/registrations", json={"email": person.email, "password": person.password}, status=202
    )
    await running.mail.message(person.email, "confirm")
    await running.mail.message(person.email, "confirm", within_s=_AGAIN_S, why=_UNTIL_TAKEN)
    await running.restart()
    running.mail.works()
    healed = running.now()
    await _taken(running, person, since=healed)
    await asyncio.sleep(_QUIET_S)
    came = running.mail.all(person.email, "confirm")
    taken = [each for each in came if each.taken]
    if len(taken) > 2:
        _blame_message(taken[-1], f"The message was answered with 204, {len(taken)} times by now, so it has come.")
    tokens = list(dict.fromkeys(each.token for each in came))
    used = world.draw.choice(tokens)
    for token in (used, *(token for token in tokens if token != used)):
        first = token == used
        why = f"This token came with {_which(came, token)} of {len(came)} messages for one registration. Whoever got it may have read it, also if its delivery was not confirmed."
        await running.ask(
            "POST",
            "/v1/confirmations",
            json={"token": token},
            status=201 if first else 422,
            why=why if first else "Another token of the same registration was used.",
        )


def _mail_breaks(running: Running) -> list[tuple[str, Callable[[], Awaitable[None]]]]:
    async def silent() -> None:
        running.mail.silent()

    return [("takes messages and does not answer", silent), ("refuses connections", running.mail.gone)]


async def _taken(running: Running, person: Person, since: float) -> Message:
    """The first message to this person that came and was answered with 204 after this moment."""
    while (left := since + _AGAIN_S - running.now()) > 0:
        message = await running.mail.message(person.email, "confirm", within_s=left, why=_UNTIL_TAKEN)
        if message.taken:
            return message
    raise CannotTell("the judge was too busy to take a message")


def _which(came: Sequence[Message], token: str | None) -> str:
    return f"number {next(number for number, each in enumerate(came, 1) if each.token == token)}"


async def _demand_alike(answers: Mapping[str, Sequence[Answer]]) -> None:
    seen = {case: [Seen(each.status, each.fields, each.body) for each in several] for case, several in answers.items()}
    found = told_apart(seen)
    if found is None:
        return
    answers[found.cases[1]][0].blame(
        f"{found.what} as for {found.cases[0]}: {found.values[0]}",
        f"{found.what} for {found.cases[1]}: {found.values[1]}",
        f"The answer is the same whoever asks for whatever address. {_LISTS}",
    )


async def _demand_same_time(running: Running, known: Person, stranger: Person, wrong: str) -> None:
    await _login_times(running, known, stranger, wrong, _WARM)
    measured: list[tuple[float, float]] = []
    for _ in range(_TURNS):
        measured += await _login_times(running, known, stranger, wrong, _PAIRS)
        times = compared(measured)
        if times.different is not None:
            break
    if times.different is None:
        raise CannotTell(
            f"the machine was too busy to compare times: a wrong password took {times.low:.2f} to {times.high:.2f} times as long"
        )
    if times.different:
        wrong_ms, unknown_ms = (sorted(1_000 * each[side] for each in measured) for side in (0, 1))
        subject = "how long a login with a wrong password took, compared with one for an unknown address"
        comparison = Comparison(
            subject=subject,
            expected="as long, for all that can be told from outside",
            received=f"{times.ratio:.2f} times as long: {statistics.median(wrong_ms):.1f} ms and {statistics.median(unknown_ms):.1f} ms, medians of {len(measured)} each in turns",
            why=f"Where there is no hash to verify, the answer comes sooner unless one is verified all the same. {_LISTS}",
        )
        curves = (_curve("wrong password", wrong_ms), _curve("unknown address", unknown_ms))
        raise Failure(subject, comparison, Latencies(subject=subject, unit="ms", curves=curves))


async def _login_times(
    running: Running, known: Person, stranger: Person, wrong: str, count: int
) -> list[tuple[float, float]]:
    """Seconds that a wrong password and an unknown address took, in turns."""
    pairs = []
    for number in range(count):
        emails = (known.email, stranger.email) if number % 2 else (stranger.email, known.email)
        took = {email: (await running.tries(email, wrong, status=401)).seconds for email in emails}
        pairs.append((took[known.email], took[stranger.email]))
    return pairs


def _curve(label: str, values: list[float]) -> Percentiles:
    last = len(values) - 1
    return Percentiles(label=label, points=tuple((100 * place / last, value) for place, value in enumerate(values)))


def _blame_message(message: Message, why: str) -> None:
    fail(f"messages to {message.to}", expected="none", received=str(message), why=why)
