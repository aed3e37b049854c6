"""Settings: the environment, secrets from files, and sentences that name the very variable."""

import os

import pytest

from sextant.config import (
    Settings,
    app_for,
    apps_for,
    load,
    missing_app,
    require_secret_key,
)
from sextant.errors import SetupError
from sextant.platforms import PLATFORMS

X = PLATFORMS["x"]
SECRET = "a-secret-of-more-than-16"


@pytest.fixture(autouse=True)
def no_settings(monkeypatch):
    for name in [name for name in os.environ if name.startswith("SEXTANT_")]:
        monkeypatch.delenv(name)


def refusal(work):
    with pytest.raises(SetupError) as caught:
        work()
    return str(caught.value)


def test_settings_come_from_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("SEXTANT_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("SEXTANT_READ_DEADLINE_S", "2.5")
    monkeypatch.setenv("SEXTANT_RATE_LIMIT_PER_MINUTE", "60")
    settings = load()
    assert (settings.data_dir, settings.read_deadline_s, settings.rate_limit_per_minute) == (
        tmp_path,
        2.5,
        60,
    )
    assert settings.database == f"sqlite:///{tmp_path}/sextant.sqlite"


def test_a_database_url_replaces_the_file_in_the_data_directory():
    url = "postgresql://localhost/sextant"
    assert load({"SEXTANT_DATABASE_URL": url}).database == url


def test_a_secret_comes_from_a_file_without_its_line_end(tmp_path):
    file = tmp_path / "key"
    file.write_text(SECRET + "\n")
    assert load({"SEXTANT_SECRET_KEY_FILE": str(file)}).secret_key == SECRET


def test_the_variable_itself_goes_before_its_file(tmp_path):
    file = tmp_path / "key"
    file.write_text("from the file")
    assert load({"SEXTANT_SECRET_KEY": SECRET, "SEXTANT_SECRET_KEY_FILE": str(file)}).secret_key == SECRET


def test_any_setting_may_come_from_a_file(tmp_path):
    file = tmp_path / "url"
    file.write_text("sqlite:////var/lib/s.sqlite\n")
    assert load({"SEXTANT_DATABASE_URL_FILE": str(file)}).database == "sqlite:////var/lib/s.sqlite"


def test_a_missing_file_is_named_by_its_variable(tmp_path):
    said = refusal(lambda: load({"SEXTANT_SECRET_KEY_FILE": str(tmp_path / "none")}))
    assert said == "SEXTANT_SECRET_KEY_FILE names a file that cannot be read: No such file or directory."


def test_a_directory_is_no_secret_file(tmp_path):
    assert "SEXTANT_SECRET_KEY_FILE" in refusal(lambda: load({"SEXTANT_SECRET_KEY_FILE": str(tmp_path)}))


def test_a_file_that_is_not_text_is_no_secret_file(tmp_path):
    file = tmp_path / "key"
    file.write_bytes(b"\xff\xfe\x00")
    assert "SEXTANT_SECRET_KEY_FILE" in refusal(lambda: load({"SEXTANT_SECRET_KEY_FILE": str(file)}))


@pytest.mark.parametrize("url", ["mysql://h/d", "postgres://u:hunter2@h/d", "sqlite://", "/var/lib/s.sqlite"])
def test_a_wrong_database_url_is_one_sentence_without_the_value(url):
    said = refusal(lambda: load({"SEXTANT_DATABASE_URL": url}))
    assert said == "SEXTANT_DATABASE_URL is wrong: it has to start with sqlite:/// or postgresql://."


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SEXTANT_READ_DEADLINE_S", "soon"),
        ("SEXTANT_READ_DEADLINE_S", "0"),
        ("SEXTANT_PUBLISH_WAIT_S", "-1"),
        ("SEXTANT_RATE_LIMIT_PER_MINUTE", "many"),
        ("SEXTANT_MAX_BODY_BYTES", "0"),
    ],
)
def test_a_wrong_number_is_named_by_its_variable(variable, value):
    said = refusal(lambda: load({variable: value}))
    assert said.startswith(f"{variable} is wrong: ")
    assert "\n" not in said


def test_every_wrong_setting_is_named():
    said = refusal(lambda: load({"SEXTANT_READ_DEADLINE_S": "a", "SEXTANT_MAX_BODY_BYTES": "b"}))
    assert "SEXTANT_READ_DEADLINE_S" in said
    assert "SEXTANT_MAX_BODY_BYTES" in said


# ---- apps ----


