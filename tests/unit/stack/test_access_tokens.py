"""Access tokens: a good one is understood, and whatever is forged, old or for others is refused."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from climb.stack.tokens.claims import Claims
from climb.stack.tokens.keys import KeySet, KeySetError, SigningKey
from climb.stack.tokens.signing import signed
from climb.stack.tokens.verifying import Refused, UnknownKey, Verifier, verified

NOW_S = 1_700_000_000
ISSUER = "https://id.example.org"
KEY, OTHER = SigningKey.new("one"), SigningKey.new("other")
CLAIMS = {
    "iss": ISSUER,
    "sub": "somebody",
    "aud": ISSUER,
    "iat": NOW_S - 10,
    "exp": NOW_S + 10,
    "jti": "1",
    "client_id": "first-party",
    "scope": "a b",
    "roles": ["user"],
}
HEADER = {"typ": "at+jwt", "kid": "one"}


def shown(*keys: SigningKey) -> KeySet:
    return KeySet.read(json.dumps({"keys": [key.jwk() for key in keys]}).encode())


def made(
    key: object = KEY.key, algorithm: str = "ES256", headers: dict[str, object] | None = None, **changes: object
) -> str:
    return jwt.encode({**CLAIMS, **changes}, key, algorithm=algorithm, headers={**HEADER, **(headers or {})})


def read(token: str, keys: KeySet | None = None) -> Claims:
    return verified(token, keys or shown(KEY), issuer=ISSUER, now_s=NOW_S)


def encoded(document: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()


def by_hmac_with_the_public_key() -> str:
    said = f"{encoded({**HEADER, 'alg': 'HS256'})}.{encoded(CLAIMS)}"
    secret = KEY.key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    mac = hmac.digest(secret, said.encode(), hashlib.sha256)
    return f"{said}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def with_another_spelling_of_its_signature() -> str:
    """The last letter of 64 bytes in base64url has four bits that mean nothing."""
    token = made()
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return token[:-1] + letters[letters.index(token[-1]) + 1]


def with_another_payload() -> str:
    header, _, signature = made().split(".")
    return f"{header}.{encoded({**CLAIMS, 'roles': ['admin']})}.{signature}"


FORGED: dict[str, Callable[[], str]] = {
    "no algorithm": lambda: f"{encoded({**HEADER, 'alg': 'none'})}.{encoded(CLAIMS)}.AA",
    "no signature": lambda: f"{encoded({**HEADER, 'alg': 'none'})}.{encoded(CLAIMS)}.",
    "an HMAC with the public key": by_hmac_with_the_public_key,
    "another key under the known name": lambda: made(OTHER.key),
    "a key that it brings along": lambda: made(OTHER.key, headers={"kid": "one", "jwk": OTHER.jwk()}),
    "another payload": with_another_payload,
    "another spelling": with_another_spelling_of_its_signature,
    "another kind of JWT": lambda: made(headers={"typ": "JWT"}),
    "an extension that must be understood": lambda: made(headers={"crit": ["x"], "x": 1}),
    "another issuer": lambda: made(iss="https://elsewhere.example.org"),
    "another audience": lambda: made(aud="https://elsewhere.example.org"),
    "other audiences": lambda: made(aud=["https://elsewhere.example.org", ISSUER + "/"]),
    "run out": lambda: made(exp=NOW_S),
    "not yet": lambda: made(nbf=NOW_S + 1),
    "of the future": lambda: made(iat=NOW_S + 1),
    "without an end": lambda: jwt.encode(
        {name: value for name, value in CLAIMS.items() if name != "exp"}, KEY.key, "ES256", HEADER
    ),
    "an end that is a text": lambda: made(exp=str(NOW_S + 10)),
    "no JWT": lambda: "x.y",
    "line ends": lambda: made() + "\n",
    "letters that base64url does not have": lambda: made()[:-1] + "+" + made()[-1],
    "nothing": lambda: "",
}


def test_a_good_token_is_understood() -> None:
    """Signed by us, or by anybody with the key, it says what was signed."""
    claims = read(made())

    assert (claims.sub, claims.roles, claims.scopes) == ("somebody", ["user"], {"a", "b"})
    assert read(signed(claims, KEY)) == claims


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_token_is_refused(name: str) -> None:
    """Each known way to make a token that is not the issuer's, or to use one that is not for us or not for now."""
    with pytest.raises(Refused):
        read(FORGED[name]())


def test_an_unknown_key_is_named() -> None:
    """So that the issuer can be asked for it."""
    with pytest.raises(UnknownKey) as refused:
        read(made(OTHER.key, headers={"kid": "other"}))

    assert refused.value.kid == "other"
    assert read(made(OTHER.key, headers={"kid": "other"}), shown(KEY, OTHER)).sub == "somebody"


def test_a_list_of_audiences_may_have_ours() -> None:
    """RFC 7519, 4.1.3."""
    assert read(made(aud=["https://elsewhere.example.org", ISSUER])).sub == "somebody"


@pytest.mark.parametrize(
    ("algorithm", "key", "public"),
    [
        ("EdDSA", ed25519.Ed25519PrivateKey.generate(), jwt.algorithms.OKPAlgorithm),
        ("RS256", rsa.generate_private_key(65537, 2048), jwt.algorithms.RSAAlgorithm),
    ],
)
def test_other_issuers_may_sign_otherwise(algorithm: str, key: object, public: object) -> None:
    """With each of the algorithms of the contract."""
    jwk = {**json.loads(public.to_jwk(key.public_key())), "kid": "one", "alg": algorithm}
    keys = KeySet.read(json.dumps({"keys": [jwk]}).encode())

    assert read(made(key, algorithm), keys).sub == "somebody"


def test_keys_of_no_use_are_passed_over() -> None:
    """Secrets, private keys, short keys, keys for encryption, keys without a name; what is no set is an error."""
    short = jwt.algorithms.RSAAlgorithm.to_jwk(rsa.generate_private_key(65537, 1024).public_key())
    others = [
        {"kty": "oct", "k": "AAAA", "kid": "a"},
        {**KEY.jwk(), "kid": "b", "d": "AAAA"},
        {**json.loads(short), "kid": "c"},
        {**KEY.jwk(), "kid": "d", "use": "enc"},
        {name: value for name, value in KEY.jwk().items() if name != "kid"},
        {**KEY.jwk(), "kid": "e", "alg": "ES512"},
        {**KEY.jwk(), "kid": "f", "x": "AAAA"},
        "no object",
    ]

    assert set(KeySet.read(json.dumps({"keys": [*others, KEY.jwk()]}).encode()).keys) == {"one"}
    for document in (b"", b"[]", b"{}", b'{"keys": 1}'):
        with pytest.raises(KeySetError):
            KeySet.read(document)


def test_what_was_good_is_looked_at_again() -> None:
    """A token that is known runs out, and is refused when its key was taken away."""
    now_s = [NOW_S]
    verifier, keys, token = Verifier(ISSUER, clock=lambda: now_s[0]), shown(KEY), made()
    first, second = verifier.verified(token, keys), verifier.verified(token, keys)

    assert first is second
    with pytest.raises(UnknownKey):
        verifier.verified(token, shown(OTHER))
    now_s[0] = NOW_S + 10
    with pytest.raises(Refused):
        verifier.verified(token, keys)


def test_a_key_is_kept_and_read_again() -> None:
    """The private half comes back, and the public one does not have it."""
    again = SigningKey.read("one", KEY.der())

    assert again.jwk() == KEY.jwk()
    assert "d" not in KEY.jwk()
    assert "PRIVATE" not in repr(KEY)
