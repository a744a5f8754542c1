-- Sessions carry a digest of the salt. Who is switched off, or is no staff any more, gets a new one, whichever way it came:
-- a login that is switched on again has none of the sessions of before.
CREATE FUNCTION end_sessions_of_login() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    NEW.session_salt := replace(gen_random_uuid()::text, '-', '');
    RETURN NEW;
END $$;
REVOKE EXECUTE ON FUNCTION end_sessions_of_login() FROM PUBLIC;
CREATE TRIGGER users_staff_ends_sessions BEFORE UPDATE ON users_staff FOR EACH ROW
    WHEN (OLD.is_active AND NOT NEW.is_active OR OLD.is_staff AND NOT NEW.is_staff)
    EXECUTE FUNCTION end_sessions_of_login();
ALTER TABLE users_staff ENABLE ALWAYS TRIGGER users_staff_ends_sessions;
