from django.apps import AppConfig


class NeedsConfig(AppConfig):
    name = "zhiqiao.needs"
    verbose_name = "科协帮"
    default_auto_field = "django.db.models.BigAutoField"
