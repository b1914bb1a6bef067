"""docker-compose.yml, the image and the secrets: what an organisation starts."""

import os
import re
import shutil
import stat
import subprocess
import uuid
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
import yaml

from evidence_api.api.files import add_file
from evidence_api.api.files import api as FILES
from evidence_api.api.uploads import api as UPLOADS
from evidence_api.api.uploads import overridden, patch
from evidence_api.config import PREFIX, Settings, attributes, load
from evidence_api.models.ledger import LedgerEntry
from evidence_api.setup import initialise, make_keys, migrate
from tests.conftest import BACKEND

ROOT = Path(__file__).parent.parent
COMPOSE = ROOT / "docker-compose.yml"
CADDYFILE = ROOT / ".docker/caddy/Caddyfile"
INSTALL = "sudo apt-get install docker-compose (Debian 13 and newer), or .ci/install-compose DIR with DIR on PATH"
EXACT_TAG = re.compile(r"[\w./-]+:v?\d+\.\d+[\w.-]*")

EXAMPLE = dict(
    line.split("=", 1)
    for line in (ROOT / ".docker/env.example").read_text().splitlines()
    if line and not line.startswith("#")
)

Service = dict[str, Any]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())
    return loaded


@pytest.fixture(scope="module")
def services(compose: dict[str, Any]) -> dict[str, Service]:
    found: dict[str, Service] = compose["services"]
    return found


@pytest.fixture(scope="module")
def ours(services: dict[str, Service]) -> dict[str, Service]:
    """The services that run the product, not a bought-in server."""
    return {name: service for name, service in services.items() if "build" in service}


def filled(value: object) -> str:
    """A value with what the example settings say in the place of its variables."""
    return re.sub(r"\$\{(\w+)(?::[-?][^}]*)?\}", lambda match: EXAMPLE[match[1]], str(value))


def compose_command() -> list[str]:
    for command in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(command[0]) is None:
            continue
        answer = subprocess.run([*command, "version", "--short"], capture_output=True, text=True, check=False)
        if answer.returncode == 0 and not answer.stdout.startswith("1."):
            return command
    lacking = f"Docker Compose 2 is not here. Install it with: {INSTALL}"
    if os.environ.get("CI") or os.environ.get("UNBROKEN_REQUIRE_ALL"):
        pytest.fail(lacking)
    pytest.skip(lacking)


