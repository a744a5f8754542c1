-- A role of the database that is kept to some sources of VIP, or origins of records (event_role_limit), adds no others: what
-- takes updates in grants what was paid for, and writes nothing in the name of staff.
CREATE TRIGGER users_grant_role_limit AFTER INSERT ON users_grant REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION event_keep_role_to_its_values('source');
ALTER TABLE users_grant ENABLE ALWAYS TRIGGER users_grant_role_limit;
CREATE TRIGGER audit_record_role_limit AFTER INSERT ON audit_record REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION event_keep_role_to_its_values('origin');
ALTER TABLE audit_record ENABLE ALWAYS TRIGGER audit_record_role_limit;
