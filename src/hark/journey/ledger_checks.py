"""What must hold between the tables, one statement each: it gives the subjects for which it does not hold."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Check:
    """`sql` takes `since` and gives one row a fault, its subject first."""

    kind: Literal["lost", "twice", "order", "orphan", "stuck"]
    what: str
    sql: str


COUNTS = {
    "arrivals": """
        SELECT CASE WHEN state = 'received' THEN 'waiting' WHEN state = 'done' THEN outcome ELSE state END, count(*)
        FROM intake_arrival WHERE received_at >= %(since)s::timestamptz GROUP BY 1""",
    "messages": """
        SELECT CASE WHEN direction = 'in' THEN 'in' WHEN native THEN 'answered at the venue' ELSE 'out' END, count(*)
        FROM conversations_message WHERE received_at >= %(since)s::timestamptz GROUP BY 1""",
    "replies": """
        SELECT state, count(*) FROM delivery_outboxitem WHERE created_at >= %(since)s::timestamptz GROUP BY 1""",
    "cases": """
        SELECT status, count(*) FROM conversations_case WHERE opened_at >= %(since)s::timestamptz GROUP BY 1""",
}

TOLD = """
    SELECT DISTINCT ON (data ->> 'message') data ->> 'message' AS key, (data ->> 'posted')::timestamptz AS posted
    FROM kernel_event
    WHERE kind IN ('message.received', 'message.edited') AND data ? 'posted' AND at >= %(since)s::timestamptz
    ORDER BY data ->> 'message', xid DESC, id DESC"""
DOUBTED = """
    SELECT data ->> 'message' FROM kernel_event
    WHERE kind = 'message.state' AND data ->> 'state' IN ('ambiguous', 'failed', 'refused')"""
TWIN = """
    SELECT 1 FROM conversations_message t
    WHERE t.arrival_id = m.arrival_id AND t.identity_id = m.identity_id AND t.sent_at = m.sent_at AND t.text = m.text
    AND t.id <> m.id"""
UNTOLD = """
    SELECT m.key FROM conversations_message m
    WHERE m.direction = 'in' AND m.received_at >= %(since)s::timestamptz AND NOT EXISTS (
        SELECT 1 FROM told WHERE told.key = m.key)"""

LOST = (
    Check("lost", "an arrival that became a message, which is not there", """
        SELECT 'arrival ' || a.id FROM intake_arrival a LEFT JOIN conversations_message m ON m.arrival_id = a.id
        WHERE a.state = 'done' AND a.outcome IN ('message', 'native') AND a.received_at >= %(since)s::timestamptz
        AND m.id IS NULL"""),
    Check("lost", "a message that the journal told of", """
        SELECT DISTINCT e.data ->> 'message' FROM kernel_event e
        LEFT JOIN conversations_message m ON m.key = e.data ->> 'message'
        WHERE e.at >= %(since)s::timestamptz AND m.id IS NULL AND e.data ->> 'message' <> ''
        AND e.kind IN ('message.received', 'message.sent', 'case.replied')"""),
    Check("lost", "a case that the journal told of", """
        SELECT e.subject FROM kernel_event e LEFT JOIN conversations_case c ON c.key = e.subject
        WHERE e.kind = 'case.opened' AND e.at >= %(since)s::timestamptz AND c.id IS NULL"""),
)  # fmt: skip
TWICE = (
    Check("twice", "one arrival is there twice", """
        SELECT 'channel ' || channel_id || ' ' || dedupe_key FROM intake_arrival
        WHERE received_at >= %(since)s::timestamptz GROUP BY channel_id, dedupe_key HAVING count(*) > 1"""),
    Check("twice", "two messages for one id of the venue", """
        SELECT min(key) FROM conversations_message
        WHERE external_id IS NOT NULL AND received_at >= %(since)s::timestamptz
        GROUP BY channel_id, external_id HAVING count(*) > 1"""),
    Check("twice", "a message beside its twin, of which the journal has told only once", f"""
        WITH told AS MATERIALIZED ({TOLD}) {UNTOLD} AND EXISTS ({TWIN})"""),
    Check("twice", "two messages for one reply", """
        SELECT min(key) FROM conversations_message WHERE outbox_item_id IS NOT NULL
        GROUP BY outbox_item_id HAVING count(*) > 1"""),
    Check("twice", "two replies are the same post at the venue", """
        SELECT 'channel ' || o.channel_id || ' ' || e.id FROM delivery_outboxitem o,
            jsonb_array_elements_text(o.external_ids) AS e (id)
        WHERE o.created_at >= %(since)s::timestamptz AND NOT o.payload ? 'change'
        GROUP BY o.channel_id, e.id HAVING count(*) > 1"""),
    Check("twice", "two conversations for one thread of the venue", """
        SELECT min(key) FROM conversations_conversation GROUP BY channel_id, thread_key HAVING count(*) > 1"""),
)  # fmt: skip
ORDER = (
    Check("order", "a message does not stand at the time at which it was posted", f"""
        WITH told AS MATERIALIZED ({TOLD})
        SELECT m.key FROM conversations_message m JOIN told ON told.key = m.key WHERE m.sent_at <> told.posted"""),  # noqa: S608
    Check("order", "a reply was sent before one that was written earlier in its conversation", f"""
        SELECT later.key FROM (
            SELECT m.key, o.sent_at, max(o.sent_at) OVER before AS last
            FROM delivery_outboxitem o JOIN conversations_message m ON m.outbox_item_id = o.id
            WHERE o.state = 'sent' AND o.created_at >= %(since)s::timestamptz AND m.key NOT IN ({DOUBTED})
            WINDOW before AS (PARTITION BY o.channel_id, o.thread ORDER BY o.id
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) later
        WHERE later.sent_at < later.last"""),  # noqa: S608
    Check("order", "a part of a long reply left before the one in front of it", """
        SELECT 'outbox ' || o.id FROM delivery_outboxitem o
        JOIN delivery_outboxitem b ON b.reply = o.reply AND b.part = o.part - 1
        WHERE o.state IN ('sending', 'sent') AND o.created_at >= %(since)s::timestamptz
        AND (b.state <> 'sent' OR o.sent_at < b.sent_at)"""),
    Check("order", "a case shows an older message than its newest", """
        SELECT c.key FROM conversations_case c JOIN (
            SELECT v.case_id, max(m.sent_at) AS newest FROM conversations_message m
            JOIN conversations_conversation v ON v.id = m.conversation_id
            WHERE m.deleted_at IS NULL AND NOT m.automatic AND v.case_id IS NOT NULL
            AND NOT (v.outside AND m.direction = 'out') GROUP BY v.case_id) n ON n.case_id = c.id
        WHERE n.newest <> c.last_message_at AND n.newest >= %(since)s::timestamptz"""),
)  # fmt: skip
ORPHAN = (
    Check("orphan", "a message without its arrival", """
        SELECT m.key FROM conversations_message m LEFT JOIN intake_arrival a ON a.id = m.arrival_id
        WHERE (m.direction = 'in' OR m.native AND m.agent_id IS NULL) AND a.id IS NULL
        AND m.received_at >= %(since)s::timestamptz"""),
    Check("orphan", "a message of which the journal has not told", f"""
        WITH told AS MATERIALIZED ({TOLD}) {UNTOLD} AND NOT EXISTS ({TWIN})"""),
    Check("orphan", "a reply of ours that is not in the out-box", """
        SELECT m.key FROM conversations_message m LEFT JOIN delivery_outboxitem o ON o.id = m.outbox_item_id
        WHERE m.direction = 'out' AND NOT m.native AND o.id IS NULL AND m.received_at >= %(since)s::timestamptz"""),
    Check("orphan", "something in the out-box that nobody wrote", """
        SELECT 'outbox ' || o.id FROM delivery_outboxitem o
        LEFT JOIN conversations_message m ON m.outbox_item_id = o.id
         WHERE m.id IS NULL AND o.part = o.parts AND NOT o.payload ? 'change'
         AND o.payload->'about'->>'message' IS DISTINCT FROM ''
         AND o.created_at >= %(since)s::timestamptz"""),
    Check("orphan", "a long reply that lacks one of its parts", """
        SELECT 'outbox ' || min(id) FROM delivery_outboxitem WHERE reply IS NOT NULL
        AND created_at >= %(since)s::timestamptz GROUP BY reply HAVING count(DISTINCT part) <> max(parts)"""),
    Check("orphan", "a message without its conversation or its author", """
        SELECT m.key FROM conversations_message m
        LEFT JOIN conversations_conversation v ON v.id = m.conversation_id
        LEFT JOIN contacts_identity i ON i.id = m.identity_id
        WHERE (v.id IS NULL OR (m.identity_id IS NOT NULL AND i.id IS NULL))
        AND m.received_at >= %(since)s::timestamptz"""),
    Check("orphan", "a conversation without a message", """
        SELECT v.key FROM conversations_conversation v
        WHERE NOT EXISTS (SELECT 1 FROM conversations_message m WHERE m.conversation_id = v.id)"""),
    Check("orphan", "a case without a conversation", """
        SELECT c.key FROM conversations_case c WHERE c.opened_at >= %(since)s::timestamptz
        AND NOT EXISTS (SELECT 1 FROM conversations_conversation v WHERE v.case_id = c.id)"""),
    Check("orphan", "a conversation whose case is not there", """
        SELECT v.key FROM conversations_conversation v LEFT JOIN conversations_case c ON c.id = v.case_id
        WHERE v.case_id IS NOT NULL AND c.id IS NULL"""),
    Check("orphan", "a reading, version or clock of nothing", """
        SELECT 'reading ' || r.id FROM conversations_reading r
        LEFT JOIN conversations_message m ON m.id = r.message_id WHERE m.id IS NULL
        UNION ALL SELECT 'version ' || w.id FROM conversations_messageversion w
        LEFT JOIN conversations_message m ON m.id = w.message_id WHERE m.id IS NULL
        UNION ALL SELECT 'clock ' || k.id FROM conversations_clock k
        LEFT JOIN conversations_case c ON c.id = k.case_id WHERE c.id IS NULL"""),
    Check("orphan", "an identity without a contact", """
        SELECT 'identity ' || i.id FROM contacts_identity i LEFT JOIN contacts_contact c ON c.id = i.contact_id
        WHERE c.id IS NULL"""),
    Check("orphan", "an arrival that is done, and nobody knows what became of it", """
        SELECT 'arrival ' || id FROM intake_arrival
        WHERE state = 'done' AND outcome = '' AND received_at >= %(since)s::timestamptz"""),
)  # fmt: skip
STUCK = (
    Check("stuck", "an arrival whose reader's lease ended a minute ago, or that has waited for five", """
        SELECT 'arrival ' || id FROM intake_arrival
        WHERE state = 'received' AND received_at >= %(since)s::timestamptz AND CASE
            WHEN lease_until IS NOT NULL THEN lease_until < clock_timestamp() - interval '1 minute'
            ELSE coalesce(not_before, received_at) < clock_timestamp() - interval '5 minutes' END"""),
    Check("stuck", "a reply whose sender's lease ended a minute and a half ago", """
        SELECT 'outbox ' || id FROM delivery_outboxitem
        WHERE state = 'sending' AND created_at >= %(since)s::timestamptz
        AND coalesce(lease_until, created_at) < clock_timestamp() - interval '90 seconds'"""),
    Check("stuck", "a reply that nothing holds back has been due for ten minutes", """
        SELECT 'outbox ' || o.id FROM delivery_outboxitem o JOIN organisation_channel c ON c.id = o.channel_id
        LEFT JOIN delivery_breaker b ON b.channel_id = o.channel_id AND b.open_until > clock_timestamp()
        WHERE o.state = 'queued' AND o.not_before < clock_timestamp() - interval '10 minutes' AND c.state = 'active'
        AND b.channel_id IS NULL AND o.created_at >= %(since)s::timestamptz AND NOT EXISTS (
            SELECT 1 FROM delivery_outboxitem e WHERE e.channel_id = o.channel_id AND e.thread = o.thread
            AND e.id < o.id AND e.state IN ('queued', 'sending'))
        AND NOT EXISTS (
            SELECT 1 FROM delivery_outboxitem e WHERE e.reply = o.reply AND e.part < o.part AND e.state <> 'sent')"""),
    Check("stuck", "a reply that was sent a minute ago and has not taken effect", """
        SELECT m.key FROM delivery_outboxitem o JOIN conversations_message m ON m.outbox_item_id = o.id
        WHERE o.state = 'sent' AND o.sent_at < clock_timestamp() - interval '1 minute' AND m.external_id IS NULL
        AND o.external_ids <> '[]' AND o.created_at >= %(since)s::timestamptz"""),
    Check("stuck", "a clock runs on a resolved case", """
        SELECT c.key FROM conversations_clock k JOIN conversations_case c ON c.id = k.case_id
        WHERE k.stopped_at IS NULL AND c.status = 'resolved'"""),
    Check("stuck", "a case is due at another time than its soonest clock", """
        SELECT c.key FROM conversations_case c LEFT JOIN (
            SELECT case_id, min(due_at) AS soonest FROM conversations_clock WHERE stopped_at IS NULL GROUP BY case_id
        ) k ON k.case_id = c.id
        WHERE c.due_at IS DISTINCT FROM k.soonest AND c.opened_at >= %(since)s::timestamptz"""),
    Check("stuck", "an offer ended a minute ago and is still open", """
        SELECT key FROM routing_offer WHERE ended_at IS NULL AND answer = ''
        AND expires_at < clock_timestamp() - interval '1 minute'"""),
    Check("stuck", "a reaction to an event was set aside", """
        SELECT kind || ' ' || subject || ': ' || reaction FROM journey_failedreaction
        WHERE set_aside_at IS NOT NULL"""),
)  # fmt: skip

CHECKS = (*LOST, *TWICE, *ORDER, *ORPHAN, *STUCK)
SETTLED = (
    Check("stuck", "an arrival still waits", """
        SELECT 'arrival ' || id FROM intake_arrival
        WHERE state = 'received' AND received_at >= %(since)s::timestamptz"""),
    Check("stuck", "a reply still waits", """
        SELECT 'outbox ' || id FROM delivery_outboxitem
        WHERE state IN ('queued', 'sending') AND created_at >= %(since)s::timestamptz"""),
)  # fmt: skip
