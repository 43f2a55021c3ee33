from django.apps import AppConfig


class OrgsConfig(AppConfig):
    name = "zhiqiao.orgs"
    verbose_name = "组织网络"
    default_auto_field = "django.db.models.BigAutoField"
