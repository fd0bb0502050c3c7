"""Stage 14: what the service stands on breaks, and what was promised holds."""

from __future__ import annotations

import asyncio

from climb.judge.drivers.connection import ConnectionLost
from climb.judge.expect import fail
from climb.judge.faults import Cut, Full, HalfOpen, Injecting, Latency, Reset
from climb.judge.history import Recorder
from climb.judge.on_time import clock
from climb.judge.stage import Stage
from climb.judge.world import World
from climb.projects.identity.driver import IdentityService, Running, draw_email
from climb.projects.identity.stages.audited import demand_durable
from climb.projects.identity.stages.exposed import demand_metrics
from climb.projects.identity.stages.orderly import demand_orderly_end
from climb.projects.identity.stages.tried import retry_after
from climb.projects.identity.stages.troubles import demand_table

__all__ = ["breaking"]

breaking = Stage(
    "breaking",
    "When things break",
    concepts=["timeouts", "connection-pools", "health-checks", "graceful-shutdown", "transactions"],
    hints=[
        "Pull the network cable of the database for ten seconds. What does a client see in the first second, what in the fifth, and what when the cable is back? Whose time runs out first: the client's or "
        "yours?",
        "Give everything that waits for the database one deadline below 3 seconds: getting a connection, the statement, the commit. Throw away a connection whose statement ran out of time, since its "
        "answer may still come. Turn all of that into 503 with Retry-After in one place. Keep the public keys in memory.",
        "Answer 2xx only behind the COMMIT. Start with a loop that tries to connect, and serve /healthz meanwhile. In the handler of SIGTERM close the listener, count down the requests under way, and "
        "exit with 0; a timer below 10 seconds ends it in any case.",
    ],
)

_POLL_S = 0.05
_BACK_S = 5.0
_HELD_S = 0.5
_AWAY_S = 1.5
_SILENT_S = 5.0  # longer than an answer may take, on a busy machine too


@breaking.check
async def a_database_that_is_gone(identity: IdentityService, world: World) -> None:
    """While the database is gone, resets connections or has none left, what needs it is 503 within 3 s, the rest is as always, and 5 s after it is back so is all."""
    gone = world.draw.choice([Cut(), Reset()])
    await demand_table(identity, world, [(gone, _AWAY_S), (Full(), _AWAY_S)])


@breaking.check
async def a_database_that_is_silent(identity: IdentityService, world: World) -> None:
    """While nothing comes from the database, not even an end, what needs it is 503 within 3 s, the rest is as always, and 5 s after it is back so is all."""
    await demand_table(identity, world, [(HalfOpen(), _SILENT_S)])


@breaking.check
async def a_database_that_is_slow(identity: IdentityService, world: World) -> None:
    """While the database is slow, requests are answered as always, or with 503, within 3 s, and afterwards as before."""
    await demand_table(identity, world, [(Latency(world.draw.integer(500, 800)), _SILENT_S)], works=True)


@breaking.check
async def mail_is_not_needed(identity: IdentityService, world: World) -> None:
    """While mail is silent or gone, the service is ready and answers as always; the messages come when it is back."""
    running = await identity.start()
    broken = world.draw.choice(("silent", "gone"))
    if broken == "silent":
        running.mail.silent()
    else:
        await running.mail.gone()
    email = draw_email(world.draw)
    why = f"Mail is {broken}. A request never waits for a message."
    body = {"email": email, "password": "long enough for it"}
    await running.ask("POST", "/v1/registrations", json=body, status=202, why=why, timeout_s=10)
    await asyncio.sleep(_HELD_S)
    for path in ("/healthz", "/readyz", "/.well-known/jwks.json"):
        await running.ask("GET", path, status=200, why=f"Mail is {broken}, and this does not need it.", timeout_s=10)
    await running.mail.back()
    await running.mail.message(email, "confirm", why="The message is tried again until it is taken.")


@breaking.check
async def it_waits_for_its_database(identity: IdentityService, world: World) -> None:
    """Started before its database is there, it lives and is not ready; within 5 seconds after the database has come it serves."""
    database = await world.database()
    async with clock() as watch, Injecting(database.place, Recorder(identity.service.now)) as faults:
        away = Cut()
        await faults.inject(away)
        running = await identity.start(database=database, ready=False)
        await _lives(running, watch.allowed_s(0) + 20)
        for path in ("/readyz", "/.well-known/jwks.json"):
            why = "There is no database yet: nothing to be ready for, and no keys to show."
            retry_after(await running.ask("GET", path, status=503, why=why))
        await asyncio.sleep(world.draw.integer(0, 10) / 10)
        await running.ask("GET", "/healthz", why="It lives, and waits.")
        await faults.heal(away)
        back = running.now()
        while (answer := await running.ask("GET", "/readyz", status={200, 503})).status != 200:
            if answer.asked_at > back + watch.allowed_s(_BACK_S):
                answer.blame(
                    "200 within 5 s after the database has come",
                    f"{answer.line}, {answer.asked_at - back:.1f} s after it",
                    "Services and databases are started together, and no order can be relied on.",
                )
            await asyncio.sleep(_POLL_S)
    await running.admin()


@breaking.check
async def what_was_acknowledged_is_there(identity: IdentityService, world: World) -> None:
    """After kill -9 of the service and of the database under load, everything that was acknowledged is there, and nothing that has ended is."""
    await demand_durable(identity, world)


@breaking.check
async def it_ends_in_order(identity: IdentityService, world: World) -> None:
    """On SIGTERM logins under way are answered, new connections are refused, and it exits with code 0 within 10 seconds."""
    await demand_orderly_end(identity, world)


@breaking.check
async def metrics_tell(identity: IdentityService, world: World) -> None:
    """Each request is counted at /metrics, with its duration, by method, route and status; routes are templates, not paths."""
    await demand_metrics(await identity.start(), world)


async def _lives(running: Running, within_s: float) -> None:
    """Wait until it answers on its port."""
    while True:
        try:
            await running.ask("GET", "/healthz", why="The program lives, whatever it waits for.")
        except ConnectionLost:
            running.instance.demand_alive()
            if running.now() > within_s:
                fail(
                    "GET /healthz of a program whose database is not there yet",
                    expected="200",
                    received=f"nobody listens, {running.now():.0f} s after the start",
                    why="Who looks after it can't tell waiting from dead otherwise, and starts it again and again.",
                )
            await asyncio.sleep(_POLL_S)
        else:
            return
