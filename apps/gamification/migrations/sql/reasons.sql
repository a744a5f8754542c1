-- The words beside an entry go with the person whose entry it is, whose row is the last that is erased; with nothing else.
CREATE FUNCTION gamification_keep_reasons() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM gamification_entry e JOIN users_person p ON p.id = e.account_id
        WHERE e.id = OLD.entry_id AND p.status <> 'erased')
    THEN
        RAISE EXCEPTION '% is append-only: % is refused. Correct with a new row.', TG_TABLE_NAME, TG_OP
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION gamification_keep_reasons() FROM PUBLIC;
CREATE CONSTRAINT TRIGGER gamification_reason_kept AFTER DELETE ON gamification_reason DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION gamification_keep_reasons();
ALTER TABLE gamification_reason ENABLE ALWAYS TRIGGER gamification_reason_kept;
