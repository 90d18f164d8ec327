"""Texts that are difficult to count, and how long each venue says they are."""

FAMILY = "👩‍👩‍👧‍👦"

# text, code points, graphemes, bytes of UTF-8, UTF-16 units, X's weight, text messages
COUNTED: tuple[tuple[str, int, int, int, int, int, int], ...] = (
    ("", 0, 0, 0, 0, 0, 0),
    ("Hello", 5, 5, 5, 5, 5, 1),
    ("naïve", 5, 5, 6, 5, 5, 1),
    ("e\u0301", 2, 1, 3, 2, 1, 1),  # X counts in NFC
    (FAMILY, 7, 1, 25, 11, 2, 1),
    ("🇵🇹🇪🇪🇵", 5, 3, 20, 10, 6, 1),
    ("👍🏽", 2, 1, 8, 4, 2, 1),
    ("1️⃣", 3, 1, 7, 3, 2, 1),
    ("©", 1, 1, 2, 1, 2, 1),
    ("日本語", 3, 3, 9, 3, 6, 1),
    ("한국어", 3, 3, 9, 3, 6, 1),
    ("\u1112\u1161\u11ab", 3, 1, 9, 3, 2, 1),  # one Hangul syllable in its letters
    ("क्षत्रिय", 8, 3, 24, 8, 8, 1),  # conjuncts: GB9c
    ("กำ", 2, 1, 6, 2, 2, 1),
    ("שָׁלוֹם", 7, 4, 14, 7, 7, 1),
    ("a\r\nb", 4, 3, 4, 4, 4, 1),
    ("\u200b\u200d", 2, 2, 6, 2, 2, 1),
    ("“quotes” – dash…", 16, 16, 24, 16, 17, 1),  # … is no light letter of X's
    ("€{}[]~^|\\", 9, 9, 11, 9, 10, 1),
    ("🏴󠁧󠁢󠁥󠁮󠁧󠁿", 7, 1, 28, 14, 2, 1),
    ("See https://example.com/a/very/long/path?with=a&question=1.", 59, 59, 59, 59, 28, 1),
    ("example.com, www.example.com/x and care@example.com", 51, 51, 51, 51, 69, 1),
    ("example.museum/a", 16, 16, 16, 16, 23, 1),
    ("日本https://example.com日本", 23, 23, 31, 23, 31, 1),
    ("a" * 160, 160, 160, 160, 160, 160, 1),
    ("a" * 161, 161, 161, 161, 161, 161, 2),
    ("a" * 306, 306, 306, 306, 306, 306, 2),
    ("a" * 307, 307, 307, 307, 307, 307, 3),
    ("€" * 80, 80, 80, 240, 80, 160, 1),
    ("€" * 81, 81, 81, 243, 81, 162, 2),
    ("a" * 152 + "€" * 2 + "a" * 150, 304, 304, 308, 304, 306, 3),  # € is not torn: 152, 152 and 2
    ("ы" * 70, 70, 70, 140, 70, 70, 1),
    ("ы" * 71, 71, 71, 142, 71, 71, 2),
    ("ы" * 66 + "🎉" + "ы" * 66, 133, 133, 268, 134, 134, 3),  # 🎉 is not torn
)
UNITS = ("chars", "graphemes", "bytes", "utf16", "weighted", "sms")
