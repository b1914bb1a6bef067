"""Settings: from the environment (`UNBROKEN_*`), then from one TOML file, then the defaults.

Any setting may be given as `NAME_FILE`, a file that holds its value, so that secrets stay out of the environment.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any, get_type_hints

from evidence_api.domain.case import BadKinds, CaseKind, CaseKinds, Stage
from evidence_api.domain.jurisdiction import BadJurisdiction, Jurisdiction, Jurisdictions, parse

PREFIX = "UNBROKEN_"
_SITE = re.compile(r"https?://[A-Za-z0-9.-]+(?::\d+)?/?")
_HTTPS = re.compile(r"https://[A-Za-z0-9.-]+(?::\d+)?(?:/[A-Za-z0-9._~%/?&=+-]*)?")
DEFAULT_KINDS = Path(__file__).with_name("case_kinds.toml")
DEFAULT_LAW = Path(__file__).with_name("jurisdictions")
WEAK_SECRETS = frozenset({"testsecret123", "minioadmin", "secret", "password", "changeme"})


class BadSettings(ValueError):
    """The settings cannot be used; the message says which and what to do."""


@dataclass(frozen=True)
class Settings:
    """Every setting, once. Sizes in bytes, times in days or seconds as named."""

    data: Path = Path("var")
    environment: str = "development"
    database_url: str = ""
    migration_url: str = ""
    app_role: str = ""
    s3_endpoint: str = ""
    s3_access_key: str = ""
    s3_secret_key: str = ""
    s3_region: str = "us-east-1"
    s3_secure: bool = True
    s3_bucket: str = "unbroken"
    s3_retention_days: int = 3650
    s3_timeout: int = 60
    origin: str = ""
    office: str = "HQ"
    master_key: Path = Path()
    session_key: Path = Path()
    signing_key: Path = Path()
    vault_key: Path = Path()
    url: str = ""
    proxies: int = 0
    max_upload: int = 1 << 40
    upload_days: int = 7
    idle_minutes: int = 15
    exit_url: str = ""
    case_kinds: Path = Path()
    smtp_host: str = ""
    smtp_port: int = 587
    smtp_user: str = ""
    smtp_password: str = ""
    smtp_from: str = ""
    smtp_security: str = "starttls"
    law: Path = field(default=Path(), metadata={"setting": "jurisdictions"})

    @property
    def database(self) -> str:
        """The database that the service uses: the one named, or the embedded default."""
        return self.database_url or f"sqlite:///{self.data.absolute() / 'unbroken.db'}"

    @property
    def objects(self) -> Path:
        """Where the embedded default keeps its write-once files."""
        return self.data / "objects"

    @cached_property
    def key_files(self) -> Mapping[str, Path]:
        """The key files by use, under the data directory unless placed elsewhere."""
        named = {
            "master": self.master_key,
            "session": self.session_key,
            "signing": self.signing_key,
            "vault": self.vault_key,
        }
        return {use: self.data / "keys" / f"{use}.key" if path == Path() else path for use, path in named.items()}

    @cached_property
    def kinds(self) -> CaseKinds:
        """The kinds of cases in use, from the file that is named, or the default. Raises BadSettings."""
        return _case_kinds(self.kinds_file)

    @property
    def kinds_file(self) -> Path:
        """The file that says which kinds of cases are in use."""
        return DEFAULT_KINDS if self.case_kinds == Path() else self.case_kinds

    @cached_property
    def jurisdictions(self) -> Jurisdictions:
        """Whose law is in use, from the directory that is named, or the default. Raises BadSettings."""
        return _jurisdictions(self.law_directory)

    @property
    def law_directory(self) -> Path:
        """The directory whose *.toml files are the jurisdictions in use."""
        return DEFAULT_LAW if self.law == Path() else self.law

    @property
    def production(self) -> bool:
        return self.environment == "production"


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings. Raises BadSettings for an unknown name, a wrong type, or a weak secret in production."""
    environ = os.environ if environ is None else environ
    hints = get_type_hints(Settings)
    values: dict[str, Any] = _from_file(environ.get(f"{PREFIX}CONFIG"), hints)
    for setting, attribute in attributes().items():
        name = PREFIX + setting.upper()
        if f"{name}_FILE" in environ:
            values[attribute] = _convert(name, _read(name, Path(environ[f"{name}_FILE"])), hints[attribute])
        elif name in environ:
            values[attribute] = _convert(name, environ[name], hints[attribute])
    settings = Settings(**values)
    _check(settings)
    return settings


def attributes() -> Mapping[str, str]:
    """Where each setting is kept, by the name that people give it."""
    return {field.metadata.get("setting", field.name): field.name for field in fields(Settings)}


