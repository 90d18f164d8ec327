"""What contacts are found by: written beside them, from what they are called now."""

from collections.abc import Collection

from django.db import transaction

from hark.contacts.models import Contact, ContactSearch, Identity
from hark.kernel.db import execute, stage
from hark.kernel.fulltext import plain_words, vector_of

COLUMNS = {"contact_id": "int8", "words": "text"}
WRITE = """
    INSERT INTO contacts_contactsearch AS old (contact_id, words)
    SELECT contact_id, words::tsvector FROM staged_contact_words ORDER BY contact_id
    ON CONFLICT (contact_id) DO UPDATE SET words = EXCLUDED.words WHERE old.words <> EXCLUDED.words
"""


@transaction.atomic
def index_contacts(*, contact_ids: Collection[int]) -> None:
    """Let these contacts be found by what they are called now; absorbed ones only as the survivor. Idempotent.

    In the caller's transaction where there is one.
    """
    ids = list(contact_ids)
    called: dict[int, list[str]] = {
        contact.pk: [contact.name] for contact in Contact.objects.filter(pk__in=ids, merged_into=None)
    }
    for row in Identity.objects.filter(contact__in=called).order_by("id"):
        called[row.contact_id] += [row.name, row.handle, row.key]
    rows = [(pk, vector_of(dict.fromkeys(plain_words(" ".join(names))))) for pk, names in called.items()]
    ContactSearch.objects.filter(contact__in=set(ids) - called.keys()).delete()
    if rows:
        stage("staged_contact_words", COLUMNS, rows)
        execute(WRITE)
