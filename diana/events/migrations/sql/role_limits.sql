-- A role with rows in event_role_limit for a table may add only rows with one of those values to it. The column is the
-- trigger's argument. `manage.py release` writes the rows; a role without any is held by its rights alone. The names are
-- qualified: where somebody else runs the database, a role may have the right to temporary tables.
CREATE FUNCTION event_keep_role_to_its_values() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    refused text;
BEGIN
    IF EXISTS (SELECT FROM public.event_role_limit WHERE role = session_user AND relation = TG_TABLE_NAME) THEN
        EXECUTE format(
            'SELECT min(a.%1$I) FROM added a WHERE NOT EXISTS (SELECT FROM public.event_role_limit l'
            ' WHERE l.role = session_user AND l.relation = %2$L AND l.value = a.%1$I)', TG_ARGV[0], TG_TABLE_NAME)
            INTO refused;
        IF refused IS NOT NULL THEN
            RAISE EXCEPTION '% adds no row with the % % to %', session_user, TG_ARGV[0], refused, TG_TABLE_NAME
                USING ERRCODE = 'insufficient_privilege', HINT = 'See docs/database-roles.md.';
        END IF;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER event_log_role_limit AFTER INSERT ON event_log REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION event_keep_role_to_its_values('type');
ALTER TABLE event_log ENABLE ALWAYS TRIGGER event_log_role_limit;
CREATE TRIGGER event_deferred_role_limit AFTER INSERT ON event_deferred REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION event_keep_role_to_its_values('type');
ALTER TABLE event_deferred ENABLE ALWAYS TRIGGER event_deferred_role_limit;