def _from_file(path: str | None, hints: Mapping[str, Any]) -> dict[str, Any]:
    if not path:
        return {}
    try:
        found = tomllib.loads(Path(path).read_text())
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise BadSettings(f"{PREFIX}CONFIG names a file that cannot be read as TOML") from error
    known = attributes()
    unknown = sorted(found.keys() - known.keys())
    if unknown:
        raise BadSettings(f"the settings file has names that are not known: {', '.join(unknown)}")
    return {known[name]: _convert(name, str(value), hints[known[name]]) for name, value in found.items()}


def _read(name: str, path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError as error:
        raise BadSettings(f"{name}_FILE names a file that cannot be read") from error


def _convert(name: str, text: str, kind: Any) -> Any:
    if kind is bool:
        if text.lower() in {"1", "true", "yes", "on"}:
            return True
        if text.lower() in {"0", "false", "no", "off", ""}:
            return False
        raise BadSettings(f"{name} must be 1 or 0")
    if kind is int:
        try:
            return int(text)
        except ValueError:
            raise BadSettings(f"{name} must be a whole number") from None
    return kind(text)


def _case_kinds(path: Path) -> CaseKinds:
    wrong = f"{PREFIX}CASE_KINDS ({path})"
    try:
        found = tomllib.loads(path.read_text())
    except (OSError, UnicodeError, tomllib.TOMLDecodeError) as error:
        raise BadSettings(f"{wrong} cannot be read as TOML") from error
    without: dict[CaseKind, list[Stage]] = {}
    for name, kind in found.items():
        if name not in set(CaseKind):
            raise BadSettings(f"{wrong} names a kind that is not known: {name}")
        if not isinstance(kind, dict) or kind.keys() - {"without"}:
            raise BadSettings(f"{wrong} may say only `without` of {name}, in a table of its own: [{name}]")
        stages = kind.get("without", [])
        if not isinstance(stages, list) or any(stage not in set(Stage) for stage in stages):
            raise BadSettings(f"{wrong} must give the `without` of {name} as a list of stages: {', '.join(Stage)}")
        without[CaseKind(name)] = [Stage(stage) for stage in stages]
        if Stage.INTAKE in without[CaseKind(name)]:
            raise BadSettings(f"{wrong} switches off the intake of {name}, where every case begins")
    try:
        return CaseKinds(without)
    except BadKinds as error:
        raise BadSettings(f"{wrong} cannot be used: {error}") from error


def _jurisdictions(directory: Path) -> Jurisdictions:
    wrong = f"{PREFIX}JURISDICTIONS ({directory})"
    read: list[Jurisdiction] = []
    for path in sorted(directory.glob("*.toml")):
        try:
            read.append(parse(tomllib.loads(path.read_text())))
        except (OSError, UnicodeError, tomllib.TOMLDecodeError) as error:
            raise BadSettings(f"{wrong} has a file that cannot be read as TOML: {path.name}") from error
        except BadJurisdiction as error:
            raise BadSettings(f"{wrong} has a file that cannot be used, {path.name}: {error}") from error
    try:
        return Jurisdictions(read)
    except BadJurisdiction as error:
        raise BadSettings(f"{wrong} cannot be used: {error}") from error


def _check(settings: Settings) -> None:
    # Read here, so that the service does not start with a file that cannot be used.
    _ = settings.kinds, settings.jurisdictions
    if settings.environment not in {"development", "production"}:
        raise BadSettings(f"{PREFIX}ENVIRONMENT must be development or production")
    if not 1 <= settings.idle_minutes <= 120:
        raise BadSettings(f"{PREFIX}IDLE_MINUTES must be between 1 and 120")
    if settings.url and not _SITE.fullmatch(settings.url):
        raise BadSettings(f"{PREFIX}URL must be an address such as https://evidence.example.org, without a path")
    if settings.exit_url and not _HTTPS.fullmatch(settings.exit_url):
        raise BadSettings(f"{PREFIX}EXIT_URL must be an address that begins with https://")
    if settings.s3_endpoint and not (settings.s3_access_key and settings.s3_secret_key):
        raise BadSettings(f"{PREFIX}S3_ENDPOINT needs {PREFIX}S3_ACCESS_KEY and {PREFIX}S3_SECRET_KEY too")
    if settings.smtp_security not in {"starttls", "tls", "none"}:
        raise BadSettings(f"{PREFIX}SMTP_SECURITY must be starttls, tls or none")
    if settings.smtp_host and not settings.smtp_from:
        raise BadSettings(f"{PREFIX}SMTP_HOST needs {PREFIX}SMTP_FROM too, the address from which mail is sent")
    if settings.production:
        if settings.s3_secret_key.lower() in WEAK_SECRETS:
            raise BadSettings(f"{PREFIX}S3_SECRET_KEY is a development secret; production refuses it")
        if settings.s3_endpoint and len(settings.s3_secret_key) < 16:
            raise BadSettings(f"{PREFIX}S3_SECRET_KEY is shorter than 16 characters; production refuses it")
