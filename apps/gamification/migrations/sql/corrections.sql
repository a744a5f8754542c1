-- A reversal brings the balance to what the acts that stand deserve (apps/gamification/decide/corrections.py): of a penalty it may
-- give back more than that took at its time, at most what it asked for, also if it took nothing.
ALTER TABLE gamification_entry DROP CONSTRAINT gamification_entry_kind, ADD CONSTRAINT gamification_entry_kind CHECK (
    CASE kind
        WHEN 'award' THEN amount >= 0 AND base > 0 AND event_id IS NOT NULL AND rule <> '' AND reverses IS NULL
        WHEN 'suppressed' THEN amount = 0 AND base > 0 AND event_id IS NOT NULL AND rule <> '' AND note <> ''
            AND reverses IS NULL
        WHEN 'staff_award' THEN amount = base AND base > 0 AND actor IS NOT NULL AND reason_hash IS NOT NULL
            AND reverses IS NULL
        WHEN 'penalty' THEN amount <= 0 AND amount >= base AND base < 0 AND actor IS NOT NULL
            AND reason_hash IS NOT NULL AND reverses IS NULL
        WHEN 'reversal' THEN reverses IS NOT NULL AND actor IS NOT NULL AND reason_hash IS NOT NULL
            AND CASE WHEN base > 0 THEN amount BETWEEN -base AND 0 ELSE amount >= 0 END
        ELSE false
    END) NOT VALID;

-- As before (post_entries_without_boards.sql) but for the entries that a reversal may name.
CREATE OR REPLACE FUNCTION gamification_post_entries() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
    concerned bigint;
    moved bigint;
    broken bigint;
    reversals bigint;
BEGIN
    SELECT count(*) FILTER (WHERE sequence_before IS NULL),
           count(*) FILTER (WHERE sequence <> sequence_before + 1 OR previous_hash <> hash_before
               OR balance_after <> balance_before + amount OR lifetime_after <> lifetime_before + gain),
           count(*) FILTER (WHERE reversal)
        INTO concerned, broken, reversals
        FROM (
            SELECT sequence, previous_hash, amount, balance_after, lifetime_after, kind = 'reversal' AS reversal,
                gamification_gain(kind, amount, base) AS gain, lag(sequence) OVER chain AS sequence_before,
                lag(hash) OVER chain AS hash_before, lag(balance_after) OVER chain AS balance_before,
                lag(lifetime_after) OVER chain AS lifetime_before
            FROM posted WINDOW chain AS (PARTITION BY account_id ORDER BY sequence)
        ) steps;
    IF broken > 0 THEN
        RAISE EXCEPTION 'entry out of turn: % of the entries do not continue the one before them', broken
            USING ERRCODE = 'integrity_constraint_violation', HINT = 'Lock the progress row, then read the account.';
    END IF;
    IF EXISTS (SELECT FROM posted WHERE hash <> gamification_entry_hash(
        account_id, sequence, amount, balance_after, lifetime_after, kind, rule, rule_version, base, multipliers, note,
        event_id, idempotency_key, reverses, actor, reason_hash, occurred_at, previous_hash))
    THEN
        RAISE EXCEPTION 'entry with a wrong hash' USING ERRCODE = 'integrity_constraint_violation',
            HINT = 'See apps/gamification/decide/chain.py for the text that is hashed.';
    END IF;

    UPDATE gamification_account a
        SET balance = l.balance_after, lifetime = l.lifetime_after, sequence = l.sequence, hash = l.hash,
            lifetime_at = coalesce(l.gained_at, a.lifetime_at)
        FROM (
            SELECT account_id, sequence, balance_after, lifetime_after, hash,
                lead(sequence) OVER chain IS NULL AS is_last,
                first_value(sequence) OVER chain - 1 AS sequence_before,
                first_value(previous_hash) OVER chain AS hash_before,
                first_value(balance_after - amount) OVER chain AS balance_before,
                first_value(lifetime_after - gamification_gain(kind, amount, base)) OVER chain AS lifetime_before,
                max(occurred_at) FILTER (WHERE gamification_gain(kind, amount, base) <> 0)
                    OVER (PARTITION BY account_id) AS gained_at
            FROM posted WINDOW chain AS (PARTITION BY account_id ORDER BY sequence)
        ) l
        WHERE l.is_last AND a.person_id = l.account_id AND a.sequence = l.sequence_before AND a.hash = l.hash_before
            AND a.balance = l.balance_before AND a.lifetime = l.lifetime_before;
    GET DIAGNOSTICS moved = ROW_COUNT;
    IF moved <> concerned THEN
        RAISE EXCEPTION 'entry out of turn: % of % accounts stand elsewhere', concerned - moved, concerned
            USING ERRCODE = 'integrity_constraint_violation', HINT = 'Lock the progress row, then read the account.';
    END IF;

    IF reversals > 0 THEN
        SELECT count(*) INTO moved FROM posted p JOIN gamification_entry e ON e.id = p.reverses
            WHERE p.kind = 'reversal' AND e.account_id = p.account_id AND e.amount = p.base
                AND (e.kind IN ('award', 'staff_award') AND e.amount <> 0 OR e.kind = 'penalty' AND p.amount <= -e.base);
        IF moved <> reversals THEN
            RAISE EXCEPTION 'a reversal names no entry of its account with that amount'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END IF;
    RETURN NULL;
END $$;
