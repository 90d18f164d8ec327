"""Posts as X describes them, into Hark's words. Pure and total (docs.x.com, "Data dictionary")."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from hark.channels.kit.careful_json import Json
from hark.channels.kit.words import id_of, number_of, text_of, time_of
from hark.channels.types import Account, AttachmentRef, Inbound, Mention, Person

Way = Literal["mention", "reply", "quote", "keyword", ""]
MOST = 50
ESCAPES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))  # what X itself escapes in a text, the ampersand last
LONGEST_LINK = 2000


@dataclass(frozen=True, slots=True)
class Beside:
    """What came along with a post: its author and others, the posts it refers to, its media, each by id."""

    users: Mapping[str, dict[str, Json]]
    posts: Mapping[str, dict[str, Json]]
    media: Mapping[str, dict[str, Json]]


def table(value: Json) -> dict[str, Json]:
    """The object that a value is; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def tables(value: Json) -> list[dict[str, Json]]:
    """The objects in a list; none for anything else."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def beside(includes: Json) -> Beside:
    """The `includes` of an answer or event. A user may stand in an object of its own, under `data`."""
    said = table(includes)
    users = [table(one.get("data")) or one for one in tables(said.get("users"))]
    return Beside(_by("id", users), _by("id", tables(said.get("tweets"))), _by("media_key", tables(said.get("media"))))


def ours(account: Account) -> frozenset[str]:
    """Our own ids."""
    return account.self_ids | ({account.external_id} - {""})


def read_post(account: Account, post: Json, around: Beside, way: Way = "") -> Inbound:
    """One post. Each edit is a new post at X: it becomes an edit of the first of its chain.

    `way` is how it came to us; who says nothing of it is looked at by what stands in it.
    """
    said = table(post)
    own = id_of(said.get("id"))
    if own is None:
        return Inbound("unknown", problem="a post without an id")
    author = person(account, around.users.get(text_of(said.get("author_id")), {}), id_of(said.get("author_id")))
    text, refers = words(said), _refers(said)
    if "retweeted" in refers:
        return _repost(said, own, author, refers["retweeted"])
    first = first_of(said) or own
    at = time_of(said.get("created_at"))
    addressed: Any = "none" if author and author.is_self else _addressed(account, said, around, way)
    thread = id_of(said.get("conversation_id")) or first
    return Inbound(
        _kind(author, own, first),
        external_id=first,
        thread_id=thread,
        parent_id=_original(refers.get("replied_to"), around),
        root_id=thread,
        visibility="public",
        author=author,
        message_kind="quote" if "quoted" in refers else "post",
        text=text,
        lang=_lang(said),
        attachments=_files(said, around),
        mentions=_mentions(said, text),
        sent_at=at,
        permalink=link_to(own, author),
        targets_us=addressed,
        policy=("summoned",) if addressed == "mention" else (),
        problem=_lacking(author, at),
    )


def _kind(author: Person | None, own: str, first: str) -> Literal["message", "edit", "echo"]:
    if author and author.is_self:
        return "echo"
    return "message" if own == first else "edit"


def _lacking(author: Person | None, at: object) -> str | None:
    lacks = [] if author else ["the author is not named"]
    lacks += [] if at else ["the time cannot be read"]
    return "; ".join(lacks) or None


def person(account: Account, said: Mapping[str, Json], key: str | None) -> Person | None:
    """Somebody at X, by his id; his name and handle may change."""
    if key is None:
        return None
    handle, avatar = text_of(said.get("username")), text_of(said.get("profile_image_url"))
    return Person(
        key,
        network="x",
        handle=f"@{handle}" if handle else "",
        name=text_of(said.get("name")),
        url=f"https://x.com/{handle}" if _is_handle(handle) else "",
        avatar=avatar if avatar.startswith("https://") and len(avatar) <= LONGEST_LINK else "",
        is_self=key in ours(account),
        followers=number_of(table(said.get("public_metrics")).get("followers_count"), 0, 1 << 62),
        verified=said.get("verified") is True,
    )


def link_to(post: str, author: Person | None) -> str:
    """Where a person sees the post, and can answer it."""
    handle = author.handle.lstrip("@") if author else ""
    return f"https://x.com/{handle if _is_handle(handle) else 'i/web'}/status/{post}"


def words(said: Mapping[str, Json]) -> str:
    """The whole text of a post, a long one too, without X's escapes."""
    text = text_of(table(said.get("note_tweet")).get("text")) or text_of(said.get("text"))
    for escaped, letter in ESCAPES:
        text = text.replace(escaped, letter)
    return text


