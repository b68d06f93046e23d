"""Captures that take time: state, what became of each event, and what nobody sees before it is whole."""

from wuma.kernel import ddl

revision = "0076"
down_revision = "0062"
branch_labels = None
depends_on = None

HIDING = (("chunk", "id"), ("posting", "event_id"), ("mention", "event_id"))


def upgrade() -> None:
    ddl.run(JOBS)
    ddl.tenant_table("trace.capture_outcome", "SELECT, INSERT")
    ddl.tenant_table("trace.unfinished", "SELECT, INSERT")
    ddl.run(
        f"GRANT UPDATE (state, captured_at, finished_at, context, accepted, duplicate, rejected, warned,"
        f" event_count, next_place, attempt_count, spool, failure) ON trace.capture TO {ddl.PROGRAM}"
    )
    ddl.run(HIDDEN.replace("{PROGRAM}", ddl.PROGRAM))
    for table, column in HIDING:
        # Sub-select: once a statement. It restricts the program only, so that its owner can clear up.
        ddl.run(
            f"CREATE POLICY whole ON trace.{table} AS RESTRICTIVE FOR SELECT TO {ddl.PROGRAM}"
            f" USING (NOT {column} <@ (SELECT trace.unfinished_events()))"
        )


def downgrade() -> None:
    for table, _ in HIDING:
        ddl.run(f"DROP POLICY whole ON trace.{table}")
    ddl.run(
        "DROP FUNCTION trace.drop_unfinished(uuid); DROP FUNCTION trace.show_unfinished(uuid, timestamptz);"
        "DROP FUNCTION trace.unfinished_events();"
        "DROP TABLE trace.unfinished, trace.capture_outcome;"
        "DROP INDEX trace.capture_running;"
        f"REVOKE UPDATE ON trace.capture FROM {ddl.PROGRAM};"
        "ALTER TABLE trace.capture DROP COLUMN state, DROP COLUMN created_at, DROP COLUMN finished_at,"
        " DROP COLUMN warned, DROP COLUMN event_count, DROP COLUMN byte_count, DROP COLUMN next_place,"
        " DROP COLUMN attempt_count,"
        " DROP COLUMN spool, DROP COLUMN media_type, DROP COLUMN encoding, DROP COLUMN failure"
    )


# `outcomes` of captures is read no more; what it said is moved to rows, which can be paged.
JOBS = """
ALTER TABLE trace.capture
    ADD COLUMN state       text NOT NULL DEFAULT 'finished'
        CHECK (state IN ('checking', 'storing', 'finished', 'failed')),
    ADD COLUMN created_at  timestamptz,
    ADD COLUMN finished_at timestamptz,
    ADD COLUMN warned      integer NOT NULL DEFAULT 0,
    ADD COLUMN event_count integer,
    ADD COLUMN byte_count  bigint,
    ADD COLUMN next_place  integer NOT NULL DEFAULT 0,
    ADD COLUMN attempt_count smallint NOT NULL DEFAULT 0,
    ADD COLUMN spool       text,
    ADD COLUMN media_type  text,
    ADD COLUMN encoding    text,
    ADD COLUMN failure     jsonb;
COMMENT ON COLUMN trace.capture.captured_at IS 'When its latest events were stored';
COMMENT ON COLUMN trace.capture.next_place IS 'How far the work in this state has come, in events';
COMMENT ON COLUMN trace.capture.attempt_count IS 'Beginnings since it last came on';
COMMENT ON COLUMN trace.capture.spool IS 'The file in which the document waits';
CREATE INDEX capture_running ON trace.capture (tenant_id, id) WHERE state IN ('checking', 'storing');

CREATE TABLE trace.capture_outcome (
    capture_id uuid NOT NULL REFERENCES trace.capture,
    place      integer NOT NULL,
    last_place integer NOT NULL,
    outcome    text NOT NULL CHECK (outcome IN ('accepted', 'duplicate', 'rejected', 'warned')),
    tenant_id  bigint NOT NULL,
    faults     jsonb,
    PRIMARY KEY (capture_id, place, outcome)
);
COMMENT ON TABLE trace.capture_outcome IS 'What became of the events of a document from place to last_place';
ALTER TABLE trace.capture NO FORCE ROW LEVEL SECURITY;  -- for its owner, who moves the rows of all tenants
INSERT INTO trace.capture_outcome (capture_id, place, last_place, outcome, tenant_id, faults)
SELECT c.id, (o.one ->> 'place')::integer, (o.one ->> 'place')::integer, 'rejected', c.tenant_id,
    o.one -> 'errors'
FROM trace.capture c, jsonb_array_elements(c.outcomes) AS o (one) WHERE o.one ->> 'outcome' = 'rejected'
UNION ALL
SELECT c.id, (o.one -> 'places' ->> 0)::integer, (o.one -> 'places' ->> 1)::integer, 'duplicate',
    c.tenant_id, NULL
FROM trace.capture c, jsonb_array_elements(c.outcomes) AS o (one) WHERE o.one ->> 'outcome' = 'duplicate';
ALTER TABLE trace.capture FORCE ROW LEVEL SECURITY;

-- Events that are stored while others of their document are not: seen by nobody until all of it is.
CREATE TABLE trace.unfinished (
    capture_id     uuid NOT NULL REFERENCES trace.capture,
    first_event_id bigint PRIMARY KEY,
    last_event_id  bigint NOT NULL,
    tenant_id      bigint NOT NULL,
    facts          jsonb NOT NULL
);
COMMENT ON COLUMN trace.unfinished.facts IS 'What will be told once the document is whole';
"""

# A capture says which it is (wuma.unfinished): it has to know its own earlier events.
HIDDEN = """
CREATE FUNCTION trace.unfinished_events() RETURNS int8multirange
LANGUAGE sql STABLE AS $$
    SELECT coalesce(range_agg(int8range(first_event_id, last_event_id, '[]')), '{}') FROM trace.unfinished
    WHERE capture_id::text IS DISTINCT FROM current_setting('wuma.unfinished', true)
$$;
GRANT EXECUTE ON FUNCTION trace.unfinished_events() TO {PROGRAM};

-- Chunks are never changed nor deleted once they are seen; before, these two do it, and nothing else can.
CREATE FUNCTION trace.show_unfinished(of_capture uuid, at timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
    UPDATE trace.chunk c SET captured_at = at FROM trace.unfinished u
        WHERE u.capture_id = of_capture AND c.id BETWEEN u.first_event_id AND u.last_event_id;
    DELETE FROM trace.unfinished WHERE capture_id = of_capture;
$$;
REVOKE ALL ON FUNCTION trace.show_unfinished(uuid, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION trace.show_unfinished(uuid, timestamptz) TO {PROGRAM};

-- Keys of events that are no more lead to nothing, and do no harm.
CREATE FUNCTION trace.drop_unfinished(of_capture uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
    DELETE FROM trace.posting p USING trace.unfinished u
        WHERE u.capture_id = of_capture AND p.event_id BETWEEN u.first_event_id AND u.last_event_id;
    DELETE FROM trace.mention m USING trace.unfinished u
        WHERE u.capture_id = of_capture AND m.event_id BETWEEN u.first_event_id AND u.last_event_id;
    DELETE FROM trace.chunk c USING trace.unfinished u
        WHERE u.capture_id = of_capture AND c.id BETWEEN u.first_event_id AND u.last_event_id;
    DELETE FROM trace.unfinished WHERE capture_id = of_capture;
$$;
REVOKE ALL ON FUNCTION trace.drop_unfinished(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION trace.drop_unfinished(uuid) TO {PROGRAM};
"""
