"""Readers of the organisation, and the ground of the gate: which inboxes an agent may see. Sessions and the audit."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Sum

from hark.kernel.db import fetch_all
from hark.kernel.errors import NotFound
from hark.kernel.time import now
from hark.organisation.audit_chain import Broken, Entry, first_broken
from hark.organisation.models import (
    Agent,
    ApiKey,
    AuditEntry,
    BrandIntent,
    BrandReading,
    Channel,
    ChannelCost,
    Inbox,
    MoodPlan,
    Organisation,
    OwnRole,
    PushSubscription,
    SignIn,
)
from hark.organisation.types import (
    NEEDS_SECOND_FACTOR,
    PLANS,
    RIGHTS_OF,
    THANKS,
    ChannelState,
    OwnIntent,
    OwnReading,
    Plan,
    Right,
    Role,
    known_rights,
)

AnyRole = Role | OwnRole
_set_up = False

# Sums of hashes do not depend on the order of rows; a row that changes back and forth is back to what it was.
FINGERPRINT = """
    SELECT concat_ws(' ',
        (SELECT sum(hashtextextended(concat_ws('|', id, role, own_role_id, is_active, password), 0))
            FROM organisation_agent),
        (SELECT sum(hashtextextended(concat_ws('|', id, rights), 4)) FROM organisation_ownrole),
        (SELECT sum(hashtextextended(concat_ws('|', agent_id, team_id), 1)) FROM organisation_agent_teams),
        (SELECT sum(hashtextextended(concat_ws('|', inbox_id, team_id), 2)) FROM organisation_inbox_teams),
        (SELECT sum(hashtextextended(concat_ws('|', id, only_assigned), 3)) FROM organisation_inbox))
"""


def is_set_up() -> bool:
    """Has the first run been done? Remembered once true, since it is never undone."""
    global _set_up  # noqa: PLW0603
    _set_up = _set_up or Organisation.objects.exists()
    return _set_up


def sees_everything(agent: Agent) -> bool:
    """Owners, administrators, supervisors and auditors see every inbox, and whose own role says so."""
    return agent.is_active and agent.may(Right.SEE_ALL)


def who_may(right: Right, at: str = "") -> Q:
    """Those whose role allows this, as a condition on an agent reached by the lookup `at`."""
    given = [role for role, rights in RIGHTS_OF.items() if right in rights]
    own = Q(**{f"{at}own_role__rights__contains": [right]})
    return Q(**{f"{at}own_role": None, f"{at}role__in": given}) | own


def role_of(agent: Agent) -> AnyRole:
    """The role an agent has, given or own."""
    return agent.own_role or Role(agent.role)


def rights_of(role: AnyRole) -> frozenset[Right]:
    """What a role allows."""
    return RIGHTS_OF[role] if isinstance(role, Role) else known_rights(role.rights)


def role_word(role: AnyRole) -> str:
    """The role in forms, journal and audit: the word of a given one, the key of an own one."""
    return role.value if isinstance(role, Role) else role.key


def role_name(role: AnyRole) -> str:
    """The role as people call it."""
    return role.label if isinstance(role, Role) else role.name


def get_role(word: str) -> AnyRole:
    """The role of this word; raises NotFound."""
    if word in Role.values:
        return Role(word)
    row = OwnRole.objects.filter(key=word).first()
    if row is None:
        raise NotFound
    return row


def all_roles() -> list[AnyRole]:
    """The given roles, the most powerful first, then one's own by name."""
    return [*Role, *OwnRole.objects.order_by("name")]


def api_keys() -> QuerySet[ApiKey]:
    """All keys of the API, the newest first."""
    return ApiKey.objects.select_related("agent", "inbox").order_by("-made_at")


def may_give(agent: Agent, role: AnyRole) -> bool:
    """May this person make others such? Owners are made by owners; nobody gives a right that he does not hold."""
    return rights_of(role) <= agent.rights and (role != Role.OWNER or agent.role == Role.OWNER)


