"""Rate limits: a token bucket a key, taken with one statement on the database's clock, the same for every process."""

import math

from hark.kernel.db import fetch_all
from hark.kernel.errors import TooManyRequests

HOLDS_NOW = (
    "LEAST(%(burst)s, bucket.tokens + %(rate)s * "
    "GREATEST(extract(epoch FROM clock_timestamp() - bucket.refilled_at), 0)::float8)"
)
# The condition is judged on the locked row: of many callers at one moment exactly as many pass as there are tokens.
# A refusal writes nothing, so that hammering neither lengthens the wait nor fills the disk.
TAKE = (
    "INSERT INTO kernel_ratelimit AS bucket (key, tokens, refilled_at) "  # noqa: S608 - constants only
    "VALUES (%(key)s, %(burst)s::float8 - 1, clock_timestamp()) "
    f"ON CONFLICT (key) DO UPDATE SET tokens = {HOLDS_NOW} - 1, refilled_at = clock_timestamp() "
    f"WHERE {HOLDS_NOW} >= 1 RETURNING tokens"
)
LOOK = f"SELECT {HOLDS_NOW} FROM kernel_ratelimit bucket WHERE key = %(key)s"  # noqa: S608 - constants only


def take(key: str, *, burst: int, per_minute: float) -> None:
    """Use up one token of `key`: `burst` at once, `per_minute` on the long run. Raises TooManyRequests with the wait.

    Exact for any number of processes. Runs in the caller's transaction, where a rollback gives the token back.
    """
    values = {"key": key, "burst": burst, "rate": per_minute / 60}
    if fetch_all(TAKE, values):
        return
    holds = fetch_all(LOOK, values)
    missing = 1 - (holds[0][0] if holds else 0)
    raise TooManyRequests(max(1, math.ceil(missing * 60 / per_minute)))
