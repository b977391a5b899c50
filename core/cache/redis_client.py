"""The Redis client, built so that a stalled server costs a second and not ten."""

from __future__ import annotations

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

# Below RedisCache's deadline of one second and apart from each other: a cancellation that meets the end of a wait
# inside the library can get lost there (asyncio.wait_for of Python 3.11), and the caller would wait three times.
_SOCKET_TIMEOUT_S = 0.8
_POOL_TIMEOUT_S = 0.5
_MOST_CONNECTIONS = 32


def build_redis_client(uri: str) -> Redis:
    """A client of bytes that connects at first use; close it with `aclose()`.

    The library's own defaults retry ten times. Here a lost connection is tried once more at once, since the
    server may merely have been restarted, and every wait ends within a second.

    Args:
        uri: redis://, rediss:// or unix://, credentials included.
    """
    pool = BlockingConnectionPool.from_url(
        uri,
        max_connections=_MOST_CONNECTIONS,
        timeout=_POOL_TIMEOUT_S,
        socket_timeout=_SOCKET_TIMEOUT_S,
        socket_connect_timeout=_SOCKET_TIMEOUT_S,
        retry=Retry(NoBackoff(), 1),
        health_check_interval=0,
    )
    return Redis.from_pool(pool)
