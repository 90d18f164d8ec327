"""The steps by which an Instagram account is connected, as docs/venues/instagram.md has them."""

from hark.channels.meta.guide import meta_guide, webhook_step

SCOPES = (
    "instagram_basic",
    "instagram_manage_comments",
    "instagram_manage_messages",
    "pages_manage_metadata",
    "pages_read_engagement",
)
FIELDS = (
    "comments", "live_comments", "mentions", "messages", "messaging_postbacks", "messaging_seen", "message_reactions",
)  # fmt: skip
STEPS = (
    (
        "The account must be professional and belong to a Page. In the Instagram app, Settings, Messages and story "
        "replies, Connected tools, switch on Allow access to messages."
    ),
    (
        "In Meta’s App Dashboard make an app of the type Business with Messenger, Instagram and Webhooks, for this "
        "account alone. Under App settings, Basic, copy its App secret."
    ),
    (
        "In Meta Business Suite, System users, Generate token with the permissions below. With it ask Graph for "
        "me/accounts: the access_token beside the Page is the Page access token."
    ),
    (
        "Type the account’s ID (Business Suite, Settings, Instagram accounts), that token and the app secret here, "
        "make up a verify token, and connect."
    ),
    webhook_step("Webhooks, Instagram"),
    (
        "Run the command on the channel’s page: it lets the app hear of the account. To serve people who have no role "
        "in your app, the permissions need Advanced Access (App Review)."
    ),
)
GUIDE = meta_guide(STEPS, SCOPES, FIELDS)
