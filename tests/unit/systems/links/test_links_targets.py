"""Where a link may lead: shapes of addresses, the spellings of private ones, and the service itself."""

from ipaddress import ip_address

import pytest

from climb.systems.links.private import is_global
from climb.systems.links.targets import LONGEST, host_of, target_rule

PUBLIC = target_rule("https://go.example.com", allow_private=False)
PRIVATE_TOO = target_rule("http://127.0.0.1:8080", allow_private=True)


@pytest.mark.parametrize(
    "host",
    [
        "localhost", "LocalHost", "localhost.", "a.localhost", "a.b.localhost.", "localhost..", "127.0.0.1", "127.0.0.1.", "127.1", "127.0.1",
        "2130706433", "0x7f.0.0.1", "0X7F000001", "0x7f.1", "0177.0.0.1", "017700000001", "0", "0.0.0.0", "0x", "10.0.0.1", "10.1",
        "0xa.0.0.1", "012.0.0.1", "167772161", "172.16.0.1", "172.31.255.255", "192.168.1.1", "192.168.257", "0300.0250.1.1", "169.254.169.254",
        "100.64.0.1", "100.127.255.255", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.9", "224.0.0.1",
        "239.1.1.1", "240.0.0.1", "255.255.255.255", "192.88.99.1", "[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:10.0.0.1]",
        "[::ffff:a00:1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[fc00::1]", "[fd12:3456::1]", "[fe80::1]", "[fec0::1]", "[ff02::1]",
        "[2001:db8::1]", "[64:ff9b::10.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b:1::1]", "[2002:7f00:1::]", "[2002:a00:1::1]", "[2001::1]",
        "[2001:0:4136:e378:8000:63bf:3fff:fdd2]", "[100::1]", "[3fff::1]", "[5f00::1]", "[2001:2::1]", "[2001:10::1]", "[::ffff:0:127.0.0.1]",
    ],
)  # fmt: skip
def test_private_hosts_are_refused_in_every_spelling(host: str) -> None:
    """With any scheme, port and path behind it."""
    for text in (f"http://{host}/", f"https://{host}:8443/a", f"HTTP://{host}?q", f"http://{host}#f", f"http://{host}"):
        with pytest.raises(ValueError, match="private network"):
            PUBLIC(text)


@pytest.mark.parametrize(
    "text",
    [
        "http://example.org", "https://example.org/a?b=c#d", "HTTPS://EXAMPLE.org/", "http://8.8.8.8/", "http://0x08080808/", "http://010.8.8.8/",
        "http://8.8.2056/", "http://134744072/", "http://[2606:4700::1111]/", "http://[2001:4860:4860::8888]:80/", "http://[64:ff9b::8.8.8.8]/",
        "http://172.15.0.1/", "http://172.32.0.1/", "http://100.63.0.1/", "http://100.128.0.1/", "http://192.0.0.9/", "http://192.0.0.10/",
        "http://192.0.1.1/", "http://198.17.0.1/", "http://198.20.0.1/", "http://223.255.255.255/", "http://localhost.example.org/",
        "http://mylocalhost/", "http://10.example.org/", "http://a_b.example.org/", "http://xn--bcher-kva.example/", "http://example.org:/",
        "http://example.org:65535/", "http://127.0.0.1.example.org/", "http://0x7f.example/", "http://example.org/@a:b", "http://[2001:20::1]/",
        "http://[2001:4:112::1]/", "http://[2002:808:808::1]/", 'https://example.org/\\^`{|}"<>',
    ],
)  # fmt: skip
def test_what_is_public_is_taken_as_it_is(text: str) -> None:
    """Also next to the private blocks, and with names that only look like private ones."""
    assert PUBLIC(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "", "example.org", "/a", "//example.org/", "ftp://example.org/", "javascript:alert(1)", "http:/example.org", "http:example.org",
        "http://", "http:///a", "http://?a", "http://:80/", "http://user@example.org/", "http://user:pw@example.org/", "http://@example.org/",
        "http://example.org\\@a.org/", "http://exa mple.org/", "http://example.org/a b", "http://example.org/\n", " http://example.org/",
        "http://example.org/ä", "http://bücher.example/", "http://example.org:65536/", "http://example.org:123456/", "http://example.org:a/",
        "http://example.org:80:80/", "http://[::1/", "http://[::1]a/", "http://[]/", "http://[1.2.3.4]/", "http://[::1%25eth0]/", "http://::1/",
        "http://1.2.3.4.5/", "http://256.1.1.1/", "http://1.16777216/", "http://1.2.65536/", "http://4294967296/", "http://09/", "http://1.2.3.08/",
        "http://0xg.0x1/", "http://a.0x/", "http://1..2/", "http://example.1/", "http://a.b.10/", "http://./", "http://%31.0.0.1/", "http://a%2eb/",
        "http://" + "a" * LONGEST,
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(text: str) -> None:
    """With a word on what is wrong, whether private networks are allowed or not."""
    for rule in (PUBLIC, PRIVATE_TOO):
        with pytest.raises(ValueError, match=r"expected|no IPv4"):
            rule(text)


def test_the_longest_address_is_taken() -> None:
    """2,048 characters are, one more is not."""
    longest = "http://example.org/".ljust(LONGEST, "a")

    assert PUBLIC(longest) == longest
    with pytest.raises(ValueError, match="2048"):
        PUBLIC(longest + "a")


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "127.1", "10.0.0.1", "[::1]", "[fd00::1]", "localhost:8081"]
)
def test_private_networks_may_be_allowed(host: str) -> None:
    """Then their hosts are as good as others."""
    text = f"http://{host}/"

    assert PRIVATE_TOO(text) == text


@pytest.mark.parametrize(
    ("own", "text"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/spring"),
        ("http://127.0.0.1:8080", "https://127.1:8080"),
        ("http://127.0.0.1:8080", "http://2130706433:8080/"),
        ("http://127.0.0.1:8080", "http://localhost:8080/"),
        ("http://127.0.0.1:8080", "http://0.0.0.0:8080/"),
        ("http://127.0.0.1:8080", "http://[::ffff:7f00:1]:8080/"),
        ("https://go.example.com", "https://go.example.com/a"),
        ("https://go.example.com", "https://GO.Example.com.:443/a"),
        ("https://go.example.com", "http://go.example.com:443/a"),
        ("https://Go.example.com:443/links", "https://go.example.com/"),
        ("http://[2606:4700::1]:81", "http://[2606:4700:0:0::1]:81/"),
        ("http://8.8.8.8", "http://0x8.8.2056:80/"),
    ],
)
def test_no_link_leads_back(own: str, text: str) -> None:
    """However host and port are written."""
    with pytest.raises(ValueError, match="back to this service"):
        target_rule(own, allow_private=True)(text)


def test_beside_the_service_is_not_back() -> None:
    """Another port, or a name below its own, is somebody else."""
    rule = target_rule("https://go.example.com", allow_private=True)

    for text in ("http://go.example.com/", "https://go.example.com:444/", "https://a.go.example.com/"):
        assert rule(text) == text


def test_a_name_is_no_address() -> None:
    """It is compared in lower case and without the dot at its end."""
    assert host_of("http://Example.ORG.:81/").name == "example.org"


@pytest.mark.parametrize(
    "text", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "2620:4f:8000::1", "192.175.48.1", "2001:1::1", "2001:30::1"]
)
def test_reachable_from_everywhere(text: str) -> None:
    """As the registries say of special blocks, and of all that is in none."""
    assert is_global(ip_address(text))
