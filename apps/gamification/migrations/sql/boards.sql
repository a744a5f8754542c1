-- Boards of points: rows that entries move, and how people appear on them.

-- Scores stand in the indexes, so no update is spared those; room on the page keeps row versions together.
ALTER TABLE gamification_boardrow SET (fillfactor = 85);

-- The periods that a moment counts for, by the boards' codes (apps/gamification/decide/boards.py).
CREATE FUNCTION gamification_board_periods(moment timestamptz) RETURNS TABLE (board smallint, period date)
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    VALUES (1::smallint, DATE '1970-01-01'),
        (2::smallint, date_trunc('week', moment AT TIME ZONE 'UTC')::date),
        (3::smallint, date_trunc('month', moment AT TIME ZONE 'UTC')::date),
        (4::smallint, (moment AT TIME ZONE 'UTC')::date)
$$;

-- What the rows of points must be, counted anew from the ledger; periods that began before `since` are left out.
CREATE FUNCTION gamification_recount_boards(since date, accounts bigint[] DEFAULT NULL)
RETURNS TABLE (account_id bigint, board smallint, period date, score bigint, reached_at timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT e.account_id, s.board, s.period, coalesce(sum(e.amount) FILTER (WHERE r.id IS NULL), 0)::bigint,
        max(e.occurred_at)
    FROM gamification_entry e LEFT JOIN gamification_entry r ON r.reverses = e.id
    CROSS JOIN LATERAL gamification_board_periods(e.occurred_at) s
    WHERE e.kind IN ('award', 'staff_award') AND e.amount > 0 AND (accounts IS NULL OR e.account_id = ANY(accounts))
        AND (s.board = 1 OR s.period >= since)
    GROUP BY 1, 2, 3
$$;

-- Runs after gamification_entry_posts (triggers fire by name), which has refused what does not fit.
CREATE FUNCTION gamification_score_entries() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
BEGIN
    INSERT INTO gamification_boardrow AS b
            (account_id, board, period, score, reached_at, shown, vip_until, archetype)
        SELECT g.account_id, g.board, g.period, g.points, g.reached_at,
            coalesce(p.shown, true), p.vip_until, coalesce(p.archetype, '')
        FROM (
            SELECT e.account_id, s.board, s.period, sum(e.amount) AS points, max(e.occurred_at) AS reached_at
            FROM posted e CROSS JOIN LATERAL gamification_board_periods(e.occurred_at) s
            WHERE e.kind IN ('award', 'staff_award') AND e.amount > 0 GROUP BY 1, 2, 3
        ) g LEFT JOIN gamification_boardperson p ON p.account_id = g.account_id
        ON CONFLICT (account_id, board, period) DO UPDATE
            SET score = b.score + excluded.score, reached_at = greatest(b.reached_at, excluded.reached_at);
    IF EXISTS (SELECT FROM posted WHERE kind = 'reversal') THEN
        UPDATE gamification_boardrow b SET score = greatest(b.score - r.points, 0)
            FROM (
                SELECT e.account_id, s.board, s.period, sum(e.amount) AS points
                FROM posted p JOIN gamification_entry e ON e.id = p.reverses
                CROSS JOIN LATERAL gamification_board_periods(e.occurred_at) s
                WHERE p.kind = 'reversal' AND e.kind IN ('award', 'staff_award') AND e.amount > 0 GROUP BY 1, 2, 3
            ) r
            WHERE b.account_id = r.account_id AND b.board = r.board AND b.period = r.period;
    END IF;
    INSERT INTO gamification_boardchange (account_id)
        SELECT DISTINCT account_id FROM posted WHERE gamification_gain(kind, amount, base) <> 0;
    RETURN NULL;
END $$;
CREATE TRIGGER gamification_entry_scores AFTER INSERT ON gamification_entry
    REFERENCING NEW TABLE AS posted FOR EACH STATEMENT EXECUTE FUNCTION gamification_score_entries();
ALTER TABLE gamification_entry ENABLE ALWAYS TRIGGER gamification_entry_scores;

CREATE FUNCTION gamification_show_person() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE gamification_boardrow SET shown = NEW.shown, vip_until = NEW.vip_until, archetype = NEW.archetype
        WHERE account_id = NEW.account_id
            AND (shown, vip_until, archetype) IS DISTINCT FROM (NEW.shown, NEW.vip_until, NEW.archetype);
    INSERT INTO gamification_boardchange (account_id, look) VALUES (NEW.account_id, true);
    RETURN NULL;
END $$;
CREATE TRIGGER gamification_boardperson_shows AFTER INSERT OR UPDATE ON gamification_boardperson
    FOR EACH ROW EXECUTE FUNCTION gamification_show_person();
ALTER TABLE gamification_boardperson ENABLE ALWAYS TRIGGER gamification_boardperson_shows;
