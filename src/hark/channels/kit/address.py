"""Where a caller comes from, coarse enough that moving to the next address does not buy new tokens."""

import ipaddress


def prefix_of(address: str) -> str:
    """An IPv4 address itself, the /64 of an IPv6 one (a mapped IPv4 counts as IPv4); the text as it is otherwise."""
    try:
        read = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(read, ipaddress.IPv4Address):
        return str(read)
    if read.ipv4_mapped:
        return str(read.ipv4_mapped)
    return str(ipaddress.ip_network((read, 64), strict=False))
