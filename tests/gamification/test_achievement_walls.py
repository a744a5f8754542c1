"""What the database refuses of achievements: to the application by its rights, to everybody else by triggers."""

import psycopg
import pytest
from django.db import connection
from django.db.utils import DatabaseError

from tests.gamification.acts import award, event, person
from tests.servers import Servers

WALLS = [
    "UPDATE gamification_achievementversion SET version = 9",
    "DELETE FROM gamification_achievementversion",
    "UPDATE gamification_unlock SET tier = 'gold'",
    "UPDATE gamification_unlock SET revoked_at = now()",
    "DELETE FROM gamification_unlock",
    "TRUNCATE gamification_unlock",
    "DELETE FROM gamification_achievement",
    "INSERT INTO gamification_unlock (account_id, achievement_id, version, tier, event_id, unlocked_at)"
    " SELECT account_id, achievement_id, version, tier, gen_random_uuid(), now() FROM gamification_unlock",
    "INSERT INTO gamification_unlock (account_id, achievement_id, version, tier, event_id, unlocked_at)"
    " SELECT account_id, achievement_id, version, 'wood', gen_random_uuid(), now() FROM gamification_unlock",
]


@pytest.mark.django_db
@pytest.mark.parametrize("statement", WALLS)
def test_the_database_refuses(statement: str) -> None:
    award(event("user.returned", person(), days_away=9))
    with pytest.raises(DatabaseError), connection.cursor() as cursor:
        cursor.execute(statement)


def test_the_triggers_refuse_the_superuser_too(committed_db: str, servers: Servers) -> None:
    award(event("user.returned", person(), days_away=9))
    with psycopg.connect(servers.postgres.admin_url(committed_db), autocommit=True) as superuser:
        for statement in (*WALLS[:6], "UPDATE gamification_unlock SET period = 'x'"):
            with pytest.raises(psycopg.Error, match=r"append-only|violates"):
                superuser.execute(statement)
