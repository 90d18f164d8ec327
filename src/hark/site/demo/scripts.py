"""What Plum's customers say, by scene. `{place}`, `{amount}`, `{day}` and `{number}` are filled in per telling."""

from dataclasses import dataclass

PLACES = ("Porto", "Tallinn", "Ghent", "Leuven", "Utrecht", "Lyon", "Bergen", "Bologna", "Antwerp", "Graz")
AMOUNTS = ("24.90", "12.00", "39.50", "8.40", "61.20", "18.75")
DAYS = ("Monday", "Tuesday", "yesterday", "Friday", "this morning", "last week")


@dataclass(frozen=True, slots=True)
class Scene:
    """One person's story: lines in order, told over the given simulated accounts.

    `gap` is the usual number of beats between two lines. `everywhere` posts the first line on several accounts.
    """

    accounts: tuple[str, ...]
    lines: tuple[str, ...]
    weight: int = 4
    gap: int = 3
    everywhere: bool = False
    rating: int | None = None
    followers: tuple[int, int] = (12, 900)
    after_answer: tuple[str, ...] = ()


PUBLIC, LISTEN, REVIEWS = ("plumcare@x",), ("listen@x",), ("plum@google",)
PAGE, PHOTOS = ("plum@facebook",), ("plum@instagram",)
DIRECT, TEXT, MAIL = ("plum@whatsapp",), ("plum@text",), ("help@plum.example",)
THANKS = ("That was quick, thank you!", "Thanks, I will check it tonight.", "Great, that solved it.")
STILL = ("I did that already and it still does not work.", "OK. And when will that be? I was promised an answer once.")

