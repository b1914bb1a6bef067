"""The installation that this process serves: settings, engine, keys and store, put together once."""

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError, ProgrammingError

from evidence_api.config import BadSettings, Settings
from evidence_api.db import make_engine, open_session
from evidence_api.keys import KeyStore, read_key_file
from evidence_api.models import Installation
from evidence_api.storage import DirectoryStorage, S3Storage, Storage
from evidence_api.work import Site

NOT_READY = "This installation is not set up yet. Run `unbroken init` first."


def open_storage(settings: Settings) -> Storage:
    """The store that the settings name: an S3 bucket, or the embedded default's directory."""
    if not settings.s3_endpoint:
        return DirectoryStorage(Path(settings.objects))
    return S3Storage(
        endpoint=settings.s3_endpoint,
        access_key=settings.s3_access_key,
        secret_key=settings.s3_secret_key,
        region=settings.s3_region,
        secure=settings.s3_secure,
        bucket=settings.s3_bucket,
        retention_days=settings.s3_retention_days,
        timeout=settings.s3_timeout,
    )


def open_site(settings: Settings, *, probe: bool = False) -> Site:
    """Everything that an act needs; with `probe`, what the store really keeps is proved first.

    Raises BadSettings with what to do where something is missing.
    """
    _ = settings.kinds
    engine = make_engine(settings.database)
    try:
        keys = KeyStore(read_key_file(settings.key_files["master"]))
        with open_session(engine, read_only=True) as session:
            installation = session.scalars(sa.select(Installation)).one_or_none()
    except ValueError as error:
        raise BadSettings(str(error)) from error
    except (OperationalError, ProgrammingError) as error:
        raise BadSettings(f"The database does not answer or has no tables. {NOT_READY}") from error
    if installation is None:
        raise BadSettings(NOT_READY)
    if settings.origin and settings.origin != installation.origin:
        raise BadSettings("UNBROKEN_ORIGIN differs from the origin that `init` fixed; it cannot change. Set it back.")
    storage = open_storage(settings)
    findings = tuple(storage.probe()) if probe else ()
    return Site(engine, settings, keys, storage, installation.origin, installation.id, findings)
