"""What happens in every demo, whatever the seed: one complaint on five sites, one customer who gets angrier, and a dog.

Four people meet the rules of the venues that are played: one may be asked into private once, one did not write to us
and may not be answered, one waited longer than a day at WhatsApp, and one review has had its one answer.

The dog is called Plum. Two colleagues have said of five posts whether they are about the company; one more word of
yours and the brand's own model speaks. Two posts wait for that: one about a dog, one about the network.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cue:
    """One post at a fixed beat; up to `player.PAST_BEATS` they are the past. `thread` names it, and its thread.

    It was written `hours_ago` before that. `answered`: a colleague has answered it at the venue. `after_answer`: what
    is said once an answer comes.
    """

    beat: int
    account: str
    thread: str
    who: str
    text: str
    rating: int | None = None
    hours_ago: float = 0
    answered: bool = False
    after_answer: tuple[str, ...] = ()


# id: name, handle, followers
PEOPLE: dict[str, tuple[str, str, int | None]] = {
    "hedda": ("Hedda Wiersma", "@hedda.wiersma", 2140),
    "hedda-copy": ("Ottilie Brandsma", "@ottilieb", 311),
    "gus": ("Gus Terpstra", "@gus.terpstra", 1780),
    "dog-1": ("Jette Marchetti", "@jettemarchetti", 96),
    "dog-2": ("Aron Feld", "@aron.feld", 240),
    "dog-now": ("Mina Oduya", "@minaoduya", 158),
    "dog-next": ("Sjoerd Vink", "@sjoerdvink", 74),
    "firm-1": ("Lieve Arens", "@lievearens", 402),
    "firm-2": ("Paolo Rizzi", "@paolorizzi", 655),
    "firm-3": ("Nele Haas", "@nelehaas", 87),
    "firm-next": ("Bas Okonkwo", "@basokonkwo", 512),
    "move": ("Marit Solheim", "@maritsolheim", 268),
    "unasked": ("Dov Renner", "@dovrenner", 3120),
    "window": ("Celeste Aubry", "+32 470 55 01 23", None),
    "review": ("Ivo Dekker", "@ivodekker", None),
}
COPIED = (
    "Plum moved my number on {day} and since then nobody can reach me. Four calls to your people, four promises, no "
    "phone for my practice. Patients stand before a closed line."
).format(day="Monday")
COPIES = (
    Cue(19, "plumcare@x", "copies-1", "hedda", f"@plumcare {COPIED}"),
    Cue(20, "plum@facebook", "copies-2", "hedda", COPIED),
    Cue(21, "plum@google", "copies-3", "hedda", COPIED, rating=1),
    Cue(22, "listen@x", "copies-4", "hedda-copy", f"Not me, but please share: {COPIED}"),
    Cue(23, "help@plum.example", "copies-5", "hedda", f"{COPIED} Please answer this time."),
)
SERIES = tuple(
    Cue(beat, "plumcare@x", "series", "gus", text)
    for beat, text in (
        (16, "Hi @plumcare, roaming stopped at the border this morning. Could you switch it on again, please? Thanks!"),
        (24, "@plumcare still no roaming, and I have a full day of work here. Second time I ask."),
        (
            31,
            "@plumcare third time I ask. No roaming, no answer. This is terrible, I am angry. What do I pay you for?",
        ),
        (
            38,
            "WORST service ever, @plumcare. A day lost, four messages, NOTHING. I am so angry. I cancel tomorrow!!!",
        ),
    )
)


def _found(beat: int, thread: str, text: str) -> Cue:
    """A post that was found by the word."""
    return Cue(beat, "listen@x", thread, thread, text)


LOOK_ALIKE = _found(25, "dog-now", "Finally home with Plum, best day ever.")
JUDGED_BEFORE = (  # and what colleagues said of them: is it about the company?
    (_found(5, "firm-1", "Whole office without network again. Thanks for nothing, Plum."), True),
    (_found(7, "dog-1", "Plum learned to sit today! New week, new trick."), False),
    (_found(9, "firm-2", "Switched to Plum last week, number moved in one day."), True),
    (_found(11, "dog-2", "Plum is ten weeks old today and has chewed both my slippers."), False),
    (_found(13, "firm-3", "Does anybody know whether Plum Unlimited slows down after 50 GB?"), True),
)
AFTER_CORRECTION = (
    _found(0, "dog-next", "Happy first birthday to Plum! One year and not a quiet evening since."),
    _found(0, "firm-next", "Is Plum down in Ghent? No signal since lunch."),
)
MOVE = Cue(
    15,
    "plum@facebook",
    "move",
    "move",
    "You took the money for September twice and the shop sent me away. I will not put my customer number here.",
    after_answer=("Thank you for writing. The second payment has not come back yet.",),
)
UNASKED = _found(
    17, "unasked", "Plum charged my mother three times for a SIM she never got. Nobody answers. Avoid them."
)
WINDOW = Cue(
    3,
    "plum@whatsapp",
    "window",
    "window",
    "My new SIM does not work and I fly tomorrow. Could somebody switch it on, please?",
    hours_ago=26,
)
REVIEW = Cue(
    4,
    "plum@google",
    "review",
    "review",
    "Two stars: the phone is good, but the shop lost my order and nobody called back.",
    rating=2,
    answered=True,
)
RULES = (WINDOW, REVIEW, MOVE, UNASKED)
CUES = (*COPIES, *SERIES, *RULES, LOOK_ALIKE, *(cue for cue, _ in JUDGED_BEFORE))
EVERY_POST = (*CUES, *AFTER_CORRECTION)


def post_id(thread: str, line: int = 1) -> str:
    """What the simulated venue calls a post of the story."""
    return f"story-{thread}-{line}"
