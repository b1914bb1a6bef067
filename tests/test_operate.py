"""Running an installation: init, doctor, health, settings, worker."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from click.testing import CliRunner, Result
from flask.testing import FlaskClient

from evidence_api import create_app, setup
from evidence_api.cli import main
from evidence_api.config import BadSettings, Settings, load
from evidence_api.db import Base, make_engine
from evidence_api.doctor import examine
from evidence_api.models import LedgerEntry, Office
from evidence_api.site import open_site
from evidence_api.storage import Finding
from evidence_api.work import Site
from tests.conftest import BACKEND, Persona

Command = Callable[..., Result]


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """`unbroken ...` over a data directory of its own."""

    def run(*arguments: str, **environ: str) -> Result:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("UNBROKEN_")}
        env: dict[str, str | None] = dict.fromkeys(os.environ)
        env |= clean | {"UNBROKEN_DATA": str(tmp_path / "var")} | environ
        return CliRunner().invoke(main, arguments, env=env)

    return run


def test_init_makes_tables_keys_origin_and_office_and_may_be_run_again(command: Command, tmp_path: Path) -> None:
    first = command("init", "--origin", "one.example.org/ledger", "--office", "PP")
    assert (first.exit_code, "Keys made: master, session, signing" in first.output) == (0, True), first.output
    again = command("init", "--origin", "one.example.org/ledger")
    assert (again.exit_code, "up to date" in again.output) == (0, True)
    for key in (tmp_path / "var" / "keys").iterdir():
        assert key.stat().st_mode & 0o777 == 0o600
    assert "one.example.org/ledger" in command("doctor").output


def test_the_origin_is_fixed_for_ever(command: Command) -> None:
    command("init", "--origin", "one.example.org/ledger")
    refused = command("doctor", UNBROKEN_ORIGIN="two.example.org/ledger")
    assert refused.exit_code == 2
    assert "cannot change" in refused.output


def zone_of(data: Path) -> tuple[str, list[str]]:
    """The zone of the office, and what its chain says was done."""
    engine = make_engine(Settings(data=data).database)
    with engine.connect() as connection:
        entries = sa.select(LedgerEntry.action).where(LedgerEntry.subject.like("office:%")).order_by(LedgerEntry.seq)
        found = connection.scalars(sa.select(Office.zone)).one(), list(connection.scalars(entries))
    engine.dispose()
    return found


def test_the_office_has_a_time_zone_that_can_be_changed_and_the_change_is_recorded(
    command: Command, tmp_path: Path
) -> None:
    assert command("init", "--zone", "Asia/Manila").exit_code == 0
    assert zone_of(tmp_path / "var") == ("Asia/Manila", ["office:created"])
    changed = command("office", "--zone", "Asia/Phnom_Penh")
    assert (changed.exit_code, changed.output) == (0, "Times are shown in Asia/Phnom_Penh.\n")
    assert zone_of(tmp_path / "var") == ("Asia/Phnom_Penh", ["office:created", "office:zone"])


def test_an_office_shows_utc_until_it_is_told_otherwise(command: Command, tmp_path: Path) -> None:
    command("init")
    assert zone_of(tmp_path / "var")[0] == "UTC"


@pytest.mark.parametrize("zone", ["Asia/Nowhere", "../etc/passwd", "Asia", "", "+07:00"])
def test_a_zone_that_no_clock_knows_is_refused(command: Command, tmp_path: Path, zone: str) -> None:
    refused = command("init", "--zone", zone)
    assert (refused.exit_code, "IANA" in refused.output) == (2, True)
    command("init")
    assert command("office", "--zone", zone).exit_code == 2
    assert zone_of(tmp_path / "var") == ("UTC", ["office:created"])


def test_who_asks_who_she_is_learns_the_zone_of_her_office(investigator: Persona) -> None:
    assert investigator.get("/me").get_json()["zone"] == "UTC"


@pytest.mark.parametrize("origin", ["https://one.example.org", "One.example.org", "with space", ""])
def test_an_origin_that_is_no_schemeless_url_is_refused(origin: str) -> None:
    with pytest.raises(BadSettings):
        setup.check_origin(origin)


def test_a_command_before_init_says_what_to_do(command: Command) -> None:
    result = command("doctor")
    assert result.exit_code == 2
    assert "unbroken init" in result.output


def test_every_command_has_help_and_wrong_use_is_exit_code_2(command: Command) -> None:
    for arguments in (["--help"], ["init", "-h"], ["serve", "-h"], ["ledger", "verify", "-h"], ["upload", "-h"]):
        assert command(*arguments).exit_code == 0
    assert command("serve", "--port", "0").exit_code == 2
    assert command("nonsense").exit_code == 2


def test_the_worker_runs_once_and_says_what_it_did(command: Command) -> None:
    command("init")
    result = command("worker", "--once")
    assert (result.exit_code, "0 uploads expired" in result.output) == (0, True), result.output


def test_upload_without_a_token_says_how_to_get_one(command: Command, tmp_path: Path) -> None:
    (tmp_path / "clip").write_bytes(b"x")
    result = command("upload", str(tmp_path / "clip"), "--case", "PP-1", "--server", "http://localhost:1")
    assert result.exit_code == 2
    assert "UNBROKEN_TOKEN" in result.output


def levels(site: Site) -> dict[str, str]:
    return {finding.code: finding.level for finding in examine(site)}


def test_doctor_finds_the_ledgers_guards_dropped(command: Command, tmp_path: Path) -> None:
    command("init")
    site = open_site(Settings(data=tmp_path / "var"))
    assert levels(site)["ledger-guards"] == "ok"
    with site.engine.begin() as connection:
        connection.execute(sa.text("DROP TRIGGER ledger_entry_no_update"))
    assert levels(site)["ledger-guards"] == "fault"
    assert command("doctor").exit_code == 1


def test_doctor_finds_a_key_that_others_can_read(command: Command, tmp_path: Path) -> None:
    command("init")
    key = tmp_path / "var" / "keys" / "master.key"
    key.chmod(0o644)
    site = open_site(Settings(data=tmp_path / "var"))
    assert levels(site)["key-master"] == "weak"
    key.chmod(0o600)
    assert levels(site)["key-master"] == "ok"


def test_doctor_says_what_the_store_was_found_to_keep(site: Site) -> None:
    found = levels(site)
    if BACKEND == "embedded":
        assert found["locks"] == "weak"
    else:
        assert (found["versioning"], found["object_lock"]) == ("ok", "ok")
    assert "fault" not in found.values()


def test_health_says_that_it_is_ready_and_what_the_store_keeps(client: FlaskClient) -> None:
    assert client.get("/health/live").get_json()["status"] == "ok"
    ready = client.get("/health/ready")
    assert ready.status_code == 200
    codes = {finding["code"] for finding in ready.get_json()["store"]}
    assert ("locks" if BACKEND == "embedded" else "object_lock") in codes


def test_health_is_red_where_the_store_is_at_fault(site: Site) -> None:
    broken = replace(site, findings=(Finding("object_lock", "fault", "Turn it on."),))
    assert create_app(broken).test_client().get("/health/ready").status_code == 503


def test_metrics_count_requests_by_route_and_name_nobody(client: FlaskClient) -> None:
    client.get("/health/live")
    text = client.get("/metrics").get_data(as_text=True)
    assert 'unbroken_requests_total{method="GET",route="/health/live",status="200"}' in text


def test_a_secret_may_be_given_as_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("a long and secret thing\n")
    environ = {
        "UNBROKEN_S3_ENDPOINT": "s3.example.org",
        "UNBROKEN_S3_ACCESS_KEY": "key",
        "UNBROKEN_S3_SECRET_KEY_FILE": str(tmp_path / "secret"),
    }
    assert load(environ).s3_secret_key == "a long and secret thing"


def test_settings_come_from_a_toml_file_and_the_environment_overrides_it(tmp_path: Path) -> None:
    (tmp_path / "unbroken.toml").write_text('office = "PP"\nproxies = 2\ns3_secure = false\n')
    settings = load({"UNBROKEN_CONFIG": str(tmp_path / "unbroken.toml"), "UNBROKEN_OFFICE": "SR"})
    assert (settings.office, settings.proxies, settings.s3_secure) == ("SR", 2, False)


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"UNBROKEN_PROXIES": "many"}, "UNBROKEN_PROXIES"),
        ({"UNBROKEN_S3_SECURE": "perhaps"}, "UNBROKEN_S3_SECURE"),
        ({"UNBROKEN_ENVIRONMENT": "staging"}, "UNBROKEN_ENVIRONMENT"),
        ({"UNBROKEN_S3_ENDPOINT": "s3.example.org"}, "UNBROKEN_S3_ACCESS_KEY"),
        ({"UNBROKEN_MASTER_KEY_FILE": "/nowhere"}, "UNBROKEN_MASTER_KEY_FILE"),
    ],
)
def test_settings_that_cannot_be_used_are_named(environ: dict[str, str], said: str) -> None:
    with pytest.raises(BadSettings, match=said):
        load(environ)


def test_production_refuses_a_development_secret() -> None:
    environ = {
        "UNBROKEN_ENVIRONMENT": "production",
        "UNBROKEN_S3_ENDPOINT": "s3.example.org",
        "UNBROKEN_S3_ACCESS_KEY": "testaccess",
        "UNBROKEN_S3_SECRET_KEY": "testsecret123",
    }
    with pytest.raises(BadSettings, match="production refuses"):
        load(environ)


def test_a_missing_master_key_is_said_so_with_what_to_do(command: Command, tmp_path: Path) -> None:
    command("init")
    key = tmp_path / "var" / "keys" / "master.key"
    key.unlink()
    missing = command("doctor")
    assert (missing.exit_code, "restore it from your backup" in missing.output) == (2, True)


def test_the_applications_role_on_postgresql_can_only_add_to_the_ledger(site: Site) -> None:
    if BACKEND == "embedded":
        pytest.skip("SQLite has no roles; its triggers are tested with the chains")
    role = f"app_{os.urandom(4).hex()}"
    with site.engine.begin() as connection:
        connection.execute(sa.text(f"CREATE ROLE {role} LOGIN"))
        setup.grant(connection, role)
    url = sa.make_url(site.settings.database_url).set(username=role).render_as_string(hide_password=False)
    engine = make_engine(url)

    def refused(statement: str) -> None:
        with pytest.raises(sa.exc.ProgrammingError, match=r"permission denied|must be owner"), engine.begin() as one:
            one.execute(sa.text(statement))

    with engine.begin() as connection:
        connection.execute(sa.text("SELECT count(*) FROM ledger_entry"))
    for statement in (
        "UPDATE ledger_entry SET seq = 0",
        "DELETE FROM ledger_entry",
        "TRUNCATE ledger_entry",
        "ALTER TABLE ledger_entry DISABLE TRIGGER ALL",
        "DROP TABLE ledger_entry",
        "UPDATE alembic_version SET version_num = 'x'",
    ):
        refused(statement)
    engine.dispose()


def test_the_migrations_make_exactly_the_tables_that_the_classes_describe(site: Site) -> None:
    def is_described(name: str | None, _type: str, _parents: Any) -> bool:
        # The database's own index of words, with what it keeps for itself, is no table that both databases have.
        return not (name or "").startswith("search_index")

    with site.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": is_described})
        difference: list[Any] = compare_metadata(context, Base.metadata)
    assert difference == []
