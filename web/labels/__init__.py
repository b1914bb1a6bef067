"""The labels of what has a name in the program, by room; `web.texts` has those of the main job, and all of them."""

from collections.abc import Mapping
from typing import Any

from web.labels import (
    appeals,
    care,
    charges,
    closure,
    episodes,
    figures,
    hearings,
    intake,
    links,
    operations,
    places,
    scheduling,
    testimony,
    victims,
)

ROOMS = (
    appeals,
    care,
    charges,
    closure,
    episodes,
    figures,
    hearings,
    intake,
    links,
    operations,
    places,
    scheduling,
    testimony,
    victims,
)

LABELS: Mapping[type, Mapping[str, Any]] = {kind: names for room in ROOMS for kind, names in room.LABELS.items()}
ACTS: Mapping[str, Any] = {name: label for room in ROOMS for name, label in room.ACTS.items()}
