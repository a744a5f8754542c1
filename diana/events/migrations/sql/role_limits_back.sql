DROP TRIGGER event_deferred_role_limit ON event_deferred;
DROP TRIGGER event_log_role_limit ON event_log;
DROP FUNCTION event_keep_role_to_its_values();
