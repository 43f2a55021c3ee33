from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "zhiqiao.accounts"
    verbose_name = "人员与登录"
    default_auto_field = "django.db.models.BigAutoField"
