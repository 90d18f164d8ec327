"""Messages per second of processor time: `python -m tests.understanding.measure_speed`, the linear models alone with
`--linear`.

The last line is a yardstick: the language detector alone on the same texts (45,000/s on the quiet machine of the
reference). On a machine that others use too, read the figures against it.
"""

import sys
import time
from collections.abc import Callable

from hark.understanding.analyse import analyse
from hark.understanding.loading import load_models
from hark.understanding.train.sources import own_messages, own_posts, paired
from hark.understanding.types import Context, HistoryItem
from tests.paths import SHARED

BATCH = 256


def rate(count: int, work: Callable[[], object]) -> str:
    """So many a second of processor time, the better of two rounds."""
    seconds = []
    for _ in range(2):
        started = time.process_time()
        work()
        seconds.append(time.process_time() - started)
    return f"{count / min(seconds):>8,.0f}/s"


def main() -> None:
    """Print a line for each kind of text."""
    models, posts = load_models(linear="--linear" in sys.argv), own_posts()
    brands = {brand.key: brand for brand, *_ in posts}
    tweets = paired(SHARED / "data" / "understanding" / "tweeteval" / "offensive", "train").texts[
        : 512 if models.deep else 7_680
    ]
    history = tuple(HistoryItem("contact", text) for text in tweets[:9])
    kinds = {
        "tweets": [(text, Context()) for text in tweets],
        "tweets, brand, history of 9": [(text, Context(brand="apple", author="a", history=history)) for text in tweets],
        "written messages": [(one["text"], Context()) for one in own_messages() * (1 if models.deep else 5)],
        "brands' posts": [
            (text, Context(brand=brand.key, author="a")) for brand, text, _ in posts * (1 if models.deep else 10)
        ],
    }
    for name, lines in kinds.items():
        batches = [lines[start : start + BATCH] for start in range(0, len(lines), BATCH)]

        def read(batches: list[list[tuple[str, Context]]] = batches) -> None:
            for batch in batches:
                analyse([text for text, _ in batch], [context for _, context in batch], models, brands)

        print(f"{name:30}{rate(len(lines), read)}")
    lines_alone = [text.replace("\n", " ") for text in tweets]
    alone = rate(len(tweets), lambda: [models.detect(text) for text in lines_alone])
    print(f"{'yardstick: detector alone':30}{alone}")


if __name__ == "__main__":
    main()
