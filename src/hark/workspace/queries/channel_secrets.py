"""The secrets that a channel shares with somebody else, as far as anybody may see them again: by their fingerprints."""

import hashlib
from dataclasses import dataclass

from hark.channels.registry import venue
from hark.channels.types import SharedSecret
from hark.organisation.actions.channel_secrets import older
from hark.organisation.actions.channels import opened
from hark.organisation.models import Channel


@dataclass(frozen=True, slots=True)
class SecretShown:
    """A secret by name, with the fingerprints of the newer and the older of the two that may be valid."""

    kind: SharedSecret
    newer: str
    older: str


def secrets_shown(channel: Channel) -> list[SecretShown]:
    """The shared secrets of a channel; raises UnknownVenue. What is shown tells nothing of the secret itself."""
    values = opened(channel)
    return [
        SecretShown(kind, fingerprint(values.get(kind.name, "")), fingerprint(values.get(older(kind.name), "")))
        for kind in venue(channel.venue).shared_secrets
    ]


def fingerprint(secret: str) -> str:
    """The first eight digits of the SHA-256 of a secret of 256 random bits, by which two can be told apart."""
    return hashlib.sha256(secret.encode()).hexdigest()[:8] if secret else ""
