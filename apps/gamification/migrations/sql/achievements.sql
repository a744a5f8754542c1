-- Achievements: versions never change, unlocks are only ever revoked, every change gives the rulebook a new revision.

CREATE TRIGGER gamification_achievementversion_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON gamification_achievementversion
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE gamification_achievementversion ENABLE ALWAYS TRIGGER gamification_achievementversion_append_only;

CREATE TRIGGER gamification_achievement_revises AFTER INSERT OR UPDATE OR DELETE ON gamification_achievement
    FOR EACH STATEMENT EXECUTE FUNCTION gamification_revise_rulebook();
CREATE TRIGGER gamification_achievementversion_revises AFTER INSERT ON gamification_achievementversion
    FOR EACH STATEMENT EXECUTE FUNCTION gamification_revise_rulebook();

ALTER TABLE gamification_unlock
    ADD CONSTRAINT gamification_unlock_tier CHECK (tier IN ('bronze', 'silver', 'gold', 'single', 'secret')),
    ADD CONSTRAINT gamification_unlock_period CHECK (length(period) <= 40),
    ADD CONSTRAINT gamification_unlock_granted CHECK (
        (granted_by IS NULL) = (grant_key IS NULL) AND (granted_by IS NULL OR audit IS NOT NULL)),
    ADD CONSTRAINT gamification_unlock_revoked CHECK (
        (revoked_at IS NULL) = (revoked_by IS NULL) AND (revoked_at IS NULL) = (revocation_audit IS NULL)
        AND (revoked_at IS NULL) = (revocation_key IS NULL));

CREATE FUNCTION gamification_unlock_only_revoked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.revoked_at IS NOT NULL OR NEW.revoked_at IS NULL
        OR (to_jsonb(NEW) - '{revoked_at,revoked_by,revocation_audit,revocation_key}'::text[])
            <> (to_jsonb(OLD) - '{revoked_at,revoked_by,revocation_audit,revocation_key}'::text[])
    THEN
        RAISE EXCEPTION 'gamification_unlock is append-only: an unlock can be revoked, once, and nothing else.'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER gamification_unlock_only_revoked BEFORE UPDATE ON gamification_unlock
    FOR EACH ROW EXECUTE FUNCTION gamification_unlock_only_revoked();
ALTER TABLE gamification_unlock ENABLE ALWAYS TRIGGER gamification_unlock_only_revoked;

CREATE TRIGGER gamification_unlock_append_only BEFORE DELETE OR TRUNCATE ON gamification_unlock
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE gamification_unlock ENABLE ALWAYS TRIGGER gamification_unlock_append_only;
