"""How checks speak to an identity service: start it with a database and a mailbox, make people, log in, ask in their name."""

from __future__ import annotations

from climb.projects.identity.driver.mailbox import Mailbox, Message
from climb.projects.identity.driver.people import Person, Tokens, draw_email, draw_password, draw_person
from climb.projects.identity.driver.running import Running
from climb.projects.identity.driver.service import IdentityService

__all__ = [
    "IdentityService",
    "Mailbox",
    "Message",
    "Person",
    "Running",
    "Tokens",
    "draw_email",
    "draw_password",
    "draw_person",
]
