-- As in walls.sql, but that the beginning of this transaction is taken in domain time, as `at` is.
CREATE OR REPLACE FUNCTION audit_past_services() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    was jsonb;
    becomes jsonb;
    named text;
    first_record bigint := nullif(current_setting('diana.audited', true), '')::bigint;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        was := to_jsonb(OLD);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        becomes := to_jsonb(NEW);
    END IF;
    named := coalesce(becomes, was) ->> TG_ARGV[1];
    IF EXISTS (SELECT FROM audit_record WHERE object_type = TG_ARGV[0] AND object_id = named AND id >= first_record
        AND at >= transaction_timestamp() + (diana_now() - statement_timestamp()))
    THEN
        RETURN NULL;
    END IF;
    IF TG_ARGV[2] IS NOT NULL THEN
        SELECT jsonb_object_agg(key, value) INTO was
            FROM jsonb_each(was) WHERE key = ANY (string_to_array(TG_ARGV[2], ','));
        SELECT jsonb_object_agg(key, value) INTO becomes
            FROM jsonb_each(becomes) WHERE key = ANY (string_to_array(TG_ARGV[2], ','));
    END IF;
    INSERT INTO audit_record (actor, origin, act, object_type, object_id, before, after, reason)
        VALUES (session_user || coalesce(' (' || nullif(current_setting('application_name', true), '') || ')', ''),
            'shell', lower(TG_OP) || ' ' || TG_TABLE_NAME, TG_ARGV[0], named, was, becomes,
            'without a reason: made past the services');
    RETURN NULL;
END $$;
