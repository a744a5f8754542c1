"""Has what is changed past the services about rules, points, flags and requests recorded too."""

from django.db import migrations

from diana.audit.walls import audited

# Awards by rules are no acts of staff; the condition is looked at for each row, before anything is remembered of it.
STAFF = "NEW.kind IN ('staff_award', 'penalty', 'reversal')"
# That a flag is open again is the subscriber's doing.
DECIDED = "OLD.status IS DISTINCT FROM NEW.status AND NEW.status <> 'open'"
CHANGE = "INSERT OR UPDATE OR DELETE"


class Migration(migrations.Migration):
    dependencies = [("gamification", "0040_flags_and_requests"), ("audit", "0002_walls")]
    operations = [
        audited("gamification_entry", "INSERT", kind="gamification.Account", named_by="account_id", when=STAFF),
        audited("gamification_rule", CHANGE, kind="gamification.Rule", named_by="key"),
        audited("gamification_ruleversion", CHANGE, kind="gamification.Rule", named_by="rule_id"),
        audited("gamification_multiplierversion", CHANGE, kind="gamification.MultiplierVersion", named_by="version"),
        audited("gamification_flag", "UPDATE", kind="gamification.Flag", named_by="id", when=DECIDED),
        audited("gamification_hold", "UPDATE", kind="gamification.Flag", named_by="flag_id"),
        audited("gamification_staffrequest", CHANGE, kind="gamification.StaffRequest", named_by="id"),
    ]
