"""What an administrator types for a channel at X, and the facts of the sign-in."""

from dataclasses import dataclass

from hark.channels.kit.limits import PARTS_HELP
from hark.channels.kit.setting import setting
from hark.channels.types import Account, Guide, OAuth
from hark.channels.x.api import API

LONGEST, USUAL = 25_000, 280
MOST_PARTS = 25
SCOPES = ("tweet.read", "tweet.write", "users.read", "dm.read", "dm.write", "media.write", "offline.access")
AUTHORIZE = "https://x.com/i/oauth2/authorize"
ENDED = "X no longer accepts the sign-in: it was taken back, or a token was used twice. Sign in again."
MEANINGS = (
    ("invalid_request", ENDED),
    ("invalid_grant", ENDED),
    ("invalid_client", "X does not accept the client ID or the client secret. Type them again below."),
    ("unauthorized_client", "X does not let this app in. Its type must be *Web App, Automated App or Bot*."),
)
AUTHENTICATION = (
    "Under User authentication settings: Read and write and Direct message; type Web App, Automated App or Bot; and "
    "the callback URI below."
)
STEPS = (
    "In X’s developer console make an app in a project, and buy credits: X charges for what is read and sent.",
    AUTHENTICATION,
    "Type its OAuth 2.0 Client ID and Client Secret here. X shows the secret once.",
    "Sign in as the account that answers, not as the one that owns the app.",
    (
        "Hark asks X every minute. Or choose “X calls Hark”: then, on the channel’s own page, stand the callback URL "
        "and the command that tells X of it."
    ),
)


@dataclass(frozen=True)
class Settings:
    """`activity`: X calls Hark. Else Hark asks, for mentions and direct messages. Words are always asked for."""

    user_id: str = setting("", label="Account ID", help="A number, such as 2244994945; not the @name.", required=True)
    handles: tuple[str, ...] = setting((), label="Our @name there", help="Such as @plumprams.")
    client_id: str = setting("", label="OAuth 2.0 Client ID")
    client_secret: str = setting(
        "", label="OAuth 2.0 Client Secret", secret=True, help="X signs its calls with it too."
    )
    consumer_secret: str = setting(
        "", label="API Key Secret", secret=True, help="Only where the app is an old one, which signs its calls with it."
    )
    activity: bool = setting(
        default=False, label="X calls Hark", help="Through the Activity API. Else Hark asks X every minute."
    )
    direct: bool = setting(default=True, label="Read direct messages")
    read_back: int = setting(
        0, label="Older posts to read when connecting", help="They start no clock. X charges for each.", low=0, high=800
    )
    max_length: int = setting(USUAL, label="Longest post", help="More than 280 needs Premium.", low=1, high=LONGEST)
    max_parts: int = setting(1, label="Parts of one answer", help=PARTS_HELP, low=1, high=MOST_PARTS)
    enterprise: bool = setting(
        default=False, label="Enterprise access", help="Then X lets us answer those too who have not called us."
    )


def oauth_of(account: Account) -> OAuth | None:
    """Where somebody signs in for this account; None while no app is named."""
    client = str(account.settings.get("client_id") or "").strip()
    if not client:
        return None
    return OAuth(
        provider="X",
        authorize_url=AUTHORIZE,
        token_url=f"{account.base_url.rstrip('/') or API}/2/oauth2/token",
        scopes=SCOPES,
        client_id=client,
        client_secret=account.secrets.get("client_secret", "").strip(),
        meanings=MEANINGS,
        secret_in_header=True,
    )


def guides_to(redirect: str) -> tuple[Guide, ...]:
    """What to do at X before somebody can sign in."""
    values = (("Callback URI", redirect), ("Scopes", "\n".join(SCOPES)))
    return (Guide("What to do at X", STEPS, values, "https://console.x.com"),)