def inboxes_visible_to(agent: Agent) -> QuerySet[Inbox]:
    """The inboxes whose work this agent may see; none for a deactivated one."""
    if not agent.is_active:
        return Inbox.objects.none()
    if sees_everything(agent):
        return Inbox.objects.all()
    return Inbox.objects.filter(Q(teams__in=agent.teams.all())).distinct()


def get_channel(agent: Agent, key: str) -> Channel:
    """One channel of the inboxes this agent may see, with its inbox and brand; raises NotFound."""
    visible = Channel.objects.filter(inbox__in=inboxes_visible_to(agent)).select_related("inbox__brand")
    channel = visible.filter(key=key).first()
    if channel is None:
        raise NotFound
    return channel


def ill_channels() -> list[tuple[Channel, str]]:
    """The channels that need a person, by name, each with why in a few words; those that are paused need nobody."""
    silent, failing = Q(health__silent_since__isnull=False), Q(health__isnull=False) & ~Q(health__problems=[])
    needing = Channel.objects.filter(Q(state=ChannelState.AUTH_LOST) | silent | failing)
    rows = needing.exclude(state=ChannelState.PAUSED).select_related("health").order_by("name", "pk")
    return [(row, _why_ill(row)) for row in rows]


def _why_ill(row: Channel) -> str:
    if row.state == ChannelState.AUTH_LOST:
        return "cut off"
    return "its check fails" if row.health.problems else "silent for longer than is usual"


def rights_fingerprint() -> str:
    """Changes whenever what `inboxes_visible_to` gives, or who may sign in, may have changed for anybody. One query."""
    return str(fetch_all(FINGERPRINT)[0][0])


def channels_by_id(ids: set[int]) -> dict[int, Channel]:
    """Channels with their inbox and brand, for a batch."""
    return {row.pk: row for row in Channel.objects.filter(pk__in=ids).select_related("inbox__brand")}


def factors_of(agent: Agent) -> QuerySet[Authenticator]:
    """What this person proves himself with beside the password: an app, passkeys, recovery codes."""
    rows: QuerySet[Authenticator] = Authenticator.objects.filter(user_id=agent.pk).order_by("created_at")
    return rows


def has_second_factor(agent: Agent) -> bool:
    """Is there an app or a passkey? Recovery codes alone are none."""
    return factors_of(agent).exclude(type=Authenticator.Type.RECOVERY_CODES).exists()


def must_have_second_factor(agent: Agent) -> bool:
    """Who may change settings or rights always; everybody who sees an inbox that demands it."""
    return agent.may(*NEEDS_SECOND_FACTOR) or inboxes_visible_to(agent).filter(second_factor=True).exists()


def sign_ins_of(agent: Agent) -> list[SignIn]:
    """The running sessions of a person, last used first."""
    live = Session.objects.filter(expire_date__gt=now()).values("session_key")
    return list(SignIn.objects.filter(agent=agent, session_key__in=live).order_by("-seen_at"))


def desk_settings() -> Organisation | None:
    """What holds for the whole desk; None before the first run."""
    return Organisation.objects.select_related("mailbox").first()


def sending_mailboxes() -> QuerySet[Channel]:
    """Mailboxes through which mail leaves, by name."""
    return Channel.objects.filter(venue="email", settings__smtp_host__gt="").order_by("name", "pk")


def browsers_told(agent: Agent) -> QuerySet[PushSubscription]:
    """The browsers that this person lets be told, newest first."""
    return PushSubscription.objects.filter(agent=agent).order_by("-since_at", "-pk")


def subscriptions_due(*, at: datetime, idle_since: datetime) -> list[PushSubscription]:
    """Browsers that may be told now: their person works here and has moved no hand at the desk since `idle_since`."""
    sits = SignIn.objects.filter(agent=OuterRef("agent"), active_at__gt=idle_since)
    rows = PushSubscription.objects.filter(~Exists(sits), not_before__lte=at, agent__is_active=True)
    return list(rows.select_related("agent").order_by("not_before", "pk"))


