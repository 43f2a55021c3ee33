from django.apps import AppConfig


class KitConfig(AppConfig):
    name = "zhiqiao.kit"
    verbose_name = "基础机制"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from zhiqiao.kit import jobs, notify

        jobs.autodiscover()
        notify.autodiscover()
