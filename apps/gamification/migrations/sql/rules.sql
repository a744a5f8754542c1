-- Versions of rules and bonuses never change; every change of what applies gives the rulebook a new revision.

CREATE TRIGGER gamification_ruleversion_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON gamification_ruleversion
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE gamification_ruleversion ENABLE ALWAYS TRIGGER gamification_ruleversion_append_only;

CREATE TRIGGER gamification_multiplierversion_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON gamification_multiplierversion
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE gamification_multiplierversion ENABLE ALWAYS TRIGGER gamification_multiplierversion_append_only;

INSERT INTO gamification_rulebook (id, revision) VALUES (1, gen_random_uuid());

CREATE FUNCTION gamification_revise_rulebook() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE gamification_rulebook SET revision = gen_random_uuid() WHERE id = 1;
    RETURN NULL;
END $$;

CREATE TRIGGER gamification_rule_revises AFTER INSERT OR UPDATE OR DELETE ON gamification_rule
    FOR EACH STATEMENT EXECUTE FUNCTION gamification_revise_rulebook();
CREATE TRIGGER gamification_ruleversion_revises AFTER INSERT ON gamification_ruleversion
    FOR EACH STATEMENT EXECUTE FUNCTION gamification_revise_rulebook();
CREATE TRIGGER gamification_multiplierversion_revises AFTER INSERT ON gamification_multiplierversion
    FOR EACH STATEMENT EXECUTE FUNCTION gamification_revise_rulebook();
