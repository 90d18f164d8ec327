"""Cases 15 to 23, 28 to 30: what goes out, what becomes of it, and what a venue says of itself."""
# ruff: noqa: S101 - a test suite is made of assertions

import io
import logging
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import pytest

from hark.channels.errors import Ambiguous, AuthLost, Refused, Retry, SendError
from hark.channels.kit.counting import length
from hark.channels.kit.splitting import Shape, split
from hark.channels.testing.conformance.bench import Bench
from hark.channels.testing.conformance.cases import FLAGS
from hark.channels.testing.conformance.inbound import no_sockets, only
from hark.channels.types import Change, Standing

ONE_LETTER = {"graphemes": "👩‍👩‍👧‍👦", "utf16": "🎉", "bytes": "é", "chars": "é", "weighted": "字", "sms": "é" * 153}
SENTENCE = "Your parcel has left our house, see https://example.com/track/4711 for where it is now. "


class OutboundCases(Bench):
    """What goes out."""

    def case_15(self) -> None:
        """Taken, as it was meant, and known again when it comes back."""
        caps = self.venue.caps
        with self._place() as venue:
            account = venue.account if venue else self.account()
            visibilities = [name for name in ("private", "public") if getattr(caps, name)]
            for number, visibility in enumerate(visibilities, start=1):
                reply = self.reply(f"Reply {number}", visibility, id=self._id(number))  # type: ignore[arg-type]
                receipt = self.venue.send(account, reply)
                assert receipt.external_ids
                if venue:
                    assert [each["text"] for each in venue.received()][-1] == reply.text
                if venue and caps.echo:
                    echo = only(self.parsed(venue.echo(), account))
                    assert echo.kind == "echo"
                    assert echo.external_id in receipt.external_ids
                    assert echo.client_ref == (str(reply.id) if self.echo_carries_ref else None)
                    assert echo.visibility == visibility

    def case_16(self) -> None:
        """The same id twice is one message."""
        with self._place() as venue:
            account = venue.account if venue else self.account()
            first = self.venue.send(account, self.reply())
            second = self.venue.send(account, self.reply())
            if self.venue.caps_for(account).idempotent_send != "none":
                assert first.external_ids == second.external_ids
                assert venue is None or len(venue.received()) == 1

    def case_17(self) -> None:
        """At the limit it goes, beyond it is refused before the network, counted as the venue counts."""
        caps = self.venue.caps
        assert caps.max_length is not None
        letter = ONE_LETTER[caps.unit]
        fits = letter * (caps.max_length // length(letter, caps.unit))
        with self._place() as venue:
            account = venue.account if venue else self.account()
            assert self.venue.send(account, self.reply(fits)).external_ids
            with no_sockets(), pytest.raises(Refused) as refusal:
                self.venue.send(account, self.reply(fits + letter))
            assert str(caps.max_length) in refusal.value.human.replace(",", "")

    def case_18(self) -> None:
        """Each failure by its name."""
        place = self.counterpart()
        assert place is not None
        wanted: tuple[tuple[str, type[SendError]], ...] = (
            ("429", Retry),
            ("500", Retry),
            ("403", Refused),
            ("401", AuthLost),
            ("drop_reply", Ambiguous),
        )
        with place as venue:
            for how, error in wanted:
                venue.fail(how)
                with pytest.raises(error) as found:
                    self.venue.send(venue.account, self.reply(id=self._id(ord(how[0]))))
                if how == "429":
                    assert isinstance(found.value, Retry)
                    assert found.value.after_seconds == 2
                assert not isinstance(found.value, Refused) or found.value.human
            venue.hang_up()
            with pytest.raises(Retry):
                self.venue.send(venue.account, self.reply())

    def case_19(self) -> None:
        """Refused here, not there."""
        said = self.forbidden()
        for reply in said if isinstance(said, tuple) else (said,):
            assert self.venue.objection(self.account(), reply), "a composer must hear of it too"
            with no_sockets(), pytest.raises(Refused) as refusal:
                self.venue.send(self.account(), reply)
            assert refusal.value.human

    def case_20(self) -> None:
        """A machine's text goes only where it may."""
        reply = self.reply(author_kind="bot")
        with self._place() as venue:
            account = venue.account if venue else self.account()
            if self.venue.caps.bot_reply in {"forbidden", "approval"}:
                with pytest.raises(Refused):
                    self.venue.send(account, reply)
                return
            assert self.venue.send(account, reply).external_ids
            if venue and self.venue.caps.bot_reply == "disclose":
                assert venue.received()[-1]["by"] == "bot"

    def case_21(self) -> None:
        """Whatever goes wrong, no secret is told."""
        told = io.StringIO()
        handler = logging.StreamHandler(told)
        root = logging.getLogger()
        level = root.level
        root.addHandler(handler)
        root.setLevel(logging.DEBUG)
        try:
            secrets = self._tell_all(told.write)
        finally:
            root.removeHandler(handler)
            root.setLevel(level)
        assert secrets
        assert [secret for secret in secrets if secret in told.getvalue()] == []

    def _tell_all(self, tell: Callable[[str], Any]) -> list[str]:
        with self._place() as venue:
            account = venue.account if venue else self.account()
            tell(repr(account) + str(account) + repr(self.venue.check(account)))
            for how in ("429", "403", "401", "drop_reply") if venue else ():
                assert venue is not None
                venue.fail(how)
                try:
                    self.venue.send(account, self.reply())
                except SendError as error:
                    tell(repr(error) + error.message + repr(error.__cause__) + repr(error.__context__))
        tell(repr(self.venue.verify(account, self.genuine(b"{}"))))
        return [secret for secret in account.secrets.values() if secret]

    def case_22(self) -> None:
        """No flag without its proof."""
        caps, out = self.venue.caps, self.not_applicable()
        unproved = [flag for flag, number in FLAGS.items() if getattr(caps, flag) and number in out]
        assert unproved == []
        assert caps.can_move_private == "none" or 30 not in out

    def case_23(self) -> None:
        """Well is well; what is missing or ends is said."""
        with self._place() as venue:
            account = venue.account if venue else self.account()
            assert self.venue.check(account).problems == ()
            assert self.venue.check(account).self_ids
            assert self.venue.check(replace(account, secrets={}, base_url="http://127.0.0.1:1")).problems
            if venue and self.permission_ends:
                venue.weaken()
                health = self.venue.check(account)
                assert health.missing
                assert health.problems
                assert health.expires_at

    def case_28(self) -> None:
        """Other words stand there, then nothing; a repetition changes nothing and raises nothing."""
        caps = self.venue.caps
        with self._place() as venue:
            account = venue.account if venue else self.account()
            reply = self.reply()
            taken = self.venue.send(account, reply).external_ids
            words = Change(self._id(28), reply.id, taken, reply.target, reply.visibility, "Other words.")
            gone = replace(words, id=self._id(29), text="", gone=True)
            wanted: list[tuple[Change, str | None]] = [(words, "Other words.")] if caps.edits_out else []
            wanted += [(gone, None)] if caps.deletes_out else []
            for change, text in wanted:
                for _ in range(2):
                    assert set(self.venue.change(account, change).external_ids) <= set(taken)
                    assert venue is None or venue.published(taken[0]) == text
            if caps.max_length is not None:
                letters = ONE_LETTER[caps.unit] * (caps.max_length + 1)
                with no_sockets(), pytest.raises(Refused):
                    self.venue.change(account, replace(words, text=letters))

    def case_29(self) -> None:
        """Each part fits by the venue's own count, is taken once under its own key, and answers the one before."""
        with self._place() as venue:
            account = venue.account if venue else self.account()
            account = replace(account, settings={**account.settings, **self.in_parts})
            caps = self.venue.caps_for(account)
            assert caps.max_length is not None
            assert caps.max_parts > 1, "give settings to `in_parts` with which a long answer is split"
            assert not caps.one_reply, "one reply, no more: then it cannot be several posts"
            shape = Shape(caps.max_length, caps.unit, caps.numbering)
            long = SENTENCE
            while length(long, caps.unit) <= 2 * caps.max_length:
                long += SENTENCE
            words = split(long, shape, most=caps.max_parts)
            assert 1 < len(words) <= caps.max_parts
            before, target, ids = "", self.target, []
            for number, text in enumerate(words, start=1):
                assert length(text, caps.unit) <= caps.max_length
                part = replace(
                    self.reply(text, id=self._id(100 + number)), target=target, part=number, parts=len(words)
                )
                before = self.venue.send(account, part).external_ids[-1]
                target = replace(target, parent=before, external_id=before) if caps.threaded else target
                ids.append(before)
            assert len(set(ids)) == len(words)
            if venue:
                there = venue.received()
                assert [each["text"] for each in there] == words
                assert not caps.threaded or [each.get("parent") for each in there][1:] == ids[:-1]

    def case_30(self) -> None:
        """It goes to the one person, never into the public; a second one is refused where one is allowed."""
        settings = {**self.account().settings, **self.in_private}
        moved = self.reply("Let us talk in private.", "private", private_of=self.target.external_id, id=self._id(30))
        with self._place() as venue:
            account = replace(venue.account if venue else self.account(), settings=settings)
            assert self.venue.send(account, moved).external_ids
            if venue:
                there = venue.received()[-1]
                assert (there["text"], there["visibility"]) == (moved.text, "private")
                assert there["private_of"] == moved.private_of
        refused = [replace(moved, standing=Standing(stopped=True))]
        if self.venue.caps_for(account).can_move_private == "reply_once":
            refused.append(replace(moved, standing=Standing(private_replies=1)))
        for reply in refused:
            with no_sockets(), pytest.raises(Refused):
                self.venue.send(account, reply)

    def _place(self) -> Any:
        place = self.counterpart()
        return place if place is not None else nullcontext()

    def _id(self, number: int) -> Any:
        return type(self.reply().id)(int=number)
