"""Where a webhook may go: to public addresses, encrypted; elsewhere only where a setting allows.

Otherwise whoever may add a webhook could have this machine ask its own network for things
(server-side request forgery). A name is looked up once and the connection made to the very address
that was looked at, so that a name cannot change its mind in between.
"""

import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

import httpx

from segml.core.errors import WorkspaceError

Address = IPv4Address | IPv6Address
_NAT64: Final = IPv6Network("64:ff9b::/96")  # ends in an IPv4 address, as RFC 6052 has it
_PORTS: Final = 65_535


@dataclass(frozen=True, slots=True)
class Target:
    """An address that may be posted to.

    Attributes
    ----------
    url
        With the address in place of the name.
    host
        The name, and the port if it is an unusual one, as the receiver knows itself.
    name
        The name that its certificate must be for.
    """

    url: httpx.URL
    host: str
    name: str


def check_url(url: str, *, private: bool) -> httpx.URL:
    """Return a URL that a webhook may have, as far as can be said without asking the network.

    Raises
    ------
    WorkspaceError
        When it cannot be one; with everything that is wrong with it.
    """
    try:
        found = httpx.URL(url)
        assert isinstance(found.host, str)  # it is decoded when it is asked for
    except (httpx.InvalidURL, UnicodeError) as error:
        raise WorkspaceError(f"{url} is no URL ({error}).") from None
    wrong = []
    if found.scheme not in {"https", "http"} or not found.host:
        wrong.append("it is an address such as https://crm.example/hook")
    elif found.scheme == "http" and not private:
        wrong.append("it begins with https://, so that nobody else reads it")
    if found.port is not None and not 0 < found.port <= _PORTS:
        wrong.append(f"its port is from 1 to {_PORTS}")
    if found.userinfo:
        wrong.append("it has no user name or password; receivers check the signature instead")
    if not private and found.host and not _may_be_public(found.host):
        wrong.append("it leads to a public address")
    if wrong:
        raise WorkspaceError(
            f"A webhook cannot go to {found.copy_with(userinfo=b'')}: {', and '.join(wrong)}. "
            "The setting private_webhooks allows addresses of one's own network."
        )
    return found


def target(url: str, *, private: bool) -> Target:
    """Return where a webhook's URL leads now; `WorkspaceError` where it must not or leads nowhere.

    Parameters
    ----------
    url
        As it was given.
    private
        Whether it may lead to addresses that are not public.
    """
    asked = check_url(url, private=private)
    port = asked.port or (443 if asked.scheme == "https" else 80)
    try:
        found = socket.getaddrinfo(asked.host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise WorkspaceError(f"{asked.host} cannot be looked up ({error}).") from None
    addresses = [ip_address(entry[4][0]) for entry in found]
    if not private and not all(map(is_public, addresses)):
        raise WorkspaceError(
            f"{asked.host} leads to an address that is not public. The setting private_webhooks "
            "allows addresses of one's own network."
        )
    host = asked.netloc.decode("ascii")
    return Target(asked.copy_with(host=str(addresses[0])), host, asked.host)


def is_public(address: Address) -> bool:
    """Return whether an address is one of the public internet."""
    if isinstance(address, IPv6Address):
        within = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            within = IPv4Address(int(address) & 0xFFFF_FFFF)
        if within is not None:
            return is_public(within)
    return address.is_global and not address.is_multicast


def _may_be_public(host: str) -> bool:
    try:
        return is_public(ip_address(host))
    except ValueError:  # a name, which is looked up when something is sent
        return host != "localhost" and not host.endswith(".localhost")
