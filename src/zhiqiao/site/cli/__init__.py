"""The command ``zhiqiao``: everything an operator does, in Chinese, with answers a program can read.

Exit codes: 0 done; 1 something was found or some rows were bad; 2 wrong usage; 3 refused, nothing changed.
"""

import os
import sys


def main() -> None:
    """Set Django up and run the command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zhiqiao.site.settings")
    import django
    from django.core.exceptions import ImproperlyConfigured

    try:
        django.setup()
    except ImproperlyConfigured as error:
        print(f"不能启动：{error}", file=sys.stderr)
        raise SystemExit(2) from None
    from zhiqiao.site.cli.chinese import run
    from zhiqiao.site.cli.commands import app

    raise SystemExit(run(app))
