"""The stages of the identity service, in order. Each file holds one stage: its claims, its hints, its checks."""

from __future__ import annotations

from climb.projects.identity.driver import IdentityService
from climb.projects.identity.stages.access_tokens import access_tokens
from climb.projects.identity.stages.breaking import breaking
from climb.projects.identity.stages.guessing import guessing
from climb.projects.identity.stages.hashing import hashing
from climb.projects.identity.stages.keys import keys
from climb.projects.identity.stages.login import login
from climb.projects.identity.stages.oauth_clients import oauth_clients
from climb.projects.identity.stages.oauth_code import oauth_code
from climb.projects.identity.stages.refresh import refresh
from climb.projects.identity.stages.register import register
from climb.projects.identity.stages.roles import roles
from climb.projects.identity.stages.sign_out import sign_out
from climb.projects.identity.stages.silence import silence
from climb.projects.identity.stages.storage import storage

__all__ = ["STAGES", "driver"]

driver = IdentityService

STAGES = (
    register,
    login,
    access_tokens,
    refresh,
    sign_out,
    storage,
    silence,
    guessing,
    hashing,
    roles,
    oauth_code,
    oauth_clients,
    keys,
    breaking,
)