def audit_visible_to(agent: Agent) -> QuerySet[AuditEntry]:
    """The audit, newest first, for those who may read it. Raises NotFound for everybody else."""
    if not agent.is_active or not agent.may(Right.AUDIT):
        raise NotFound
    return AuditEntry.objects.order_by("-number")


def audit_head() -> Entry | None:
    """The newest entry."""
    row = AuditEntry.objects.order_by("-number").first()
    return _entry(row) if row else None


def broken_audit() -> Broken | None:
    """The first entry of the audit at which the chain or a kept head does not hold; None when all is whole."""
    rows = AuditEntry.objects.order_by("number").iterator(chunk_size=2_000)
    return first_broken(map(_entry, rows), audit_heads_kept())


def audit_heads_kept() -> dict[int, bytes]:
    """The heads in the file outside the database: number → hash."""
    path = settings.HARK_DATA / "audit-heads"
    lines = path.read_text(encoding="ascii").splitlines() if path.exists() else []
    return {int(number): bytes.fromhex(digest) for number, digest, *_ in map(str.split, lines)}


def _entry(row: AuditEntry) -> Entry:
    return Entry(
        row.number, row.at, row.actor, row.verb, row.subject, row.details, row.address, bytes(row.previous),
        bytes(row.hash),
    )  # fmt: skip


def own_readings(brand_ids: Collection[int]) -> dict[int, OwnReading]:
    """What these brands add to how their messages are read; each of them is there. Two queries, one where none does."""
    rows = {row.brand_id: row for row in BrandReading.objects.filter(brand__in=brand_ids)}
    intents: dict[int, list[OwnIntent]] = {}
    for one in BrandIntent.objects.filter(brand__in=list(rows)).order_by("name", "pk") if rows else ():
        own = OwnIntent(one.name, tuple(one.examples), one.tag, one.skill, one.reply, one.key)
        intents.setdefault(one.brand_id, []).append(own)
    return {number: _own_reading(rows.get(number), intents.get(number, [])) for number in brand_ids}


def intent_names(brand_id: int) -> tuple[str, ...]:
    """The names of a brand's own intents. One query."""
    return tuple(BrandIntent.objects.filter(brand=brand_id).order_by("name").values_list("name", flat=True))


def _own_reading(row: BrandReading | None, intents: list[OwnIntent]) -> OwnReading:
    if row is None:
        return OwnReading()
    return OwnReading(
        version=row.version,
        words=tuple((name, pattern) for name, patterns in sorted(row.words.items()) for pattern in patterns),
        intents_off=frozenset(row.intents_off),
        intents=tuple(intents),
        buying_tag=row.buying_tag,
        buying_skill=row.buying_skill,
        thanks=row.thanks or THANKS,
    )


def plans_of(brand_ids: Collection[int]) -> dict[int, dict[str, Plan]]:
    """How each of these brands answers each mood, by level; what a brand never said is as shipped. One query."""
    found = {number: dict(PLANS) for number in brand_ids}
    for row in MoodPlan.objects.filter(brand__in=brand_ids):
        found[row.brand_id][row.level] = Plan(
            row.level, row.reply_percent, row.skill, row.tone, tells_seniors=row.tells_seniors
        )
    return found


def most_spent(channel_id: int, *, at: datetime) -> int:
    """What a channel cost in this month (UTC), in millionths of that currency in which it is most."""
    first = at.astimezone(UTC).date().replace(day=1)
    found = ChannelCost.objects.filter(channel=channel_id, day__gte=first).values("currency")
    totals = found.annotate(total=Sum(F("reading_micros") + F("sending_micros"))).values_list("total", flat=True)
    return max(totals, default=0)


def costs_of(channel_ids: Collection[int], *, days: int, at: datetime) -> list[ChannelCost]:
    """The costs of these channels on this and the last days (UTC), oldest first. One query."""
    since = at.astimezone(UTC).date() - timedelta(days=days)
    return list(ChannelCost.objects.filter(channel__in=channel_ids, day__gte=since).order_by("day", "currency"))
