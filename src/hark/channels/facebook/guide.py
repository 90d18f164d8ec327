"""The steps by which a Facebook Page is connected, as docs/venues/facebook.md has them."""

from hark.channels.meta.guide import meta_guide, webhook_step

SCOPES = (
    "pages_manage_engagement",
    "pages_manage_metadata",
    "pages_messaging",
    "pages_read_engagement",
    "pages_read_user_content",
)
FIELDS = (
    "feed", "mention", "ratings", "messages", "message_echoes", "message_deliveries", "message_reads",
    "message_reactions", "message_edits", "messaging_postbacks",
)  # fmt: skip
STEPS = (
    (
        "In Meta’s App Dashboard make an app of the type Business with the products Messenger and Webhooks, for this "
        "Page alone. Under App settings, Basic, copy its App secret."
    ),
    (
        "In Meta Business Suite, Settings, Users, System users, add one, give it the app and the Page (full control), "
        "and Generate token: never expiring, with the permissions below."
    ),
    "With that token ask Graph for me/accounts: the access_token beside your Page is the Page access token.",
    "Type the Page’s ID, the Page access token and the app secret here, make up a verify token, and connect.",
    webhook_step("Webhooks, Page"),
    (
        "Run the command on the channel’s page: it has Meta tell of your Page. To serve people who have no role in "
        "your app, the permissions need Advanced Access (App Review)."
    ),
)
GUIDE = meta_guide(STEPS, SCOPES, FIELDS)
