"""What the pages keep: viewings begun in a browser's session, a person's language, when what is out is due, the digest
that a device computed, and whether somebody is there."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("evidence", sa.Column("due_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("user_account", sa.Column("language", sa.String(length=8), nullable=True))
    op.add_column("sitting", sa.Column("session_id", sa.Uuid(), nullable=True))
    op.add_column("sitting", sa.Column("role", sa.String(length=40), nullable=True))
    op.add_column("sitting", sa.Column("with_code", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("upload", sa.Column("device_sha256", sa.String(length=64), nullable=True))
    op.create_table(
        "session_presence",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("locked", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["auth_session.id"],
            name=op.f("fk_session_presence_session_id_auth_session"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_session_presence")),
    )
    op.execute("INSERT INTO session_presence SELECT id, created_at, false FROM auth_session")
