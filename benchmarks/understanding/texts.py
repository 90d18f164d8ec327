"""What is read: tweets that nothing was set by, own messages, and a stream that is noise to 95 %."""

from dataclasses import dataclass
from pathlib import Path
from random import Random

from hark.understanding.normalise import normalise
from hark.understanding.relevance import evidence
from hark.understanding.train.sources import Labelled, keys_of, own_messages, own_posts, paired, semeval
from hark.understanding.types import FEELINGS, BrandProfile

NOISE = 0.95
SAID_OF_THE_COMPANY = frozenset({"apple"})  # in public tweets that word mostly is the company: no noise
SEED = 7


def measured_tweets(data: Path) -> Labelled:
    """The half of TweetEval's validation tweets that sets nothing: the other half sets α, temperature and abstention."""
    return paired(data / "tweeteval" / "sentiment", "val").without(set()).every(2, 1)


def tuning_tweets(data: Path) -> Labelled:
    """The other half."""
    return paired(data / "tweeteval" / "sentiment", "val").without(set()).every(2, 0)


def training_tweets(data: Path) -> Labelled:
    """What Hark's own sentiment heads learn from: SemEval 2013-2016 without any of TweetEval's validation tweets."""
    validation = paired(data / "tweeteval" / "sentiment", "val").without(set())
    return semeval(data / "semeval2017").without(keys_of(validation))


def held_out_messages() -> Labelled:
    """English messages to companies of sectors that no head was trained on, by Hark's own hand."""
    rows = [one for one in own_messages("held_out") if one["language"] == "en"]
    return Labelled([one["text"] for one in rows], [FEELINGS.index(one["mood"]) for one in rows])


def written_messages() -> Labelled:
    """English messages to companies; no sentiment head was trained on them, but the head for complaints was."""
    rows = [one for one in own_messages() if one["language"] == "en"]
    return Labelled([one["text"] for one in rows], [FEELINGS.index(one["mood"]) for one in rows])


@dataclass(frozen=True, slots=True)
class Heard:
    """One post of the stream: found for a brand, about it or not, and whether it has the brand's name in it."""

    brand: str
    text: str
    relevant: bool
    named: bool


def stream(data: Path) -> tuple[dict[str, BrandProfile], list[Heard]]:
    """Posts as a search for brands with ordinary-word names brings them, shuffled; `NOISE` of them are noise.

    Noise is, first, all that has the word in it: own posts about the ordinary word, and public tweets. The rest is
    public tweets without it, as venues give them back that search loosely (by stem, by handle, by what a link shows).
    """
    posts = own_posts()
    brands = {brand.key: brand for brand, *_ in posts}
    about = [Heard(brand.key, text, relevant=True, named=True) for brand, text, relevant in posts if relevant]
    naming = [Heard(brand.key, text, relevant=False, named=True) for brand, text, relevant in posts if not relevant]
    tweets = _tweets(data)
    random = Random(SEED)
    for key, brand in brands.items():
        if key not in SAID_OF_THE_COMPANY:
            naming += [Heard(key, text, relevant=False, named=True) for text in tweets if _names(text, brand)]
    wanted = round(len(about) * NOISE / (1 - NOISE)) - len(naming)
    loose = random.sample(tweets, wanted)
    keys = list(brands)
    heard = about + naming + [Heard(random.choice(keys), text, relevant=False, named=False) for text in loose]
    random.shuffle(heard)
    return brands, heard


def _names(text: str, brand: BrandProfile) -> bool:
    return brand.name.lower() in text.lower() and bool(evidence(normalise(text), brand).name)


def _tweets(data: Path) -> list[str]:
    """Public tweets of many topics, each once, in a fixed order."""
    emotion, offensive = (paired(data / "tweeteval" / name, "train") for name in ("emotion", "offensive"))
    some = semeval(data / "semeval2017")
    return sorted({*some.texts, *emotion.texts, *offensive.texts})
