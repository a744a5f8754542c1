-- What Django notes of forms in the admin is added to, and read. Of a person who is erased the name goes, and nothing else: that
-- is looked at when the transaction ends, because the person's row is the last that is erased.
CREATE FUNCTION keep_admin_log() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF to_jsonb(NEW) - 'object_repr' - 'change_message' IS DISTINCT FROM to_jsonb(OLD) - 'object_repr' - 'change_message'
        OR NEW.change_message <> ''
        OR NOT EXISTS (
            SELECT FROM django_content_type c JOIN users_person p ON p.id::text = NEW.object_id AND p.status = 'erased'
            WHERE c.id = NEW.content_type_id AND c.app_label = 'users' AND c.model = 'person')
    THEN
        RAISE EXCEPTION '% is append-only: % is refused. Correct with a new row.', TG_TABLE_NAME, TG_OP
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION keep_admin_log() FROM PUBLIC;
CREATE CONSTRAINT TRIGGER django_admin_log_blanked AFTER UPDATE ON django_admin_log DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION keep_admin_log();
ALTER TABLE django_admin_log ENABLE ALWAYS TRIGGER django_admin_log_blanked;
CREATE TRIGGER django_admin_log_stays BEFORE DELETE OR TRUNCATE ON django_admin_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE django_admin_log ENABLE ALWAYS TRIGGER django_admin_log_stays;
