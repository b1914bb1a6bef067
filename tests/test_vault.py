"""The vault: every field sealed by itself under keys outside the database, and the exchange of its master key."""

import base64
import os
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from evidence_api.cli import main
from evidence_api.cli.vault import exchange
from evidence_api.doctor import examine
from evidence_api.domain.errors import Unavailable
from evidence_api.domain.roles import OPERATOR
from evidence_api.keys import new_key_file
from evidence_api.ledger.entry import decode
from evidence_api.models import LedgerEntry, VaultFact, VaultKey
from evidence_api.services import _vault
from evidence_api.services import vault as services
from evidence_api.setup import make_keys
from evidence_api.vault import Vault, name_of
from evidence_api.work import Site, begin
from tests.conftest import BACKEND, database_bytes
from tests.golden.office import installation

NAME = "Sopheap Unmistakable"
HERE = {"name": NAME, "contact": "call 012 345 678 after dark"}


@pytest.fixture
def own(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Site]:
    """An installation whose keys a test may exchange."""
    with installation(tmp_path, request) as opened:
        yield opened


def put(site: Site, owner: str, values: Mapping[str, str | None]) -> None:
    with begin(site, OPERATOR) as work:
        _vault.put(work, owner, values)
        work.record(owner, "victim:identity_set")


def opened(site: Site, owner: str) -> dict[str, str]:
    with begin(site, OPERATOR, read_only=True) as work:
        return _vault.open_all(work, owner)


def somebody() -> str:
    return f"victim:{uuid.uuid4()}"


def masters_used(site: Site) -> set[str]:
    with site.engine.connect() as connection:
        return set(connection.scalars(sa.select(VaultKey.master)))


def key_file(site: Site) -> Path:
    return site.settings.key_files["vault"]


def test_what_is_put_in_comes_out_field_by_field_and_null_takes_it_out(site: Site) -> None:
    her = somebody()
    put(site, her, HERE)
    assert opened(site, her) == HERE
    put(site, her, {"name": "Another", "contact": None})
    assert opened(site, her) == {"name": "Another"}
    assert opened(site, somebody()) == {}


def test_nothing_of_it_can_be_read_in_the_database(site: Site) -> None:
    put(site, somebody(), HERE)
    put(site, somebody(), HERE)
    with site.engine.connect() as connection:
        rows = connection.execute(sa.select(VaultFact.sealed).where(VaultFact.field == "name")).scalars().all()
    assert len(set(rows)) == len(rows) >= 2
    assert not any(NAME.encode() in bytes(row) for row in rows)
    if BACKEND == "embedded":
        everything = database_bytes(site)
        assert not [word for word in (NAME, "Unmistakable", "012 345 678") if word.encode() in everything]


def test_a_field_opens_only_where_it_was_sealed(site: Site) -> None:
    her, other = somebody(), somebody()
    put(site, her, HERE)
    put(site, other, HERE)
    moved = sa.select(VaultFact.sealed).where(VaultFact.owner == her, VaultFact.field == "name").scalar_subquery()
    for owner, field in ((her, "contact"), (other, "name")):
        with site.engine.begin() as connection:
            where = (VaultFact.owner == owner) & (VaultFact.field == field)
            connection.execute(sa.update(VaultFact).where(where).values(sealed=moved))
        with pytest.raises(Unavailable):
            opened(site, owner)


def test_with_another_key_file_nothing_opens_and_nothing_is_sealed_under_it_for_the_same_owner(
    site: Site, tmp_path: Path
) -> None:
    her = somebody()
    put(site, her, HERE)
    new_key_file(tmp_path / "other.key")
    with begin(site, OPERATOR, read_only=True) as work:
        facts = work.session.scalars(sa.select(VaultFact).where(VaultFact.owner == her)).all()
        for path in (tmp_path / "other.key", tmp_path / "none.key"):
            with pytest.raises(Unavailable, match="Ask whoever runs"):
                Vault(path).open(work.session, facts)
            with pytest.raises(Unavailable):
                Vault(path).seal(work.session, her, "name", NAME)


@pytest.mark.parametrize("content", [b"", b"not base64!\n", base64.b64encode(b"short") + b"\n"])
def test_a_file_that_is_no_key_file_shuts_the_vault(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "vault.key").write_bytes(content)
    with pytest.raises(Unavailable, match="no key file"):
        Vault(tmp_path / "vault.key").masters()


