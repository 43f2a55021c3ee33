from django.apps import AppConfig


class InsightsConfig(AppConfig):
    name = "zhiqiao.insights"
    verbose_name = "驾驶舱"
