-- A grant is what somebody was promised: nothing of it changes, but it can be taken back once.
CREATE FUNCTION users_grant_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'UPDATE' THEN
        RAISE EXCEPTION 'VIP grants stay for ever: % is refused. Revoke the grant.', TG_OP
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF OLD.revoked_at IS NOT NULL OR NEW.revoked_at IS NULL
        OR to_jsonb(NEW) - '{revoked_at,revoked_by}'::text[] <> to_jsonb(OLD) - '{revoked_at,revoked_by}'::text[] THEN
        RAISE EXCEPTION 'A VIP grant can only be revoked, and once. Prolong it with another grant.'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER users_grant_guard BEFORE UPDATE OR DELETE ON users_grant
    FOR EACH ROW EXECUTE FUNCTION users_grant_guard();
ALTER TABLE users_grant ENABLE ALWAYS TRIGGER users_grant_guard;

CREATE TRIGGER users_grant_stays BEFORE TRUNCATE ON users_grant
    FOR EACH STATEMENT EXECUTE FUNCTION users_grant_guard();
ALTER TABLE users_grant ENABLE ALWAYS TRIGGER users_grant_stays;
