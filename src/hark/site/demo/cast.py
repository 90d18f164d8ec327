"""Who plays: Plum, its people, its channels, and the names its customers go by."""

from dataclasses import dataclass

from hark.organisation.types import NewBrand

ORGANISATION = "Plum"
PASSWORD = "plum-demo-on-localhost"  # noqa: S105 - only ever valid on this machine, in a demo's throw-away database

BRAND = NewBrand(
    name="Plum",
    about=(
        "Plum is a mobile phone operator: plans, SIM and eSIM cards, roaming bundles, number moves, invoices, "
        "network coverage and phones in shops and online."
    ),
    handles=("@plumcare", "@plum"),
    products=("Unlimited", "Roam 20 GB", "eSIM", "SIM", "Plum app", "roaming", "invoice", "signal", "network", "5G"),
    exclude=("plum cake", "plum tree", "plum jam", "Professor Plum", "plum tomato", "plums", "colour", "harvest"),
    language="en",
    colour="#5b2a6e",
)


@dataclass(frozen=True, slots=True)
class Player:
    """One of Plum's agents."""

    name: str
    email: str
    role: str
    teams: tuple[str, ...]
    skills: tuple[tuple[str, int], ...]
    here: str = "the one who tries it"


AGENTS = (
    Player(
        "Tessa Okonedo",
        "tessa@plum.example",
        "agent",
        ("Care", "Public"),
        (("billing", 4), ("roaming", 4), ("activation", 3)),
    ),
    Player(
        "Ruben Asante", "ruben@plum.example", "agent", ("Care",), (("activation", 5), ("network", 4)), "a colleague"
    ),
    Player(
        "Inés Calder",
        "ines@plum.example",
        "supervisor",
        ("Care", "Public"),
        (("billing", 5), ("network", 3)),
        "supervisor",
    ),
    Player("Milo Verbeke", "milo@plum.example", "owner", ("Care", "Public"), (), "owner"),
)
TEAMS = ("Care", "Public")
SKILLS = (
    ("billing", "Billing", "topic"),
    ("roaming", "Roaming", "topic"),
    ("activation", "Activation", "topic"),
    ("network", "Network", "topic"),
)
TAGS = ("Billing", "Roaming", "Number move")
SAVED_REPLIES = (
    (
        "We look into it",
        "Hello {{first_name}}, {{agent_first}} of {{brand}} here. We look into it and write here again today.",
    ),
    (
        "Refund on its way",
        "Hello {{first_name}}, the second payment goes back to your card today. I am sorry for the trouble.",
    ),
)
MACRO = ("Refund made", "Hello {{first_name}}, the money is on its way back to your card.")


@dataclass(frozen=True, slots=True)
class Stage:
    """One simulated account: its key in the venue, how it is called, which inbox it feeds, what its posts are.

    It behaves `like` a real venue: as long, and by its rules. `hours`: so long a private talk may be answered. Within a
    `network` people are one and the same: the made-up public sites share their sign-in.
    """

    account: str
    name: str
    inbox: str
    like: str
    kind: str
    visibility: str
    targets_us: str
    hours: int | None = None
    network: str = "town"


INBOXES = (("Care", ("Care",)), ("Care, public", ("Care", "Public")))
PUBLIC = "Care, public"
STAGES = (
    Stage("plumcare@x", "@plumcare on X (simulated)", PUBLIC, "x", "post", "public", "mention"),
    Stage("listen@x", "“plum” on X (simulated)", PUBLIC, "x", "post", "public", "keyword"),
    Stage("plum@facebook", "Plum on Facebook (simulated)", PUBLIC, "facebook", "comment", "public", "owned_venue", 24),
    Stage(
        "plum@instagram", "Plum on Instagram (simulated)", PUBLIC, "instagram", "comment", "public", "owned_venue", 24
    ),
    Stage("plum@google", "Plum on Google (simulated)", PUBLIC, "google-business", "review", "public", "owned_venue"),
    Stage(
        "plum@whatsapp", "Plum on WhatsApp (simulated)", "Care", "whatsapp", "direct", "private", "mention", 24, "phone"
    ),
    Stage(
        "plum@text",
        "Text messages to Plum (simulated)",
        "Care",
        "sms-twilio",
        "direct",
        "private",
        "mention",
        network="phone",
    ),
    Stage(
        "help@plum.example",
        "help@plum.example (simulated)",
        "Care",
        "email",
        "email",
        "private",
        "mention",
        network="plum.example",
    ),
)
BY_ACCOUNT = {stage.account: stage for stage in STAGES}

FIRST_NAMES = [
    "Maud",
    "Idris",
    "Oda",
    "Bram",
    "Wanjiru",
    "Jorik",
    "Ana",
    "Silke",
    "Juno",
    "Noor",
    "Tobias",
    "Lena",
    "Femi",
    "Pilar",
    "Dag",
    "Yara",
    "Ilse",
    "Mateo",
    "Greet",
    "Sanne",
    "Koen",
    "Amara",
    "Lotte",
    "Viktor",
    "Rosalind",
    "Emeka",
    "Petra",
    "Hugo",
    "Nadia",
    "Anton",
    "Freya",
    "Kofi",
    "Marit",
    "Zeno",
    "Elif",
    "Bas",
    "Carmen",
    "Odile",
    "Rune",
    "Tariq",
]
LAST_NAMES = [
    "Terlinden",
    "Falk",
    "Lindqvist",
    "Soetaert",
    "Banerjee",
    "Refalo",
    "Dijkman",
    "Abara",
    "Veldkamp",
    "Moreau",
    "Okafor",
    "Castellan",
    "Wouters",
    "Halloran",
    "Brandt",
    "Ferreira",
    "Novak",
    "Petersen",
    "Achterberg",
    "Iyer",
    "Goossens",
    "Lambrecht",
    "Sorensen",
    "Duarte",
    "Kimathi",
    "Vance",
]
