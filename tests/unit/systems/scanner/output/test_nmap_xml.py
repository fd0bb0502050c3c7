from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from climb.systems.scanner.model import Found, Http, State, Tls
from climb.systems.scanner.output.nmap_port import port_element
from climb.systems.scanner.output.xml_element import element, escaped


def port(found: Found) -> ET.Element:
    return ET.fromstring(port_element(found))


def script(found: Found, name: str) -> ET.Element:
    element = port(found).find(f"script[@id='{name}']")
    assert element is not None
    return element


def test_the_root_is_what_importers_look_for(written) -> None:
    """Readers recognise a result of nmap by the root's attributes."""
    root = ET.fromstring(written("nmap-xml"))

    assert root.tag == "nmaprun"
    assert root.attrib["scanner"] == "nmap"
    assert root.attrib["xmloutputversion"] == "1.05"
    assert root.attrib["args"] == "climb scan 192.0.2.7"
    assert root.attrib["start"] == "1795305600"


def test_ports_are_grouped_by_host_and_sorted(written, make_found) -> None:
    """Results in any order become one element a host, its ports in order; hosts are sorted as numbers."""
    results = [
        make_found(host=host, port=port) for host, port in [("192.0.2.10", 80), ("192.0.2.9", 80), ("192.0.2.10", 22)]
    ]

    hosts = ET.fromstring(written("nmap-xml", results)).findall("host")

    listed = [(host.find("address").get("addr"), [one.get("portid") for one in host.iter("port")]) for host in hosts]
    assert listed == [("192.0.2.9", ["80"]), ("192.0.2.10", ["22", "80"])]


def test_a_named_host_keeps_its_name(written, make_found) -> None:
    """The name that the user gave stands beside the address that was probed."""
    root = ET.fromstring(written("nmap-xml", [make_found(host="example.test", address="2001:db8::7")]))

    assert root.find("host/address").attrib == {"addr": "2001:db8::7", "addrtype": "ipv6"}
    assert root.find("host/hostnames/hostname").attrib == {"name": "example.test", "type": "user"}


def test_ports_not_shown_are_counted_by_state_and_reason(written, make_found) -> None:
    """What is left out is counted the way nmap does."""
    closed = [make_found(port=number, state=State.CLOSED, reason="rst") for number in range(1, 4)]
    silent = make_found(port=9, state=State.FILTERED)

    extra = ET.fromstring(written("nmap-xml", [*closed, silent])).findall("host/ports/extraports")

    assert [(one.get("state"), one.get("count"), one[0].get("reason")) for one in extra] == [
        ("closed", "3", "reset"),
        ("filtered", "1", "no-response"),
    ]


def test_a_silent_host_is_not_called_down(written, make_found) -> None:
    """Silence may come from a firewall, so the state is unknown and the host counts neither as up nor as down."""
    root = ET.fromstring(written("nmap-xml", [make_found(state=State.FILTERED)]))

    assert root.find("host/status").get("state") == "unknown"
    assert root.find("runstats/hosts").attrib == {"up": "0", "down": "0", "total": "1"}


def test_an_unreachable_host_says_why(written, make_found) -> None:
    """What the network answered in the host's place is told in nmap's word for it."""
    found = make_found(state=State.FILTERED, reason="host-unreachable")

    root = ET.fromstring(written("nmap-xml", [found]))

    assert root.find("host/status").attrib == {"state": "unknown", "reason": "host-unreach", "reason_ttl": "0"}


def test_a_refusal_proves_that_the_host_is_up(written, make_found) -> None:
    """A host that only refuses is up, and the refusal is named as the reason."""
    root = ET.fromstring(written("nmap-xml", [make_found(state=State.CLOSED)]))

    assert root.find("host/status").attrib == {"state": "up", "reason": "conn-refused", "reason_ttl": "0"}


def test_an_interrupted_scan_is_still_a_document(written, make_found) -> None:
    """After an interruption the document is complete and says that the scan is not."""
    root = ET.fromstring(written("nmap-xml", [make_found()], interrupted=True))

    finished = root.find("runstats/finished")
    assert finished.get("exit") == "error"
    assert finished.get("errormsg") == "interrupted"


def test_https_is_http_in_a_tunnel(make_found) -> None:
    """nmap names the protocol inside TLS, and TLS as its tunnel."""
    service = port(make_found(service="https", tls=Tls(version="TLSv1.3"))).find("service")

    assert service.attrib == {"name": "http", "tunnel": "ssl", "method": "probed", "conf": "10"}


def test_an_unknown_service_has_no_element(make_found) -> None:
    """Nothing is guessed from the port's number."""
    assert port(make_found(port=22)).find("service") is None


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("nginx", ("nginx", None, None)),
        ("nginx/1.24.0", ("nginx", "1.24.0", None)),
        ("Apache/2.4.57 (Debian)", ("Apache", "2.4.57", "Debian")),
        ("SimpleHTTP/0.6 Python/3.11.7", ("SimpleHTTP/0.6 Python/3.11.7", None, None)),
    ],
)
def test_the_server_header_names_product_and_version(header, told, make_found) -> None:
    """One product is taken apart; a list of products stays whole."""
    service = port(make_found(service="http", http=Http(server=header))).find("service")

    assert (service.get("product"), service.get("version"), service.get("extrainfo")) == told


def test_title_and_redirect_are_told_as_nmap_tells_them(make_found) -> None:
    """The script http-title holds the title and where the server pointed."""
    title = script(make_found(http=Http(title="Moved", location="https://example.org/")), "http-title")

    assert title.get("output") == "Moved\nDid not follow redirect to https://example.org/"
    assert {elem.get("key"): elem.text for elem in title} == {
        "title": "Moved",
        "redirect_url": "https://example.org/",
    }


def test_the_certificate_is_told_as_nmap_tells_it(make_found) -> None:
    """The script ssl-cert holds subject, issuer and end of validity, in lines and in tables."""
    tls = Tls(subject="example.org", issuer="Example CA", not_after="2027-01-31T12:00:00Z")

    certificate = script(make_found(tls=tls), "ssl-cert")

    assert "Subject: commonName=example.org\nIssuer: commonName=Example CA" in certificate.get("output")
    assert certificate.find("table[@key='validity']/elem[@key='notAfter']").text == "2027-01-31T12:00:00"


def test_a_banner_and_a_server_header_have_their_scripts(make_found) -> None:
    """Both stand under the ids of nmap's scripts."""
    found = make_found(banner="220 ready", http=Http(server="nginx"))

    assert script(found, "banner").get("output") == "220 ready"
    assert script(found, "http-server-header").findtext("elem") == "nginx"


def test_markup_from_a_server_stays_text(make_found) -> None:
    """Angle brackets, quotes and ampersands come back as they were sent."""
    hostile = "\"/><port a='b'>&lt;]]>"

    assert script(make_found(banner=hostile), "banner").get("output") == hostile


@pytest.mark.parametrize("forbidden", ["\x00", "\x08", "\x1b", "\ud800", "\ufffe", "\uffff"])
def test_characters_outside_xml_are_replaced(forbidden) -> None:
    """What XML 1.0 can't hold, not even by reference, becomes U+FFFD."""
    assert escaped(f"a{forbidden}b") == "a\ufffdb"


def test_line_breaks_survive_in_attributes() -> None:
    """A parser would turn a literal line break in an attribute into a blank."""
    assert ET.fromstring(element("a", {"b": "1\n2\t3"})).get("b") == "1\n2\t3"


def test_an_absent_attribute_is_left_out() -> None:
    """None means that there is nothing to write."""
    assert element("a", {"b": None, "c": 0}) == '<a c="0"/>'
