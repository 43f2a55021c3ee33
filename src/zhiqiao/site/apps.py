from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "zhiqiao.site"
    label = "zhiqiao_site"
    verbose_name = "智桥"

    def ready(self) -> None:
        from zhiqiao.site import checks, roles

        roles.declare_all()
        checks.register_all()
