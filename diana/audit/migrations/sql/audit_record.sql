-- The record is added to and read, by everybody: refuse_change() is the log's own wall.
CREATE TRIGGER audit_record_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_record
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE audit_record ENABLE ALWAYS TRIGGER audit_record_append_only;
