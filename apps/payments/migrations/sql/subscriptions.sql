-- Subscriptions and refunds are money too: their rows stay.
CREATE TRIGGER payments_subscription_stays BEFORE DELETE OR TRUNCATE ON payments_subscription
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE payments_subscription ENABLE ALWAYS TRIGGER payments_subscription_stays;
CREATE TRIGGER payments_toldrefund_stays BEFORE DELETE OR TRUNCATE ON payments_toldrefund
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE payments_toldrefund ENABLE ALWAYS TRIGGER payments_toldrefund_stays;
