"""Prosecution: charges, hearings, testimony, appeals, exhibits, orders that close a venue, figures."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "figure_fact",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("figure", sa.String(length=40), nullable=False),
        sa.Column("who", sa.String(length=80), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("band", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("known_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("known_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_figure_fact")),
    )
    op.create_index(
        op.f("ix_figure_fact_office_id_figure_from_on"), "figure_fact", ["office_id", "figure", "from_on"], unique=False
    )
    op.create_index(
        op.f("ix_figure_fact_office_id_known_from"), "figure_fact", ["office_id", "known_from"], unique=False
    )
    op.create_index(op.f("ix_figure_fact_who_figure"), "figure_fact", ["who", "figure"], unique=False)
    op.create_table(
        "occupancy",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("elsewhere_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("place", sa.String(length=80), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_occupancy")),
    )
    op.create_index(op.f("ix_occupancy_key_elsewhere_at"), "occupancy", ["key", "elsewhere_at"], unique=False)
    op.create_index(op.f("ix_occupancy_source"), "occupancy", ["source"], unique=False)
    op.create_table(
        "occupancy_lock",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_occupancy_lock")),
    )
    op.create_table(
        "resource",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("gender", sa.String(length=40), nullable=True),
        sa.Column("buffer", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_resource_office_id_office")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resource")),
    )
    op.create_index(op.f("ix_resource_office_id_kind_id"), "resource", ["office_id", "kind", "id"], unique=False)
    op.create_table(
        "calendar_feed",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_calendar_feed_user_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_feed")),
        sa.UniqueConstraint("digest", name=op.f("uq_calendar_feed_digest")),
    )
    op.create_index(op.f("ix_calendar_feed_user_id"), "calendar_feed", ["user_id"], unique=False)
    op.create_table(
        "reminder",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("appointments", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("given_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_reminder_user_id_user_account")),
        sa.PrimaryKeyConstraint("user_id", "day", name=op.f("pk_reminder")),
    )
    op.create_index(op.f("ix_reminder_sent_at_given_up_at"), "reminder", ["sent_at", "given_up_at"], unique=False)
    op.create_table(
        "engagement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("resource_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("side", sa.String(length=40), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_engagement_case_id_case_file")),
        sa.ForeignKeyConstraint(["resource_id"], ["resource.id"], name=op.f("fk_engagement_resource_id_resource")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_engagement")),
    )
    op.create_index(op.f("ix_engagement_case_id_id"), "engagement", ["case_id", "id"], unique=False)
    op.create_index(op.f("ix_engagement_resource_id_from_at"), "engagement", ["resource_id", "from_at"], unique=False)
    op.create_table(
        "hearing",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("ref", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("court", sa.String(length=200), nullable=False),
        sa.Column("room", sa.String(length=100), nullable=True),
        sa.Column("link", sa.String(length=500), nullable=True),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("people", sa.JSON(), nullable=False),
        sa.Column("adjournment", sa.String(length=40), nullable=True),
        sa.Column("follows_id", sa.Uuid(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_hearing_case_id_case_file")),
        sa.ForeignKeyConstraint(["follows_id"], ["hearing.id"], name=op.f("fk_hearing_follows_id_hearing")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hearing")),
        sa.UniqueConstraint("ref", name=op.f("uq_hearing_ref")),
    )
    op.create_index(op.f("ix_hearing_case_id_starts_at"), "hearing", ["case_id", "starts_at"], unique=False)
    op.create_index(op.f("ix_hearing_follows_id"), "hearing", ["follows_id"], unique=False)
    op.create_index(op.f("ix_hearing_starts_at_id"), "hearing", ["starts_at", "id"], unique=False)
    op.create_table(
        "appeal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("ref", sa.String(length=40), nullable=False),
        sa.Column("side", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("court", sa.String(length=200), nullable=True),
        sa.Column("court_ref", sa.String(length=100), nullable=True),
        sa.Column("grounds", sa.Text(), nullable=True),
        sa.Column("filed_on", sa.Date(), nullable=False),
        sa.Column("late_reason", sa.Text(), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_appeal_case_id_case_file")),
        sa.ForeignKeyConstraint(["document_id"], ["evidence.id"], name=op.f("fk_appeal_document_id_evidence")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeal")),
        sa.UniqueConstraint("ref", name=op.f("uq_appeal_ref")),
    )
    op.create_index(op.f("ix_appeal_case_id_id"), "appeal", ["case_id", "id"], unique=False)
    op.create_index(op.f("ix_appeal_state_case_id"), "appeal", ["state", "case_id"], unique=False)
    op.create_table(
        "attendance",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hearing_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("perpetrator_id", sa.Uuid(), nullable=False),
        sa.Column("arrives_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leaves_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("waiting_area_id", sa.Uuid(), nullable=True),
        sa.Column("vehicle_id", sa.Uuid(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_attendance_case_id_case_file")),
        sa.ForeignKeyConstraint(["hearing_id"], ["hearing.id"], name=op.f("fk_attendance_hearing_id_hearing")),
        sa.ForeignKeyConstraint(
            ["perpetrator_id"], ["perpetrator.id"], name=op.f("fk_attendance_perpetrator_id_perpetrator")
        ),
        sa.ForeignKeyConstraint(["vehicle_id"], ["resource.id"], name=op.f("fk_attendance_vehicle_id_resource")),
        sa.ForeignKeyConstraint(
            ["waiting_area_id"], ["resource.id"], name=op.f("fk_attendance_waiting_area_id_resource")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attendance")),
    )
    op.create_index(op.f("ix_attendance_arrives_at"), "attendance", ["arrives_at"], unique=False)
    op.create_index(op.f("ix_attendance_hearing_id"), "attendance", ["hearing_id"], unique=False)
    op.create_table(
        "charge",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("ref", sa.String(length=40), nullable=False),
        sa.Column("perpetrator_id", sa.Uuid(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("supersedes_id", sa.Uuid(), nullable=True),
        sa.Column("statute", sa.String(length=40), nullable=False),
        sa.Column("particulars", sa.Text(), nullable=True),
        sa.Column("offence_from", sa.Date(), nullable=True),
        sa.Column("offence_until", sa.Date(), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("held_from", sa.String(length=40), nullable=True),
        sa.Column("proposer_id", sa.Uuid(), nullable=False),
        sa.Column("approver_id", sa.Uuid(), nullable=True),
        sa.Column("court", sa.String(length=200), nullable=True),
        sa.Column("court_ref", sa.String(length=100), nullable=True),
        sa.Column("filed_on", sa.Date(), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("appeal_until", sa.Date(), nullable=True),
        sa.Column("withdrawal", sa.String(length=40), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["approver_id"], ["user_account.id"], name=op.f("fk_charge_approver_id_user_account")),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_charge_case_id_case_file")),
        sa.ForeignKeyConstraint(
            ["perpetrator_id"], ["perpetrator.id"], name=op.f("fk_charge_perpetrator_id_perpetrator")
        ),
        sa.ForeignKeyConstraint(["proposer_id"], ["user_account.id"], name=op.f("fk_charge_proposer_id_user_account")),
        sa.ForeignKeyConstraint(["supersedes_id"], ["charge.id"], name=op.f("fk_charge_supersedes_id_charge")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_charge")),
        sa.UniqueConstraint(
            "case_id", "perpetrator_id", "count", "edition", name=op.f("uq_charge_case_id_perpetrator_id_count_edition")
        ),
        sa.UniqueConstraint("ref", name=op.f("uq_charge_ref")),
    )
    op.create_index(op.f("ix_charge_appeal_until"), "charge", ["appeal_until"], unique=False)
    op.create_index(op.f("ix_charge_case_id_id"), "charge", ["case_id", "id"], unique=False)
    op.create_index(op.f("ix_charge_perpetrator_id"), "charge", ["perpetrator_id"], unique=False)
    op.create_index(op.f("ix_charge_state_case_id"), "charge", ["state", "case_id"], unique=False)
    op.create_table(
        "closure_order",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("venue_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("ref", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("permanent", sa.Boolean(), nullable=False),
        sa.Column("grounds", sa.Text(), nullable=True),
        sa.Column("drafter_id", sa.Uuid(), nullable=False),
        sa.Column("approver_id", sa.Uuid(), nullable=True),
        sa.Column("court", sa.String(length=200), nullable=True),
        sa.Column("court_ref", sa.String(length=100), nullable=True),
        sa.Column("applied_on", sa.Date(), nullable=True),
        sa.Column("granted_on", sa.Date(), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("inspect_by", sa.Date(), nullable=True),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["approver_id"], ["user_account.id"], name=op.f("fk_closure_order_approver_id_user_account")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_closure_order_case_id_case_file")),
        sa.ForeignKeyConstraint(["document_id"], ["evidence.id"], name=op.f("fk_closure_order_document_id_evidence")),
        sa.ForeignKeyConstraint(
            ["drafter_id"], ["user_account.id"], name=op.f("fk_closure_order_drafter_id_user_account")
        ),
        sa.ForeignKeyConstraint(["venue_id"], ["venue.id"], name=op.f("fk_closure_order_venue_id_venue")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closure_order")),
        sa.UniqueConstraint("ref", name=op.f("uq_closure_order_ref")),
    )
    op.create_index(op.f("ix_closure_order_case_id_id"), "closure_order", ["case_id", "id"], unique=False)
    op.create_index(op.f("ix_closure_order_inspect_by"), "closure_order", ["inspect_by"], unique=False)
    op.create_index(op.f("ix_closure_order_state_expires_on"), "closure_order", ["state", "expires_on"], unique=False)
    op.create_index(op.f("ix_closure_order_venue_id_id"), "closure_order", ["venue_id", "id"], unique=False)
    op.create_table(
        "exhibit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("side", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("evidence_id", sa.Uuid(), nullable=True),
        sa.Column("description", sa.String(length=200), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("hearing_id", sa.Uuid(), nullable=True),
        sa.Column("ruling", sa.Text(), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_exhibit_case_id_case_file")),
        sa.ForeignKeyConstraint(["evidence_id"], ["evidence.id"], name=op.f("fk_exhibit_evidence_id_evidence")),
        sa.ForeignKeyConstraint(["hearing_id"], ["hearing.id"], name=op.f("fk_exhibit_hearing_id_hearing")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exhibit")),
        sa.UniqueConstraint("case_id", "side", "number", name=op.f("uq_exhibit_case_id_side_number")),
    )
    op.create_index(op.f("ix_exhibit_case_id_id"), "exhibit", ["case_id", "id"], unique=False)
    op.create_index(op.f("ix_exhibit_evidence_id"), "exhibit", ["evidence_id"], unique=False)
    op.create_table(
        "resource_tie",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("resource_id", sa.Uuid(), nullable=False),
        sa.Column("perpetrator_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_resource_tie_case_id_case_file")),
        sa.ForeignKeyConstraint(
            ["perpetrator_id"], ["perpetrator.id"], name=op.f("fk_resource_tie_perpetrator_id_perpetrator")
        ),
        sa.ForeignKeyConstraint(["resource_id"], ["resource.id"], name=op.f("fk_resource_tie_resource_id_resource")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resource_tie")),
    )
    op.create_index(op.f("ix_resource_tie_perpetrator_id"), "resource_tie", ["perpetrator_id"], unique=False)
    op.create_index(op.f("ix_resource_tie_resource_id"), "resource_tie", ["resource_id"], unique=False)
    op.create_table(
        "testimony",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("ref", sa.String(length=40), nullable=False),
        sa.Column("witness_kind", sa.String(length=40), nullable=False),
        sa.Column("victim_id", sa.Uuid(), nullable=True),
        sa.Column("operative_id", sa.Uuid(), nullable=True),
        sa.Column("label", sa.String(length=100), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("language", sa.String(length=35), nullable=True),
        sa.Column("interpreter_gender", sa.String(length=40), nullable=True),
        sa.Column("interviews", sa.Integer(), nullable=False),
        sa.Column("statement_id", sa.Uuid(), nullable=True),
        sa.Column("statement_disclosed_on", sa.Date(), nullable=True),
        sa.Column("guardian_id", sa.Uuid(), nullable=True),
        sa.Column("in_crisis_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lawyer_id", sa.Uuid(), nullable=True),
        sa.Column("lawyer_signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lawyer_signed_for", sa.String(length=64), nullable=True),
        sa.Column("caseworker_id", sa.Uuid(), nullable=True),
        sa.Column("caseworker_signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("caseworker_signed_for", sa.String(length=64), nullable=True),
        sa.Column("concluded_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_testimony_case_id_case_file")),
        sa.ForeignKeyConstraint(
            ["caseworker_id"], ["user_account.id"], name=op.f("fk_testimony_caseworker_id_user_account")
        ),
        sa.ForeignKeyConstraint(["guardian_id"], ["resource.id"], name=op.f("fk_testimony_guardian_id_resource")),
        sa.ForeignKeyConstraint(["lawyer_id"], ["user_account.id"], name=op.f("fk_testimony_lawyer_id_user_account")),
        sa.ForeignKeyConstraint(["operative_id"], ["operative.id"], name=op.f("fk_testimony_operative_id_operative")),
        sa.ForeignKeyConstraint(["statement_id"], ["evidence.id"], name=op.f("fk_testimony_statement_id_evidence")),
        sa.ForeignKeyConstraint(["victim_id"], ["victim.id"], name=op.f("fk_testimony_victim_id_victim")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_testimony")),
        sa.UniqueConstraint("ref", name=op.f("uq_testimony_ref")),
    )
    op.create_index(op.f("ix_testimony_case_id_id"), "testimony", ["case_id", "id"], unique=False)
    op.create_index(op.f("ix_testimony_operative_id"), "testimony", ["operative_id"], unique=False)
    op.create_index(op.f("ix_testimony_state_case_id"), "testimony", ["state", "case_id"], unique=False)
    op.create_index(op.f("ix_testimony_victim_id"), "testimony", ["victim_id"], unique=False)
    op.create_table(
        "appeal_charge",
        sa.Column("appeal_id", sa.Uuid(), nullable=False),
        sa.Column("charge_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["appeal_id"], ["appeal.id"], name=op.f("fk_appeal_charge_appeal_id_appeal")),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_appeal_charge_case_id_case_file")),
        sa.ForeignKeyConstraint(["charge_id"], ["charge.id"], name=op.f("fk_appeal_charge_charge_id_charge")),
        sa.PrimaryKeyConstraint("appeal_id", "charge_id", name=op.f("pk_appeal_charge")),
    )
    op.create_index(op.f("ix_appeal_charge_charge_id"), "appeal_charge", ["charge_id"], unique=False)
    op.create_table(
        "booking",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("testimony_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("hearing_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("arrives_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leaves_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recesses", sa.Integer(), nullable=False),
        sa.Column("measures", sa.JSON(), nullable=False),
        sa.Column("people", sa.JSON(), nullable=False),
        sa.Column("resources", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_booking_case_id_case_file")),
        sa.ForeignKeyConstraint(["hearing_id"], ["hearing.id"], name=op.f("fk_booking_hearing_id_hearing")),
        sa.ForeignKeyConstraint(["testimony_id"], ["testimony.id"], name=op.f("fk_booking_testimony_id_testimony")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking")),
    )
    op.create_index(op.f("ix_booking_hearing_id"), "booking", ["hearing_id"], unique=False)
    op.create_index(op.f("ix_booking_starts_at"), "booking", ["starts_at"], unique=False)
    op.create_index(op.f("ix_booking_testimony_id_id"), "booking", ["testimony_id", "id"], unique=False)
    op.create_table(
        "element_proof",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("charge_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("element", sa.String(length=40), nullable=False),
        sa.Column("evidence_id", sa.Uuid(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_element_proof_case_id_case_file")),
        sa.ForeignKeyConstraint(["charge_id"], ["charge.id"], name=op.f("fk_element_proof_charge_id_charge")),
        sa.ForeignKeyConstraint(["evidence_id"], ["evidence.id"], name=op.f("fk_element_proof_evidence_id_evidence")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_element_proof")),
    )
    op.create_index(op.f("ix_element_proof_charge_id_id"), "element_proof", ["charge_id", "id"], unique=False)
    op.create_index(op.f("ix_element_proof_evidence_id"), "element_proof", ["evidence_id"], unique=False)
    op.create_table(
        "hearing_charge",
        sa.Column("hearing_id", sa.Uuid(), nullable=False),
        sa.Column("charge_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_hearing_charge_case_id_case_file")),
        sa.ForeignKeyConstraint(["charge_id"], ["charge.id"], name=op.f("fk_hearing_charge_charge_id_charge")),
        sa.ForeignKeyConstraint(["hearing_id"], ["hearing.id"], name=op.f("fk_hearing_charge_hearing_id_hearing")),
        sa.PrimaryKeyConstraint("hearing_id", "charge_id", name=op.f("pk_hearing_charge")),
    )
    op.create_index(op.f("ix_hearing_charge_charge_id"), "hearing_charge", ["charge_id"], unique=False)
    op.create_table(
        "measure",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("testimony_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("applied_on", sa.Date(), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column("plan", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_measure_case_id_case_file")),
        sa.ForeignKeyConstraint(["document_id"], ["evidence.id"], name=op.f("fk_measure_document_id_evidence")),
        sa.ForeignKeyConstraint(["testimony_id"], ["testimony.id"], name=op.f("fk_measure_testimony_id_testimony")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_measure")),
        sa.UniqueConstraint("testimony_id", "kind", name=op.f("uq_measure_testimony_id_kind")),
    )
    op.create_index(op.f("ix_measure_case_id"), "measure", ["case_id"], unique=False)
    op.create_table(
        "needs_assessment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("testimony_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("needs", sa.JSON(), nullable=False),
        sa.Column("assessed_on", sa.Date(), nullable=False),
        sa.Column("assessor_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["assessor_id"], ["user_account.id"], name=op.f("fk_needs_assessment_assessor_id_user_account")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_needs_assessment_case_id_case_file")),
        sa.ForeignKeyConstraint(
            ["testimony_id"], ["testimony.id"], name=op.f("fk_needs_assessment_testimony_id_testimony")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_needs_assessment")),
    )
    op.create_index(
        op.f("ix_needs_assessment_testimony_id_id"), "needs_assessment", ["testimony_id", "id"], unique=False
    )
    op.create_table(
        "plea",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("charge_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("plea", sa.String(length=40), nullable=False),
        sa.Column("entered_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_plea_case_id_case_file")),
        sa.ForeignKeyConstraint(["charge_id"], ["charge.id"], name=op.f("fk_plea_charge_id_charge")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plea")),
    )
    op.create_index(op.f("ix_plea_charge_id_id"), "plea", ["charge_id", "id"], unique=False)
    op.create_table(
        "post_court_plan",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("testimony_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("victim_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("wants_nothing", sa.Boolean(), nullable=False),
        sa.Column("agreed_on", sa.Date(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_post_court_plan_case_id_case_file")),
        sa.ForeignKeyConstraint(
            ["testimony_id"], ["testimony.id"], name=op.f("fk_post_court_plan_testimony_id_testimony")
        ),
        sa.ForeignKeyConstraint(["victim_id"], ["victim.id"], name=op.f("fk_post_court_plan_victim_id_victim")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_post_court_plan")),
        sa.UniqueConstraint("testimony_id", name=op.f("uq_post_court_plan_testimony_id")),
    )
    op.create_index(op.f("ix_post_court_plan_state_case_id"), "post_court_plan", ["state", "case_id"], unique=False)
    op.create_index(op.f("ix_post_court_plan_victim_id"), "post_court_plan", ["victim_id"], unique=False)
    op.create_table(
        "preparation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("testimony_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("place_id", sa.Uuid(), nullable=True),
        sa.Column("people", sa.JSON(), nullable=False),
        sa.Column("resources", sa.JSON(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_preparation_case_id_case_file")),
        sa.ForeignKeyConstraint(["place_id"], ["resource.id"], name=op.f("fk_preparation_place_id_resource")),
        sa.ForeignKeyConstraint(["testimony_id"], ["testimony.id"], name=op.f("fk_preparation_testimony_id_testimony")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_preparation")),
    )
    op.create_index(op.f("ix_preparation_starts_at"), "preparation", ["starts_at"], unique=False)
    op.create_index(op.f("ix_preparation_testimony_id_id"), "preparation", ["testimony_id", "id"], unique=False)
    op.create_table(
        "sentence",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("charge_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("running", sa.String(length=40), nullable=True),
        sa.Column("suspended", sa.Boolean(), nullable=False),
        sa.Column("for_life", sa.Boolean(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("imposed_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_sentence_case_id_case_file")),
        sa.ForeignKeyConstraint(["charge_id"], ["charge.id"], name=op.f("fk_sentence_charge_id_charge")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sentence")),
    )
    op.create_index(op.f("ix_sentence_charge_id_id"), "sentence", ["charge_id", "id"], unique=False)
    op.create_table(
        "unavailability",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("testimony_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("who", sa.String(length=80), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hard", sa.Boolean(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_unavailability_case_id_case_file")),
        sa.ForeignKeyConstraint(
            ["testimony_id"], ["testimony.id"], name=op.f("fk_unavailability_testimony_id_testimony")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unavailability")),
    )
    op.create_index(op.f("ix_unavailability_testimony_id"), "unavailability", ["testimony_id"], unique=False)
    op.create_index(op.f("ix_unavailability_who_from_at"), "unavailability", ["who", "from_at"], unique=False)
    op.create_table(
        "verdict",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("charge_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("verdict", sa.String(length=40), nullable=False),
        sa.Column("statute", sa.String(length=40), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_verdict_case_id_case_file")),
        sa.ForeignKeyConstraint(["charge_id"], ["charge.id"], name=op.f("fk_verdict_charge_id_charge")),
        sa.ForeignKeyConstraint(["document_id"], ["evidence.id"], name=op.f("fk_verdict_document_id_evidence")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verdict")),
    )
    op.create_index(op.f("ix_verdict_charge_id_id"), "verdict", ["charge_id", "id"], unique=False)
    op.create_table(
        "plan_offer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("victim_id", sa.Uuid(), nullable=False),
        sa.Column("service", sa.String(length=40), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_plan_offer_partner_id_partner")),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["post_court_plan.id"], name=op.f("fk_plan_offer_plan_id_post_court_plan")
        ),
        sa.ForeignKeyConstraint(["victim_id"], ["victim.id"], name=op.f("fk_plan_offer_victim_id_victim")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_offer")),
    )
    op.create_index(op.f("ix_plan_offer_plan_id_id"), "plan_offer", ["plan_id", "id"], unique=False)
    with op.batch_alter_table("alert") as alert:
        alert.add_column(sa.Column("venue_id", sa.Uuid(), nullable=True))
        alert.alter_column("victim_id", existing_type=sa.Uuid(), nullable=True)
        alert.create_foreign_key(op.f("fk_alert_venue_id_venue"), "venue", ["venue_id"], ["id"])
    op.add_column("case_file", sa.Column("jurisdiction", sa.String(length=20), nullable=True))
    op.add_column("case_file", sa.Column("closing_id", sa.Uuid(), nullable=True))
    op.add_column("case_file", sa.Column("closing_role", sa.String(length=40), nullable=True))
    op.add_column("timeline_event", sa.Column("testimony_id", sa.Uuid(), nullable=True))
    op.add_column("user_account", sa.Column("email", sa.String(length=254), nullable=True))
    op.add_column("user_account", sa.Column("reminders", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.add_column("venue", sa.Column("new_use_by", sa.String(length=200), nullable=True))
    # What is searched is divided otherwise; `unbroken init` writes it anew.
    op.execute("DELETE FROM search_text")
