"""Readers of people."""

from collections.abc import Collection

from hark.contacts.models import Contact, Identity
from hark.kernel.errors import NotFound


def get_contact(key: str) -> Contact:
    """The contact with this public key; the survivor, where it was absorbed. Raises NotFound."""
    contact = Contact.objects.filter(key=key).first()
    while contact is not None and contact.merged_into_id is not None:
        contact = Contact.objects.get(pk=contact.merged_into_id)
    if contact is None:
        raise NotFound
    return contact


def identities_of(contact_id: int) -> list[Identity]:
    """Where a contact is known, proved ones first, claims last."""
    rank = {"proved": 0, "observed": 1, "claimed": 2}
    found = Identity.objects.filter(contact_id=contact_id).order_by("id")
    return sorted(found, key=lambda identity: rank.get(identity.verified, 3))


def mood_levels(contact_ids: Collection[int]) -> dict[int, str]:
    """The mood shown beside each of these contacts."""
    return dict(Contact.objects.filter(pk__in=contact_ids).values_list("pk", "mood_level"))
