-- A cursor beyond the last id that was given out would pass over events that nobody has published yet, and stop publishing
-- (event_log_fence).
CREATE FUNCTION event_cursor_within_log() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    given bigint;
BEGIN
    SELECT last_value INTO given FROM public.event_log_id_seq;
    IF NEW.position > given THEN
        RAISE EXCEPTION 'A cursor of % would stand at %, beyond the log, which ends at %.', NEW.subscriber, NEW.position, given
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER event_cursor_within_log AFTER INSERT OR UPDATE OF position ON event_cursor
    FOR EACH ROW EXECUTE FUNCTION event_cursor_within_log();
ALTER TABLE event_cursor ENABLE ALWAYS TRIGGER event_cursor_within_log;
