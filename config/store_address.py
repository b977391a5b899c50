"""Whether the drivers will be able to read the address of a store, asked before anything is built."""

from __future__ import annotations

from pymongo.errors import PyMongoError
from pymongo.uri_parser import parse_uri
from redis.asyncio.connection import parse_url

_ESCAPED = "special characters in a name or password are written as %40 for @, %3A for :, %2F for /"


def check_mongodb(address: str) -> None:
    """Pass an address that the driver can read; one with `+srv` is only read at the start, from the network.

    Raises:
        ValueError: it cannot; says what to look at, and nothing of the address.
    """
    if address.startswith("mongodb+srv://"):
        return
    try:
        parse_uri(address, validate=True, warn=False)
    except (PyMongoError, ValueError):
        raise ValueError(f"the address cannot be read: look at its port and options; {_ESCAPED}") from None


def check_redis(address: str) -> None:
    """The same for Redis.

    Raises:
        ValueError: it cannot be read.
    """
    try:
        parse_url(address)
    except ValueError:
        raise ValueError(f"the address cannot be read: look at its port; {_ESCAPED}") from None
