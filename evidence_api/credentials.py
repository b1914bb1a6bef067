"""Passwords, one-time codes and secrets: their rules, how they are made, hashed and checked. No database, no clock."""

import base64
import hashlib
import hmac
import re
import secrets
import threading
import unicodedata
from datetime import datetime

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from evidence_api.domain.sentences import sentence

MIN_PASSWORD = 12
MAX_PASSWORD = 256
MIN_DIFFERENT = 5
TOTP_SECONDS = 30
RECOVERY_CODES = 10
RECOVERY_BYTES = 10
ISSUER = "Unbroken"

# Of the commonest passwords, those that are long enough to pass the other rules.
_COMMON = frozenset(
    """
    123456789012 1234567890123 12345678910111213 1q2w3e4r5t6y 1q2w3e4r5t6y7u 1qaz2wsx3edc 1qaz2wsx3edc4rfv
    abcdefghijkl abcdefghijklm abcd12345678 adminadmin123 administrator administrator1 changeme1234 changemenow1
    iloveyou1234 iloveyouforever letmeinplease letmeinletmein passw0rd1234 password1234 password12345 password123456
    password2024 password2025 password2026 passwordpassword passwordpassword1 qazwsxedcrfv qwerty123456 qwertyuiop12
    qwertyuiop123 qwertyuiop1234 qwertyuiopasdf qwertyqwerty qwerty12345678 superman1234 welcome12345 welcome123456
    """.split()  # noqa: SIM905
)

# RFC 9106 section 4, the second recommended option: 64 MiB, 3 passes, 4 lanes.
_hasher = PasswordHasher(time_cost=3, memory_cost=65536, parallelism=4, hash_len=32, salt_len=16)
_NOBODY = f"$argon2id$v=19$m=65536,t=3,p=4${'A' * 22}${'A' * 43}"
# Each takes 64 MiB: a flood of sign-ins waits here, and the memory does not go.
_hashing = threading.BoundedSemaphore(2)


def password_faults(password: str, username: str) -> list[str]:
    """What is wrong with a new password, in sentences; nothing if it is good (NIST SP 800-63B section 5.1.1)."""
    faults: list[str] = []
    if len(password) < MIN_PASSWORD:
        faults.append(sentence("Take at least {least} characters.", least=MIN_PASSWORD))
    if len(password) > MAX_PASSWORD:
        faults.append(sentence("Take at most {most} characters.", most=MAX_PASSWORD))
    folded = password.casefold()
    if username.casefold() in folded:
        faults.append("It must not contain your user name.")
    if len(set(folded)) < MIN_DIFFERENT or folded in _COMMON:
        faults.append("It is among the first that a stranger would try. Take another.")
    return faults


def _prepared(password: str) -> bytes:
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


def hash_password(password: str) -> str:
    """The argon2id hash, with its salt and parameters. Takes about a tenth of a second."""
    with _hashing:
        return _hasher.hash(_prepared(password))


def verify_password(hashed: str | None, password: str) -> bool:
    """Whether the password is the one hashed. Takes as long where there is no hash, so that time tells nothing."""
    with _hashing:
        try:
            _hasher.verify(hashed or _NOBODY, _prepared(password))
        except (VerificationError, InvalidHashError):
            return False
    return hashed is not None


def needs_rehash(hashed: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(hashed)


def initial_password() -> str:
    """A password to be handed over once and changed at first sign-in: 100 random bits that can be read out."""
    text = _letters(secrets.token_bytes(13))[:20]
    return "-".join(text[start : start + 5] for start in range(0, 20, 5))


def new_totp_secret() -> str:
    """160 random bits in base32 (RFC 4226 section 4)."""
    return pyotp.random_base32()


def otpauth_uri(secret: str, username: str) -> str:
    """What an authenticator reads from the QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=ISSUER)


def totp_step(secret: str, code: str, at: datetime, after: int) -> int | None:
    """The 30-second step whose code this is: that of `at`, the one before or the one after (RFC 6238 section 5.2),
    but never `after` or an earlier one, which were used. None where there is none."""
    given = re.sub(r"[\s-]", "", code).encode("utf-8", "surrogatepass")
    totp = pyotp.TOTP(secret, interval=TOTP_SECONDS)
    now = int(at.timestamp()) // TOTP_SECONDS
    for step in (now - 1, now, now + 1):
        if step > after and hmac.compare_digest(totp.generate_otp(step).encode(), given):
            return step
    return None


def new_recovery_codes() -> list[str]:
    """Ten codes of 80 random bits, to be shown once."""
    made = (_letters(secrets.token_bytes(RECOVERY_BYTES)) for _ in range(RECOVERY_CODES))
    return ["-".join(text[start : start + 4] for start in range(0, 16, 4)) for text in made]


def recovery_digest(code: str) -> str:
    """The SHA-256 under which a recovery code is kept, however it was typed: 64 hex digits."""
    return digest(re.sub(r"[\s-]", "", code).lower())


def new_session_secret() -> str:
    """256 random bits."""
    return secrets.token_urlsafe(32)


def new_token_secret() -> str:
    """An API token: `ub_` and 256 random bits, 43 characters."""
    return f"ub_{secrets.token_urlsafe(32)}"


def digest(secret: str) -> str:
    """The SHA-256 of a secret that is random enough to need no salt: 64 hex digits."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _letters(raw: bytes) -> str:
    return base64.b32encode(raw).decode("ascii").rstrip("=").lower()
