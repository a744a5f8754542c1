-- Departures stay, like suspensions, and are ended once.
CREATE TRIGGER users_departure_stays BEFORE DELETE OR TRUNCATE ON users_departure
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE users_departure ENABLE ALWAYS TRIGGER users_departure_stays;

CREATE TRIGGER users_departure_ends_once BEFORE UPDATE ON users_departure
    FOR EACH ROW WHEN (OLD.ended_at IS NOT NULL) EXECUTE FUNCTION refuse_change();
ALTER TABLE users_departure ENABLE ALWAYS TRIGGER users_departure_ends_once;

-- What erasure leaves cannot be changed or removed, or the erased could be invited again.
CREATE TRIGGER users_tombstone_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON users_tombstone
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE users_tombstone ENABLE ALWAYS TRIGGER users_tombstone_stays;

-- apps/users/lifecycle.py has this table too; a test compares them.
CREATE FUNCTION users_person_status_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status = 'erased' OR (OLD.status = 'deletion_requested' AND NEW.status = 'deactivated') THEN
        RAISE EXCEPTION 'Nobody goes from % to %.', OLD.status, NEW.status
            USING ERRCODE = 'integrity_constraint_violation',
            HINT = 'Erasure is for ever; a request to be erased is taken back to active.';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER users_person_status_guard BEFORE UPDATE OF status ON users_person
    FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION users_person_status_guard();
ALTER TABLE users_person ENABLE ALWAYS TRIGGER users_person_status_guard;
