"""Where the bytes of evidence are kept: one port, two adapters with the same promises."""

from .directory import DirectoryStorage
from .port import (
    AlreadyExists,
    Finding,
    Full,
    Mismatch,
    Missing,
    Receiver,
    Segment,
    Stat,
    Storage,
    StorageError,
    Stored,
    Unavailable,
)
from .s3 import S3Storage

__all__ = [
    "AlreadyExists",
    "DirectoryStorage",
    "Finding",
    "Full",
    "Mismatch",
    "Missing",
    "Receiver",
    "S3Storage",
    "Segment",
    "Stat",
    "Storage",
    "StorageError",
    "Stored",
    "Unavailable",
]
