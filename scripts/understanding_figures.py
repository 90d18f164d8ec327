"""A model card's figures written into docs/understanding.md, and its curves: `python -m scripts.understanding_figures`.

The table says what is shown; a row ends in the place of its figure in the card, `head.figure`.
"""

import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs" / "understanding.md"
PICTURE = ROOT / "docs" / "pictures" / "understanding.svg"
SHIPPED = ROOT / "src" / "hark" / "understanding" / "weights"
ROW = re.compile(r"\| [\d.]+ \| `(\w+)\.(\w+)` \|")
DRAWN = {  # head → its name and colour
    "sentiment_en_stacked": ("sentiment", "#0b6bcb"),
    "offensive_stacked": ("offence", "#b3261e"),
    "emotion_stacked": ("emotion", "#8a5a00"),
    "complaint_stacked": ("complaint", "#1b7f4d"),
}
LOWEST = 0.3  # of both axes on the left, and of the height on the right
SIDE, LEFT, TOP, GAP = 300.0, 56.0, 44.0, 96.0
FEWEST = 0.02  # share of the texts in a point of the left picture


def main() -> None:
    """Every row's figure and the picture anew, from the card in the folder given (the shipped one without)."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else SHIPPED
    metrics = json.loads((folder / "MODEL.json").read_text(encoding="utf-8"))["metrics"]
    text = DOCUMENT.read_text(encoding="utf-8")
    text = ROW.sub(lambda row: f"| {metrics[row[1]][row[2]]:.3f} | `{row[1]}.{row[2]}` |", text)
    DOCUMENT.write_text(text, encoding="utf-8")
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(picture(metrics), encoding="utf-8")
    print(f"{len(ROW.findall(text))} figures written, {PICTURE.name} drawn")


def picture(metrics: Mapping[str, Any]) -> str:
    """Two squares: how often right by sureness, and by the share that is answered."""
    right = LEFT + SIDE + GAP
    parts = [*frame(LEFT, "as sure as this", "right", LOWEST), *frame(right, "share answered", "right", 0.0)]
    parts.append(f'<path d="M{LEFT} {TOP + SIDE}L{LEFT + SIDE} {TOP}" stroke="#8a8f98" stroke-dasharray="4 4"/>')
    for place, (head, (name, colour)) in enumerate(DRAWN.items()):
        curves = metrics[head]["curves"]
        known = [(sure, hit) for sure, hit, share in curves["calibration"] if share >= FEWEST]
        parts += line([(LEFT + across(sure, LOWEST), up(hit)) for sure, hit in known], colour)
        parts += line([(right + across(share, 0.0), up(hit)) for share, hit in curves["coverage"]], colour)
        at = LEFT + place * 120
        parts.append(f'<circle cx="{at}" cy="16" r="5" fill="{colour}"/><text x="{at + 10}" y="20">{name}</text>')
    width, height = right + SIDE + 24, TOP + SIDE + 52
    size = f'viewBox="0 0 {width:g} {height:g}" font-family="sans-serif" font-size="13" fill="none"'
    body = "\n".join(parts).replace("<text ", '<text fill="#30343b" ')
    ground = '<rect width="100%" height="100%" fill="#fff"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{ground}\n{body}</svg>\n'


def frame(left: float, across_word: str, up_word: str, lowest: float) -> list[str]:
    """A square with its axes in tenths."""
    parts = [f'<rect x="{left}" y="{TOP}" width="{SIDE}" height="{SIDE}" stroke="#c5c9d0"/>']
    for tenth in range(int(lowest * 10), 11, 1 if lowest else 2):
        at = left + across(tenth / 10, lowest)
        parts.append(f'<text x="{at:.0f}" y="{TOP + SIDE + 18}" text-anchor="middle">{tenth / 10:g}</text>')
    for tenth in range(int(LOWEST * 10), 11):
        height = up(tenth / 10)
        parts.append(f'<path d="M{left} {height:.1f}h{SIDE}" stroke="#eceef1"/>')
        parts.append(f'<text x="{left - 8}" y="{height + 4:.0f}" text-anchor="end">{tenth / 10:g}</text>')
    parts.append(f'<text x="{left + SIDE / 2}" y="{TOP + SIDE + 40}" text-anchor="middle">{across_word}</text>')
    parts.append(f'<text x="{left}" y="{TOP - 8}">{up_word}</text>')
    return parts


def across(value: float, lowest: float) -> float:
    """How far to the right."""
    return SIDE * (value - lowest) / (1.0 - lowest)


def up(value: float) -> float:
    """How far down from the top of the picture."""
    return TOP + SIDE * (1.0 - (max(value, LOWEST) - LOWEST) / (1.0 - LOWEST))


def line(points: Sequence[tuple[float, float]], colour: str) -> list[str]:
    """A line through these points."""
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points)
    return [f'<path d="M{path}" stroke="{colour}" stroke-width="2"/>{dots}']


if __name__ == "__main__":
    main()
