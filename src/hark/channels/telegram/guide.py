"""The steps by which a bot is connected, as docs/venues/telegram.md has them."""

from hark.channels.types import Guide

GUIDE = Guide(
    "What to do in Telegram",
    (
        "Write to @BotFather: /newbot, a name, and a user name that ends in bot. It answers with the token.",
        (
            "For groups send /setprivacy, choose the bot, Disable: else it sees only commands, answers to it and what "
            "names it. Take it out of groups where it is already, and add it again."
        ),
        "Type the bot’s name and the token here. Hark asks Telegram by itself; nothing else is to be set up.",
        (
            "Or choose “Telegram calls Hark”: then, on the channel’s own page, Secrets it shares with your programs, "
            "make the secret and run the command that stands there (setWebhook)."
        ),
    ),
    link="https://t.me/BotFather",
)
