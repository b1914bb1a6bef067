"""The two stores that the contract is tested on."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from evidence_api.storage import DirectoryStorage, S3Storage, Storage
from tests.servers import S3Server

from .child import PART, Place, open_place


@pytest.fixture(scope="session")
def bucket(s3_server: S3Server) -> Place:
    """A bucket with Object Lock, as the probe makes it."""
    place = Place(endpoint=s3_server.endpoint, bucket=f"contract-{uuid.uuid4()}")
    open_place(place).probe()
    return place


@pytest.fixture
def s3(bucket: Place) -> Iterator[S3Storage]:
    storage = open_place(bucket)
    assert isinstance(storage, S3Storage)
    yield storage
    # The store for tests keeps its objects in memory.
    for key in [*storage.keys(), *storage.keys("incoming/")]:
        storage.discard(key, None)


@pytest.fixture
def directory(tmp_path: Path) -> DirectoryStorage:
    return DirectoryStorage(tmp_path / "store", part_size=PART)


@pytest.fixture(params=["directory", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "directory":
        return Place(root=str(tmp_path / "store"))
    request.getfixturevalue("s3")
    bucket: Place = request.getfixturevalue("bucket")
    return bucket


@pytest.fixture
def storage(place: Place) -> Storage:
    return open_place(place)


@pytest.fixture
def key() -> str:
    return f"objects/{uuid.uuid4()}"
