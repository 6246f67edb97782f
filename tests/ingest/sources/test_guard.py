"""Addresses that people typed lead to the public Internet or nowhere: a canary on loopback must never be reached."""

from __future__ import annotations

import gzip
import re
import socket
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from itertools import product

import httpx
import pytest

from ingest.sources import SourceUnavailable, guard, http
from tests.servers import Reply, Server

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rested")]

# UnicodeError: httpx itself stumbles over a name that is no IDNA, before it asks anybody.
NO_ANSWER = (SourceUnavailable, httpx.HTTPError, httpx.InvalidURL, UnicodeError)
HOST = http.Host("guarded", "The address", largest=guard.LARGEST, transport=guard.transport)

# Ways to write 127.0.0.1, and what else leads into this machine or its network.
LOOPBACK = """
127.0.0.1 127.0.0.1. 127.1 127.0.1 127.00.00.01 127.000.000.001 0x7f.1 0x7f.0.0.1 0x7F.0x0.0x0.0x1 0x7f000001 0x7F.1
2130706433 0177.1 0177.0.0.1 0177.0.0.01 017700000001 00177.00.00.01 0x7f.0.1 127.0.0x1 127.0x0.0.1 0177.0x0.0.1
127.0.0.2 127.127.127.127 127.255.255.254 localhost LOCALHOST localhost. LocalHost 0 0.0.0.0 0x0 00 0.0 0.0.0
127。0。0。1 127．0．0．1 127｡0｡0｡1 １２７.0.0.1 ①②⑦.⓪.⓪.① ⑯⑨｡②⑤④｡⑯⑨｡②⑤④ ｌｏｃａｌｈｏｓｔ %31%32%37.0.0.1 127%2e0%2e0%2e1
[::1] [0:0:0:0:0:0:0:1] [0000:0000:0000:0000:0000:0000:0000:0001] [::0001] [0::1] [::] [0:0::0] [::1%25lo] [::1%lo]
[::ffff:127.0.0.1] [::FFFF:127.0.0.1] [::ffff:7f00:1] [0:0:0:0:0:ffff:127.0.0.1] [::ffff:7f00:0001] [::127.0.0.1]
[::7f00:1] [::ffff:0:127.0.0.1] [::ffff:0:7f00:1] [64:ff9b::127.0.0.1] [64:ff9b::7f00:1] [64:ff9b:1::127.0.0.1]
[64:ff9b:1::7f00:1] [2002:7f00:1::] [2002:7f00:1::1] [2002:7f00:0001:0:0:0:0:1] [2001:0:7f00:1::]
"""
PRIVATE = """
10.0.0.1 10.255.255.254 10.1 0xa000001 012.0.0.1 167772161 172.16.0.1 172.31.255.254 0xac.0x10.0.1 192.168.0.1
192.168.255.254 192.168.1 0xc0a80001 3232235521 0300.0250.0.1 169.254.169.254 169.254.0.1 2852039166 0xa9fea9fe
0xa9.0xfe.0xa9.0xfe 0251.0376.0251.0376 169.254.43518 100.64.0.1 100.127.255.254 100.100.100.200 192.0.0.1 192.0.0.8
192.0.0.170 192.0.2.1 192.88.99.1 198.18.0.1 198.19.255.254 198.51.100.1 203.0.113.1 224.0.0.1 224.0.0.251
239.255.255.250 240.0.0.1 254.255.255.255 255.255.255.255 0xffffffff 4294967295 0.0.0.1 0.255.255.255
[fe80::1] [fe80::1%25eth0] [febf::1] [fec0::1] [feff::1] [fc00::1] [fd00::1] [fd00:ec2::254] [fdff:ffff::1] [ff02::1]
[ff05::1:3] [ff0e::1] [100::1] [2001::1] [2001:10::1] [2001:20::1] [2001:db8::1] [3fff::1] [5f00::1]
[::ffff:10.0.0.1] [::ffff:a00:1] [::ffff:192.168.0.1] [::ffff:169.254.169.254] [::ffff:100.64.0.1] [::ffff:224.0.0.1]
[64:ff9b::10.0.0.1] [64:ff9b::a9fe:a9fe] [64:ff9b::192.168.1.1] [2002:a00:1::] [2002:c0a8:1::1] [2002:a9fe:a9fe::1]
[::10.0.0.1] [::a9fe:a9fe] [4000::1] [8000::1] [1::1]
"""
ODD = """
file:///etc/passwd ftp://127.0.0.1/ gopher://127.0.0.1:{port}/_GET dict://127.0.0.1:{port}/ ldap://127.0.0.1:{port}
unix:///var/run/docker.sock http+unix://%2Fvar%2Frun%2Fdocker.sock/ data:text/plain,x javascript:alert(1) ws://127.0.0.1
http:127.0.0.1:{port} http:/127.0.0.1:{port} http:///127.0.0.1:{port}/ //127.0.0.1:{port}/ 127.0.0.1:{port} http:// https://
http://user@127.0.0.1:{port}/ http://user:pw@127.0.0.1:{port}/ http://example.org@127.0.0.1:{port}/
http://example.org:80@127.0.0.1:{port}/ http://example.org%40127.0.0.1:{port}/ http://127.0.0.1:{port}@[::1]:{port}/
http://example.org\\@127.0.0.1:{port}/ http://127.0.0.1:{port}\\@example.org:99/ http://example.org#@127.0.0.1:99/
http://127.0.0.1:{port}#@example.org/ http://127.0.0.1:{port}?@example.org/ http://127.0.0.1%00.example.org:{port}/
http://127.0.0.1%20:{port}/ http://[127.0.0.1]:{port}/ http://[::1:{port}/ http://::1:{port}/ http://[v1.127.0.0.1]/
http://xn--/ http://xn--fsq.:{port}/ http://.127.0.0.1:{port}/ http://127..0.0.1:{port}/ http://127.0.0.1:+{port}/
http://127.0.0.1:99999/ http://127.0.0.1:-1/ http://127.0.0.1:٨٠/ http://127.0.0.1:0x50/ http://127.0.0.1:22/
http://localhost:6379/ http://localhost:5432/ http://localhost:11211/ https://localhost:8443/
"""
LONG = ["http://" + "a" * 70 + ".example:{port}/", "http://" + "a." * 200 + ":{port}/", "http://" + "1" * 5000 + "/"]


