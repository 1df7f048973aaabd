import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from conftest import settings_for
from typer.testing import CliRunner

from gateway.api.console import OUTLINES, outlines_of
from gateway.app import Gateway
from gateway.cli.main import build
from gateway.dispatch.policy import Policy
from gateway.dispatch_settings import DispatchSettings
from gateway.errors import SettingsError, TipstaffError
from gateway.model import Level
from gateway.provision import Authority
from gateway.settings import documented, load

REPO = Path(__file__).parents[2]


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "t.toml"
    path.write_text(text)
    return path


def test_load_without_anything_is_the_embedded_broker_on_loopback():
    settings = load(env={})
    assert (settings.broker.kind, settings.broker.host) == ("embedded", "127.0.0.1")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[broker]\nknid = 'x'", "broker.knid: unknown key; is 'kind' meant?"),
        ("[brokers]\n", "brokers: unknown key; is 'broker' meant?"),
        ("broker = 3", "broker: must be a section, as in [broker]"),
        ("[http]\nport = 70000", "http.port: Input should be less than or equal to 65535, not 70000"),
        (
            "[broker]\nkind = 'rabbit'",
            "broker.kind: Input should be 'embedded', 'mosquitto' or 'external', not 'rabbit'",
        ),
        (
            "[store]\nurl = 'sqlite'",
            "store.url: is no SQLAlchemy URL, as postgresql+asyncpg://user:password@host/name",
        ),
        (
            "[store]\nurl = 'postgresql+asyncpg://u:secret@h:x/y'",
            "store.url: is no SQLAlchemy URL, as postgresql+asyncpg://user:password@host/name",
        ),
        (
            "[store]\nurl = 'mysql://u:secret@h/y'",
            "store.url: begins with mysql; use sqlite+aiosqlite or postgresql+asyncpg",
        ),
        (
            "[broker]\nextra_names = ['a.example', 'gerät']",
            "broker.extra_names.1: 'gerät' is neither a DNS name in ASCII nor an IP address",
        ),
        (
            "[broker]\nextra_names = ['a b']",
            "broker.extra_names.0: 'a b' is neither a DNS name in ASCII nor an IP address",
        ),
        (
            "[broker]\nserver_name = ''",
            "broker.server_name: '' is neither a DNS name in ASCII nor an IP address",
        ),
        (
            "[unit]\nmqtt_version = 5",
            "unit.mqtt_version: the embedded broker speaks 3.1.1 (4) only; 5 needs another broker.kind",
        ),
        (
            "[http]\npublic_url = 'tipstaff.example'",
            "http.public_url: 'tipstaff.example' is not an origin, as https://tipstaff.example",
        ),
        (
            "[http]\npublic_url = 'https://a:x'",
            "http.public_url: 'https://a:x' is not an origin, as https://tipstaff.example",
        ),
        (
            "[map]\ntianditu_key = 'se cret'",
            "map.tianditu_key: is no key: at most 128 of the characters A-Z a-z 0-9 - _",
        ),
        (
            "[map]\ntianditu_url = 'https://tiles.example/{layer}/{z}/{x}/{y}?tk=secret'",
            "map.tianditu_url: is no http or https address with {layer}, {z}, {x}, {y} and {key} in it",
        ),
        (
            "[map]\ntianditu_url = 'ftp://{key}/{layer}/{z}/{x}/{y}'",
            "map.tianditu_url: is no http or https address with {layer}, {z}, {x}, {y} and {key} in it",
        ),
        ("[http]\ntls_key = 'k'", "http.tls_key: needs http.tls_cert, the certificate that it belongs to"),
        ("[rtsp]\ntls_key = 'k'", "rtsp.tls_key: needs rtsp.tls_cert, the certificate that it belongs to"),
    ],
)
def test_load_with_a_bad_file_says_one_line_that_names_the_key(tmp_path, text, line):
    with pytest.raises(SettingsError) as error:
        load(written(tmp_path, text), env={})
    assert str(error.value) == line


def test_load_with_certificate_files_that_cannot_be_used_names_them(tmp_path):
    authority = Authority(tmp_path / "ca", 1_795_478_400_000)
    certificate, key = authority.keep_server(tmp_path, ["localhost"])
    other = tmp_path / "ca" / "ca.key"
    text = tmp_path / "text"
    text.write_text("no PEM")

    def said(cert, key=None):
        env = {"TIPSTAFF_HTTP__TLS_CERT": str(cert)} | ({"TIPSTAFF_HTTP__TLS_KEY": str(key)} if key else {})
        try:
            load(env=env)
        except SettingsError as error:
            return str(error)

    assert said(certificate, key) is None
    assert said(tmp_path / "none") == f"http.tls_cert: {tmp_path / 'none'}: No such file or directory"
    assert said(certificate, tmp_path) == f"http.tls_key: {tmp_path}: Is a directory"
    assert said(text, key) == f"http.tls_cert: {text}: is not PEM"
    for wrong in (said(certificate), said(certificate, other), said(key, key)):
        assert wrong.startswith("http.tls_cert: ") and "no certificate and its key" in wrong


