"""Projects, scenes, shots, images and their selections, jobs, assets, feeds."""

from __future__ import annotations

from typing import Any

from tortoise import fields, migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint


def _table(name: str, **options: Any) -> dict[str, Any]:
    return {"table": name, "app": "models", "pk_attr": "id", **options}


def _row(*columns: tuple[str, Any]) -> list[tuple[str, Any]]:
    return [
        ("id", fields.CharField(primary_key=True, max_length=36)),
        ("created_at", fields.DatetimeField(auto_now_add=True)),
        ("updated_at", fields.DatetimeField(auto_now=True)),
        *columns,
    ]


def _part_of(model: str, related_name: str, *, indexed: bool = True) -> Any:
    """Goes with what it is part of. `indexed` is off where the column leads another index."""
    return fields.ForeignKeyField(
        f"models.{model}",
        related_name=related_name,
        on_delete=fields.CASCADE,
        db_index=indexed,
    )


def _mention_of(model: str, related_name: str) -> Any:
    """Outlives what it mentions."""
    return fields.ForeignKeyField(
        f"models.{model}",
        related_name=related_name,
        on_delete=fields.SET_NULL,
        null=True,
        db_index=True,
    )


def _checks(table: str, **rules: str) -> list[CheckConstraint]:
    return [CheckConstraint(check=rule, name=f"{table}_{name}") for name, rule in rules.items()]


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="Client",
            fields=_row(
                ("slug", fields.CharField(unique=True, max_length=100)),
                ("name", fields.CharField(max_length=200)),
            ),
            options=_table("client"),
        ),
        ops.CreateModel(
            name="User",
            fields=_row(("name", fields.CharField(max_length=200))),
            options=_table("user_account"),
        ),
        ops.CreateModel(
            name="Worker",
            fields=[
                ("id", fields.CharField(primary_key=True, max_length=120)),
                ("seen_at", fields.DatetimeField()),
            ],
            options=_table("worker"),
        ),
        ops.CreateModel(
            name="IdempotencyRecord",
            fields=_row(
                ("actor_id", fields.CharField(max_length=36)),
                ("key", fields.CharField(max_length=200)),
                ("operation", fields.CharField(max_length=60)),
                ("body_hash", fields.CharField(max_length=64)),
                ("answer", fields.JSONField(null=True)),
            ),
            options=_table(
                "idempotency_record",
                unique_together=(("actor_id", "key"),),
                indexes=(("created_at",),),
            ),
        ),
        ops.CreateModel(
            name="Feed",
            fields=[
                ("id", fields.CharField(primary_key=True, max_length=36)),
                ("head", fields.BigIntField()),
                ("floor", fields.BigIntField()),
            ],
            options=_table(
                "feed", constraints=_checks("feed", bounds="floor >= 0 AND head >= floor")
            ),
        ),
        ops.CreateModel(
            name="Event",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True)),
                ("feed", _part_of("Feed", "events", indexed=False)),
                ("sequence", fields.BigIntField()),
                ("at", fields.DatetimeField()),
                ("kind", fields.CharField(max_length=20)),
                ("subject_id", fields.CharField(max_length=36)),
                ("version", fields.IntField(null=True)),
                ("changed", fields.JSONField()),
                ("deleted", fields.JSONField(null=True)),
                ("actor_id", fields.CharField(max_length=36)),
                ("idempotency_key", fields.CharField(null=True, max_length=200)),
            ],
            options=_table(
                "event",
                unique_together=(("feed_id", "sequence"),),
                indexes=(("subject_id", "version"),),
                constraints=_checks("event", sequence="sequence >= 1", version="version >= 1"),
            ),
        ),
        ops.CreateModel(
            name="Project",
            fields=_row(
                ("client", _part_of("Client", "projects", indexed=False)),
                ("title", fields.CharField(max_length=200)),
                ("prompt", fields.TextField()),
                ("prompt_planner_data", fields.JSONField(null=True)),
                ("workflow_version", fields.CharField(max_length=20)),
                ("rate_numerator", fields.IntField()),
                ("rate_denominator", fields.IntField()),
                ("version", fields.IntField()),
            ),
            options=_table(
                "project",
                indexes=(("client_id", "id"),),
                constraints=_checks(
                    "project",
                    rate="rate_numerator > 0 AND rate_denominator > 0",
                    version="version >= 1",
                ),
            ),
        ),
        ops.CreateModel(
            name="Asset",
            fields=_row(
                ("project", _part_of("Project", "assets", indexed=False)),
                ("sha256", fields.CharField(db_index=True, max_length=64)),
                ("media_type", fields.CharField(max_length=100)),
                ("size", fields.BigIntField()),
                ("filename", fields.CharField(max_length=200)),
            ),
            options=_table(
                "asset",
                unique_together=(("project_id", "sha256"),),
                constraints=_checks("asset", size="size >= 0"),
            ),
        ),
        ops.CreateModel(
            name="Scene",
            fields=_row(
                ("rank", fields.CharField(max_length=200)),
                ("project", _part_of("Project", "scenes", indexed=False)),
                ("label", fields.CharField(null=True, max_length=40)),
                ("title", fields.CharField(max_length=200)),
                ("description", fields.TextField()),
                ("version", fields.IntField()),
            ),
            options=_table(
                "scene",
                unique_together=(("project_id", "rank"),),
                constraints=_checks("scene", version="version >= 1"),
            ),
        ),
        ops.CreateModel(
            name="Shot",
            fields=_row(
                ("rank", fields.CharField(max_length=200)),
                ("project", _part_of("Project", "shots")),
                ("scene", _part_of("Scene", "shots", indexed=False)),
                ("label", fields.CharField(null=True, max_length=40)),
                ("description", fields.TextField()),
                ("initial_prompt", fields.TextField(null=True)),
                ("generation", fields.JSONField()),
                ("timing", fields.JSONField()),
                ("camera", fields.JSONField()),
                ("type", fields.CharField(null=True, max_length=60)),
                ("status", fields.CharField(null=True, max_length=60)),
                ("version", fields.IntField()),
            ),
            options=_table(
                "shot",
                unique_together=(("scene_id", "rank"),),
                constraints=_checks("shot", version="version >= 1"),
            ),
        ),
        ops.CreateModel(
            name="JobBatch",
            fields=_row(
                ("project", _part_of("Project", "batches")),
                ("kind", fields.CharField(max_length=20)),
                ("input_hash", fields.CharField(db_index=True, max_length=64)),
            ),
            options=_table("job_batch"),
        ),
        ops.CreateModel(
            name="Job",
            fields=_row(
                ("project", _part_of("Project", "jobs", indexed=False)),
                ("batch", _part_of("JobBatch", "jobs")),
                ("shot", _mention_of("Shot", "jobs")),
                ("subject_id", fields.CharField(db_index=True, max_length=36)),
                ("kind", fields.CharField(max_length=20)),
                ("status", fields.CharField(max_length=20)),
                ("inputs", fields.JSONField()),
                ("renderer", fields.CharField(max_length=60)),
                ("model", fields.CharField(null=True, max_length=200)),
                ("phase", fields.CharField(null=True, max_length=60)),
                ("progress", fields.FloatField()),
                ("step", fields.IntField()),
                ("total_steps", fields.IntField(null=True)),
                ("attempt", fields.IntField()),
                ("max_attempts", fields.IntField()),
                ("error_code", fields.CharField(null=True, max_length=60)),
                ("error_message", fields.TextField(null=True)),
                ("external_id", fields.CharField(null=True, max_length=200)),
                ("preview", _mention_of("Asset", "previewed")),
                ("asset", _mention_of("Asset", "made_by")),
                ("started_at", fields.DatetimeField(null=True)),
                ("finished_at", fields.DatetimeField(null=True)),
            ),
            options=_table(
                "job",
                indexes=(("project_id", "id"), ("status", "id")),
                constraints=_checks(
                    "job",
                    progress="progress >= 0 AND progress <= 1",
                    steps="step >= 0 AND total_steps >= 0",
                    attempts="attempt >= 0 AND max_attempts >= 0",
                ),
            ),
        ),
        ops.CreateModel(
            name="Image",
            fields=_row(
                ("project", _part_of("Project", "images")),
                ("shot", _part_of("Shot", "images", indexed=False)),
                ("iteration_number", fields.IntField()),
                ("variant_number", fields.IntField()),
                ("iteration_prompt", fields.TextField()),
                ("parent_image", _mention_of("Image", "refinements")),
                ("status", fields.CharField(max_length=20)),
                ("job", _mention_of("Job", "images")),
                ("asset", _mention_of("Asset", "images")),
                ("thumbnail", _mention_of("Asset", "thumbnails")),
                ("source_url", fields.TextField(null=True)),
                ("blurhash", fields.CharField(null=True, max_length=64)),
                ("width", fields.IntField(null=True)),
                ("height", fields.IntField(null=True)),
                ("external_id", fields.CharField(null=True, max_length=200)),
                ("is_favorite", fields.BooleanField()),
                ("metadata", fields.JSONField(null=True)),
                ("version", fields.IntField()),
            ),
            options=_table(
                "image",
                unique_together=(("shot_id", "iteration_number", "variant_number"),),
                constraints=_checks(
                    "image",
                    numbers="iteration_number >= 0 AND variant_number >= 0",
                    size="width >= 0 AND height >= 0",
                    version="version >= 1",
                ),
            ),
        ),
        ops.CreateModel(
            name="StoryboardSelection",
            fields=_row(
                ("project", _part_of("Project", "selections")),
                (
                    "shot",
                    fields.OneToOneField(
                        "models.Shot", related_name="selection", on_delete=fields.CASCADE
                    ),
                ),
                ("image", _part_of("Image", "selections")),
                ("animation_status", fields.CharField(null=True, max_length=20)),
                ("animation_job", _mention_of("Job", "selections")),
                ("video", _mention_of("Asset", "selections")),
                ("video_url", fields.TextField(null=True)),
                ("external_video_id", fields.CharField(null=True, max_length=200)),
                ("version", fields.IntField()),
            ),
            options=_table(
                "storyboard_selection",
                constraints=_checks("storyboard_selection", version="version >= 1"),
            ),
        ),
    ]
