"""Write the figures and posts of docs/apple.md anew: `python -m scripts.apple` (some minutes; needs scikit-learn).

Every brand is read by models that never saw it: the relevance prior is learnt over the other brands. Of its posts half,
drawn five times, may be corrected; the other half is read. The trials at the end of the page stand in no data at all.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import numpy as np

from hark.understanding import BrandProfile, Context, Models, analyse, load_models
from hark.understanding.corrections import RelevanceCorrection, learn
from hark.understanding.nearness import Nearness
from hark.understanding.train import figures
from hark.understanding.train import near as training
from hark.understanding.train.prior import fit_prior
from hark.understanding.train.sources import own_posts
from hark.understanding.trials import remembering

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "apple.md"
HUNDRED = ROOT / "benchmarks" / "understanding" / "hundred.json"
STAGES = (0, 1, 3, 6, 10)
SPLITS = 5
LATER_STAGES = (0, 3, 10, 25, 50, 100)
FOLDS, DRAWS = 6, 3  # of the hundred and twenty posts of a hard name
SHOWN = "apple"
# Written to be hard, and kept out of everything that is learnt or tuned. True: the company is meant.
TRIALS = (
    ("had an apple for breakfast and my apple watch still says I burned nothing", True),
    ("The queue at the Apple store goes round the block, over an apple pie stall", True),
    ("apple wants 1,200 for that? I could plant an orchard", True),
    ("Is apple down or is it just me", True),
    ("Sold all my apple before the earnings call, of course it went up", True),
    ("apple keeps asking me to sign in again, every single morning", True),
    ("APPLE WHY", True),
    ("Fiona Apple tickets for Friday, anyone?", False),
    ("Moved to the Big Apple last week and the rent is a joke", False),
    ("the apple does not fall far from the tree, my son also hates updates", False),
    ("Apple picking with the kids, phone battery died, no pictures, sorry mum", False),
    ("She is the apple of my eye and she just dropped my phone", False),
    ("One bad apple in that support team and the whole shop gets the blame", False),
    ("Apple and cinnamon candle, smells like my old office", False),
)
Post = tuple[str, bool]


@dataclass(frozen=True)
class Brand:
    """One brand, its posts, and models that never saw it."""

    profile: BrandProfile
    posts: list[Post]
    models: Models

    def read(self, posts: Sequence[Post], corrected: Sequence[Post] = ()) -> list[tuple[float, str]]:
        """Probability and label of each post, after these corrections."""
        given = [RelevanceCorrection(self.profile.key, text, relevant=label) for text, label in corrected]
        near = self.models.deep.near if self.models.deep else None
        brands = {self.profile.key: self.profile}
        models = replace(self.models, brands=learn(given, brands, self.models.prior, near))
        found = analyse([text for text, _ in posts], [Context(brand=self.profile.key)] * len(posts), models, brands)
        return [(one.relevance.p, one.relevance.label) for one in found if one.relevance]


def left_out() -> list[Brand]:
    """Every brand with the models that are learnt over the others."""
    models = remembering(load_models())  # the same post is read many times here
    posts, deep = own_posts(), models.deep
    if deep:
        known = training._posts(deep.encoder)
    brands = []
    for key in dict.fromkeys(brand.key for brand, *_ in posts):
        own = [(text, bool(label)) for brand, text, label in posts if brand.key == key]
        theirs = replace(models, prior=fit_prior([post for post in posts if post[0].key != key]))
        if deep:
            theirs = replace(theirs, deep=replace(deep, near=Nearness(deep.encoder, known.fit(known.keys != key))))
        brands.append(Brand(next(brand for brand, *_ in posts if brand.key == key), own, theirs))
    return brands


def halves(brand: Brand, seed: int) -> tuple[list[Post], list[Post]]:
    """What may be corrected, those first that the models are least sure of; and what is read. Half of each class."""
    random = Random(seed)  # noqa: S311 - a draw
    asked, read = [], []
    for wanted in (True, False):
        some = [post for post in brand.posts if post[1] == wanted]
        random.shuffle(some)
        asked += some[: len(some) // 2]
        read += some[len(some) // 2 :]
    sure = dict(zip(asked, (abs(p - 0.5) for p, _ in brand.read(asked)), strict=True))
    return sorted(asked, key=lambda post: (sure[post], post)), read


def stages(brands: Sequence[Brand]) -> str:
    """A row for each number of corrections: means over brands and splits, with the whole profile and the name alone."""
    rows = []
    for count in STAGES:
        named = "the profile alone" if not count else f"{count} correction{'s' if count > 1 else ''}"
        rows.append(
            [named, *(word for some in (brands, [bare(one) for one in brands]) for word in _stage(some, count))]
        )
    told = ["balanced accuracy", "AUC", "right / unsure / wrong, %"]
    return _table(["after", *told, *(f"name alone: {word}" for word in told)], rows)


def _stage(brands: Sequence[Brand], count: int) -> list[str]:
    accuracy, auc, labels = [], [], []
    for brand in brands:
        for seed in range(SPLITS):
            asked, read = halves(brand, seed)
            found, given = brand.read(read, asked[:count]), [int(label) for _, label in read]
            accuracy.append(figures.macro_recall(given, [int(p >= 0.5) for p, _ in found]))
            auc.append(figures.auc(given, [p for p, _ in found]))
            labels += [_judged(label, wanted) for (_, label), (_, wanted) in zip(found, read, strict=True)]
    shares = [f"{100 * labels.count(word) / len(labels):.1f}" for word in ("right", "unsure", "wrong")]
    return [f"{np.mean(accuracy):.3f}", f"{np.mean(auc):.3f}", " / ".join(shares)]


def hard_names() -> list[Brand]:
    """Two brands with a hundred and twenty posts each, which nothing was learnt from, read by the shipped models."""
    models, brands = remembering(load_models()), []
    for row in json.loads(HUNDRED.read_text(encoding="utf-8"))["brands"]:
        handles, products, exclude = (tuple(row[name]) for name in ("handles", "products", "exclude"))
        profile = BrandProfile(row["key"], row["name"], handles, products, exclude, row["about"])
        posts = [(text, True) for text in row["relevant"]] + [(text, False) for text in row["irrelevant"]]
        brands.append(Brand(profile, posts, models))
    return brands


def hundred(brands: Sequence[Brand]) -> str:
    """A row for each number of corrections: each sixth of the posts is read after so many of the others."""
    rows = []
    for count in LATER_STAGES:
        named = "the profile alone" if not count else f"{count} corrections"
        some = [one for brand in brands for one in (brand, bare(brand))]
        rows.append([named, *(_crossed(one, count) for one in some)])
    head = [word for brand in brands for word in (brand.profile.name, f"{brand.profile.name}, name alone")]
    return _table(["after", *(f"{word}: accuracy, AUC, right / unsure / wrong, %" for word in head)], rows)


def _crossed(brand: Brand, count: int) -> str:
    accuracy, auc, labels = [], [], []
    for draw in range(DRAWS):
        posts = list(brand.posts)
        Random(draw).shuffle(posts)  # noqa: S311 - a draw
        for fold in range(FOLDS):
            read, others = posts[fold::FOLDS], [post for place, post in enumerate(posts) if place % FOLDS != fold]
            found, given = brand.read(read, others[:count]), [int(label) for _, label in read]
            accuracy += [(p >= 0.5) == bool(label) for (p, _), label in zip(found, given, strict=True)]
            auc.append(figures.auc(given, [p for p, _ in found]))
            labels += [_judged(label, wanted) for (_, label), (_, wanted) in zip(found, read, strict=True)]
    shares = " / ".join(f"{100 * labels.count(word) / len(labels):.0f}" for word in ("right", "unsure", "wrong"))
    return f"{np.mean(accuracy):.3f}, {np.mean(auc):.3f}, {shares}"


def bare(brand: Brand) -> Brand:
    """The same with a profile that is nothing but the name."""
    return replace(brand, profile=replace(brand.profile, products=(), exclude=(), about=""))


def each(brands: Sequence[Brand]) -> str:
    """A row for each brand: from the profile, from the name alone, and with all of its ten corrections."""
    rows = []
    for brand in brands:
        plain, name = (_balanced(one.read(one.posts), one.posts) for one in (brand, bare(brand)))
        told = []
        for seed in range(SPLITS):
            asked, read = halves(brand, seed)
            told.append((_balanced(brand.read(read), read), _balanced(brand.read(read, asked), read)))
        before, after = (np.mean([one[place] for one in told]) for place in (0, 1))
        rows.append([brand.profile.name, f"{plain:.2f}", f"{name:.2f}", f"{before:.2f}", f"{after:.2f}"])
    head = ["brand", "profile", "name alone", "the half that is read: before", "after ten corrections"]
    return _table(head, rows)


def _balanced(found: Iterable[tuple[float, str]], posts: Sequence[Post]) -> float:
    return figures.macro_recall([int(label) for _, label in posts], [int(p >= 0.5) for p, _ in found])


def posts(brand: Brand, some: Sequence[Post], corrected: Sequence[Post] = ()) -> str:
    """A row for each post: what is meant, and what is read from the profile alone and after the corrections."""
    rows = []
    for (text, wanted), (p, label), (later, then) in zip(
        some, brand.read(some), brand.read(some, corrected), strict=True
    ):
        meant = "company" if wanted else "no"
        rows.append([text, meant, _said(p, label, wanted), *([_said(later, then, wanted)] if corrected else [])])
    after = [f"after {len(corrected)} corrections"] if corrected else []
    return _table(["post", "meant", "from the profile", *after], rows)


def _said(p: float, label: str, wanted: bool) -> str:  # noqa: FBT001
    judged = _judged(label, wanted)
    return f"{p:.2f} {label}" if judged == "right" else f"**{p:.2f} {label}**"


def _judged(label: str, wanted: bool) -> str:  # noqa: FBT001
    if label == "unsure":
        return "unsure"
    return "right" if (label == "relevant") == wanted else "wrong"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    cells = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in cells)


def main() -> None:
    """Each part between its marks, and the version that read it."""
    brands = left_out()
    apple = next(brand for brand in brands if brand.profile.key == SHOWN)
    asked, _ = halves(apple, 0)
    parts = {
        "stages": stages(brands),
        "hundred": hundred(hard_names()),
        "brands": each(brands),
        "posts": posts(apple, apple.posts),
        "trials": posts(apple, TRIALS, asked),
        "version": f"Read by `{apple.models.version}` with a prior of its own for each brand.",
    }
    text = PAGE.read_text(encoding="utf-8")
    for name, words in parts.items():
        marked = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        text = marked.sub(lambda found, words=words: f"{found[1]}{words}\n{found[2]}", text)  # type: ignore[misc]
    PAGE.write_text(text, encoding="utf-8")
    print(parts["stages"], parts["hundred"], sep="\n\n")


if __name__ == "__main__":
    main()
