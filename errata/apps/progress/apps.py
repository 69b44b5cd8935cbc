from django.apps import AppConfig


class ProgressConfig(AppConfig):
    name = "errata.apps.progress"

    def ready(self) -> None:
        """Answer the keys of searches that ask how issues went, and hear of projects that are removed."""
        from errata.apps.progress import asked, removal

        asked.answer()
        removal.watch()
