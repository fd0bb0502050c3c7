"""The surroundings of a learner's program: servers, ports and peers on loopback, and what they saw.

async with World(draw) as world:
    server = await world.listener(page("Hello", server="nginx"))
    silent = await world.silent(20)
    async with silent.watch() as watch:
        ...  # run the program
    server.seen.at_once, watch.attempts_at_once
"""

from climb.judge.world import hostile, scripts
from climb.judge.world.attempts import Attempt, AttemptWatch
from climb.judge.world.certificates import Certificate
from climb.judge.world.draws import Draws
from climb.judge.world.effects import Direction
from climb.judge.world.peer import Peer, Script
from climb.judge.world.proxy import Proxy
from climb.judge.world.seen import Seen, Visit
from climb.judge.world.server import Server
from climb.judge.world.silent import Silent
from climb.judge.world.streams import PeerGone
from climb.judge.world.tls import Tls
from climb.judge.world.world import Mishap, World

__all__ = [
    "Attempt",
    "AttemptWatch",
    "Certificate",
    "Direction",
    "Draws",
    "Mishap",
    "Peer",
    "PeerGone",
    "Proxy",
    "Script",
    "Seen",
    "Server",
    "Silent",
    "Tls",
    "Visit",
    "World",
    "hostile",
    "scripts",
]
