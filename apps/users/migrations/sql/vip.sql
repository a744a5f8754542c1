-- What staff forced is as much of a promise as a grant: nothing of it changes, but it can be ended once.
CREATE FUNCTION users_vipoverride_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'UPDATE' THEN
        RAISE EXCEPTION 'VIP overrides stay for ever: % is refused. Clear the override.', TG_OP
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF OLD.ended_at IS NOT NULL OR NEW.ended_at IS NULL
        OR to_jsonb(NEW) - '{ended_at,ended_by}'::text[] <> to_jsonb(OLD) - '{ended_at,ended_by}'::text[] THEN
        RAISE EXCEPTION 'A VIP override can only be cleared, and once. Force it anew with another one.'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER users_vipoverride_guard BEFORE UPDATE OR DELETE ON users_vipoverride
    FOR EACH ROW EXECUTE FUNCTION users_vipoverride_guard();
ALTER TABLE users_vipoverride ENABLE ALWAYS TRIGGER users_vipoverride_guard;

CREATE TRIGGER users_vipoverride_stays BEFORE TRUNCATE ON users_vipoverride
    FOR EACH STATEMENT EXECUTE FUNCTION users_vipoverride_guard();
ALTER TABLE users_vipoverride ENABLE ALWAYS TRIGGER users_vipoverride_stays;

-- Who is VIP now, or was until the day before yesterday, is looked at once; of others there is nothing to tell.
INSERT INTO users_vipstanding (person_id, state, until, kept_until, due_at)
    SELECT person_id, 'active', max(ends_at), max(ends_at) + interval '48 hours', now()
    FROM users_grant JOIN users_person p ON p.id = person_id AND p.status <> 'erased'
    WHERE revoked_at IS NULL GROUP BY person_id HAVING max(ends_at) > now() - interval '48 hours';
