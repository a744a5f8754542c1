-- A role that is kept to some kinds of entries (event_role_limit) pays for acts of members only what is owed already: what a
-- flag has held back, or what a limit had taken from an act that earned before. Everything else is for the role of the
-- workers. The limit does not lie in event_keep_role_to_its_values, because these two are paid in the act of staff itself.
CREATE FUNCTION gamification_keep_role_to_its_kinds() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    refused text;
BEGIN
    IF EXISTS (SELECT FROM public.event_role_limit WHERE role = session_user AND relation = 'gamification_entry') THEN
        SELECT min(p.kind) INTO refused FROM posted p
            WHERE NOT EXISTS (SELECT FROM public.event_role_limit l
                WHERE l.role = session_user AND l.relation = 'gamification_entry' AND l.value = p.kind)
            AND NOT (p.kind IN ('award', 'suppressed') AND (
                EXISTS (SELECT FROM public.gamification_hold h WHERE h.status = 'held' AND h.account_id = p.account_id
                    AND h.event_id = p.event_id AND h.rule = p.rule AND h.rule_version = p.rule_version AND h.base = p.base)
                OR p.kind = 'award' AND EXISTS (SELECT FROM public.gamification_entry e
                    WHERE e.account_id = p.account_id AND e.event_id = p.event_id AND e.rule = p.rule
                        AND e.rule_version = p.rule_version AND e.sequence < p.sequence AND e.base >= p.base
                        AND e.kind IN ('award', 'suppressed') AND e.id NOT IN (SELECT id FROM posted))));
        IF refused IS NOT NULL THEN
            RAISE EXCEPTION '% adds no entry of the kind % that is not owed', session_user, refused
                USING ERRCODE = 'insufficient_privilege', HINT = 'See docs/database-roles.md.';
        END IF;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER gamification_entry_role_limit AFTER INSERT ON gamification_entry REFERENCING NEW TABLE AS posted
    FOR EACH STATEMENT EXECUTE FUNCTION gamification_keep_role_to_its_kinds();
ALTER TABLE gamification_entry ENABLE ALWAYS TRIGGER gamification_entry_role_limit;