SCENES = (
    # Problems told to us
    Scene(
        PUBLIC,
        (
            "@plumcare you charged me twice for a Roam 20 GB bundle that never started in {place}. €{amount} each time. So annoying.",
            "@plumcare is anybody there? Two payments of €{amount} for one bundle and no answer. Terrible service.",
            "Third time I ask @plumcare. A mail, a call, and still NOTHING. Worst company ever, I am so angry!!!",
            "@plumcare I am done, I hate you people. Cancelling tomorrow. You are useless thieves and liars!!!",
        ),
        weight=5,
        followers=(300, 2400),
        after_answer=STILL,
    ),
    Scene(
        PUBLIC,
        (
            "@plumcare no signal between the station and the harbour in {place} since {day}. Anyone else?",
            "@plumcare still no signal in {place}, my mother cannot even call a doctor. Disgusting.",
        ),
        weight=4,
        after_answer=THANKS,
    ),
    Scene(
        PUBLIC,
        ("Hey @plumcare, does my number come along if I move from another operator? How long does it take?",),
        weight=4,
        after_answer=THANKS,
    ),
    Scene(
        PUBLIC,
        (
            "@plumcare my new eSIM says “cannot be added, contact your operator”. So: contacting you.",
            "@plumcare restarted, removed, added again. Same error. What now?",
        ),
        weight=4,
        after_answer=THANKS,
    ),
    Scene(PUBLIC, ("Big thanks to @plumcare, the man on chat sorted my invoice in four minutes.",), weight=3),
    Scene(
        PUBLIC,
        ("@plumcare the app shows 3 GB left, the text message says my data is used up. Which one is it?",),
        weight=3,
        after_answer=THANKS,
    ),
    # Told everywhere at once
    Scene(
        ("plumcare@x", "plum@facebook", "plum@instagram", "plum@google"),
        (
            "Waited a week for a SIM that was sent to my old street. Nobody answers the phone, nobody answers mail. Horrible. Stay away from Plum.",
        ),
        weight=3,
        everywhere=True,
        rating=1,
        followers=(40, 5000),
    ),
    # Said about us, not to us
    Scene(
        LISTEN,
        (
            "Whole office without network again. Thanks for nothing, Plum. Third outage this month and the app says all is well.",
        ),
        weight=4,
        followers=(200, 8000),
    ),
    Scene(
        LISTEN, ("Switched to Plum last week, number moved in one day, signal is better than what I had.",), weight=3
    ),
    Scene(
        LISTEN, ("Does anybody know whether Plum Unlimited slows down after 50 GB? Their site does not say.",), weight=3
    ),
    Scene(
        LISTEN,
        (
            "We moved the kids to plum, the unlimited one. Cheap, but my daughter got charged €{amount} for roaming in the garden centre over the border.",
        ),
        weight=2,
    ),
    # Noise: the fruit, the colour, the professor
    Scene(LISTEN, ("The last plum cake of the season, with cinnamon and far too much butter",), weight=5),
    Scene(LISTEN, ("Late plum harvest is down a third after the spring frost, prices follow",), weight=4),
    Scene(LISTEN, ("Colour of the day: plum, #8E4585. Pairs with moss and bone.",), weight=4),
    Scene(LISTEN, ("Professor Plum, in the library, with the lead pipe. Every. Single. Time.",), weight=4),
    Scene(LISTEN, ("Planted two plum trees by the shed on {day}, wish them luck",), weight=4),
    Scene(LISTEN, ("plum jam bubbling, kitchen smells like my grandmother's",), weight=4),
    Scene(LISTEN, ("Late plum harvest is down a third after the spring frost, prices follow.",), weight=2),
    # Our own page and reviews
    Scene(PHOTOS, ("is the purple phone case in the shops already?? need it",), weight=3, after_answer=THANKS),
    Scene(
        PHOTOS,
        ("Lovely picture. My roaming has been off in {place} since {day} though, can somebody look?",),
        weight=3,
        after_answer=THANKS,
    ),
    Scene(
        PAGE,
        (
            "Your article about eSIM on a second watch skips a step. After the code you have to switch the watch off first.",
        ),
        weight=2,
    ),
    Scene(
        PAGE,
        ("Why do I have to call and wait 20 minutes to cancel one extra SIM? This is ridiculous. Make it a button.",),
        weight=3,
        after_answer=STILL,
    ),
    Scene(
        REVIEWS,
        (
            "One star. Stood in the shop for forty minutes, then the system was down. Worst shop ever. Come back tomorrow, they said.",
        ),
        weight=3,
        rating=1,
    ),
    Scene(REVIEWS, ("Friendly people in {place}, moved my old phone's photos while I waited.",), weight=3, rating=5),
    Scene(REVIEWS, ("Plan is fine, invoice is a puzzle. Two pages of abbreviations.",), weight=2, rating=3),
    # Direct messages, text messages and mail
    Scene(
        DIRECT,
        (
            "Hello, my SIM will not activate. The number ends in {number}. I need it before my flight to {place} tomorrow morning.",
            "Sorry to press, but boarding is at 06:40 and I have no line at all.",
        ),
        weight=5,
        after_answer=THANKS,
    ),
    Scene(
        DIRECT,
        ("Hallo, meine Rechnung zeigt einen Tarif, den ich im August gekündigt habe. Bitte €{amount} zurück.",),
        weight=3,
        after_answer=("Vielen Dank, das ging schnell.",),
    ),
    Scene(
        DIRECT,
        ("Bonjour, je n'arrive pas à activer ma carte eSIM, le code ne marche pas. Pouvez-vous m'aider ?",),
        weight=3,
        after_answer=("Merci beaucoup !",),
    ),
    Scene(
        TEXT,
        ("Hi, this is the number ending in {number}. Texts reach me, calls do not, since {day}. Can you help?",),
        weight=3,
        after_answer=THANKS,
    ),
    Scene(
        MAIL,
        (
            "Invoice 2026-09 shows a plan I cancelled in August. Please take back €{amount} and confirm in writing.",
            "I still have no answer about invoice 2026-09. I am very disappointed. If this is not settled by Friday my lawyer will write.",
        ),
        weight=4,
        gap=6,
        after_answer=STILL,
    ),
    Scene(
        MAIL,
        (
            "We would like to move 12 lines on 1 November. Could you send us a quote and tell us what happens to our numbers?",
        ),
        weight=2,
        after_answer=THANKS,
    ),
    Scene(
        MAIL,
        (
            "My father died in September and his line is still being charged. I have written twice. Whom must I send the certificate to?",
        ),
        weight=2,
        after_answer=("Thank you for handling this kindly.",),
    ),
    Scene(
        MAIL,
        ("The battery of the phone you sold me gets so hot that it burnt my bedside table. I am afraid to charge it.",),
        weight=1,
        after_answer=STILL,
    ),
)
