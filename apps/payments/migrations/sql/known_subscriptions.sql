-- The subscriptions that payments tell of. Each began with a payment that is "first", or with the oldest that is known of
-- its bill. A person's newest stays open; the others are to be ended, as are those that gave nothing. Of the erased nobody
-- knows whom Telegram would have to be asked about, until a renewal tells it again.
INSERT INTO payments_subscription (
    charge, person_id, payer, payload, began_at, paid_until, state, end_reason, end_requested_at, end_attempts, end_next_at,
    end_problem, ended_at
)
SELECT charge, person_id, payer, payload, paid_at, until, 'active', reason,
    CASE WHEN reason <> '' THEN diana_now() END, 0, CASE WHEN reason <> '' AND payer IS NOT NULL THEN diana_now() END, '',
    CASE WHEN payer IS NULL THEN diana_now() END
FROM (
    SELECT *, CASE
        WHEN payer IS NULL THEN 'erasure'
        WHEN NOT credited THEN 'uncredited'
        WHEN row_number() OVER (PARTITION BY person_id, credited, payer IS NULL ORDER BY id DESC) > 1 THEN 'second'
        ELSE ''
    END AS reason
    FROM (
        SELECT p.*, p.problem IN ('', 'failed') AS credited,
            coalesce(p.subscription_until, p.paid_at + interval '30 days') AS until
        FROM payments_payment p
        WHERE p.recurring AND (
            p.first OR NOT EXISTS (
                SELECT FROM payments_payment e
                WHERE e.recurring AND e.payload = p.payload AND e.person_id = p.person_id AND (e.first OR e.id < p.id)
            )
        )
    ) began
) judged;

-- A renewal belongs to the subscription of its bill that began last before it.
UPDATE payments_payment p SET subscription_id = (
    SELECT s.id FROM payments_subscription s
    WHERE s.person_id = p.person_id AND s.payload = p.payload
    ORDER BY s.charge = p.charge DESC, s.began_at <= p.paid_at DESC, s.began_at DESC, s.id DESC LIMIT 1
)
WHERE p.recurring;

UPDATE payments_subscription s SET paid_until = greatest(s.paid_until, found.until)
FROM (
    SELECT subscription_id, max(coalesce(subscription_until, paid_at + interval '30 days')) AS until
    FROM payments_payment WHERE subscription_id IS NOT NULL GROUP BY subscription_id
) found
WHERE found.subscription_id = s.id;

-- Refunding one of its payments has ended it.
UPDATE payments_subscription s
SET end_reason = 'refund', end_requested_at = found.at, ended_at = found.at, end_next_at = NULL
FROM (
    SELECT subscription_id, max(refunded_at) AS at FROM payments_payment
    WHERE subscription_id IS NOT NULL AND refunded_at IS NOT NULL GROUP BY subscription_id
) found
WHERE found.subscription_id = s.id;

-- What was not renewed is over: Telegram need not be asked.
UPDATE payments_subscription SET ended_at = diana_now(), end_next_at = NULL
WHERE end_reason <> '' AND ended_at IS NULL AND paid_until < diana_now() - interval '3 days';

-- Refunds that Telegram refused are tried again from now on.
UPDATE payments_payment SET refund_next_at = diana_now()
WHERE refund_requested_at IS NOT NULL AND refunded_at IS NULL AND refund_problem <> '' AND payer IS NOT NULL;

