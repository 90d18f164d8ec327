"""What a brand listens for, switched by people; and how often it answers who did not speak to it."""

from django.db import transaction

from hark.kernel.errors import HarkError, NotFound
from hark.organisation.actions.audit import audit
from hark.organisation.listening import folded, terms_of
from hark.organisation.models import Brand
from hark.organisation.types import LONGEST_TERM, MOST_TERMS, SHORTEST_TERM, Term, TermKind

LONGEST_DAYS, MOST_PER_HOUR = 365, 1_000


class TermThere(HarkError):
    """This brand has this word already."""


class TooManyTerms(HarkError):
    """A brand listens for at most 50 words. Remove one that finds little."""


class TermTooShort(HarkError):
    """A word needs at least two letters or digits, else it is found everywhere."""


class TermTooLong(HarkError):
    """A word or phrase has at most 60 characters."""


class TermExcluded(HarkError):
    """The brand's profile says that this word means something else. Take it off that list first."""


class WrongLimit(HarkError):
    """One answer in 1 to 365 days, and 0 to 1,000 an hour."""


@transaction.atomic
def add_term(*, brand: Brand, kind: str, text: str) -> Term:
    """Add a word, switched off: its preview comes first. One transaction, the brand's row is locked.

    Raises TermThere, TooManyTerms, TermTooShort, TermTooLong, TermExcluded, NotFound for a kind that there is not.
    """
    row, text = _locked(brand), " ".join(text.split())
    if kind not in TermKind.values:
        raise NotFound
    _check(row, text)
    term = Term(kind, text)
    row.terms = [*row.terms, _as_kept(term)]
    _keep(row, "brand.term_added", term)
    return term


@transaction.atomic
def switch_term(*, brand: Brand, text: str, on: bool) -> Term:
    """Listen for this word from now on, or no more. Repeating changes nothing. One transaction.

    Raises NotFound, TooManyTerms.
    """
    row = _locked(brand)
    term = _known(row, text)
    if term.on == on:
        return term
    changed = Term(term.kind, term.text, on=on, profile=term.profile)
    others = [one for one in row.terms if folded(one["text"]) != folded(text)]
    if on and len(others) >= MOST_TERMS:
        raise TooManyTerms
    row.terms = others if term.profile and not on else [*others, _as_kept(changed)]
    _keep(row, "brand.term_switched", changed)
    return changed


@transaction.atomic
def remove_term(*, brand: Brand, text: str) -> None:
    """Forget a word; one of the brand's profile is switched off and stays on offer. Raises NotFound."""
    row = _locked(brand)
    term = _known(row, text)
    row.terms = [one for one in row.terms if folded(one["text"]) != folded(text)]
    _keep(row, "brand.term_removed", Term(term.kind, term.text))


@transaction.atomic
def keep_etiquette(*, brand: Brand, days: int, per_hour: int) -> None:
    """How often the brand answers in public who did not speak to it: one person, and over one channel.

    Raises WrongLimit.
    """
    if not (1 <= days <= LONGEST_DAYS and 0 <= per_hour <= MOST_PER_HOUR):
        raise WrongLimit
    row = _locked(brand)
    before = [row.uninvited_days, row.uninvited_per_hour]
    row.uninvited_days, row.uninvited_per_hour = days, per_hour
    row.save(update_fields=["uninvited_days", "uninvited_per_hour"])
    audit("brand.etiquette_changed", row.key, before=before, after=[days, per_hour])


def _check(row: Brand, text: str) -> None:
    if sum(sign.isalnum() for sign in text) < SHORTEST_TERM:
        raise TermTooShort
    if len(text) > LONGEST_TERM:
        raise TermTooLong
    known = terms_of(row)
    if folded(text) in {folded(one.text) for one in known}:
        raise TermThere
    if folded(text) in {folded(one) for one in row.exclude}:
        raise TermExcluded
    if len(row.terms) >= MOST_TERMS:
        raise TooManyTerms


def _known(row: Brand, text: str) -> Term:
    found = next((one for one in terms_of(row) if folded(one.text) == folded(text)), None)
    if found is None:
        raise NotFound
    return found


def _locked(brand: Brand) -> Brand:
    return Brand.objects.select_for_update().get(pk=brand.pk)


def _as_kept(term: Term) -> dict[str, object]:
    return {"kind": str(term.kind), "text": term.text, "on": term.on}


def _keep(row: Brand, verb: str, term: Term) -> None:
    row.save(update_fields=["terms"])
    audit(verb, row.key, term=term.text, kind=str(term.kind), on=term.on)
