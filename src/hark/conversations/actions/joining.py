"""The open case of somebody who says the same again: in the same words or nearly, at another place or the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from hark.conversations.types import IncomingMessage, Visibility
from hark.understanding.sameness import Utterance, form_of, same_words

JoinKey = tuple[int, int, str]  # contact, inbox, duplicate key
Person = tuple[int, int]  # contact, inbox
OneCase = TypeVar("OneCase")
COMPARED = 20  # newest texts of a person with which his next one is compared: who writes most costs no more than others


def join_key(message: IncomingMessage) -> JoinKey | None:
    """By what a repeated message finds the case of the first; None where sameness cannot be told."""
    duplicate_key = message.reading.get("duplicate_key")
    return (message.contact_id, message.inbox_id, str(duplicate_key)) if duplicate_key else None


def person_of(message: IncomingMessage) -> Person:
    """Who says it, and in which inbox it comes in: a case never takes in what stands in another one."""
    return message.contact_id, message.inbox_id


@dataclass
class Joins(Generic[OneCase]):
    """Open cases by what was said in them: `exact` by the same words, `near` by what is compared with new words.

    `moved` are those of people with whom we took a public talk to private: what they write there goes on in them.
    """

    exact: dict[JoinKey, OneCase] = field(default_factory=dict)
    near: dict[Person, list[tuple[Utterance, OneCase]]] = field(default_factory=dict)
    moved: dict[Person, OneCase] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        exact: Mapping[JoinKey, OneCase],
        near: Mapping[Person, Sequence[tuple[str, OneCase]]],
        moved: Mapping[Person, OneCase],
    ) -> "Joins[OneCase]":
        """From what was found: texts as they were written, by whom they are."""
        told = {
            who: [(Utterance(form_of(text), who[0]), case) for text, case in rows[-COMPARED:]]
            for who, rows in near.items()
        }
        return cls(dict(exact), told, dict(moved))

    def find(self, message: IncomingMessage) -> OneCase | None:
        """The case in which the same person has said this, the same words before nearly the same; or that moved."""
        return self._same(message) or self._moved(message)

    def _moved(self, message: IncomingMessage) -> OneCase | None:
        return self.moved.get(person_of(message)) if message.visibility == Visibility.PRIVATE else None

    def _same(self, message: IncomingMessage) -> OneCase | None:
        key = join_key(message)
        if key is None:
            return None
        if key in self.exact:
            return self.exact[key]
        before = self.near.get(person_of(message))
        return self._near(_utterance(message), before) if before else None

    def add(self, message: IncomingMessage, case: OneCase) -> None:
        """This was said in that open case; whoever said it there first keeps it."""
        key = join_key(message)
        if key is not None and key not in self.exact:
            self.exact[key] = case
            before = self.near.setdefault(person_of(message), [])
            before.append((_utterance(message), case))
            del before[:-COMPARED]

    def _near(self, said: Utterance, before: Sequence[tuple[Utterance, OneCase]]) -> OneCase | None:
        return next((case for words, case in before if same_words(words, said)), None)


def _utterance(message: IncomingMessage) -> Utterance:
    return Utterance(form_of(message.text[: message.quote_from]), message.contact_id)
