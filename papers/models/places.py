"""Where papers stand on the map of the field."""

from __future__ import annotations

from django.db import models

from papers.models.papers import Paper


class Layout(models.Model):
    """A way from vectors to places in the plane, fitted once for an encoder and then kept.

    It is read while it is ready: a new one fills in the background, and then takes the place of the former.
    """

    encoder = models.CharField(max_length=200, help_text="Whose vectors it understands")
    arrays = models.BinaryField(help_text="The transform, as an .npz (ingest/projection.py)")
    regions = models.JSONField(default=list, help_text='[{"x": …, "y": …, "terms": […]}, …]: regions 1, 2, …')
    papers = models.PositiveIntegerField(help_text="How many had a vector when it was fitted")
    is_ready = models.BooleanField(default=False, help_text="Every paper of that time has its place")
    made_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now_add=True, help_text="When a place was last written")

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"layout {self.pk} of {self.encoder}"


class Place(models.Model):
    """A paper's place in a layout, mostly within the unit circle; stale when text_hash differs from the paper's."""

    layout = models.ForeignKey(Layout, on_delete=models.CASCADE, related_name="places")
    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="places")
    text_hash = models.CharField(max_length=64)
    x = models.FloatField()
    y = models.FloatField(help_text="Upwards")
    region = models.PositiveSmallIntegerField(help_text="Its number in the layout, from 1")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["layout", "paper"], name="place_unique")]

    def __str__(self) -> str:
        return f"{self.paper_id} at ({self.x:.3f}, {self.y:.3f})"
