"""Settings: read from the environment, safe by default, the same for a laptop and for several machines."""

import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from django.core.exceptions import ImproperlyConfigured
from django.core.management.utils import get_random_secret_key

PACKAGE = Path(__file__).resolve().parent.parent
HOME = Path(os.environ.get("ZHIQIAO_HOME") or Path.home() / ".zhiqiao")
PRODUCTION = os.environ.get("ZHIQIAO_MODE", "development") == "production"
DEBUG = False


def _secret_key() -> str:
    """Return the key from the environment, or on a developer's machine one made at first start."""
    if key := os.environ.get("ZHIQIAO_SECRET_KEY"):
        if PRODUCTION and len(key) < 40:
            raise ImproperlyConfigured("ZHIQIAO_SECRET_KEY 太短：生产环境至少 40 个随机字符。")
        return key
    if PRODUCTION:
        raise ImproperlyConfigured("生产环境必须设置 ZHIQIAO_SECRET_KEY（至少 40 个随机字符）。")
    path = HOME / "secret_key"
    if not path.exists():
        HOME.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f"secret_key.{secrets.token_hex(4)}")
        temporary.touch(mode=0o600)
        temporary.write_text(get_random_secret_key())
        temporary.replace(path)
    return path.read_text()


def _database() -> dict[str, object]:
    """Return the database that DATABASE_URL names: postgres://user:password@host:port/name, else SQLite."""
    url = urlparse(os.environ.get("DATABASE_URL", ""))
    if url.scheme in ("postgres", "postgresql"):
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(url.path.lstrip("/")),
            "USER": unquote(url.username or ""),
            "PASSWORD": unquote(url.password or ""),
            "HOST": unquote(url.hostname or ""),
            "PORT": str(url.port or ""),
            "CONN_MAX_AGE": None,
            "CONN_HEALTH_CHECKS": True,
        }
    if url.scheme not in ("", "sqlite"):
        raise ImproperlyConfigured("DATABASE_URL 应以 postgres:// 或 sqlite:/// 开头。")
    name = unquote(url.path[1:]) if url.scheme else str(HOME / "zhiqiao.sqlite3")
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": name,
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            # IMMEDIATE: a transaction that will write waits its turn at the start instead of failing later.
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-32000;"
                "PRAGMA mmap_size=268435456; PRAGMA foreign_keys=ON;"
            ),
        },
    }


SECRET_KEY = _secret_key()
ALLOWED_HOSTS = [h for h in os.environ.get("ZHIQIAO_HOSTS", "").split(",") if h]
if PRODUCTION and not ALLOWED_HOSTS:
    raise ImproperlyConfigured("生产环境必须设置 ZHIQIAO_HOSTS（网站域名，多个用逗号分开）。")
ALLOWED_HOSTS = ALLOWED_HOSTS or ["localhost", "127.0.0.1", "[::1]"]
SITE_URL = os.environ.get("ZHIQIAO_URL", "http://127.0.0.1:8000").rstrip("/")
CSRF_TRUSTED_ORIGINS = [SITE_URL] if SITE_URL.startswith("https://") else []

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "zhiqiao.kit",
    "zhiqiao.accounts",
    "zhiqiao.orgs",
    "zhiqiao.directory",
    "zhiqiao.needs",
    "zhiqiao.insights",
    "zhiqiao.site",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "zhiqiao.accounts.middleware.IdleTimeout",
    "zhiqiao.kit.web.once.OncePerForm",
    "zhiqiao.site.gate.PolicyGate",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "zhiqiao.site.urls"
WSGI_APPLICATION = "zhiqiao.site.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["zhiqiao.kit.templatetags.zq"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "zhiqiao.site.menu.context",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.DjangoTemplates"

DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.Person"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("name", "phone", "email")},
    },
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "home"
IDLE_SECONDS = int(os.environ.get("ZHIQIAO_IDLE_SECONDS", "1800"))

AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 10 / 60  # hours: ten minutes
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_USERNAME_FORM_FIELD = "username"  # the name under which the login is given to authenticate()
AXES_LOCKOUT_CALLABLE = "zhiqiao.site.views.locked_out"
AXES_VERBOSE = False
AXES_ENABLE_ADMIN = False
AXES_DISABLE_ACCESS_LOG = True

SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "zhiqiao.site.views.csrf_failed"
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
if PRODUCTION and SITE_URL.startswith("https://"):
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "connect-src": ["'self'"],
        "font-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

LANGUAGE_CODE = "zh-hans"
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True

STATIC_URL = "/static/"
STATIC_ROOT = HOME / "static" if PRODUCTION else None  # a developer's files are served where they lie
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_AUTOREFRESH = False
MEDIA_ROOT = HOME / "files"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000

OUTBOX_FOLDER = HOME / "outbox"
NOTIFY_CHANNELS = {
    "site": "zhiqiao.kit.notify.channels.SiteChannel",
    "email": "zhiqiao.kit.notify.channels.EmailChannel",
    "sms": os.environ.get("ZHIQIAO_SMS", "zhiqiao.kit.notify.channels.SmsFileChannel"),
    "wecom": os.environ.get("ZHIQIAO_WECOM", "zhiqiao.kit.notify.channels.WecomFileChannel"),
}
if os.environ.get("ZHIQIAO_SMTP_HOST"):
    EMAIL_HOST = os.environ["ZHIQIAO_SMTP_HOST"]
    EMAIL_PORT = int(os.environ.get("ZHIQIAO_SMTP_PORT", "465"))
    EMAIL_HOST_USER = os.environ.get("ZHIQIAO_SMTP_USER", "")
    EMAIL_HOST_PASSWORD = os.environ.get("ZHIQIAO_SMTP_PASSWORD", "")
    EMAIL_USE_SSL = EMAIL_PORT == 465
    EMAIL_TIMEOUT = 20
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = OUTBOX_FOLDER / "email"
DEFAULT_FROM_EMAIL = os.environ.get("ZHIQIAO_MAIL_FROM", "智桥 <noreply@localhost>")
# Answers come in under this address; with plus addressing as name+token@domain.
MAIL_REPLY_TO = os.environ.get("ZHIQIAO_MAIL_REPLY", "reply@localhost")
MAIL_PLUS = os.environ.get("ZHIQIAO_MAIL_PLUS", "1") == "1"
MAIL_FOLDER = HOME / "mail"
# A mailbox at a provider, asked every half minute by the worker; empty host: none.
MAIL_IMAP: dict[str, Any] = {
    "host": os.environ.get("ZHIQIAO_IMAP_HOST", ""),
    "port": int(os.environ.get("ZHIQIAO_IMAP_PORT", "993")),
    "user": os.environ.get("ZHIQIAO_IMAP_USER", ""),
    "password": os.environ.get("ZHIQIAO_IMAP_PASSWORD", ""),
    "ssl": os.environ.get("ZHIQIAO_IMAP_SSL", "1") == "1",
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {"zhiqiao": {"level": "INFO"}, "axes": {"level": "ERROR"}},
}
