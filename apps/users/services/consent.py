"""Agreeing to the documents of the day: which version, and when, stays for ever."""

from datetime import datetime

from django.db import transaction

from apps.users import events as facts
from apps.users.consent import DOCUMENTS
from apps.users.models import Consent
from apps.users.services.rows import about, lock_person
from diana.events import publish_many


def give_consent(*, person_id: int, now: datetime) -> list[str]:
    """Keep that the person agrees to all documents in their versions of now; return those that are new to them.

    Publishes user.consent_given for each of these. A second call does nothing. Locks the person. Raises PersonGone.
    """
    with transaction.atomic():
        person = lock_person(person_id)
        given = set(Consent.objects.filter(person=person).values_list("document", "version"))
        new = [Consent(person=person, document=d, version=v, given_at=now) for d, v in DOCUMENTS.items()]
        new = [consent for consent in new if (consent.document, consent.version) not in given]
        Consent.objects.bulk_create(new)
        told = [facts.ConsentGiven(user_id=person_id, document=c.document, document_version=c.version) for c in new]
        publish_many([about(person, event, now) for event in told])
    return [consent.document for consent in new]
