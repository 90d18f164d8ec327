"""Sign-in at Google and Microsoft: facts from their documentation, as data. The signing in itself is the core's.

Google: developers.google.com/identity/protocols/oauth2/web-server and developers.google.com/workspace/gmail/imap.
Microsoft: "Authenticate an IMAP, POP or SMTP connection using OAuth" and "Microsoft identity platform and OAuth 2.0
authorization code flow", both at learn.microsoft.com.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from hark.channels.email.settings import MailSettings
from hark.channels.kit import google
from hark.channels.types import Guide, OAuth

TENANT = re.compile(r"[A-Za-z0-9.-]{1,100}")
ANY_TENANT = "common"


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider of mailboxes where people sign in."""

    name: str
    authorize_url: str
    token_url: str
    scopes: tuple[str, ...]
    more: tuple[tuple[str, str], ...]
    meanings: tuple[tuple[str, str], ...]
    steps: tuple[str, ...]
    link: str
    short_lived: str = ""


GOOGLE_AUDIENCE = (
    "Under Google Auth Platform, Audience: choose Internal where the mailbox is in your Google Workspace. Where it "
    "must be External, publish the app: while it is in testing, sign-ins end after 7 days."
)
MICROSOFT_RIGHTS = (
    "Under API permissions, Microsoft Graph, Delegated permissions add IMAP.AccessAsUser.All, SMTP.Send and "
    "offline_access."
)
MICROSOFT_CLIENT = (
    "Under Certificates & secrets make a client secret. Type its value here, and the day on which it ends: at most 24 "
    "months ahead."
)
GOOGLE = Provider(
    name="Google",
    authorize_url=google.AUTHORIZE_URL,
    token_url=google.TOKEN_URL,
    scopes=("https://mail.google.com/",),
    more=google.OFFLINE,
    meanings=google.MEANINGS,
    steps=(
        "In the Google Cloud console make a project, or choose one.",
        GOOGLE_AUDIENCE,
        "Under Data access add the scope below.",
        "Under Clients make one of the kind Web application, with the redirect URI below.",
        "Type its client id and client secret here. Google shows the secret once.",
    ),
    link=google.CONSOLE,
    short_lived=google.SHORT_LIVED,
)
MICROSOFT = Provider(
    name="Microsoft",
    authorize_url="https://login.microsoftonline.com/{tenant}/oauth2/v2.0/authorize",
    token_url="https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token",  # noqa: S106 - an address
    scopes=(
        "https://outlook.office.com/IMAP.AccessAsUser.All",
        "https://outlook.office.com/SMTP.Send",
        "offline_access",
    ),
    more=(("response_mode", "query"), ("prompt", "select_account")),
    meanings=(
        (
            "AADSTS7000222",
            "The client secret at Microsoft has ended. Make a new one there, and type it with its end below.",
        ),
        ("AADSTS7000215", "Microsoft does not accept the client secret. Type its value, not its id, below."),
        ("AADSTS700016", "Microsoft does not know this client id in this tenant. Check both below."),
        ("AADSTS90002", "Microsoft does not know this tenant. Check it below."),
        ("AADSTS50011", "Microsoft does not know our redirect URI. Enter it at the app exactly as shown here."),
        ("AADSTS65001", "Nobody has agreed to what Hark asks for, or it was taken back. Sign in again, and agree."),
        ("AADSTS700082", "The sign-in at Microsoft has ended because it was not used for 90 days. Sign in again."),
        (
            "AADSTS50173",
            "The sign-in at Microsoft has ended: it was taken back, or a password was changed. Sign in again.",
        ),
        ("AADSTS50076", "Microsoft asks for a second factor. Sign in again."),
        (
            "AADSTS53003",
            "A rule of your tenant (conditional access) forbids this sign-in. Its administrator can allow it.",
        ),
        ("invalid_grant", "Microsoft no longer accepts the sign-in: it ended or was taken back. Sign in again."),
        ("interaction_required", "Microsoft wants somebody to sign in again."),
        ("invalid_client", "Microsoft does not accept the client id or the client secret. Type them again below."),
        ("unauthorized_client", "Microsoft does not let this app in. Check its client id and who may use it."),
    ),
    steps=(
        "In the Microsoft Entra admin center, App registrations, make one for Web, with the redirect URI below.",
        MICROSOFT_RIGHTS,
        MICROSOFT_CLIENT,
        "Type the Application (client) ID and the Directory (tenant) ID from its Overview here.",
        "In the Exchange admin center IMAP and Authenticated SMTP must be on for this mailbox.",
    ),
    link="https://entra.microsoft.com/#view/Microsoft_AAD_RegisteredApps/ApplicationsListBlade",
)
PROVIDERS = {"google": GOOGLE, "microsoft": MICROSOFT}


def oauth_of(settings: MailSettings, secret: str) -> OAuth | None:
    """Where somebody signs in for this mailbox; None where it has a password."""
    provider = PROVIDERS.get(settings.sign_in)
    if provider is None:
        return None
    tenant = settings.oauth_tenant.strip() or ANY_TENANT
    tenant = tenant if TENANT.fullmatch(tenant) else ANY_TENANT
    return OAuth(
        provider=provider.name,
        authorize_url=provider.authorize_url.format(tenant=tenant),
        token_url=provider.token_url.format(tenant=tenant),
        scopes=provider.scopes,
        client_id=settings.oauth_client.strip(),
        client_secret=secret.strip(),
        more={**dict(provider.more), "login_hint": settings.address},
        meanings=provider.meanings,
        secret_ends=day_in(settings.oauth_secret_ends),
        short_lived=provider.short_lived,
    )


def mailbox_guides(redirect: str) -> tuple[Guide, ...]:
    """What to do at each provider before somebody can sign in."""
    return tuple(
        Guide(
            title=f"What to do at {one.name}",
            steps=one.steps,
            values=(("Redirect URI", redirect), ("Scopes", "\n".join(one.scopes))),
            link=one.link,
            only=("sign_in", (key,)),
        )
        for key, one in PROVIDERS.items()
    )


def day_in(text: str) -> date | None:
    """A day as the settings keep it; None where it is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def objections_to(settings: MailSettings, secret: str) -> Iterator[tuple[str, str]]:
    """(field, sentence) of what a sign-in cannot be made with."""
    provider = PROVIDERS.get(settings.sign_in)
    if provider is None:
        return
    if not settings.oauth_client.strip():
        yield "oauth_client", f"Type the client id of your app at {provider.name}."
    if not secret.strip():
        yield "oauth_secret", f"Type the client secret of your app at {provider.name}."
    tenant = settings.oauth_tenant.strip()
    if tenant and not TENANT.fullmatch(tenant):
        yield "oauth_tenant", "A tenant is an id, or a domain such as plum.example."
