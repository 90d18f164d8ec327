"""What holds for the whole desk."""

from django.db import transaction

from hark.kernel.errors import NotFound
from hark.organisation.actions.audit import audit
from hark.organisation.models import Channel, Organisation


@transaction.atomic
def change_desk(*, mailbox: Channel | None, notices_name_cases: bool) -> None:
    """Say which mailbox sends the desk's own mails, and whether notices outside Hark name the case. Raises NotFound."""
    row = Organisation.objects.select_for_update(of=("self",)).select_related("mailbox").first()
    if row is None:
        raise NotFound
    before, after = row.mailbox.key if row.mailbox else "", mailbox.key if mailbox else ""
    named = [row.notices_name_cases, notices_name_cases]
    row.mailbox, row.notices_name_cases = mailbox, notices_name_cases
    row.save(update_fields=["mailbox", "notices_name_cases"])
    audit("organisation.changed", "organisation", mailbox=[before, after], notices_name_cases=named)
