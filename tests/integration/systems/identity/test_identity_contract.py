"""The identity service against its openapi.yaml, by requests that schemathesis makes from it, right ones and wrong ones."""

from typing import Any

import pytest
import schemathesis
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from identity_service import Service, bearer, logged_in
from schemathesis.core.parameters import ParameterLocation
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from climb.systems.identity.service import CONTRACT

pytestmark = pytest.mark.slow

CLIENT = {
    "name": "schema",
    "redirect_uris": ["https://client.example.org/back"],
    "grants": ["authorization_code", "refresh_token", "client_credentials"],
    "scopes": ["read"],
    "confidential": True,
}
ALL_IS_SAID = {("POST", "/v1/password-resets"), ("POST", "/v1/clients"), ("GET", "/v1/users/me")}
"""Of these requests the document says all that must be right, so that none that is may be refused."""


def demand_agreement(operation: APIOperation, mode: schemathesis.GenerationMode, who: dict[str, Any]) -> None:
    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=25,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def holds(case: schemathesis.Case) -> None:
        # No schema can say which cursors, tokens and ids are right, so what it makes may be refused. And unknown parameters are
        # passed over, and the token of the admin is put where a wrong one stood, so only a wrong body must be refused.
        body = case.meta.components.get(ParameterLocation.BODY)
        others = [] if body and body.mode.is_negative else [negative_data_rejection]
        refusable = [] if (operation.method.upper(), operation.path) in ALL_IS_SAID else [positive_data_acceptance]
        case.call_and_validate(timeout=10, excluded_checks=[*refusable, *others], **who)

    try:
        holds()
    except Unsatisfiable:
        assert mode is schemathesis.GenerationMode.NEGATIVE  # nothing about this request can be wrong


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode))
async def test_nothing_disagrees_with_the_contract_of_identity(
    identity: Service, mode: schemathesis.GenerationMode
) -> None:
    """No status, field, body or media type that the document does not name, and no error of the server's."""
    async with identity.client() as client:
        headers = bearer(await logged_in(client))
        made = (await client.post("/v1/clients", json=CLIENT, headers=headers)).json()
    as_admin, as_client = {"headers": headers}, {"auth": (made["client_id"], made["client_secret"])}
    schema = schemathesis.openapi.from_dict(yaml.safe_load(CONTRACT.read_text()))
    schema.config.update(base_url=identity.url)
    for result in schema.get_all_operations():
        operation = result.ok()
        if (operation.method.upper(), operation.path) == ("DELETE", "/v1/users/{id}"):
            continue  # it would find its own account in time, and everything after would be 401
        for_clients = operation.path in {"/oauth/token", "/oauth/revoke"}
        demand_agreement(operation, mode, as_client if for_clients else as_admin)
