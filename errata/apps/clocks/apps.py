from django.apps import AppConfig


class ClocksConfig(AppConfig):
    name = "errata.apps.clocks"

    def ready(self) -> None:
        """Answer the keys of searches that ask what became of promises."""
        from errata.apps.clocks import asked

        asked.answer()