def test_once_an_owners_key_is_destroyed_nothing_of_hers_can_be_read(site: Site) -> None:
    her, other = somebody(), somebody()
    put(site, her, HERE)
    put(site, other, HERE)
    with begin(site, OPERATOR) as work:
        site.vault.destroy(work.session, her)
    assert opened(site, her) == {}
    assert opened(site, other) == HERE


def test_an_exchange_that_is_killed_half_way_loses_nothing_and_is_finished_by_the_next(own: Site) -> None:
    owners = [somebody() for _ in range(5)]
    for owner in owners:
        put(own, owner, HERE)
    (old,) = own.vault.masters()
    with begin(own, OPERATOR) as work:
        services.begin_exchange(work)
    with begin(own, OPERATOR) as work:
        assert services.rewrap(work, most=2) == 2
    new, kept = own.vault.masters()
    assert (kept, masters_used(own)) == (old, {old, new})
    assert any(finding.level == "weak" and "vault rotate" in finding.message for finding in examine(own))
    owners.append(somebody())
    put(own, owners[-1], HERE)
    assert all(opened(own, owner) == HERE for owner in owners)

    assert exchange(own) == 3
    assert (list(own.vault.masters()), masters_used(own)) == ([new], {new})
    assert all(opened(own, owner) == HERE for owner in owners)
    assert key_file(own).stat().st_mode & 0o777 == 0o600
    with own.engine.connect() as connection:
        found = sa.select(LedgerEntry.body).where(LedgerEntry.action == "system:vault_rotation")
        entries = [decode(bytes(body)) for body in connection.scalars(found)]
    assert [(entry.subject, dict(entry.data)) for entry in entries] == [(own.subject, {"key": new, "dropped": old})]


def test_after_an_exchange_the_old_key_opens_nothing(own: Site, tmp_path: Path) -> None:
    her = somebody()
    put(own, her, HERE)
    (tmp_path / "old.key").write_bytes(key_file(own).read_bytes())
    exchange(own)
    exchange(own)
    with begin(own, OPERATOR, read_only=True) as work:
        facts = work.session.scalars(sa.select(VaultFact).where(VaultFact.owner == her)).all()
        with pytest.raises(Unavailable):
            Vault(tmp_path / "old.key").open(work.session, facts)
    assert opened(own, her) == HERE


def test_a_master_key_under_which_something_is_sealed_is_never_dropped(own: Site) -> None:
    put(own, somebody(), HERE)
    with begin(own, OPERATOR) as work:
        services.begin_exchange(work)
    with begin(own, OPERATOR) as work:
        services.drop_old(work)
    assert len(own.vault.masters()) == 2


def test_a_key_file_that_cannot_be_written_is_exchanged_by_hand(own: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    her = somebody()
    put(own, her, HERE)
    replace = Path.replace

    def refuse(_self: Path, _target: object) -> Path:
        raise PermissionError("read-only file system")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(Unavailable, match="first line"):
        exchange(own)
    fresh = os.urandom(32)
    old = key_file(own).read_bytes()
    key_file(own).write_bytes(base64.b64encode(fresh) + b"\n" + old)
    with pytest.raises(Unavailable, match="every line but the first"):
        exchange(own)
    assert masters_used(own) == {name_of(fresh)}
    key_file(own).write_bytes(base64.b64encode(fresh) + b"\n")
    monkeypatch.setattr(Path, "replace", replace)
    assert opened(own, her) == HERE


def test_the_doctor_finds_a_key_file_that_is_not_the_one_under_which_it_was_sealed(own: Site) -> None:
    put(own, somebody(), HERE)
    assert any(finding.code == "vault" and finding.level == "ok" for finding in examine(own))
    right = key_file(own).read_bytes()
    key_file(own).unlink()
    assert any(finding.code == "vault" and finding.level == "fault" for finding in examine(own))
    # An installation from before the vault gets its key file when it is set up again.
    assert make_keys(own.settings) == ["vault"]
    assert any("nobody can open it" in finding.message for finding in examine(own))
    key_file(own).write_bytes(right)


def test_the_command_exchanges_the_key_and_says_what_to_back_up(tmp_path: Path) -> None:
    env = {name: None for name in os.environ if name.startswith("UNBROKEN_")} | {"UNBROKEN_DATA": str(tmp_path / "v")}
    assert CliRunner().invoke(main, ["init"], env=env).exit_code == 0
    before = (tmp_path / "v" / "keys" / "vault.key").read_bytes()
    done = CliRunner().invoke(main, ["vault", "rotate"], env=env)
    assert (done.exit_code, "Back up the key file now" in done.output) == (0, True), done.output
    assert (tmp_path / "v" / "keys" / "vault.key").read_bytes() != before
