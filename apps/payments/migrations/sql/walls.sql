-- A payment is what somebody has given: what Telegram told of it stays; crediting and refunding happen once.
CREATE FUNCTION payments_payment_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.charge, OLD.person_id, OLD.payload, OLD.stars, OLD.currency, OLD.recurring, OLD.source, OLD.paid_at, OLD.received_at)
        IS DISTINCT FROM
        (NEW.charge, NEW.person_id, NEW.payload, NEW.stars, NEW.currency, NEW.recurring, NEW.source, NEW.paid_at, NEW.received_at)
        OR NEW.payer IS NOT NULL AND NEW.payer IS DISTINCT FROM OLD.payer
        OR OLD.credited_at IS NOT NULL AND (
            (OLD.credited_at, OLD.problem, OLD.product, OLD.invoice_id, OLD.first)
            IS DISTINCT FROM (NEW.credited_at, NEW.problem, NEW.product, NEW.invoice_id, NEW.first))
        OR OLD.vip_grant IS NOT NULL AND NEW.vip_grant IS DISTINCT FROM OLD.vip_grant
        OR OLD.refunded_at IS NOT NULL AND NEW.refunded_at IS DISTINCT FROM OLD.refunded_at THEN
        RAISE EXCEPTION 'A payment stays as it came, is credited once and refunded once.'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER payments_payment_guard BEFORE UPDATE ON payments_payment
    FOR EACH ROW EXECUTE FUNCTION payments_payment_guard();
ALTER TABLE payments_payment ENABLE ALWAYS TRIGGER payments_payment_guard;

CREATE FUNCTION payments_giftcode_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.payment_id, OLD.buyer_id, OLD.days, OLD.salt, OLD.digest, OLD.created_at)
        IS DISTINCT FROM (NEW.payment_id, NEW.buyer_id, NEW.days, NEW.salt, NEW.digest, NEW.created_at)
        OR OLD.redeemed_at IS NOT NULL AND (OLD.redeemed_at, OLD.redeemed_by_id, OLD.vip_grant)
            IS DISTINCT FROM (NEW.redeemed_at, NEW.redeemed_by_id, NEW.vip_grant)
        OR OLD.voided_at IS NOT NULL AND (
            NEW.voided_at IS DISTINCT FROM OLD.voided_at OR NEW.redeemed_at IS DISTINCT FROM OLD.redeemed_at) THEN
        RAISE EXCEPTION 'A gift code is redeemed once, and not at all once it is void.'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER payments_giftcode_guard BEFORE UPDATE ON payments_giftcode
    FOR EACH ROW EXECUTE FUNCTION payments_giftcode_guard();
ALTER TABLE payments_giftcode ENABLE ALWAYS TRIGGER payments_giftcode_guard;

CREATE TRIGGER payments_invoice_stays BEFORE DELETE OR TRUNCATE ON payments_invoice
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE payments_invoice ENABLE ALWAYS TRIGGER payments_invoice_stays;
CREATE TRIGGER payments_payment_stays BEFORE DELETE OR TRUNCATE ON payments_payment
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE payments_payment ENABLE ALWAYS TRIGGER payments_payment_stays;
CREATE TRIGGER payments_giftcode_stays BEFORE DELETE OR TRUNCATE ON payments_giftcode
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE payments_giftcode ENABLE ALWAYS TRIGGER payments_giftcode_stays;
