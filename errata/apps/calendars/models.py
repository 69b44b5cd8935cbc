"""Business calendars: working hours, time zones, holidays."""

from django.db import models


class BusinessCalendar(models.Model):
    organization = models.ForeignKey(
        "accounts.Organization", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    slug = models.CharField(max_length=60)
    name = models.CharField(max_length=80)
    is_default = models.BooleanField(default=False)  # holds where a policy names none
    created_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("organization", "slug"), name="calendar_slug_once"),
            models.UniqueConstraint(
                fields=("organization",), condition=models.Q(is_default=True), name="calendar_one_default"
            ),
        )

    def __str__(self) -> str:
        return self.slug


class BusinessCalendarVersion(models.Model):
    """What a calendar said from when on. Kept, so that yesterday's clocks can be read again."""

    calendar = models.ForeignKey(BusinessCalendar, on_delete=models.CASCADE, related_name="versions")
    number = models.IntegerField()
    definition = models.JSONField()
    holds_from = models.DateTimeField(null=True)  # None corrects all that was before
    by_name = models.CharField(max_length=254)
    at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("calendar", "number"), name="calendar_version_once"),)

    def __str__(self) -> str:
        return f"{self.calendar_id} v{self.number}"
