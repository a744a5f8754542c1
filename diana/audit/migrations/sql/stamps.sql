-- What the application cannot say of itself: the role of the connection, the transaction and the database's own time, whatever
-- the row brings along. Real time, not domain time: it is there to be compared with.
CREATE FUNCTION audit_stamp() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    NEW.written_as := session_user;
    NEW.written_in := pg_current_xact_id()::text::bigint;
    NEW.written_at := clock_timestamp();
    RETURN NEW;
END $$;
CREATE TRIGGER audit_record_stamped BEFORE INSERT ON audit_record FOR EACH ROW EXECUTE FUNCTION audit_stamp();
ALTER TABLE audit_record ENABLE ALWAYS TRIGGER audit_record_stamped;
