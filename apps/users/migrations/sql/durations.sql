-- Grants by days get their duration: what they were told to end at, minus the end that was promised before them. A grant is
-- one by days if that is a whole number of days; the others are windows and stay so.
--
-- Of what was promised, overrides that were cleared meanwhile count for telling the two apart only: days that waited for
-- one kept their end all the same, so that the end stays as it is. What was revoked before the grant had no part in it.
ALTER TABLE users_grant DISABLE TRIGGER USER;

UPDATE users_grant SET duration = users_grant.ends_at - found.base
FROM (
    SELECT g.id, greatest(g.starts_at, earlier.ends_at, running.until) AS base,
        g.ends_at - greatest(g.starts_at, earlier.ends_at, running.until, cleared.until) AS days
    FROM users_grant g
    CROSS JOIN LATERAL (
        SELECT max(p.ends_at) AS ends_at FROM users_grant p
        WHERE p.person_id = g.person_id AND p.id < g.id AND p.starts_at <= g.starts_at + interval '1 minute'
            AND (p.revoked_at IS NULL OR p.revoked_at > g.starts_at)
    ) earlier
    CROSS JOIN LATERAL (
        SELECT max(o.until) AS until FROM users_vipoverride o
        WHERE o.person_id = g.person_id AND o.mode = 'on' AND o.starts_at <= g.starts_at AND o.ended_at IS NULL
    ) running
    CROSS JOIN LATERAL (
        SELECT max(o.until) AS until FROM users_vipoverride o
        WHERE o.person_id = g.person_id AND o.mode = 'on' AND o.starts_at <= g.starts_at AND o.ended_at > g.starts_at
    ) cleared
) found
WHERE users_grant.id = found.id AND found.days > interval '0'
    AND extract(epoch FROM found.days) % 86400 = 0;

ALTER TABLE users_grant ENABLE ALWAYS TRIGGER users_grant_guard;
ALTER TABLE users_grant ENABLE ALWAYS TRIGGER users_grant_stays;
ALTER TABLE users_grant ENABLE ALWAYS TRIGGER users_grant_audited;

-- Where a grant was revoked while others lasted, the end may lie elsewhere now: it is looked at once.
UPDATE users_vipstanding s SET due_at = diana_now()
WHERE s.state IN ('active', 'expiring', 'grace')
    AND EXISTS (SELECT FROM users_grant g WHERE g.person_id = s.person_id AND g.revoked_at IS NOT NULL);