def test_environment_sets_a_number_of_a_few_and_a_list():
    env = {"TIPSTAFF_UNIT__MQTT_VERSION": "5", "TIPSTAFF_BROKER__KIND": "mosquitto"}
    assert load(env=env).unit.mqtt_version == 5
    assert load(env={"TIPSTAFF_BROKER__EXTRA_NAMES": ""}).broker.extra_names == ()
    with pytest.raises(SettingsError, match=r"unit\.mqtt_version: Input should be 4 or 5, not 6"):
        load(env={"TIPSTAFF_UNIT__MQTT_VERSION": "6"})


@pytest.mark.parametrize("url", ["https://tipstaff.example", "http://[::1]:8440/", "https://a.example:444"])
def test_public_url_may_be_any_origin(url):
    assert load(env={"TIPSTAFF_HTTP__PUBLIC_URL": url}).http.public_url == url


@pytest.mark.parametrize(
    ("words", "name", "value", "line"),
    [
        (["nearest", "26", "119"], "STORE__URL", "mysql://u:secret@h/y", "store.url: begins with mysql; "),
        (["users", "list"], "STORE__URL", "nonsense", "store.url: is no SQLAlchemy URL"),
        (["courts", "list"], "STORE__URL", "mysql://u:secret@h/y", "store.url: begins with mysql; "),
        (["serve"], "HTTP__HOST", "192.0.2.7", "http.host: '192.0.2.7' cannot be listened on: "),
    ],
)
def test_command_with_a_wrong_setting_says_one_line_and_ends_with_2(tmp_path, words, name, value, line):
    env = {
        "PATH": os.environ["PATH"],
        "TIPSTAFF_SITE__DATA_DIR": str(tmp_path),
        "TIPSTAFF_BROKER__PORT": "0",
        "TIPSTAFF_HTTP__PORT": "0",
        f"TIPSTAFF_{name}": value,
    }
    command = [sys.executable, "-m", "gateway.cli.main", *words]
    ended = subprocess.run(command, env=env, cwd=REPO, capture_output=True, text=True, timeout=60)
    lines = [one for one in ended.stderr.splitlines() if "[info" not in one]
    assert ended.returncode == 2 and len(lines) == 1, ended.stderr
    assert lines[0].startswith(f"tipstaff: {line}")
    assert "secret" not in ended.stdout + ended.stderr


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("HTTP__HOST", "no such host", "http.host: 'no such host' cannot be listened on: "),
        ("BROKER__CA_FILE", "/none", "broker.ca_file: /none: No such file or directory"),
        ("MAP__PMTILES", "/none", "map.pmtiles: /none: No such file or directory"),
        ("SITE__OUTLINES", "/none", "site.outlines: /none: No such file or directory"),
    ],
)
async def test_gateway_with_a_wrong_setting_ends_with_one_line(tmp_path, name, value, line):
    env = {
        "TIPSTAFF_SITE__DATA_DIR": str(tmp_path),
        "TIPSTAFF_BROKER__KIND": "external" if name == "BROKER__CA_FILE" else "embedded",
        "TIPSTAFF_BROKER__PORT": "0",
        "TIPSTAFF_HTTP__PORT": "0",
        f"TIPSTAFF_{name}": value,
    }
    with pytest.raises(TipstaffError) as error:
        async with Gateway(load(env=env)):
            pass
    assert str(error.value).startswith(line) and "\n" not in str(error.value)


@pytest.mark.parametrize("host", ["192.0.2.7", "no such host"])
async def test_broker_that_cannot_listen_on_its_host_names_it(tmp_path, host, free_port):
    for port in (0, free_port):
        settings = settings_for(tmp_path, "mosquitto", port)
        wrong = settings.broker.model_copy(update={"host": host})
        with pytest.raises(TipstaffError, match=f"broker.host = '{host}': "):
            async with Gateway(settings.model_copy(update={"broker": wrong})):
                pass


POLYGON = {"type": "Polygon", "coordinates": [[[119.0, 26.0], [119.1, 26.0], [119.1, 26.1], [119.0, 26.0]]]}


