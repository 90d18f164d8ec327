"""The event journal, partitioned by month, read in commit order by (xid, id); the cache table; the fencing sequence."""

from django.db import migrations

FORWARD = """
CREATE TABLE kernel_event (
    id bigint GENERATED ALWAYS AS IDENTITY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    kind text NOT NULL CONSTRAINT event_kind_not_empty CHECK (kind <> ''),
    subject text NOT NULL,
    actor text NOT NULL,
    inbox_id bigint,
    agent_id bigint,
    visitor text NOT NULL DEFAULT '',
    data jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (at, id)
) PARTITION BY RANGE (at);
CREATE INDEX event_commit_order ON kernel_event (xid, id);
CREATE INDEX event_subject ON kernel_event (subject, xid, id);
CREATE TABLE kernel_event_rest PARTITION OF kernel_event DEFAULT;

CREATE FUNCTION kernel_event_month(month date) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF to_regclass('kernel_event_' || to_char(month, 'YYYYMM')) IS NULL THEN
        EXECUTE format('CREATE TABLE %I PARTITION OF kernel_event FOR VALUES FROM (%L) TO (%L)',
            'kernel_event_' || to_char(month, 'YYYYMM'), date_trunc('month', month),
            date_trunc('month', month) + interval '1 month');
    END IF;
END $$;
SELECT kernel_event_month(current_date);
SELECT kernel_event_month((current_date + interval '1 month')::date);

CREATE FUNCTION kernel_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;
CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE ON kernel_event
    FOR EACH ROW EXECUTE FUNCTION kernel_append_only();

CREATE SEQUENCE kernel_fence;

CREATE TABLE kernel_cache (
    cache_key varchar(255) PRIMARY KEY,
    value text NOT NULL,
    expires timestamptz NOT NULL
);
CREATE INDEX kernel_cache_expires ON kernel_cache (expires);
"""

BACKWARD = """
DROP TABLE kernel_cache;
DROP SEQUENCE kernel_fence;
DROP TABLE kernel_event;
DROP FUNCTION kernel_append_only();
DROP FUNCTION kernel_event_month(date);
"""


class Migration(migrations.Migration):
    dependencies = [("kernel", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
