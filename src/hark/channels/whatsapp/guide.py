"""The steps by which a number at WhatsApp is connected, as docs/venues/whatsapp.md has them."""

from hark.channels.meta.guide import meta_guide, webhook_step

SCOPES = ("whatsapp_business_management", "whatsapp_business_messaging")
FIELDS = (
    "messages", "message_echoes", "smb_message_echoes", "user_preferences", "account_update",
    "message_template_status_update", "phone_number_quality_update",
)  # fmt: skip
STEPS = (
    (
        "In Meta’s App Dashboard make an app of the type Business with the product WhatsApp. Under App settings, "
        "Basic, copy its App secret."
    ),
    (
        "In WhatsApp Manager, Account tools, Phone numbers, open the number and copy its Phone number ID. The WhatsApp"
        " Business Account ID stands on the page Settings there."
    ),
    (
        "In Meta Business Suite, Settings, Users, System users, add one, give it the app and the WhatsApp account "
        "(full control), and Generate token: never expiring, with the permissions below."
    ),
    "Type the ids, the token and the app secret here, make up a verify token, and connect.",
    webhook_step("WhatsApp, Configuration"),
    (
        "Subscribe your app to the WhatsApp account: POST /<WhatsApp Business Account ID>/subscribed_apps with the "
        "token. With that ID typed here the check says whether it is."
    ),
)
GUIDE = meta_guide(STEPS, SCOPES, FIELDS)
