-- As before, but that only a record of this very transaction covers a change: one that somebody else wrote about the same
-- object meanwhile is as new. Numbers of transactions begin anew with a restored backup, so the time counts too.
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
        AND written_in = pg_current_xact_id()::text::bigint
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

CREATE OR REPLACE FUNCTION audit_rights() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    was jsonb;
    becomes jsonb;
    named text;
    shown text[] := string_to_array(TG_ARGV[2], ',');
    password_changed boolean := false;
    first_record bigint := nullif(current_setting('diana.audited', true), '')::bigint;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        was := to_jsonb(OLD);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        becomes := to_jsonb(NEW);
    END IF;
    named := coalesce(becomes, was) ->> TG_ARGV[1];
    IF TG_OP = 'UPDATE' THEN
        password_changed := was -> 'password' IS DISTINCT FROM becomes -> 'password';
    END IF;
    SELECT jsonb_object_agg(key, value) INTO was FROM jsonb_each(was) WHERE key = ANY (shown);
    SELECT jsonb_object_agg(key, value) INTO becomes FROM jsonb_each(becomes) WHERE key = ANY (shown);
    IF password_changed THEN
        becomes := becomes || '{"password": "changed"}';
    END IF;
    IF was IS NOT DISTINCT FROM becomes
        OR TG_ARGV[0] = 'auth.Group' AND NOT EXISTS (SELECT FROM users_staff)
        OR EXISTS (SELECT FROM audit_record WHERE object_type = TG_ARGV[0] AND object_id = named AND id >= first_record
            AND written_in = pg_current_xact_id()::text::bigint
            AND at >= transaction_timestamp() + (diana_now() - statement_timestamp()))
    THEN
        RETURN NULL;
    END IF;
    INSERT INTO audit_record (actor, origin, act, object_type, object_id, before, after, reason)
        VALUES (session_user || coalesce(' (' || nullif(current_setting('application_name', true), '') || ')', ''),
            'shell', lower(TG_OP) || ' ' || TG_TABLE_NAME, TG_ARGV[0], named, was, becomes,
            'without a reason: made past the services');
    RETURN NULL;
END $$;