def first_of(said: Mapping[str, Json]) -> str | None:
    """The first post of an edit chain."""
    chain = said.get("edit_history_tweet_ids")
    return id_of(chain[0]) if isinstance(chain, list) and chain else None


def _is_handle(handle: str) -> bool:
    return 0 < len(handle) <= 30 and handle.isascii() and handle.replace("_", "a").isalnum()


def _by(name: str, listed: list[dict[str, Json]]) -> dict[str, dict[str, Json]]:
    return {key: one for one in listed if (key := id_of(one.get(name)))}


def _refers(said: Mapping[str, Json]) -> dict[str, str]:
    """The posts that this one answers, quotes or repeats, by how it does."""
    found = {text_of(one.get("type")): id_of(one.get("id")) for one in tables(said.get("referenced_tweets"))}
    answered = found.get("replied_to") or id_of(said.get("in_reply_to_tweet_id"))
    return {name: own for name, own in {**found, "replied_to": answered}.items() if own}


def _original(own: str | None, around: Beside) -> str | None:
    """The first post of the chain that `own` belongs to, where that came along."""
    return own and (first_of(around.posts.get(own, {})) or own)


def _addressed(account: Account, said: Mapping[str, Json], around: Beside, way: Way) -> Any:
    """Whoever names us or quotes us has summoned us: only then does X let us answer."""
    refers, mine = _refers(said), ours(account)
    named = tables(table(said.get("entities")).get("mentions"))
    handles = {handle.lstrip("@").lower() for handle in account.handles}
    quoted = text_of(around.posts.get(refers.get("quoted", ""), {}).get("author_id"))
    if any(id_of(one.get("id")) in mine or text_of(one.get("username")).lower() in handles for one in named):
        return "mention"
    if way in {"mention", "quote"} or quoted in mine:
        return "mention"
    if way == "reply" or (refers.get("replied_to") and id_of(said.get("in_reply_to_user_id")) in mine):
        return "reply"
    return "keyword" if way == "keyword" else "none"


def _repost(said: Mapping[str, Json], own: str, author: Person | None, of: str) -> Inbound:
    return Inbound(
        "reaction",
        external_id=own,
        parent_id=of,
        visibility="public",
        author=author,
        text="repost",
        sent_at=time_of(said.get("created_at")),
    )


def _lang(said: Mapping[str, Json]) -> str | None:
    lang = id_of(said.get("lang"))
    return None if lang in {None, "und", "zxx", "qme", "qst", "qht", "qam", "qct"} else lang


def _mentions(said: Mapping[str, Json], text: str) -> tuple[Mention, ...]:
    """Names in the text, each looked for behind the one before: X may count in the text as it escapes it."""
    found, place, low = [], 0, text.lower()
    for one in tables(table(said.get("entities")).get("mentions"))[:MOST]:
        handle = text_of(one.get("username"))
        start = low.find(f"@{handle.lower()}", place) if handle else -1
        if start >= 0 and len(low) == len(text):
            place = start + len(handle) + 1
            found.append(Mention(id_of(one.get("id")) or "", text[start:place], start, place))
    return tuple(found)


def _files(said: Mapping[str, Json], around: Beside) -> tuple[AttachmentRef, ...]:
    keys = table(said.get("attachments")).get("media_keys")
    named = [around.media.get(text_of(key), {}) for key in keys[:MOST]] if isinstance(keys, list) else []
    links = [(_address(one), text_of(one.get("alt_text"))) for one in named]
    return tuple(AttachmentRef(link, name=name[:200]) for link, name in links if link)


def _address(media: Mapping[str, Json]) -> str:
    """A picture's address; of a video that of its smallest form, so that it stays below the cap."""
    films = [one for one in tables(media.get("variants")) if one.get("content_type") == "video/mp4"]
    films.sort(key=lambda one: number_of(one.get("bit_rate"), 0, 1 << 40) or 0)
    told = [text_of(films[0].get("url"))] if films else []
    told += [text_of(media.get("url")), text_of(media.get("preview_image_url"))]
    return next((one for one in told if one.startswith("https://") and len(one) <= LONGEST_LINK), "")
