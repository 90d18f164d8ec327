"""The made-up traffic: people who tell their scene line by line, with noise, copies and angry series between.

Pure and seeded: the same seed tells the same stories. Time is counted in beats; whoever plays it decides how long
one is.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

from hark.site.demo.cast import BY_ACCOUNT, FIRST_NAMES, LAST_NAMES
from hark.site.demo.scripts import AMOUNTS, DAYS, PLACES, SCENES, Scene
from hark.site.demo.story import CUES, PEOPLE, Cue, post_id


@dataclass(frozen=True, slots=True)
class Somebody:
    """An invented customer."""

    id: str
    name: str
    handle: str
    followers: int | None


@dataclass(frozen=True, slots=True)
class Post:
    """One thing said, ready to be posted. `action` is create, edit or delete; `id` is the post's own id.

    `private`: said in a direct message where the account's posts are public. `answered` by a colleague; None: perhaps.
    """

    account: str
    id: str
    thread: str
    author: Somebody
    text: str
    subject: str = ""
    rating: int | None = None
    action: str = "create"
    after_answer: tuple[str, ...] = ()
    hours_ago: float = 0
    answered: bool | None = None
    private: bool = False


@dataclass(slots=True)
class Telling:
    """A scene on its way: who tells it, what comes next and when."""

    scene: Scene
    who: Somebody
    words: dict[str, str]
    thread: str
    due: int
    line: int = 0


def post_of(cue: Cue) -> Post:
    """A post of the story that every demo tells."""
    line = sum(other.thread == cue.thread and other.beat <= cue.beat for other in CUES) or 1
    subject = cue.text.partition(".")[0][:70] if BY_ACCOUNT[cue.account].kind == "email" else ""
    who = Somebody(f"story-{cue.who}", *PEOPLE[cue.who])
    post = Post(cue.account, post_id(cue.thread, line), f"story-{cue.thread}", who, cue.text, subject, cue.rating)
    return replace(post, after_answer=cue.after_answer, hours_ago=cue.hours_ago, answered=cue.answered)


class Traffic:
    """An endless stream of posts, one a beat. Not safe to share between threads."""

    def __init__(self, seed: int) -> None:
        """`seed`: any whole number; the same one tells the same stories."""
        self.random = Random(seed)  # noqa: S311 - stories, not secrets
        self.beat = 0
        self.count = 0
        self.running: list[Telling] = []

    def __iter__(self) -> Iterator[Post]:
        """Posts, for ever."""
        while True:
            yield from self.next_beat()

    def next_beat(self) -> list[Post]:
        """What is said in the next beat: the next line of a story that is due, or the first of a new one."""
        self.beat += 1
        due = next((telling for telling in self.running if telling.due <= self.beat), None)
        telling = due or self.begin()
        posts = self.tell(telling)
        if telling.line >= len(telling.scene.lines):
            self.running.remove(telling)
        elif self.random.random() < 0.08:
            posts.append(replace(posts[0], action="edit", text=posts[0].text + " (edit: sorry, typing on the bus)"))
        return [*(post_of(cue) for cue in CUES if cue.beat == self.beat), *posts]

    def begin(self) -> Telling:
        """Somebody new starts a scene, chosen by weight."""
        scene = self.random.choices(SCENES, weights=[scene.weight for scene in SCENES])[0]
        self.count += 1
        words = {
            "place": self.random.choice(PLACES),
            "amount": self.random.choice(AMOUNTS),
            "day": self.random.choice(DAYS),
            "number": f"{self.random.randrange(100):02d} {self.random.randrange(100):02d}",
        }
        telling = Telling(
            scene, self.somebody(scene), words, f"t{self.random.randrange(16**8):08x}{self.count}", self.beat
        )
        self.running.append(telling)
        return telling

    def somebody(self, scene: Scene) -> Somebody:
        """An invented person."""
        first, last = self.random.choice(FIRST_NAMES), self.random.choice(LAST_NAMES)
        handle = self.random.choice([f"@{first}.{last}", f"@{first[:1]}{last}", f"@{last}_{first}"]).lower()
        number = f"u{self.random.randrange(16**8):08x}"
        return Somebody(number, f"{first} {last}", handle, self.random.randint(*scene.followers))

    def tell(self, telling: Telling) -> list[Post]:
        """The next line, on every account where it is said."""
        scene, first = telling.scene, telling.line == 0
        text = scene.lines[telling.line].format(**telling.words)
        accounts = scene.accounts if scene.everywhere and first else scene.accounts[:1]
        telling.line += 1
        telling.due = self.beat + self.random.randint(max(1, scene.gap - 1), scene.gap + 3)
        posts = []
        for account in accounts:
            thread = f"{telling.thread}-{account.partition('@')[2]}"
            subject = text.partition(".")[0][:70] if BY_ACCOUNT[account].kind == "email" else ""
            posts.append(
                Post(
                    account,
                    f"{thread}-{telling.line}",
                    thread,
                    telling.who,
                    text,
                    subject,
                    scene.rating,
                    after_answer=scene.after_answer,
                )
            )
        return posts
