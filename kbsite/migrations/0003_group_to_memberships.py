"""The group "curators" becomes memberships of all lists: as maintainers, for its members could do all that those may."""

from django.conf import settings
from django.db import migrations

GROUP = "curators"


def to_memberships(apps, schema_editor):
    Group = apps.get_model("auth", "Group")
    Membership = apps.get_model("kbsite", "Membership")
    group = Group.objects.filter(name=GROUP).first()
    if group is None:
        return
    for user in group.user_set.all():
        Membership.objects.get_or_create(user_id=user.pk, list=None, defaults={"role": "maintainer"})
    group.delete()


def to_group(apps, schema_editor):
    Group = apps.get_model("auth", "Group")
    Membership = apps.get_model("kbsite", "Membership")
    group, _ = Group.objects.get_or_create(name=GROUP)
    for membership in Membership.objects.filter(list=None).select_related("user"):
        group.user_set.add(membership.user)


class Migration(migrations.Migration):

    dependencies = [
        ("kbsite", "0002_memberships"),
        ("auth", "0012_alter_user_first_name_max_length"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [migrations.RunPython(to_memberships, to_group)]
