-- The ledger: append-only entries, chained for each account; accounts and scores that only the ledger moves.

ALTER TABLE gamification_account
    ADD CONSTRAINT gamification_account_not_negative CHECK (balance >= 0 AND lifetime >= 0 AND sequence >= 0),
    ADD CONSTRAINT gamification_account_hash_length CHECK (octet_length(hash) = 32);

-- Separated by | in what is hashed: hence no column may hold one. Patterns that ask for what must not be there; the
-- anchored ones with a bounded length take longer than all the rest of an insert.
ALTER TABLE gamification_entry
    ADD CONSTRAINT gamification_entry_not_negative CHECK (balance_after >= 0 AND lifetime_after >= 0 AND sequence >= 1),
    ADD CONSTRAINT gamification_entry_hash_lengths CHECK (
        octet_length(hash) = 32 AND octet_length(previous_hash) = 32 AND octet_length(reason_hash) = 32),
    ADD CONSTRAINT gamification_entry_texts CHECK (
        rule || multipliers || note !~ '[^a-z0-9_=,]' AND idempotency_key !~ '[^A-Za-z0-9_:.-]'
        AND actor !~ '[|[:cntrl:]]' AND length(rule) <= 40 AND length(multipliers) <= 200 AND length(note) <= 40
        AND length(idempotency_key) BETWEEN 1 AND 200 AND length(actor) BETWEEN 1 AND 150),
    ADD CONSTRAINT gamification_entry_kind CHECK (
        CASE kind
            WHEN 'award' THEN amount >= 0 AND base > 0 AND event_id IS NOT NULL AND rule <> '' AND reverses IS NULL
            WHEN 'suppressed' THEN amount = 0 AND base > 0 AND event_id IS NOT NULL AND rule <> '' AND note <> ''
                AND reverses IS NULL
            WHEN 'staff_award' THEN amount = base AND base > 0 AND actor IS NOT NULL AND reason_hash IS NOT NULL
                AND reverses IS NULL
            WHEN 'penalty' THEN amount <= 0 AND amount >= base AND base < 0 AND actor IS NOT NULL
                AND reason_hash IS NOT NULL AND reverses IS NULL
            WHEN 'reversal' THEN reverses IS NOT NULL AND sign(amount) * sign(base) <= 0 AND abs(amount) <= abs(base)
                AND actor IS NOT NULL AND reason_hash IS NOT NULL
            ELSE false
        END);

-- Accounts and progress are rewritten all the time: room on the page keeps the indexes out of it.
ALTER TABLE gamification_account SET (fillfactor = 70);
ALTER TABLE gamification_progress SET (fillfactor = 60);
ALTER TABLE gamification_dayscore SET (fillfactor = 80);

CREATE FUNCTION gamification_open_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.balance := 0;
    NEW.lifetime := 0;
    NEW.sequence := 0;
    NEW.hash := sha256(convert_to('diana|account|' || NEW.person_id, 'UTF8'));
    RETURN NEW;
END $$;
CREATE TRIGGER gamification_account_opens BEFORE INSERT ON gamification_account
    FOR EACH ROW EXECUTE FUNCTION gamification_open_account();
ALTER TABLE gamification_account ENABLE ALWAYS TRIGGER gamification_account_opens;

-- The same text as in apps/gamification/decide/chain.py, which explains it.
CREATE FUNCTION gamification_entry_hash(
    account_id bigint, sequence bigint, amount bigint, balance_after bigint, lifetime_after bigint, kind text, rule text,
    rule_version integer, base bigint, multipliers text, note text, event_id uuid, idempotency_key text,
    reverses bigint, actor text, reason_hash bytea, occurred_at timestamptz, previous_hash bytea
) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT sha256(convert_to(
        '1|' || account_id || '|' || sequence || '|' || amount || '|' || balance_after || '|' || lifetime_after
        || '|' || kind || '|' || rule || '|' || rule_version || '|' || base || '|' || multipliers || '|' || note
        || '|' || coalesce(replace(event_id::text, '-', ''), '') || '|' || idempotency_key
        || '|' || coalesce(reverses::text, '') || '|' || coalesce(actor, '')
        || '|' || coalesce(encode(reason_hash, 'hex'), '')
        || '|' || (extract(epoch FROM occurred_at) * 1000000)::bigint || '|' || encode(previous_hash, 'hex'), 'UTF8'))
$$;

-- How an entry changes lifetime points.
CREATE FUNCTION gamification_gain(kind text, amount bigint, base bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN kind IN ('award', 'staff_award') THEN amount WHEN kind = 'reversal' THEN -greatest(base, 0) ELSE 0 END
$$;

-- Takes new entries into the accounts, set-based: whoever writes entries that do not continue the chain where it ends
-- is refused, also if somebody else was faster. The settings keep to index lookups, whatever the tables' size was when
-- the session made its plan.
CREATE FUNCTION gamification_post_entries() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
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

    INSERT INTO gamification_dayscore AS d (utc_date, account_id, points, reached_at)
        SELECT (occurred_at AT TIME ZONE 'UTC')::date, account_id, sum(amount), max(occurred_at)
        FROM posted WHERE kind IN ('award', 'staff_award') AND amount > 0 GROUP BY 1, 2
        ON CONFLICT (utc_date, account_id) DO UPDATE
            SET points = d.points + excluded.points, reached_at = greatest(d.reached_at, excluded.reached_at);

    IF reversals > 0 THEN
        SELECT count(*) INTO moved FROM posted p JOIN gamification_entry e ON e.id = p.reverses
            WHERE p.kind = 'reversal' AND e.account_id = p.account_id AND e.amount = p.base AND e.amount <> 0
                AND e.kind IN ('award', 'staff_award', 'penalty');
        IF moved <> reversals THEN
            RAISE EXCEPTION 'a reversal names no entry of its account with that amount'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        UPDATE gamification_dayscore d SET points = d.points - r.points
            FROM (
                SELECT (e.occurred_at AT TIME ZONE 'UTC')::date AS utc_date, e.account_id, sum(e.amount) AS points
                FROM posted p JOIN gamification_entry e ON e.id = p.reverses WHERE e.amount > 0 GROUP BY 1, 2
            ) r
            WHERE d.utc_date = r.utc_date AND d.account_id = r.account_id;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER gamification_entry_posts AFTER INSERT ON gamification_entry
    REFERENCING NEW TABLE AS posted FOR EACH STATEMENT EXECUTE FUNCTION gamification_post_entries();
ALTER TABLE gamification_entry ENABLE ALWAYS TRIGGER gamification_entry_posts;

CREATE TRIGGER gamification_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON gamification_entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE gamification_entry ENABLE ALWAYS TRIGGER gamification_entry_append_only;

-- A reason may be erased, never reworded.
CREATE TRIGGER gamification_reason_not_reworded BEFORE UPDATE OR TRUNCATE ON gamification_reason
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE gamification_reason ENABLE ALWAYS TRIGGER gamification_reason_not_reworded;
