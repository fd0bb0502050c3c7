"""What the environment says, checked before anything is opened."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from fields import address, new_password

NUMBERS = {
    "ACCESS_S": (1, 3_600, 300),
    "REFRESH_S": (1, 1_000_000_000, 2_592_000),
    "LINK_S": (1, 1_000_000_000, 900),
    "CODE_S": (1, 600, 60),
    "FAILURES": (1, 100, 5),
    "LOCK_S": (1, 1_000_000_000, 60),
}


class WrongSetting(Exception):
    """A variable that is missing or wrong; its text is the line for standard error."""


@dataclass(frozen=True)
class Settings:
    port: int
    database_url: str
    mail_url: str
    issuer: str
    admin_email: str | None
    admin_password: str | None
    access_s: int
    refresh_s: int
    link_s: int
    code_s: int
    failures: int
    lock_s: int


def read_settings(environment) -> Settings:
    port = read_number(environment, "PORT", 1, 65_535, None)
    email, password = read_admin(environment)
    return Settings(
        port=port,
        database_url=read_url(environment, "DATABASE_URL", {"postgresql", "postgres"}),
        mail_url=read_url(environment, "MAIL_URL", {"http", "https"}),
        issuer=read_issuer(environment, port),
        admin_email=email,
        admin_password=password,
        **{name.lower(): read_number(environment, name, *bounds) for name, bounds in NUMBERS.items()},
    )


def read_number(environment, name, low, high, default) -> int:
    text = environment.get(name)
    if text is None:
        if default is None:
            raise WrongSetting(f"{name}: is missing")
        return default
    if not re.fullmatch("[0-9]{1,20}", text) or not low <= int(text) <= high:
        raise WrongSetting(f"{name}: must be a whole number from {low} to {high}, not {text[:40]!r}")
    return int(text)


def read_url(environment, name, schemes) -> str:
    text = environment.get(name)
    if text is None:
        raise WrongSetting(f"{name}: is missing")
    try:
        url = urlsplit(text)
        good = url.scheme in schemes and bool(url.hostname) and url.port != 0
    except ValueError:
        good = False
    if not good or (name == "DATABASE_URL" and len(url.path) < 2):
        raise WrongSetting(f"{name}: must be an address of {' or '.join(sorted(schemes))}")
    return text


def read_issuer(environment, port) -> str:
    if "ISSUER" not in environment:
        return f"http://127.0.0.1:{port}"
    text = read_url(environment, "ISSUER", {"http", "https"})
    if not re.fullmatch(r"https?://[^/?#@\s]+", text):
        raise WrongSetting("ISSUER: must have no path, and no / at its end")
    return text


def read_admin(environment) -> tuple[str | None, str | None]:
    rules = {"ADMIN_EMAIL": address, "ADMIN_PASSWORD": new_password}
    given = [name for name in rules if name in environment]
    if len(given) == 1:
        raise WrongSetting("ADMIN_EMAIL, ADMIN_PASSWORD: both or none must be set")
    found = {}
    for name in given:
        try:
            found[name] = rules[name](environment[name])
        except ValueError as wrong:
            raise WrongSetting(f"{name}: {wrong}") from None
    return found.get("ADMIN_EMAIL"), found.get("ADMIN_PASSWORD")
