"""Which network addresses a request of ours may go to: plain global unicast, however the address is wrapped.

Own lists on purpose: `ipaddress.is_global` changes with Python's version and says yes to NAT64, 6to4 and multicast.
"""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

REFUSED_V4 = [
    ip_network(network)
    for network in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    )
]  # fmt: skip
GLOBAL_V6 = IPv6Network("2000::/3")
REFUSED_V6 = [
    ip_network(network) for network in ("2001::/23", "2001:db8::/32", "2620:4f:8000::/48", "3ffe::/16", "3fff::/20")
]
NAT64 = IPv6Network("64:ff9b::/96")
TEREDO = IPv6Network("2001::/32")
SIX_TO_FOUR = IPv6Network("2002::/16")
V4_COMPATIBLE = IPv6Network("::/96")
ISATAP_MARKS = (0x0000_5EFE, 0x0200_5EFE)
LOW_32_BITS = (1 << 32) - 1


def may_be_reached(address: str) -> bool:
    """Is this a plain global unicast address, and so is every IPv4 address wrapped in it?"""
    try:
        parsed = ip_address(address)
    except ValueError:  # a zone (`fe80::1%eth0`) among them
        return False
    if isinstance(parsed, IPv4Address):
        return _is_global_v4(parsed)
    wrapped = _wrapped_in(parsed)
    if wrapped is None:
        return parsed in GLOBAL_V6 and not any(parsed in network for network in REFUSED_V6)
    return all(_is_global_v4(inner) for inner in wrapped)


def _is_global_v4(address: IPv4Address) -> bool:
    return not any(address in network for network in REFUSED_V4)


def _wrapped_in(address: IPv6Address) -> list[IPv4Address] | None:
    """The IPv4 addresses inside an IPv6 one; None when it is a plain one."""
    number = int(address)
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    if address in NAT64 or address in V4_COMPATIBLE:
        return [IPv4Address(number & LOW_32_BITS)]
    if address in SIX_TO_FOUR:
        return [IPv4Address((number >> 80) & LOW_32_BITS)]
    if address in TEREDO:  # the server's address, and the client's with all bits turned
        return [IPv4Address((number >> 64) & LOW_32_BITS), IPv4Address(~number & LOW_32_BITS)]
    if (number >> 32) & LOW_32_BITS in ISATAP_MARKS and address in GLOBAL_V6:
        return [IPv4Address(number & LOW_32_BITS)]
    return None
