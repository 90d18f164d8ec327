"""The mood shown beside a person."""

import json
from collections.abc import Sequence

from hark.contacts.types import ContactMood
from hark.kernel.db import execute, stage

COLUMNS = {"contact_id": "int8", "value": "float8", "slope": "float8", "level": "text", "reasons": "text"}
# Rows are locked in the order of their ids, so that two batches that share people wait instead of deadlocking.
UPDATE = """
    WITH changed AS MATERIALIZED (
        SELECT c.id FROM contacts_contact c JOIN staged_mood s ON s.contact_id = c.id
        WHERE (c.mood_value, c.mood_slope, c.mood_level, c.mood_reasons) IS DISTINCT FROM
              (s.value, s.slope, s.level, s.reasons::jsonb)
        ORDER BY c.id FOR NO KEY UPDATE OF c)
    UPDATE contacts_contact c
    SET mood_value = s.value, mood_slope = s.slope, mood_level = s.level, mood_reasons = s.reasons::jsonb
    FROM staged_mood s, changed WHERE c.id = s.contact_id AND changed.id = c.id
"""


def set_moods(*, moods: Sequence[ContactMood]) -> None:
    """Write the moods of these contacts (each at most once) in the caller's transaction. Idempotent."""
    if not moods:
        return
    rows = [(mood.contact_id, mood.value, mood.slope, mood.level, json.dumps(mood.reasons)) for mood in moods]
    stage("staged_mood", COLUMNS, rows)
    execute(UPDATE)
