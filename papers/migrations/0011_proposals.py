import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("papers", "0010_acts"),
    ]

    operations = [
        migrations.AddField(
            model_name="paperlist",
            name="takes_proposals",
            field=models.BooleanField(default=True, help_text="Authors may propose papers by the public form"),
        ),
        migrations.CreateModel(
            name="Proposal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("scheme", models.CharField(help_text="Of the identifier that was given", max_length=16)),
                ("value", models.TextField()),
                (
                    "title",
                    models.TextField(blank=True, help_text="As given; empty where a source is asked for it"),
                ),
                (
                    "why",
                    models.TextField(blank=True, help_text="Why it belongs in the list, by who proposed it"),
                ),
                (
                    "email",
                    models.EmailField(
                        blank=True, help_text="The author's; erased when it is no longer needed", max_length=254
                    ),
                ),
                (
                    "key",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, help_text="Of the page that tells its state", unique=True
                    ),
                ),
                ("asked_at", models.DateTimeField(auto_now_add=True)),
                ("confirmed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "category",
                    models.ForeignKey(
                        blank=True,
                        help_text="Where it may belong",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="papers.category",
                    ),
                ),
                (
                    "list",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="proposals", to="papers.paperlist"
                    ),
                ),
                (
                    "paper",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="proposals",
                        to="papers.paper",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        help_text="The curator who added it by hand; nobody where its author proposed it",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [
                    models.Index(fields=["list", "-id"], name="proposal_newest"),
                    models.Index(fields=["email", "asked_at"], name="proposal_by_mail"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("confirmed_at__isnull", True), ("paper__isnull", True)),
                            models.Q(("confirmed_at__isnull", False), ("paper__isnull", False)),
                            _connector="OR",
                        ),
                        name="proposal_confirmed_has_paper",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("user__isnull", True),
                            models.Q(("confirmed_at__isnull", False), ("email", "")),
                            _connector="OR",
                        ),
                        name="proposal_by_hand_is_confirmed",
                    ),
                ],
            },
        ),
    ]
