"""Codes for other programs, by way of the browser (RFC 6749, 4.1.1; RFC 7636; RFC 9207)."""

import re
from urllib.parse import urlencode

from access import NoGoodToken
from answers import answer
from clients import find_client
from problem import Problem
from secret import kept, new_secret

CHALLENGE = re.compile("[0-9A-Za-z_-]{43}")


class Refused(Exception):
    """An error that the client is told of."""


async def authorize(ask):
    who = await ask.person()
    pairs = ask.parameters()
    given = dict(pairs)
    twice = {name for name, _ in pairs if [other for other, _ in pairs].count(name) > 1}
    client = await find_client(ask, given.get("client_id", ""))
    if client is None or "client_id" in twice:
        raise Problem(400, "No client has this client_id.")
    redirect_uri = given.get("redirect_uri", "")
    if redirect_uri not in client["redirect_uris"] or "redirect_uri" in twice:
        raise Problem(400, "The client does not have this redirect_uri.")
    try:
        found = {"code": await new_code(ask, who, client, redirect_uri, given, twice)}
    except Refused as refused:
        found = {"error": str(refused)}
    if "state" in given:
        found["state"] = given["state"]
    found["iss"] = ask.settings.issuer
    return answer(303, None, {"Location": with_query(redirect_uri, found)}, secret=True)


async def new_code(ask, who, client, redirect_uri: str, given: dict, twice: set) -> str:
    if twice or "response_type" not in given:
        raise Refused("invalid_request")
    if given["response_type"] != "code":
        raise Refused("unsupported_response_type")
    if "authorization_code" not in client["grants"]:
        raise Refused("unauthorized_client")
    if not CHALLENGE.fullmatch(given.get("code_challenge", "")):
        raise Refused("invalid_request")
    if given.get("code_challenge_method") != "S256":
        raise Refused("invalid_request")
    scopes = given["scope"].split() if "scope" in given else client["scopes"]
    if not set(scopes) <= set(client["scopes"]):
        raise Refused("invalid_scope")
    code = new_secret()
    async with ask.database.transaction() as sql:
        await demand_living(sql, who)
        await sql.execute(
            "INSERT INTO codes (hash, client_id, account_id, redirect_uri, challenge, scope, expires_at)"
            " VALUES ($1, $2, $3, $4, $5, $6, now() + $7 * interval '1 second')",
            kept(code),
            client["id"],
            who.id,
            redirect_uri,
            given["code_challenge"],
            " ".join(scopes),
            ask.settings.code_s,
        )
    return code


async def demand_living(sql, who):
    """An access token that outlives its session opens nothing new; who ends the session meanwhile waits."""
    if not await sql.fetchval("SELECT NOT ended FROM families WHERE id = $1 FOR SHARE", who.family_id):
        raise NoGoodToken("The session has ended.", given=True)


def with_query(address: str, parameters: dict) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(parameters)}"