def test_a_whole_app_takes_the_first_login_and_the_known_version():
    app = app_for(X, {"SEXTANT_X_CLIENT_ID": "id", "SEXTANT_X_CLIENT_SECRET": "s"})
    assert (app.client_id, app.client_secret, app.login, app.api_version) == ("id", "s", "x", X.api_version)


def test_an_app_takes_its_secret_from_a_file_and_its_login_and_version_from_the_environment(tmp_path):
    (tmp_path / "s").write_text("from-file\n")
    instagram = PLATFORMS["instagram"]
    login = list(instagram.logins)[-1]
    app = app_for(
        instagram,
        {
            "SEXTANT_INSTAGRAM_CLIENT_ID": "id",
            "SEXTANT_INSTAGRAM_CLIENT_SECRET_FILE": str(tmp_path / "s"),
            "SEXTANT_INSTAGRAM_LOGIN": login,
            "SEXTANT_INSTAGRAM_API_VERSION": "v99.0",
        },
    )
    assert (app.client_secret, app.login, app.api_version) == ("from-file", login, "v99.0")


@pytest.mark.parametrize("name", PLATFORMS)
@pytest.mark.parametrize(
    ("has", "lacks"), [("CLIENT_ID", "CLIENT_SECRET"), ("CLIENT_SECRET", "CLIENT_ID")], ids=["id", "secret"]
)
def test_half_an_app_names_the_other_half(name, has, lacks):
    said = refusal(lambda: app_for(PLATFORMS[name], {f"SEXTANT_{name.upper()}_{has}": "value"}))
    assert said.startswith(f"Set SEXTANT_{name.upper()}_{lacks}: ")
    assert "value" not in said


@pytest.mark.parametrize("name", PLATFORMS)
def test_an_unknown_login_names_the_variable_and_the_known_ones(name):
    variable = f"SEXTANT_{name.upper()}"
    environ = {f"{variable}_CLIENT_ID": "i", f"{variable}_CLIENT_SECRET": "s", f"{variable}_LOGIN": "myspace"}
    said = refusal(lambda: app_for(PLATFORMS[name], environ))
    assert said.startswith(f"{variable}_LOGIN is 'myspace'")
    assert all(login in said for login in PLATFORMS[name].logins)


def test_an_app_that_is_not_set_up_is_none():
    assert app_for(X, {}) is None


def test_apps_are_those_that_are_set_up():
    environ = {
        "SEXTANT_X_CLIENT_ID": "a",
        "SEXTANT_X_CLIENT_SECRET": "b",
        "SEXTANT_TIKTOK_CLIENT_ID": "c",
        "SEXTANT_TIKTOK_CLIENT_SECRET": "d",
    }
    assert {name: app.client_id for name, app in apps_for(PLATFORMS, environ).items()} == {
        "x": "a",
        "tiktok": "c",
    }


def test_no_app_at_all_names_the_variable_of_every_network_and_the_sandbox():
    said = refusal(lambda: apps_for(PLATFORMS, {}))
    assert all(f"SEXTANT_{name.upper()}_CLIENT_ID" in said for name in PLATFORMS)
    assert "--sandbox" in said


def test_a_network_that_is_not_set_up_says_which_two_variables_to_set():
    said = missing_app(PLATFORMS["linkedin"])
    assert "SEXTANT_LINKEDIN_CLIENT_ID" in said
    assert "SEXTANT_LINKEDIN_CLIENT_SECRET" in said


# ---- secrets ----


@pytest.mark.parametrize("key", ["", "fifteen-letters"])
def test_a_missing_or_short_secret_key_is_refused_with_its_variable_and_how_to_make_one(key):
    said = refusal(lambda: require_secret_key(Settings(secret_key=key)))
    assert "SEXTANT_SECRET_KEY" in said
    assert "openssl rand" in said
    assert not key or key not in said


def test_sixteen_characters_are_enough():
    assert require_secret_key(Settings(secret_key="sixteen-letters!")) == "sixteen-letters!"


@pytest.mark.parametrize("shown", [repr, str], ids=["repr", "str"])
def test_settings_show_no_secret(shown):
    settings = Settings(
        secret_key="sesame-1",
        sandbox_api_key="mk_sesame-2",
        database_url="postgresql://sextant:sesame-3@db/sextant",
    )
    assert "sesame" not in shown(settings)
    assert "read_deadline_s" in shown(settings)


@pytest.mark.parametrize("shown", [repr, str], ids=["repr", "str"])
def test_an_app_shows_no_secret(shown):
    app = app_for(X, {"SEXTANT_X_CLIENT_ID": "the-id", "SEXTANT_X_CLIENT_SECRET": "sesame"})
    assert "sesame" not in shown(app)
    assert "the-id" in shown(app)
