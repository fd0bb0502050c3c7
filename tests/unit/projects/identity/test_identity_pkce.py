"""Proof keys for code exchange, against the example of RFC 7636."""

from __future__ import annotations

import random
import re

from climb.projects.identity.rules.pkce import challenge, verifier


def test_the_challenge_is_that_of_the_rfc() -> None:
    """RFC 7636, appendix B, has this pair."""
    assert challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_verifiers_have_the_form_of_the_rfc() -> None:
    """43 to 128 unreserved characters, another one each time."""
    source = random.Random(7)
    made = [verifier(source, length) for length in (43, 43, 128)]

    assert [len(each) for each in made] == [43, 43, 128]
    assert made[0] != made[1]
    assert all(re.fullmatch(r"[0-9A-Za-z._~-]+", each) for each in made)