def forms(port: int) -> Iterator[str]:
    for host, path in product((LOOPBACK + PRIVATE).split(), ("/", "/README.md?raw=1")):
        yield f"http://{host}:{port}{path}"
    for host in LOOPBACK.split()[:20]:
        yield f"https://{host}:{port}/"
        yield f"HTTP://{host}:{port}"
    yield from (form.replace("{port}", str(port)) for form in (*ODD.split(), *LONG))


@pytest.fixture
def canary(monkeypatch) -> Iterator[Server]:
    """A server on loopback, at a port that may be asked: only where it is keeps it from being reached."""
    with Server(Reply("sesame")) as server:
        port = int(server.url.rpartition(":")[2])
        monkeypatch.setattr(guard, "PORTS", guard.PORTS | {port})
        yield server


def port_of(server: Server) -> int:
    return int(server.url.rpartition(":")[2])


def fetch(url: str) -> bytes:
    return http.get(HOST, url, lambda answer: answer.body)


def ask(url: str) -> bytes:
    """Ask once, without the waiting that keeps a pace."""
    with guard.client(httpx.Timeout(2, connect=0.2)) as client:
        return client.get(url, follow_redirects=True).content


def test_no_way_to_write_it_reaches_this_machine(canary):
    asked = list(forms(port_of(canary)))
    assert len(set(asked)) >= 300
    for url in asked:
        with pytest.raises(NO_ANSWER):
            ask(url)
    assert canary.asked == []


def test_the_ways_to_write_it_do_lead_here_where_that_is_allowed(canary, settings):
    settings.ALLOW_PRIVATE_FETCHES = True
    reached = 0
    for host in LOOPBACK.split():
        with suppress(*NO_ANSWER):
            reached += ask(f"http://{host}:{port_of(canary)}/") == b"sesame"
    assert reached == len(canary.asked) >= 25


@pytest.mark.parametrize(
    "url", ["http://127.1:{port}/", "http://user:pw@example.org/", "ftp://example.org/a", "http://x:22"]
)
def test_a_source_is_told_so_at_once(canary, url):
    with pytest.raises(guard.Forbidden) as caught:
        fetch(url.replace("{port}", str(port_of(canary))))
    assert "pw" not in str(caught.value)


