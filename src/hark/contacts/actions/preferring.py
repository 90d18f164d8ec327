"""Where a person likes to hear from us."""

from django.db import transaction

from hark.contacts.models import Contact, Identity
from hark.kernel.errors import NotFound


@transaction.atomic
def prefer(*, contact_id: int, identity_id: int | None) -> None:
    """The person likes to hear at this identity, or (None) nowhere in particular. One transaction; may be repeated.

    Raises NotFound for an identity that is not this person's.
    """
    Contact.objects.select_for_update(no_key=True).get(pk=contact_id)
    theirs = Identity.objects.filter(contact=contact_id)
    theirs.filter(preferred=True).update(preferred=False)
    if identity_id is not None and not theirs.filter(pk=identity_id).update(preferred=True):
        raise NotFound
