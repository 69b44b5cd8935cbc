"""Settings: what is read, and the sentence when it can't be."""

from pathlib import Path

import pytest

from errata.ops.reference import SETTINGS_PAGE, settings_page
from errata.ops.settings import SettingRefused, load, table

ROOT = Path(__file__).resolve().parents[2]


def test_nothing_needs_to_be_set():
    settings = load({})
    assert settings.public_url == "http://127.0.0.1:8000"
    assert settings.data == Path("data").absolute()


def test_values_are_typed():
    settings = load({"ERRATA_PORT": "80", "ERRATA_DEV_MODE": "true", "ERRATA_TRUSTED_PROXIES": "10.0.0.0/8, ::1"})
    assert (settings.port, settings.dev_mode, settings.trusted_proxies) == (80, True, ("10.0.0.0/8", "::1"))


def test_variables_of_other_programs_are_left_alone():
    assert load({"PATH": "/bin", "ERRATIC": "1"}).port == 8000


def test_the_path_of_the_public_address_is_the_prefix():
    settings = load({"ERRATA_URL": "https://example.org/errata/"})
    assert (settings.public_url, settings.path_prefix) == ("https://example.org/errata", "/errata")


def test_this_machine_is_reached_on_loopback_when_every_interface_is_listened_on():
    assert load({"ERRATA_HOST": "0.0.0.0", "ERRATA_URL": "https://x.example/a"}).local_url == "http://127.0.0.1:8000/a"


def test_a_secret_may_come_from_a_file(tmp_path):
    secret = tmp_path / "key"
    secret.write_text("k" * 40 + "\n")
    assert load({"ERRATA_SECRET_KEY_FILE": str(secret)}).secret_key == "k" * 40


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({"ERRATA_PROT": "1"}, "There is no setting ERRATA_PROT. Is ERRATA_PORT meant?"),
        ({"ERRATA_XYZZY": "1"}, "There is no setting ERRATA_XYZZY. docs/reference/settings.md lists them all."),
        ({"ERRATA_PORT_FILE": "/x"}, "There is no setting ERRATA_PORT_FILE. Is ERRATA_PORT meant?"),
        ({"ERRATA_PORT": "x"}, "ERRATA_PORT must be a whole number from 0 to 65535, and 'x' is not."),
        ({"ERRATA_PORT": "70000"}, "ERRATA_PORT must be a whole number from 0 to 65535, and '70000' is not."),
        (
            {"ERRATA_LOG_LEVEL": "loud"},
            "ERRATA_LOG_LEVEL must be one of debug, info, warning, error, and 'loud' is not.",
        ),
        ({"ERRATA_DEV_MODE": "maybe"}, "ERRATA_DEV_MODE must be true or false, and 'maybe' is not."),
        ({"ERRATA_SECRET_KEY": "short"}, "ERRATA_SECRET_KEY is too short: it must have 32 characters or more."),
        (
            {"ERRATA_SECRET_KEY_FILE": "/does/not/exist"},
            "ERRATA_SECRET_KEY_FILE names /does/not/exist, which can't be read: No such file or directory.",
        ),
        (
            {"ERRATA_SECRET_KEY": "k" * 40, "ERRATA_SECRET_KEY_FILE": "/x"},
            "ERRATA_SECRET_KEY and ERRATA_SECRET_KEY_FILE are both set: which one is meant? Remove one.",
        ),
        (
            {"ERRATA_DATABASE_URL": "mysql://root:hunter2@db/x"},
            "ERRATA_DATABASE_URL must be an address that begins with postgresql: or postgres: or sqlite:.",
        ),
        (
            {"ERRATA_TRUSTED_PROXIES": "10.0.0.0/8, proxy.example"},
            "ERRATA_TRUSTED_PROXIES must list addresses or networks, and 'proxy.example' is neither.",
        ),
        (
            {"ERRATA_JOURNAL_URL": "nats://a/x.y"},
            "The path of the journal's address must be letters, digits, dashes and underscores, not 'x.y'.",
        ),
        ({"ERRATA_JOURNAL_URL": "redis://a"}, "ERRATA_JOURNAL_URL must be an address that begins with nats: or tls:."),
    ],
)
def test_what_cannot_be_used_is_refused_in_a_sentence(environ, sentence):
    with pytest.raises(SettingRefused) as refused:
        load(environ)
    assert refused.value.message == sentence


def test_every_setting_explains_itself():
    for row in table():
        assert row.help.endswith("."), row.variable
        assert row.type, row.variable


def test_the_reference_page_is_current():
    assert (ROOT / SETTINGS_PAGE).read_text() == settings_page(), "Run `make docs`."