def config(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    clean = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return subprocess.run(
        [*compose_command(), "--file", str(COMPOSE), *arguments, "config"],
        env=clean | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_docker_compose_accepts_the_file_with_the_example_settings() -> None:
    answer = config("--env-file", str(ROOT / ".docker/env.example"))

    assert answer.returncode == 0, answer.stderr
    assert set(yaml.safe_load(answer.stdout)["services"]) == {"proxy", "web", "worker", "init", "db", "store"}


def test_docker_compose_refuses_to_start_without_an_origin_and_says_what_to_set() -> None:
    answer = config("--env-file", os.devnull, UNBROKEN_HOST="evidence.example.org")

    assert answer.returncode != 0
    assert "UNBROKEN_ORIGIN" in answer.stderr
    assert "set it in .env" in answer.stderr


def test_every_image_is_pinned_to_an_exact_version(services: dict[str, Service]) -> None:
    images = [service["image"] for service in services.values()]
    images += re.findall(r"^FROM (\S+)", (ROOT / ".docker/Dockerfile").read_text(), re.MULTILINE)

    assert [image for image in images if not EXACT_TAG.fullmatch(image)] == []


def test_every_setting_given_is_one_that_the_service_knows(ours: dict[str, Service]) -> None:
    known = {PREFIX + name.upper() for name in attributes()} | {f"{PREFIX}CONFIG"}
    given = {name for service in ours.values() for name in service["environment"]}

    assert {name.removesuffix("_FILE") for name in given} - known == set()


@pytest.mark.parametrize("name", ["web", "worker", "init"])
def test_the_service_reads_its_settings_from_the_files_as_mounted(
    name: str, ours: dict[str, Service], tmp_path: Path
) -> None:
    """The environment as compose gives it, the secrets and volumes from where compose would mount them."""
    mounts = [filled(volume).split(":") for volume in ours[name]["volumes"]]
    environment = {}
    for setting, value in ours[name]["environment"].items():
        text = filled(value).replace("/run/secrets", str(tmp_path))
        for source, target, *_how in mounts:
            text = text.replace(target, str(ROOT / source))
        environment[setting] = text
    for secret in ours[name]["secrets"]:
        (tmp_path / secret).write_text(f"{secret}-{'x' * 32}\n")

    settings = load(environment)

    assert settings.production
    assert settings.database == f"database_url-{'x' * 32}"
    assert settings.s3_secret_key == f"s3_secret_key-{'x' * 32}"
    assert settings.s3_retention_days == 3650
    assert settings.key_files["master"].is_file()
    assert settings.key_files["signing"].is_file() is (name == "worker")
    assert settings.key_files["session"].is_file() is (name == "web")
    assert settings.key_files["vault"].is_file() is (name == "web")
    assert bool(settings.migration_url) is (name == "init")
    assert bool(settings.smtp_password) is (name == "worker")
    assert settings.law_directory == ROOT / "evidence_api/jurisdictions"
    assert settings.jurisdictions.default.fictional


def test_no_secret_stands_in_the_file_or_in_the_environment(
    compose: dict[str, Any], services: dict[str, Service]
) -> None:
    for service in services.values():
        for name, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|SECRET|ACCESS_KEY|_KEY\b|DATABASE_URL|MIGRATION_URL", name):
                assert str(value).startswith("/run/secrets/"), name
    assert all(list(secret) == ["file"] for secret in compose["secrets"].values())


def test_every_secret_that_is_mounted_is_one_that_is_made(compose: dict[str, Any]) -> None:
    making = (ROOT / ".docker/make-secrets").read_text()

    assert [name for name in compose["secrets"] if f"keep {name} " not in making] == []


def test_git_ignores_every_secret(compose: dict[str, Any]) -> None:
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    for secret in compose["secrets"].values():
        assert (
            subprocess.run(["git", "-C", str(ROOT), "check-ignore", "-q", secret["file"]], check=False).returncode == 0
        )


def test_making_the_secrets_gives_each_to_its_readers_and_never_replaces_one(tmp_path: Path) -> None:
    if os.getuid() != 0:
        pytest.skip("giving files to other users takes root")
    shutil.copytree(ROOT / ".docker", tmp_path / ".docker", ignore=shutil.ignore_patterns("db_*", "*_key", "*_url"))
    make = [str(tmp_path / ".docker/make-secrets")]
    secrets = tmp_path / ".docker/secrets"

    subprocess.run(make, check=True, capture_output=True)
    first = {file.name: file.read_bytes() for file in secrets.iterdir()}
    subprocess.run(make, check=True, capture_output=True)

    assert {file.name: file.read_bytes() for file in secrets.iterdir()} == first
    signing = (secrets / "signing_key").stat()
    assert (signing.st_uid, stat.S_IMODE(signing.st_mode)) == (10002, 0o400)
    others = [file.name for file in secrets.iterdir() if file.stat().st_mode & stat.S_IROTH]
    assert set(others) <= {"README", "tls_certificate"}


def test_only_the_worker_can_sign(services: dict[str, Service]) -> None:
    assert [name for name, service in services.items() if "signing_key" in service.get("secrets", [])] == ["worker"]
    assert [n for n, s in services.items() if "UNBROKEN_SIGNING_KEY" in s.get("environment", {})] == ["worker"]


def test_only_the_web_can_open_the_vault(services: dict[str, Service]) -> None:
    assert [name for name, service in services.items() if "vault_key" in service.get("secrets", [])] == ["web"]
    assert [n for n, s in services.items() if "UNBROKEN_VAULT_KEY" in s.get("environment", {})] == ["web"]


def test_only_init_can_change_the_schema(services: dict[str, Service]) -> None:
    assert [name for name, service in services.items() if "migration_url" in service.get("secrets", [])] == ["init"]


def test_each_service_runs_as_a_user_of_its_own_and_none_as_root(services: dict[str, Service]) -> None:
    users = [service["user"].split(":")[0] for service in services.values()]

    assert len(set(users)) == len(users)
    assert "0" not in users


def test_each_service_is_confined(services: dict[str, Service]) -> None:
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["restart"] == ("no" if name == "init" else "unless-stopped"), name


def test_only_the_proxy_can_be_reached_from_outside(compose: dict[str, Any], services: dict[str, Service]) -> None:
    outward = {name for name, network in compose["networks"].items() if not (network or {}).get("internal")}

    assert [name for name, service in services.items() if service.get("ports")] == ["proxy"]
    assert [name for name, service in services.items() if outward & set(service["networks"])] == ["proxy"]
    assert "back" not in services["proxy"]["networks"]


def test_the_proxy_lets_files_through_as_they_come_and_passes_on_the_rest_once_it_is_whole() -> None:
    """So that a client that sends half a body and falls silent holds no thread of the service."""
    blocks = re.findall(r"^\thandle (.*?)\{\n(.*?)^\t\}", CADDYFILE.read_text(), re.MULTILINE | re.DOTALL)
    passed_on = {name.strip(): block for name, block in blocks if "reverse_proxy web:8000" in block}
    streamed = re.search(r"@files \{.*?path (.*?)\n", CADDYFILE.read_text(), re.DOTALL)

    assert set(passed_on) == {"@files", ""}
    assert "request_buffers" not in passed_on["@files"]
    assert "request_buffers" in passed_on[""]
    assert streamed is not None
    views = {add_file, patch, overridden}
    taking = {
        re.sub("<[^>]+>", "*", f"/api/v1{route.rule}")
        for api in (FILES, UPLOADS)
        for route in api.routes
        if route.own in views
    }
    assert set(streamed[1].split()) == taking


def test_readiness_is_what_the_web_service_is_judged_by(services: dict[str, Service]) -> None:
    assert any("/health/ready" in part for part in services["web"]["healthcheck"]["test"])
    for name in ("db", "store", "proxy"):
        assert services[name]["healthcheck"]["test"], name


def psql() -> str:
    """The client; Debian keeps it beside the server, outside PATH."""
    beside = sorted(Path("/usr/lib/postgresql").glob("*/bin/psql"))
    found = shutil.which("psql") or (str(beside[-1]) if beside else "")
    assert found, "psql is not here. Install it with: sudo apt-get install postgresql-client"
    return found


@pytest.mark.skipif(BACKEND == "embedded", reason="the two roles are PostgreSQL's")
def test_the_services_role_can_append_to_the_ledger_and_neither_change_it_nor_the_tables(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """The script that the database image runs, then `init` with the two addresses, as in docker-compose.yml."""
    url = sa.make_url(request.getfixturevalue("postgres_url"))
    administrator = url.render_as_string(hide_password=False)
    # Names of this run's own: the server may be somebody's.
    name = f"t{uuid.uuid4().hex}"
    for secret in ("db_owner_password", "db_app_password"):
        (tmp_path / secret).write_text(f"{secret}-for-this-test")
    script = (ROOT / ".docker/postgres/roles.sql").read_text().replace("/run/secrets", str(tmp_path))
    (tmp_path / "roles.sql").write_text(re.sub(r"\bunbroken(?=\b|_)", name, script))
    as_role = {
        role: url.set(username=f"{name}_{role}", password=f"db_{role}_password-for-this-test", database=name)
        for role in ("owner", "app")
    }
    settings = Settings(
        data=tmp_path / "data",
        database_url=as_role["app"].render_as_string(hide_password=False),
        migration_url=as_role["owner"].render_as_string(hide_password=False),
        app_role=f"{name}_app",
    )
    table = LedgerEntry.__tablename__
    try:
        subprocess.run(
            [psql(), "--no-psqlrc", "--quiet", "--file", str(tmp_path / "roles.sql"), administrator], check=True
        )
        migrate(settings)
        make_keys(settings)
        initialise(settings, origin="tests.example.org/ledger", office="PP", name="Phnom Penh")

        with psycopg.connect(settings.database_url, autocommit=True) as connection:
            appended = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
            assert appended is not None
            assert appended[0] > 0
            for statement in (
                f"UPDATE {table} SET seq = seq + 1",
                f"DELETE FROM {table}",
                f"TRUNCATE {table}",
                f"ALTER TABLE {table} DISABLE TRIGGER ALL",
                f"DROP TABLE {table}",
                "CREATE TABLE another (id integer)",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(statement)
    finally:
        with psycopg.connect(administrator, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            connection.execute(f"DROP ROLE IF EXISTS {name}_app")
            connection.execute(f"DROP ROLE IF EXISTS {name}_owner")
