-- The log: insert-only, ordered, fenced.

-- The first id is 2: with the sequence "called" from the start, last_value is always an id that was given out, so
-- the fence needs no special case for an empty log.
SELECT setval('event_log_id_seq', 1, true);

CREATE INDEX event_log_correlation ON event_log
    USING brin (correlation_id uuid_minmax_multi_ops) WITH (pages_per_range = 32, autosummarize = on);

-- A lower id can commit after a higher one. Every publishing transaction therefore holds, until it ends, a shared
-- lock that names the last id given out before its own; a reader stays below the smallest of these locks. Deliveries
-- wait for open publishing transactions only, never for a long one elsewhere.
CREATE FUNCTION event_log_fence() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    given bigint;
    highest bigint;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'Events are published in READ COMMITTED transactions only, not in %.',
            current_setting('transaction_isolation') USING ERRCODE = 'feature_not_supported';
    END IF;
    SELECT last_value INTO given FROM event_log_id_seq;
    PERFORM pg_advisory_xact_lock_shared(4611686018427387904 + given);
    SELECT greatest((SELECT max(id) FROM event_log), (SELECT max(position) FROM event_cursor)) INTO highest;
    -- The sequence moves on while others publish; what was given out is read again after what was written.
    SELECT last_value INTO given FROM event_log_id_seq;
    IF highest > given THEN
        RAISE EXCEPTION 'The event log or a cursor stands at %, its sequence at %: run manage.py adopt_log.', highest, given
            USING ERRCODE = 'data_exception';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER event_log_fence BEFORE INSERT ON event_log
    FOR EACH STATEMENT EXECUTE FUNCTION event_log_fence();
ALTER TABLE event_log ENABLE ALWAYS TRIGGER event_log_fence;

-- Up to which id everything that will ever be visible already is. Read it, then read the events in a new statement.
-- own: leave the caller's own lock out, so that a transaction sees what it has published itself.
CREATE FUNCTION event_log_bound(own boolean DEFAULT false) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    given bigint;
    fence bigint;
BEGIN
    SELECT last_value INTO given FROM event_log_id_seq;
    SELECT min((classid::bigint << 32 | objid::bigint) - 4611686018427387904) INTO fence
        FROM pg_locks
        WHERE locktype = 'advisory' AND objsubid = 1 AND classid::bigint >= 1073741824
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND NOT (own AND pid = pg_backend_pid());
    RETURN least(given, coalesce(fence, given));
END $$;

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % is refused. Correct with a new row.', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER event_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON event_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE event_log ENABLE ALWAYS TRIGGER event_log_append_only;

INSERT INTO event_parameter (name, value) VALUES ('lanes', '16');
