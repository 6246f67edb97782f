"""Guards fetches from addresses that people typed: only the public web is asked, whatever a name resolves to.

A name is resolved once, every address it has must be public, and the connection goes to one that was looked at: a
name that answers otherwise the next time leads nowhere else. A redirect is a request like any other, so it is looked
at again. The client sends no cookies, and no proxy of the environment is used, since that would do the resolving.

What is public follows the IANA registries of special-purpose addresses, not `ipaddress.is_global`, which differs from
one Python to the next: https://www.iana.org/assignments/iana-ipv4-special-registry/ and …/iana-ipv6-special-registry/.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterable
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import httpcore
import httpx
from django.conf import settings

from ingest.sources import SourceUnavailable

PORTS = frozenset({80, 443})
LARGEST = 5 * 2**20  # bytes of an answer
TIMEOUT = httpx.Timeout(10, connect=5)  # seconds, for each step

_NOT_PUBLIC_4 = [
    ip_network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # behind a provider's NAT
        "127.0.0.0/8",
        "169.254.0.0/16",  # link-local; clouds tell their secrets here
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",  # multicast, reserved, broadcast
    )
]
_PUBLIC_6 = ip_network("2000::/3")  # all that was ever given out
_NOT_PUBLIC_6 = [
    ip_network(network)
    for network in (
        "2001::/23",  # Teredo and other protocols
        "2001:db8::/32",
        "2002::/16",  # 6to4, which would reach any IPv4 address
        "3fff::/20",
    )
]
_NAT64 = ip_network("64:ff9b::/96")  # how a network without IPv4 sees the public hosts that have nothing else


class Forbidden(SourceUnavailable):
    """We do not ask this address; the message says why."""


def is_public(address: str) -> bool:
    """Say whether an IP address is one of the public Internet; anything that is none is not."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, IPv6Address):
        if inner := ip.ipv4_mapped or (IPv4Address(int(ip) & 0xFFFF_FFFF) if ip in _NAT64 else None):
            return is_public(str(inner))
        return ip in _PUBLIC_6 and not any(ip in network for network in _NOT_PUBLIC_6)
    return not any(ip in network for network in _NOT_PUBLIC_4)


def vet(url: str | httpx.URL) -> httpx.URL:
    """Return an address that may be asked as far as it can tell by itself; raise Forbidden."""
    try:
        url = httpx.URL(url)
        host = url.host
    except (httpx.InvalidURL, UnicodeError) as error:
        raise Forbidden(f"{str(url)[:200]!r} is no address: {error}") from error
    if url.scheme not in ("http", "https"):
        raise Forbidden(f"{_shown(url)} is no address of the web: it must begin with https:// or http://")
    if not host:
        raise Forbidden(f"{_shown(url)} names no host")
    if url.userinfo:
        raise Forbidden(f"{_shown(url)} holds a name or password, which would be stored and shown")
    if not settings.ALLOW_PRIVATE_FETCHES:
        if url.port is not None and url.port not in PORTS:
            raise Forbidden(f"{_shown(url)}: only the ports 80 and 443 are asked")
        if _is_ip(host) and not is_public(host):
            raise Forbidden(f"{host} is no address of the public Internet")
    return url


def addresses(host: str, port: int) -> list[str]:
    """Return the IP addresses of a host, all of which are public; raise Forbidden, OSError when it has none."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (UnicodeError, OverflowError) as error:
        raise Forbidden(f"{host[:80]} is no name of a host") from error
    known = list(dict.fromkeys(str(address[0]) for *_, address in found))
    # Which address it is stays untold: what names mean inside is nobody's business who types them here.
    if not settings.ALLOW_PRIVATE_FETCHES and not all(map(is_public, known)):
        raise Forbidden(f"{host} leads to no address of the public Internet")
    return known


def transport() -> httpx.BaseTransport:
    """Return what a client sends requests through so that each of them is guarded."""
    return _Transport()


def client(timeout: httpx.Timeout = TIMEOUT) -> httpx.Client:
    """Return a guarded client for a few requests; who follows redirects allows three."""
    return httpx.Client(transport=transport(), timeout=timeout, trust_env=False, max_redirects=3)


class _Transport(httpx.HTTPTransport):
    """httpx's own transport over connections that are looked at first."""

    def __init__(self) -> None:
        super().__init__(verify=_trusted(), trust_env=False)
        self._pool.close()
        self._pool = httpcore.ConnectionPool(ssl_context=_trusted(), network_backend=_Backend())

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        vet(request.url)
        return super().handle_request(request)


class _Backend(httpcore.SyncBackend):
    """Connects to public addresses only. Certificate and Host header stay those of the name."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            known = addresses(host, port)
        except OSError as error:
            raise httpcore.ConnectError(f"{host}: {error.strerror or error}") from error
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in known:
            try:
                return super().connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    def connect_unix_socket(self, *_: object, **__: object) -> httpcore.NetworkStream:
        raise Forbidden("no socket of this machine is asked")


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _shown(url: httpx.URL) -> str:
    """Return an address as it may stand in a message: without a password."""
    return str(url.copy_with(userinfo=b""))[:200] if url.userinfo else str(url)[:200]


@cache
def _trusted() -> ssl.SSLContext:
    return httpx.create_ssl_context()
