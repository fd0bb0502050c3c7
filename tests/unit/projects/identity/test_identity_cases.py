"""The tables of addresses, mistakes and settings: that each case is what it says, by the contract's own document."""

from __future__ import annotations

import re

import msgspec
import pytest
import yaml

from climb.judge.choices import Choices
from climb.judge.project import projects_folder
from climb.projects.identity.rules.metadata import metadata_faults
from climb.projects.identity.stages.addresses import good_addresses, spelled, wrong_addresses
from climb.projects.identity.stages.mistakes import LONGEST, bodies_that_are_none, fields_that_are_wrong, whole_bodies
from climb.projects.identity.stages.settings import draw_wrong

CONTRACT = yaml.safe_load((projects_folder() / "identity" / "openapi.yaml").read_text())
EMAIL = re.compile(CONTRACT["components"]["schemas"]["GivenEmail"]["pattern"])
SEEDS = [str(number) for number in range(20)]


@pytest.mark.parametrize("seed", SEEDS)
def test_good_addresses_are_those_of_the_contract(seed: str) -> None:
    """In lower case, and spelled in other ways."""
    for email, _ in good_addresses(Choices(seed)):
        assert EMAIL.search(email)
        assert email == email.lower()
        assert EMAIL.search(spelled(Choices(seed), email))


@pytest.mark.parametrize("seed", SEEDS)
def test_wrong_addresses_are_none_by_the_contract(seed: str) -> None:
    """Each of them."""
    assert [email for email, _ in wrong_addresses(Choices(seed)) if EMAIL.search(email)] == []


@pytest.mark.parametrize("seed", SEEDS)
def test_another_spelling_is_the_same_address(seed: str) -> None:
    """And never the same text."""
    again = spelled(Choices(seed), "ada1@id.example")

    assert again.strip(" \t\r\n").lower() == "ada1@id.example" != again


def test_whole_bodies_are_whole() -> None:
    """JSON objects of up to 64 KiB; and what is too large is larger."""
    assert all(isinstance(msgspec.json.decode(body), dict) and len(body) <= LONGEST for _, body, _ in whole_bodies())
    assert all(len(each.body) > LONGEST for each in bodies_that_are_none(Choices("1")) if each.statuses == (413,))


def test_bodies_that_are_none_are_none() -> None:
    """Each that is to be 400 is no JSON object."""
    for each in bodies_that_are_none(Choices("1")):
        if each.statuses == (400,):
            with pytest.raises((msgspec.ValidationError, msgspec.DecodeError, RecursionError, UnicodeDecodeError)):
                msgspec.json.decode(each.body, type=dict)


def test_a_mistake_names_its_fields() -> None:
    """At least one, each once."""
    assert all(
        mistake.fields and len(set(mistake.fields)) == len(mistake.fields)
        for mistake in fields_that_are_wrong(Choices("1"))
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_a_wrong_setting_has_a_rule_and_a_name(seed: str) -> None:
    """Of each kind one."""
    drawn = draw_wrong(Choices(seed))

    assert len(drawn) == 5
    assert all(wrong.rule and wrong.variable in wrong.names for wrong in drawn)


def test_the_metadata_of_the_contract_has_no_faults() -> None:
    """Its example, under its issuer; under another one each address is a fault."""
    answers = CONTRACT["paths"]["/.well-known/oauth-authorization-server"]["get"]["responses"]
    example = answers["200"]["content"]["application/json"]["example"]

    assert metadata_faults(example, "http://127.0.0.1:8080") == []
    assert len(metadata_faults(example, "http://id.example")) == 5
    assert len(metadata_faults({}, "http://id.example")) == 9
