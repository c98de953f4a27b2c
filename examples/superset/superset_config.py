"""Superset for the demo: on this machine alone, with everything of its own below SUPERSET_HOME. No example for production."""
import os

SECRET_KEY = os.environ["SUPERSET_SECRET_KEY"]
SQLALCHEMY_DATABASE_URI = "sqlite:///" + os.path.join(os.environ["SUPERSET_HOME"], "superset.db")
# Filters that reach into functions are Jinja in the datasets' queries.
FEATURE_FLAGS = {"ENABLE_TEMPLATE_PROCESSING": True}
PREVENT_UNSAFE_DB_CONNECTIONS = False
# Nothing is fetched from elsewhere.
TALISMAN_ENABLED = False
WTF_CSRF_ENABLED = False
BABEL_DEFAULT_LOCALE = "en"
LANGUAGES = {"en": {"flag": "us", "name": "English"}, "zh": {"flag": "cn", "name": "Chinese"}}
RATELIMIT_ENABLED = False
