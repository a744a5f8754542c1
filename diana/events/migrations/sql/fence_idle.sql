-- As fence_errcode.sql has it, and from here to its end the transaction may be idle for five seconds only: whatever is
-- published after it waits for it. A shorter limit of the session stays, and so does none at all, which somebody has chosen.
CREATE OR REPLACE FUNCTION event_log_fence() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    given bigint;
    highest bigint;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'Events are published in READ COMMITTED transactions only, not in %.',
            current_setting('transaction_isolation') USING ERRCODE = 'feature_not_supported';
    END IF;
    IF current_setting('idle_in_transaction_session_timeout')::interval > '5 s' THEN
        PERFORM set_config('idle_in_transaction_session_timeout', '5s', true);
    END IF;
    SELECT last_value INTO given FROM event_log_id_seq;
    PERFORM pg_advisory_xact_lock_shared(4611686018427387904 + given);
    SELECT greatest((SELECT max(id) FROM event_log), (SELECT max(position) FROM event_cursor)) INTO highest;
    -- The sequence moves on while others publish; what was given out is read again after what was written.
    SELECT last_value INTO given FROM event_log_id_seq;
    IF highest > given THEN
        RAISE EXCEPTION 'The event log or a cursor stands at %, its sequence at %: run manage.py adopt_log.', highest, given
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    RETURN NULL;
END $$;