def outlines(**given):
    return {"type": "Feature", "properties": {"name": "Gulou"}, "geometry": POLYGON} | given


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("{", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[]", "is not a GeoJSON FeatureCollection"),
        ({"type": "FeatureCollection"}, "is not a GeoJSON FeatureCollection"),
        (
            {"type": "FeatureCollection", "features": [outlines(), outlines(properties={})]},
            "feature 2 is not",
        ),
        ({"type": "FeatureCollection", "features": [outlines(geometry=None)]}, "feature 1 is not"),
        (
            {
                "type": "FeatureCollection",
                "features": [
                    outlines(geometry={"type": "Polygon", "coordinates": [[[13286550.0, 3003000.0]]]})
                ],
            },
            "feature 1 is not a Polygon or MultiPolygon in WGS-84 degrees",
        ),
    ],
)
def test_outlines_that_cannot_be_drawn_are_said_in_one_line(tmp_path, content, problem):
    path = tmp_path / "o.geojson"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(SettingsError, match=problem) as error:
        outlines_of(path)
    assert str(error.value).startswith(f"site.outlines: {path}: ") and "\n" not in str(error.value)


async def test_outlines_of_the_site_replace_those_shipped(tmp_path):
    assert outlines_of(None) == OUTLINES == outlines_of(OUTLINES)
    path = tmp_path / "o.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [outlines()]}))
    settings = settings_for(tmp_path)
    site = settings.site.model_copy(update={"outlines": path})
    async with Gateway(settings.model_copy(update={"site": site})) as gateway, httpx.AsyncClient() as client:
        answer = await client.get(f"{gateway.url}/map/outlines.geojson")
    assert answer.content == path.read_bytes()


def test_load_of_what_is_no_toml_names_the_file(tmp_path):
    with pytest.raises(SettingsError, match=r"t\.toml: is not TOML"):
        load(written(tmp_path, "[["), env={})


def test_load_of_a_missing_file_names_it(tmp_path):
    with pytest.raises(SettingsError, match="No such file"):
        load(tmp_path / "none.toml", env={})


def test_environment_wins_over_the_file(tmp_path):
    env = {
        "TIPSTAFF_HTTP__PORT": "9000",
        "TIPSTAFF_BROKER__EXTRA_NAMES": "a.example,10.0.0.1",
        "PATH": "/bin",
    }
    settings = load(written(tmp_path, "[http]\nport = 8000\nhost = '::1'"), env=env)
    assert (settings.http.port, settings.http.host) == (9000, "::1")
    assert settings.broker.extra_names == ("a.example", "10.0.0.1")


@pytest.mark.parametrize(
    "name", ["TIPSTAFF_BROKER__KNID", "TIPSTAFF_NONSENSE", "TIPSTAFF_BROKER", "TIPSTAFF_X__Y"]
)
def test_environment_with_an_unknown_name_is_fatal(name):
    with pytest.raises(SettingsError):
        load(env={name: "x"})


def test_environment_of_the_simulated_board_is_left_alone():
    load(env={"TIPSTAFF_BOARD": "sim", "TIPSTAFF_SIM_CONTROL": "1", "TIPSTAFF_HOME": "/tmp"})
    load(env=dict.fromkeys(("TIPSTAFF_SIM_CAMERA", "TIPSTAFF_SIM_MIC", "TIPSTAFF_SIM_CARD_BYTES_S"), "1"))


def test_every_timer_and_choice_of_dispatch_is_a_setting_with_the_same_default():
    section = DispatchSettings()
    policy = {field.name: getattr(Policy(), field.name) for field in dataclasses.fields(Policy)}
    not_of_an_incident = {"receipt_repeat_s"}
    assert policy == {
        name: getattr(section, name)
        for name in DispatchSettings.model_fields
        if name not in not_of_an_incident
    }


def test_timers_and_choices_that_are_set_are_those_that_dispatch_goes_by(tmp_path):
    text = (
        "[dispatch]\nnobody_s = 45\njurisdiction = 'own_first'\noffer_levels = ['basic', 'high']\nmove_m = 7"
    )
    policy = Policy.of(load(written(tmp_path, text), env={}).dispatch)
    assert (policy.nobody_s, policy.jurisdiction, policy.move_m) == (45, "own_first", 7)
    assert policy.offer_levels == (Level.BASIC, Level.HIGH)
    with pytest.raises(SettingsError, match="offer_levels"):
        load(written(tmp_path, "[dispatch]\noffer_levels = []"), env={})
    env = {"TIPSTAFF_DISPATCH__OFFER_LEVELS": "intermediate,high"}
    assert load(env=env).dispatch.offer_levels == ("intermediate", "high")


def test_settings_page_is_what_the_settings_say():
    """Write it again with `tipstaff settings --docs > docs/settings.md`."""
    assert (REPO / "docs" / "settings.md").read_text() == documented()


def test_settings_command_prints_a_file_that_can_be_loaded(tmp_path):
    printed = CliRunner().invoke(build(["settings"]), ["settings"], env={"TIPSTAFF_HTTP__PORT": "9001"})
    assert printed.exit_code == 0
    assert load(written(tmp_path, printed.stdout), env={}).http.port == 9001
