"""The group "curators" of earlier versions becomes memberships, and nobody loses what they could do."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

BEFORE, AFTER = ("kbsite", "0002_memberships"), ("kbsite", "0003_group_to_memberships")


def migrated(target):
    executor = MigrationExecutor(connection)
    executor.migrate([target])
    return MigrationExecutor(connection).loader.project_state([target]).apps


@pytest.mark.django_db(transaction=True)
def test_members_of_the_group_maintain_all_lists():
    latest = MigrationExecutor(connection).loader.graph.leaf_nodes("kbsite")[0]
    try:
        apps = migrated(BEFORE)
        group = apps.get_model("auth", "Group").objects.get(name="curators")  # the way back made it
        users = [apps.get_model("auth", "User").objects.create(username=name) for name in ("ada", "lin", "reader")]
        group.user_set.add(*users[:2])

        apps = migrated(AFTER)
        Membership = apps.get_model("kbsite", "Membership")
        given = Membership.objects.order_by("user__username").values_list("user__username", "list", "role")
        assert [*given] == [("ada", None, "maintainer"), ("lin", None, "maintainer")]
        assert not apps.get_model("auth", "Group").objects.exists()

        apps = migrated(BEFORE)
        group = apps.get_model("auth", "Group").objects.get(name="curators")
        assert {user.username for user in group.user_set.all()} == {"ada", "lin"}
    finally:
        migrated(latest)
