from django.apps import AppConfig


class DirectoryConfig(AppConfig):
    name = "zhiqiao.directory"
    verbose_name = "资源库"
    default_auto_field = "django.db.models.BigAutoField"
