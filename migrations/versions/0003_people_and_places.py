"""Victims, perpetrators, venues, operations: the people and places that the evidence is about."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "search_spelling",
        sa.Column("misspelling", sa.String(length=20), nullable=False),
        sa.Column("word", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("misspelling", "word", name=op.f("pk_search_spelling")),
    )
    op.create_index(op.f("ix_search_spelling_word"), "search_spelling", ["word"], unique=False)
    op.create_table(
        "search_text",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("row_id", sa.Uuid(), nullable=False),
        sa.Column("ref", sa.String(length=200), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("tokens", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_text")),
        sa.UniqueConstraint("row_id", name=op.f("uq_search_text_row_id")),
    )
    op.create_index(op.f("ix_search_text_ref"), "search_text", ["ref"], unique=False)
    op.create_table(
        "timeline_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("entry", sa.BigInteger(), nullable=True),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("action", sa.String(length=80), nullable=False),
        sa.Column("evidence_id", sa.Uuid(), nullable=True),
        sa.Column("victim_id", sa.Uuid(), nullable=True),
        sa.Column("link_id", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timeline_event")),
        sa.UniqueConstraint("entry", name=op.f("uq_timeline_event_entry")),
    )
    op.create_index(op.f("ix_timeline_event_case_id_at_id"), "timeline_event", ["case_id", "at", "id"], unique=False)
    op.create_index(op.f("ix_timeline_event_evidence_id"), "timeline_event", ["evidence_id"], unique=False)
    op.create_index(
        op.f("ix_timeline_event_victim_id_at_id"), "timeline_event", ["victim_id", "at", "id"], unique=False
    )
    op.create_table(
        "vault_fact",
        sa.Column("owner", sa.String(length=80), nullable=False),
        sa.Column("field", sa.String(length=40), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("owner", "field", name=op.f("pk_vault_fact")),
    )
    op.create_table(
        "vault_key",
        sa.Column("owner", sa.String(length=80), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("master", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("owner", name=op.f("pk_vault_key")),
    )
    op.create_index(op.f("ix_vault_key_master"), "vault_key", ["master"], unique=False)
    op.create_table(
        "operative",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_operative_office_id_office")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operative")),
        sa.UniqueConstraint("office_id", "code", name=op.f("uq_operative_office_id_code")),
    )
    op.create_table(
        "partner",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("region", sa.String(length=100), nullable=False),
        sa.Column("offers", sa.JSON(), nullable=False),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("genders", sa.JSON(), nullable=False),
        sa.Column("youngest", sa.Integer(), nullable=True),
        sa.Column("oldest", sa.Integer(), nullable=True),
        sa.Column("contact", sa.String(length=500), nullable=True),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("capacity_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_partner_office_id_office")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner")),
    )
    op.create_index(op.f("ix_partner_office_id_id"), "partner", ["office_id", "id"], unique=False)
    op.create_table(
        "approval",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("about", sa.String(length=80), nullable=False),
        sa.Column("asker_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("decider_id", sa.Uuid(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["asker_id"], ["user_account.id"], name=op.f("fk_approval_asker_id_user_account")),
        sa.ForeignKeyConstraint(["decider_id"], ["user_account.id"], name=op.f("fk_approval_decider_id_user_account")),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_approval_office_id_office")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval")),
    )
    op.create_index(op.f("ix_approval_about"), "approval", ["about"], unique=False)
    op.create_index(op.f("ix_approval_office_id_state_id"), "approval", ["office_id", "state", "id"], unique=False)
    op.create_table(
        "form_draft",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.String(length=300), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_form_draft_user_id_user_account")),
        sa.PrimaryKeyConstraint("user_id", "place", name=op.f("pk_form_draft")),
    )
    op.create_index(op.f("ix_form_draft_saved_at"), "form_draft", ["saved_at"], unique=False)
    op.create_table(
        "import_draft",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_import_draft_case_id_case_file")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_import_draft_user_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_draft")),
    )
    op.create_index(op.f("ix_import_draft_saved_at"), "import_draft", ["saved_at"], unique=False)
    op.create_index(op.f("ix_import_draft_user_id"), "import_draft", ["user_id"], unique=False)
    op.create_table(
        "perpetrator",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("ref", sa.String(length=40), nullable=False),
        sa.Column("alias", sa.String(length=100), nullable=False),
        sa.Column("aliases", sa.JSON(), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("gender", sa.String(length=40), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_perpetrator_case_id_case_file")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_perpetrator")),
        sa.UniqueConstraint("ref", name=op.f("uq_perpetrator_ref")),
    )
    op.create_index(op.f("ix_perpetrator_case_id_id"), "perpetrator", ["case_id", "id"], unique=False)
    op.create_table(
        "tip",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("reporter_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("led_to_id", sa.Uuid(), nullable=True),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["led_to_id"], ["case_file.id"], name=op.f("fk_tip_led_to_id_case_file")),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_tip_office_id_office")),
        sa.ForeignKeyConstraint(["reporter_id"], ["user_account.id"], name=op.f("fk_tip_reporter_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tip")),
    )
    op.create_index(op.f("ix_tip_office_id_state_id"), "tip", ["office_id", "state", "id"], unique=False)
    op.create_table(
        "venue",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("ref", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("description", sa.String(length=200), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=True),
        sa.Column("area", sa.String(length=100), nullable=True),
        sa.Column("country", sa.String(length=2), nullable=True),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("new_use", sa.String(length=200), nullable=True),
        sa.Column("seekers", sa.JSON(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("successor_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_venue_case_id_case_file")),
        sa.ForeignKeyConstraint(["successor_id"], ["venue.id"], name=op.f("fk_venue_successor_id_venue")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_venue")),
        sa.UniqueConstraint("ref", name=op.f("uq_venue_ref")),
    )
    op.create_index(op.f("ix_venue_case_id_id"), "venue", ["case_id", "id"], unique=False)
    op.create_index(
        op.f("ix_venue_country_area_state_case_id"), "venue", ["country", "area", "state", "case_id"], unique=False
    )
    op.create_table(
        "victim",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("pseudonym", sa.String(length=40), nullable=False),
        sa.Column("gender", sa.String(length=40), nullable=False),
        sa.Column("minor", sa.Boolean(), nullable=True),
        sa.Column("estimated_age", sa.Integer(), nullable=True),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=True),
        sa.Column("family_members", sa.Integer(), nullable=True),
        sa.Column("dependents", sa.Integer(), nullable=True),
        sa.Column("identification", sa.String(length=40), nullable=False),
        sa.Column("whereabouts", sa.String(length=40), nullable=False),
        sa.Column("missed_how", sa.String(length=40), nullable=True),
        sa.Column("care", sa.String(length=40), nullable=False),
        sa.Column("willingness", sa.String(length=40), nullable=True),
        sa.Column("out_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_victim_case_id_case_file")),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_victim_office_id_office")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_victim")),
    )
    op.create_index(op.f("ix_victim_case_id_id"), "victim", ["case_id", "id"], unique=False)
    op.create_index(op.f("ix_victim_office_id_pseudonym"), "victim", ["office_id", "pseudonym"], unique=True)
    op.create_table(
        "assessment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("victim_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("favourable", sa.Boolean(), nullable=True),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("assessed_on", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["victim_id"], ["victim.id"], name=op.f("fk_assessment_victim_id_victim")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessment")),
    )
    op.create_index(
        op.f("ix_assessment_victim_id_kind_assessed_on"),
        "assessment",
        ["victim_id", "kind", "assessed_on"],
        unique=False,
    )
    op.create_table(
        "care_step",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("victim_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("what", sa.String(length=40), nullable=True),
        sa.Column("title", sa.String(length=200), nullable=True),
        sa.Column("partner_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("began_on", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_care_step_partner_id_partner")),
        sa.ForeignKeyConstraint(["victim_id"], ["victim.id"], name=op.f("fk_care_step_victim_id_victim")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_care_step")),
    )
    op.create_index(
        op.f("ix_care_step_kind_state_due_at_id"), "care_step", ["kind", "state", "due_at", "id"], unique=False
    )
    op.create_index(op.f("ix_care_step_state_due_at_id"), "care_step", ["state", "due_at", "id"], unique=False)
    op.create_index(op.f("ix_care_step_victim_id_id"), "care_step", ["victim_id", "id"], unique=False)
    op.create_table(
        "claim",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("victim_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("owed", sa.BigInteger(), nullable=False),
        sa.Column("paid", sa.BigInteger(), nullable=False),
        sa.Column("ordered_on", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["victim_id"], ["victim.id"], name=op.f("fk_claim_victim_id_victim")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim")),
    )
    op.create_index(op.f("ix_claim_victim_id_id"), "claim", ["victim_id", "id"], unique=False)
    op.create_table(
        "consent",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("victim_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["victim_id"], ["victim.id"], name=op.f("fk_consent_victim_id_victim")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    op.create_index(op.f("ix_consent_victim_id_id"), "consent", ["victim_id", "id"], unique=False)
    op.create_table(
        "episode",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("victim_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("venue_id", sa.Uuid(), nullable=True),
        sa.Column("started_on", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("exploitation", sa.JSON(), nullable=False),
        sa.Column("means", sa.JSON(), nullable=False),
        sa.Column("exit", sa.String(length=40), nullable=True),
        sa.Column("was_out", sa.Boolean(), nullable=False),
        sa.Column("classification", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_episode_case_id_case_file")),
        sa.ForeignKeyConstraint(["venue_id"], ["venue.id"], name=op.f("fk_episode_venue_id_venue")),
        sa.ForeignKeyConstraint(["victim_id"], ["victim.id"], name=op.f("fk_episode_victim_id_victim")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_episode")),
    )
    op.create_index(op.f("ix_episode_venue_id_victim_id"), "episode", ["venue_id", "victim_id"], unique=False)
    op.create_index(op.f("ix_episode_victim_id_started_on"), "episode", ["victim_id", "started_on"], unique=False)
    op.create_table(
        "inspection",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("venue_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("inspector_id", sa.Uuid(), nullable=False),
        sa.Column("evidence_id", sa.Uuid(), nullable=True),
        sa.Column("inspected_on", sa.Date(), nullable=False),
        sa.Column("found", sa.String(length=40), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_inspection_case_id_case_file")),
        sa.ForeignKeyConstraint(["evidence_id"], ["evidence.id"], name=op.f("fk_inspection_evidence_id_evidence")),
        sa.ForeignKeyConstraint(
            ["inspector_id"], ["user_account.id"], name=op.f("fk_inspection_inspector_id_user_account")
        ),
        sa.ForeignKeyConstraint(["venue_id"], ["venue.id"], name=op.f("fk_inspection_venue_id_venue")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection")),
    )
    op.create_index(
        op.f("ix_inspection_venue_id_inspected_on"), "inspection", ["venue_id", "inspected_on"], unique=False
    )
    op.create_table(
        "keep_apart",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("victim_id", sa.Uuid(), nullable=False),
        sa.Column("barrier", sa.String(length=40), nullable=False),
        sa.Column("perpetrator_id", sa.Uuid(), nullable=True),
        sa.Column("other_victim_id", sa.Uuid(), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["other_victim_id"], ["victim.id"], name=op.f("fk_keep_apart_other_victim_id_victim")),
        sa.ForeignKeyConstraint(
            ["perpetrator_id"], ["perpetrator.id"], name=op.f("fk_keep_apart_perpetrator_id_perpetrator")
        ),
        sa.ForeignKeyConstraint(["victim_id"], ["victim.id"], name=op.f("fk_keep_apart_victim_id_victim")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_keep_apart")),
    )
    op.create_index(op.f("ix_keep_apart_other_victim_id"), "keep_apart", ["other_victim_id"], unique=False)
    op.create_index(op.f("ix_keep_apart_perpetrator_id"), "keep_apart", ["perpetrator_id"], unique=False)
    op.create_index(op.f("ix_keep_apart_victim_id_id"), "keep_apart", ["victim_id", "id"], unique=False)
    op.create_table(
        "link",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("evidence_id", sa.Uuid(), nullable=False),
        sa.Column("target_kind", sa.String(length=40), nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=False),
        sa.Column("relation", sa.String(length=40), nullable=False),
        sa.Column("confidence", sa.String(length=40), nullable=False),
        sa.Column("made_by_id", sa.Uuid(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_link_case_id_case_file")),
        sa.ForeignKeyConstraint(["evidence_id"], ["evidence.id"], name=op.f("fk_link_evidence_id_evidence")),
        sa.ForeignKeyConstraint(["made_by_id"], ["user_account.id"], name=op.f("fk_link_made_by_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link")),
    )
    op.create_index(op.f("ix_link_case_id_target_kind_id"), "link", ["case_id", "target_kind", "id"], unique=False)
    op.create_index(op.f("ix_link_evidence_id_id"), "link", ["evidence_id", "id"], unique=False)
    op.create_index(op.f("ix_link_target_id"), "link", ["target_id"], unique=False)
    op.create_table(
        "observation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("venue_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("observed_on", sa.Date(), nullable=False),
        sa.Column("seen", sa.String(length=40), nullable=False),
        sa.Column("people", sa.Integer(), nullable=True),
        sa.Column("minors", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_observation_case_id_case_file")),
        sa.ForeignKeyConstraint(["venue_id"], ["venue.id"], name=op.f("fk_observation_venue_id_venue")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_observation")),
    )
    op.create_index(
        op.f("ix_observation_venue_id_observed_on"), "observation", ["venue_id", "observed_on"], unique=False
    )
    op.create_table(
        "operation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("ref", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("venue_id", sa.Uuid(), nullable=True),
        sa.Column("partner", sa.String(length=200), nullable=True),
        sa.Column("authorised_on", sa.Date(), nullable=True),
        sa.Column("authorisation_id", sa.Uuid(), nullable=True),
        sa.Column("authorisation_ref", sa.String(length=100), nullable=True),
        sa.Column("aftercare_places", sa.Integer(), nullable=True),
        sa.Column("planned_on", sa.Date(), nullable=True),
        sa.Column("held_on", sa.Date(), nullable=True),
        sa.Column("planner_id", sa.Uuid(), nullable=False),
        sa.Column("decider_id", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["authorisation_id"], ["evidence.id"], name=op.f("fk_operation_authorisation_id_evidence")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_operation_case_id_case_file")),
        sa.ForeignKeyConstraint(["decider_id"], ["user_account.id"], name=op.f("fk_operation_decider_id_user_account")),
        sa.ForeignKeyConstraint(["planner_id"], ["user_account.id"], name=op.f("fk_operation_planner_id_user_account")),
        sa.ForeignKeyConstraint(["venue_id"], ["venue.id"], name=op.f("fk_operation_venue_id_venue")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operation")),
        sa.UniqueConstraint("ref", name=op.f("uq_operation_ref")),
    )
    op.create_index(op.f("ix_operation_case_id_id"), "operation", ["case_id", "id"], unique=False)
    op.create_index(op.f("ix_operation_venue_id"), "operation", ["venue_id"], unique=False)
    op.create_table(
        "placement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("victim_id", sa.Uuid(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["victim_id"], ["victim.id"], name=op.f("fk_placement_victim_id_victim")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_placement")),
    )
    op.create_index(op.f("ix_placement_victim_id_id"), "placement", ["victim_id", "id"], unique=False)
    op.create_table(
        "referral",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("victim_id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=True),
        sa.Column("service", sa.String(length=40), nullable=False),
        sa.Column("region", sa.String(length=100), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_referral_partner_id_partner")),
        sa.ForeignKeyConstraint(["victim_id"], ["victim.id"], name=op.f("fk_referral_victim_id_victim")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral")),
    )
    op.create_index(op.f("ix_referral_partner_id"), "referral", ["partner_id"], unique=False)
    op.create_index(op.f("ix_referral_state_region"), "referral", ["state", "region"], unique=False)
    op.create_index(op.f("ix_referral_victim_id_id"), "referral", ["victim_id", "id"], unique=False)
    op.create_table(
        "standing_record",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("victim_id", sa.Uuid(), nullable=False),
        sa.Column("standing", sa.String(length=40), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["victim_id"], ["victim.id"], name=op.f("fk_standing_record_victim_id_victim")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standing_record")),
    )
    op.create_index(op.f("ix_standing_record_victim_id_id"), "standing_record", ["victim_id", "id"], unique=False)
    op.create_table(
        "venue_tie",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("venue_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("perpetrator_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=True),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_venue_tie_case_id_case_file")),
        sa.ForeignKeyConstraint(
            ["perpetrator_id"], ["perpetrator.id"], name=op.f("fk_venue_tie_perpetrator_id_perpetrator")
        ),
        sa.ForeignKeyConstraint(["venue_id"], ["venue.id"], name=op.f("fk_venue_tie_venue_id_venue")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_venue_tie")),
    )
    op.create_index(op.f("ix_venue_tie_perpetrator_id"), "venue_tie", ["perpetrator_id"], unique=False)
    op.create_index(op.f("ix_venue_tie_venue_id_id"), "venue_tie", ["venue_id", "id"], unique=False)
    op.create_table(
        "victim_case",
        sa.Column("victim_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_victim_case_case_id_case_file")),
        sa.ForeignKeyConstraint(["victim_id"], ["victim.id"], name=op.f("fk_victim_case_victim_id_victim")),
        sa.PrimaryKeyConstraint("victim_id", "case_id", name=op.f("pk_victim_case")),
    )
    op.create_index(op.f("ix_victim_case_case_id_victim_id"), "victim_case", ["case_id", "victim_id"], unique=False)
    op.create_table(
        "victim_tie",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("perpetrator_id", sa.Uuid(), nullable=False),
        sa.Column("victim_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("relation", sa.String(length=40), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_victim_tie_case_id_case_file")),
        sa.ForeignKeyConstraint(
            ["perpetrator_id"], ["perpetrator.id"], name=op.f("fk_victim_tie_perpetrator_id_perpetrator")
        ),
        sa.ForeignKeyConstraint(["victim_id"], ["victim.id"], name=op.f("fk_victim_tie_victim_id_victim")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_victim_tie")),
    )
    op.create_index(op.f("ix_victim_tie_perpetrator_id_id"), "victim_tie", ["perpetrator_id", "id"], unique=False)
    op.create_index(op.f("ix_victim_tie_victim_id"), "victim_tie", ["victim_id"], unique=False)
    op.create_table(
        "alert",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("victim_id", sa.Uuid(), nullable=False),
        sa.Column("episode_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("noted_by_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_alert_case_id_case_file")),
        sa.ForeignKeyConstraint(["episode_id"], ["episode.id"], name=op.f("fk_alert_episode_id_episode")),
        sa.ForeignKeyConstraint(["noted_by_id"], ["user_account.id"], name=op.f("fk_alert_noted_by_id_user_account")),
        sa.ForeignKeyConstraint(["victim_id"], ["victim.id"], name=op.f("fk_alert_victim_id_victim")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
    )
    op.create_index(op.f("ix_alert_noted_at_case_id"), "alert", ["noted_at", "case_id"], unique=False)
    op.create_table(
        "authority_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("operation_id", sa.Uuid(), nullable=True),
        sa.Column("ref", sa.String(length=40), nullable=False),
        sa.Column("authority", sa.String(length=200), nullable=False),
        sa.Column("asks", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("sent_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("replied_on", sa.Date(), nullable=True),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.Column("reply_evidence_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_authority_request_case_id_case_file")),
        sa.ForeignKeyConstraint(
            ["operation_id"], ["operation.id"], name=op.f("fk_authority_request_operation_id_operation")
        ),
        sa.ForeignKeyConstraint(
            ["reply_evidence_id"], ["evidence.id"], name=op.f("fk_authority_request_reply_evidence_id_evidence")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authority_request")),
        sa.UniqueConstraint("ref", name=op.f("uq_authority_request_ref")),
    )
    op.create_index(op.f("ix_authority_request_case_id_id"), "authority_request", ["case_id", "id"], unique=False)
    op.create_index(op.f("ix_authority_request_state_due_on"), "authority_request", ["state", "due_on"], unique=False)
    op.create_table(
        "operation_operative",
        sa.Column("operation_id", sa.Uuid(), nullable=False),
        sa.Column("operative_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_operation_operative_case_id_case_file")),
        sa.ForeignKeyConstraint(
            ["operation_id"], ["operation.id"], name=op.f("fk_operation_operative_operation_id_operation")
        ),
        sa.ForeignKeyConstraint(
            ["operative_id"], ["operative.id"], name=op.f("fk_operation_operative_operative_id_operative")
        ),
        sa.PrimaryKeyConstraint("operation_id", "operative_id", name=op.f("pk_operation_operative")),
    )
    op.create_table(
        "payment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("victim_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_payment_claim_id_claim")),
        sa.ForeignKeyConstraint(["victim_id"], ["victim.id"], name=op.f("fk_payment_victim_id_victim")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
    )
    op.create_index(op.f("ix_payment_claim_id_id"), "payment", ["claim_id", "id"], unique=False)
    op.create_table(
        "roster_entry",
        sa.Column("operation_id", sa.Uuid(), nullable=False),
        sa.Column("victim_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=True),
        sa.Column("how", sa.String(length=40), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_roster_entry_case_id_case_file")),
        sa.ForeignKeyConstraint(
            ["operation_id"], ["operation.id"], name=op.f("fk_roster_entry_operation_id_operation")
        ),
        sa.ForeignKeyConstraint(["victim_id"], ["victim.id"], name=op.f("fk_roster_entry_victim_id_victim")),
        sa.PrimaryKeyConstraint("operation_id", "victim_id", name=op.f("pk_roster_entry")),
    )
    op.create_index(op.f("ix_roster_entry_victim_id"), "roster_entry", ["victim_id"], unique=False)
    op.create_table(
        "safety_assessment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("operation_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("scores", sa.JSON(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("assessed_on", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("void_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("assessor_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["assessor_id"], ["user_account.id"], name=op.f("fk_safety_assessment_assessor_id_user_account")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_safety_assessment_case_id_case_file")),
        sa.ForeignKeyConstraint(
            ["operation_id"], ["operation.id"], name=op.f("fk_safety_assessment_operation_id_operation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_safety_assessment")),
    )
    op.create_index(
        op.f("ix_safety_assessment_operation_id_assessed_on"),
        "safety_assessment",
        ["operation_id", "assessed_on"],
        unique=False,
    )
    op.create_table(
        "search_task",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("victim_id", sa.Uuid(), nullable=True),
        sa.Column("operation_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("last_seen_on", sa.Date(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end", sa.String(length=40), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_search_task_case_id_case_file")),
        sa.ForeignKeyConstraint(["operation_id"], ["operation.id"], name=op.f("fk_search_task_operation_id_operation")),
        sa.ForeignKeyConstraint(["victim_id"], ["victim.id"], name=op.f("fk_search_task_victim_id_victim")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_task")),
    )
    op.create_index(op.f("ix_search_task_case_id_id"), "search_task", ["case_id", "id"], unique=False)
    op.create_index(op.f("ix_search_task_ended_at_case_id"), "search_task", ["ended_at", "case_id"], unique=False)
    op.create_index(op.f("ix_search_task_victim_id"), "search_task", ["victim_id"], unique=False)
    op.create_table(
        "sighting",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("search_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("venue_id", sa.Uuid(), nullable=True),
        sa.Column("seen_on", sa.Date(), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_sighting_case_id_case_file")),
        sa.ForeignKeyConstraint(["search_id"], ["search_task.id"], name=op.f("fk_sighting_search_id_search_task")),
        sa.ForeignKeyConstraint(["venue_id"], ["venue.id"], name=op.f("fk_sighting_venue_id_venue")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sighting")),
    )
    op.create_index(op.f("ix_sighting_search_id_id"), "sighting", ["search_id", "id"], unique=False)
    op.add_column("evidence", sa.Column("notes", sa.Text(), nullable=True))
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "ALTER TABLE search_text ADD COLUMN search_index tsvector "
            "GENERATED ALWAYS AS (array_to_tsvector(string_to_array(tokens, ' '))) STORED"
        )
        op.execute("CREATE INDEX search_index_words ON search_text USING gin (search_index)")
    else:
        op.execute(
            "CREATE VIRTUAL TABLE search_index USING fts5(tokens, content='search_text', content_rowid='id', "
            "tokenize='ascii', prefix='1 2 3 4', detail=none, columnsize=0)"
        )
        added = "INSERT INTO search_index (rowid, tokens) VALUES (new.id, new.tokens);"
        gone = "INSERT INTO search_index (search_index, rowid, tokens) VALUES ('delete', old.id, old.tokens);"
        for name, event, statements in (
            ("added", "INSERT", added),
            ("gone", "DELETE", gone),
            ("changed", "UPDATE OF tokens", gone + added),
        ):
            op.execute(f"CREATE TRIGGER search_text_{name} AFTER {event} ON search_text BEGIN {statements} END")
