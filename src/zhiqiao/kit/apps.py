from django.apps import AppConfig
from django.db.models.signals import post_migrate


class KitConfig(AppConfig):
    name = "zhiqiao.kit"
    verbose_name = "基础机制"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from zhiqiao.kit import jobs, notify, search
        from zhiqiao.kit.search.pages import keep_uncompressed

        jobs.autodiscover()
        notify.autodiscover()
        search.autodiscover()
        post_migrate.connect(keep_uncompressed, sender=self)
