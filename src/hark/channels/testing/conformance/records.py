"""What the cases of this run came to, for the table at its end."""

OUTCOMES: dict[tuple[str, int], str] = {}