class TestRedirects:
    """Here 127.0.0.2 is the public Internet, and 127.0.0.1 is this machine."""

    @pytest.fixture(autouse=True)
    def _public(self, monkeypatch):
        real = guard.is_public
        monkeypatch.setattr(guard, "is_public", lambda address: address == "127.0.0.2" or real(address))

    @pytest.fixture
    def outside(self, monkeypatch, canary) -> Iterator[Server]:
        where = f"http://127.0.0.1:{port_of(canary)}/"
        with Server(respond=lambda asked: self.answer(asked.path, where)) as server:
            monkeypatch.setattr(guard, "PORTS", guard.PORTS | {port_of(server)})
            yield server

    @staticmethod
    def answer(path: str, inside: str) -> Reply:
        if path == "/list":
            return Reply("a list")
        if number := re.fullmatch(r"/hop/(\d+)", path):
            left = int(number[1])
            return Reply("", 302, headers={"Location": f"/hop/{left - 1}" if left else "/list"})
        return Reply("", int(path[1:]), headers={"Location": inside})

    def url(self, server: Server, path: str) -> str:
        return f"http://127.0.0.2:{port_of(server)}{path}"

    @pytest.fixture(autouse=True)
    def _everywhere(self, monkeypatch):
        monkeypatch.setattr("tests.servers.ADDRESS", "0.0.0.0")

    def test_the_public_is_reached(self, outside):
        assert fetch(self.url(outside, "/list")) == b"a list"
        assert outside.asked[0].headers["Host"] == f"127.0.0.2:{port_of(outside)}"

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_they_are_looked_at_again(self, outside, canary, status):
        with pytest.raises(guard.Forbidden):
            fetch(self.url(outside, f"/{status}"))
        with pytest.raises(guard.Forbidden):
            ask(self.url(outside, f"/{status}"))
        assert canary.asked == []

    @pytest.mark.parametrize("place", ["http://xn--/", "http://[::1", "ftp://example.org/", "http://a@example.org/"])
    def test_one_that_leads_nowhere_is_no_error_of_ours(self, place, monkeypatch):
        with Server(Reply("", 302, headers={"Location": place})) as server, pytest.raises(SourceUnavailable):
            monkeypatch.setattr(guard, "PORTS", guard.PORTS | {port_of(server)})
            fetch(self.url(server, "/"))

    def test_three_are_followed(self, outside):
        assert fetch(self.url(outside, "/hop/2")) == b"a list"
        with pytest.raises(http.Refused, match="sent us on 3 times"):
            fetch(self.url(outside, "/hop/3"))
        with pytest.raises(httpx.TooManyRedirects):
            ask(self.url(outside, "/hop/3"))

    def test_a_name_that_changes_its_answer_leads_nowhere_else(self, outside, canary, monkeypatch):
        """The resolver says 127.0.0.2 when the name is looked at, and 127.0.0.1 to whoever asks again."""
        asked = []

        def resolve(host, port, *_, **__):
            if host != "rebinding.example":
                return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port))]
            asked.append(host)
            address = "127.0.0.2" if len(asked) == 1 else "127.0.0.1"
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        with guard.client(httpx.Timeout(2, connect=0.2)) as client:
            answer = client.get(f"http://rebinding.example:{port_of(outside)}/list")
        assert (answer.content, asked) == (b"a list", ["rebinding.example"])
        assert outside.asked[0].headers["Host"].startswith("rebinding.example")

    def test_one_private_address_of_many_is_enough(self, outside, canary, monkeypatch):
        def resolve(host, port, *_, **__):
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port)) for a in ("127.0.0.2", "127.0.0.1")]

        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        with pytest.raises(guard.Forbidden, match=r"both\.example leads to no address of the public Internet$"):
            ask(f"http://both.example:{port_of(canary)}/")


def test_no_proxy_of_the_environment_is_asked(canary, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", canary.url)
    monkeypatch.setenv("ALL_PROXY", canary.url)
    with pytest.raises(guard.Forbidden):
        fetch("http://127.0.0.1/")
    assert canary.asked == []


def test_what_is_too_large_is_not_taken(settings):
    settings.ALLOW_PRIVATE_FETCHES = True
    with Server(Reply(b"x" * (guard.LARGEST + 1))) as server, pytest.raises(http.Refused, match="more than 5 MB"):
        fetch(server.url)


PUBLIC = """
    1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.1 100.63.255.255 100.128.0.1 126.255.255.255 128.0.0.1 140.82.121.3 151.101.1.42
    169.253.255.255 169.255.0.1 172.15.255.255 172.32.0.1 185.199.108.133 192.0.1.1 192.0.3.1 192.167.255.255 192.169.0.1
    198.17.255.255 198.20.0.1 203.0.112.1 203.0.114.1 223.255.255.255 2606:50c0:8000::154 2001:4860:4860::8888
    2a04:4e42::81 2400:cb00:2048:1::c629:d7a2 2003::1 64:ff9b::8.8.8.8 ::ffff:8.8.8.8
"""


def test_what_unpacks_to_too_much_is_not_taken(settings):
    settings.ALLOW_PRIVATE_FETCHES = True
    bomb = gzip.compress(bytes(300 * 2**20), 9)
    reply = Reply(bomb, headers={"Content-Encoding": "gzip"})
    tracemalloc.start()
    with Server(reply) as server, pytest.raises(http.Refused, match="more than 5 MB"):
        fetch(server.url)
    assert tracemalloc.get_traced_memory()[1] < 150 * 2**20
    tracemalloc.stop()


@pytest.mark.parametrize("address", PUBLIC.split())
def test_the_public_internet_is_public(address):
    assert guard.is_public(address)


@pytest.mark.parametrize("host", (LOOPBACK + PRIVATE).split())
def test_nothing_else_is(host):
    address = host.strip("[]").partition("%")[0]
    assert not guard.is_public(address)
    with pytest.raises((guard.Forbidden, OSError)):  # some resolvers do not know all the old ways to write numbers
        guard.addresses(address, 80)


WEB = """
    https://raw.githubusercontent.com/a/b/main/README.md http://example.org https://example.org:443/x http://example.org:80
    https://gitlab.com/a/b/-/raw/main/README.md?inline=false https://例え.jp/README.md https://example.org/a%20b#c
    https://1.1.1.1/x https://[2606:50c0:8000::154]/x HTTPS://Example.ORG/ https://a-b.c_d.example.co.uk/~u/@x
"""


@pytest.mark.parametrize("url", WEB.split())
def test_addresses_of_the_web_are_none_to_refuse(url):
    assert guard.vet(url).host
