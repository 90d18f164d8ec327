"""Write the figures of a model card into the table of docs/understanding.md: `python -m scripts.understanding_figures`.

The table says what is shown; a row ends in the place of its figure in the card, `head.figure`.
"""

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs" / "understanding.md"
SHIPPED = ROOT / "src" / "hark" / "understanding" / "weights"
ROW = re.compile(r"\| [\d.]+ \| `(\w+)\.(\w+)` \|")


def main() -> None:
    """Every row's figure anew, from the card in the folder given (the shipped one without)."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else SHIPPED
    metrics = json.loads((folder / "MODEL.json").read_text(encoding="utf-8"))["metrics"]
    text = DOCUMENT.read_text(encoding="utf-8")
    text = ROW.sub(lambda row: f"| {metrics[row[1]][row[2]]:.3f} | `{row[1]}.{row[2]}` |", text)
    DOCUMENT.write_text(text, encoding="utf-8")
    print(f"{len(ROW.findall(text))} figures written")


if __name__ == "__main__":
    main()
