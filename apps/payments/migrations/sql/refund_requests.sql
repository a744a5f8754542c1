-- What somebody wanted and what staff answered stays; it is decided once, and erasure may blank the sentence.
CREATE FUNCTION payments_refundrequest_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.payment_id, OLD.person_id, OLD.asked_at) IS DISTINCT FROM (NEW.payment_id, NEW.person_id, NEW.asked_at)
        OR OLD.state <> 'open' AND (
            (OLD.state, OLD.decided_at) IS DISTINCT FROM (NEW.state, NEW.decided_at)
            OR NEW.answer NOT IN ('', OLD.answer)) THEN
        RAISE EXCEPTION 'A request for a refund stays as it was asked, and is decided once.'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER payments_refundrequest_guard BEFORE UPDATE ON payments_refundrequest
    FOR EACH ROW EXECUTE FUNCTION payments_refundrequest_guard();
ALTER TABLE payments_refundrequest ENABLE ALWAYS TRIGGER payments_refundrequest_guard;
CREATE TRIGGER payments_refundrequest_stays BEFORE DELETE OR TRUNCATE ON payments_refundrequest
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE payments_refundrequest ENABLE ALWAYS TRIGGER payments_refundrequest_stays;
