import asyncio
import json
import os
import stat
import subprocess
import sys

import pytest
from conftest import COURT, OTHER_COURT, eventually, settings_for
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from typer.testing import CliRunner

from gateway.accounts import add_user
from gateway.app import Gateway
from gateway.cli.main import build
from gateway.errors import AccountError, BadName, ProvisionError, TipstaffError, UnknownCourt, UnknownUnit
from gateway.model import Role
from gateway.provision import Authority
from gateway.store import audit, unit_keys
from protocol.manifest import key_id

NOW_MS = 1_795_478_400_000


def test_authority_is_made_once_and_its_key_is_for_its_owner_only(tmp_path):
    first = Authority(tmp_path / "ca", NOW_MS).certificate_der
    assert Authority(tmp_path / "ca", NOW_MS).certificate_der == first
    assert stat.S_IMODE((tmp_path / "ca" / "ca.key").stat().st_mode) == 0o600


def test_authority_with_one_file_missing_is_not_replaced(tmp_path):
    Authority(tmp_path / "ca", NOW_MS)
    (tmp_path / "ca" / "ca.crt").unlink()
    with pytest.raises(ProvisionError, match="restore it from the backup"):
        Authority(tmp_path / "ca", NOW_MS)


def test_server_certificate_is_kept_until_its_names_change_or_its_end_is_near(tmp_path):
    authority = Authority(tmp_path / "ca", NOW_MS)
    path, _ = authority.keep_server(tmp_path, ["localhost", "127.0.0.1"])
    first = path.read_bytes()
    authority.keep_server(tmp_path, ["127.0.0.1", "localhost"])
    assert path.read_bytes() == first
    authority.keep_server(tmp_path, ["localhost", "10.0.0.1"])
    assert path.read_bytes() != first
    second = path.read_bytes()
    later = Authority(tmp_path / "ca", NOW_MS + 800 * 86_400_000)
    later.keep_server(tmp_path, ["localhost", "10.0.0.1"])
    assert path.read_bytes() != second


async def test_provision_writes_what_the_unit_reads(start, tmp_path):
    gateway = await start()
    await gateway.provision("u1001", COURT, officer="Lin Yan")
    folder = tmp_path / "units" / "u1001"
    made = json.loads((folder / "unit.json").read_text())
    assert (made["unit_id"], made["court_id"], made["generation"]) == ("u1001", COURT, 1)
    assert (made["broker_host"], made["broker_port"]) == ("127.0.0.1", gateway.broker.client.port)
    assert stat.S_IMODE((folder / "unit.key.der").stat().st_mode) == 0o600
    assert stat.S_IMODE((folder / "unit.sign.key").stat().st_mode) == 0o600
    certificate = x509.load_der_x509_certificate((folder / "unit.der").read_bytes())
    assert certificate.subject.rfc4514_string() == "CN=u1001"
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["u1001", "g1.u1001"]
    certificate.verify_directly_issued_by(x509.load_der_x509_certificate((folder / "ca.der").read_bytes()))


async def test_provision_again_keeps_the_officer_and_raises_the_generation(start):
    gateway = await start()
    await gateway.provision("u1001", COURT, officer="Lin Yan", cancel_code=4)
    again = await gateway.provision("u1001", OTHER_COURT)
    assert (again.officer, again.cancel_code, again.generation, again.court_id) == (
        "Lin Yan",
        4,
        2,
        OTHER_COURT,
    )


async def test_provision_after_revoking_admits_the_unit_again(start):
    gateway = await start()
    await gateway.provision("u1001", COURT)
    assert (await gateway.revoke("u1001")).revoked
    assert not (await gateway.provision("u1001", COURT)).revoked


async def test_provision_refuses_a_name_that_topics_cannot_carry(start):
    gateway = await start()
    for name in ("", "a/b", "a+b", "#", "ü", "x" * 33, "a.b", 'a"'):
        with pytest.raises(BadName):
            await gateway.provision(name, COURT)


NAMES = ["a\nb", "a\x1b[2J", "\u202eb", "x" * 161, "林" * 54, "\udcff"]


async def test_provision_refuses_a_name_of_an_officer_that_cannot_be_shown(start):
    gateway = await start()
    for name in NAMES:
        with pytest.raises(ProvisionError, match="the officer's name "):
            await gateway.provision("u1001", COURT, officer=name)
    await gateway.provision("u1001", COURT, officer="林" * 53)


@pytest.mark.parametrize("name", ["", "  ", *NAMES])
async def test_user_with_a_name_that_cannot_be_shown_is_refused(store, name):
    with pytest.raises(AccountError, match="the person's name "):
        await add_user(store, "chen", name, Role.ADMIN, None, "a long password", NOW_MS)


async def test_provision_refuses_what_is_not_there(start, tmp_path):
    gateway = await start()
    with pytest.raises(UnknownCourt):
        await gateway.provision("u1001", "nowhere")
    with pytest.raises(UnknownUnit):
        await gateway.revoke("u1001")
    with pytest.raises(ProvisionError, match="gateway's own name"):
        await gateway.provision("tipstaff-gateway", COURT)
    (tmp_path / "file").write_text("")
    with pytest.raises(ProvisionError, match="cannot be written"):
        await gateway.provision("u1001", COURT, tmp_path / "file" / "x")
    assert "u1001" not in gateway.centre.units()


async def test_two_gateways_do_not_share_a_data_folder(start, tmp_path):
    await start()
    with pytest.raises(TipstaffError, match=rf"in use by another gateway \(process {os.getpid()}\)"):
        async with Gateway(settings_for(tmp_path)):
            pass


def test_command_provisions_and_revokes_without_a_gateway(tmp_path):
    env = {"TIPSTAFF_SITE__DATA_DIR": str(tmp_path)}
    run = CliRunner()

    def said(*words):
        result = run.invoke(
            build(["provision"]), ["provision", *words, "--json"], env=env, catch_exceptions=False
        )
        return json.loads(result.stdout)

    made = said("u7", "--court", COURT, "--officer", "林")
    assert made["files"] == str(tmp_path / "units" / "u7")
    assert json.loads((tmp_path / "units" / "u7" / "unit.json").read_text())["broker_port"] == 8883
    assert "not running" in made["gateway"]
    assert said("u7", "--revoke")["revoked"] is True


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["u7"], "tipstaff: a new unit needs its court: --court CODE; `tipstaff courts list` shows them"),
        (
            ["u7", "--court", "x"],
            "tipstaff: there is no court 'x': `tipstaff courts list` shows those that are known",
        ),
        (
            ["u7", "--revoke"],
            "tipstaff: there is no unit 'u7': `tipstaff provision u7 --court CODE` makes it",
        ),
    ],
)
def test_command_that_cannot_do_it_says_one_line(tmp_path, words, line):
    env = os.environ | {"TIPSTAFF_SITE__DATA_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "gateway.cli.main", "provision", *words]
    ended = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stderr.strip()) == (2, line)


async def test_command_tells_the_running_gateway(tmp_path, free_port):
    env = os.environ | {
        "TIPSTAFF_SITE__DATA_DIR": str(tmp_path),
        "TIPSTAFF_HTTP__PORT": "0",
        "TIPSTAFF_BROKER__PORT": str(free_port),
    }
    serving = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway.cli.main", "serve", env=env, stderr=asyncio.subprocess.PIPE
    )
    assert serving.stderr is not None
    try:
        async with asyncio.timeout(30):
            while b"ready" not in await serving.stderr.readline():
                pass
        made = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "gateway.cli.main", "provision", "u7", "--court", COURT, env=env,
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert f"told (process {serving.pid})".encode() in (await made.communicate())[0]
        async with asyncio.timeout(30):
            while b"registers_read" not in (line := await serving.stderr.readline()):
                pass
        assert b"units=1" in line
        await eventually(lambda: "g1.u7" in (tmp_path / "broker" / "nats.conf").read_text())
    finally:
        serving.terminate()
        _, rest = await serving.communicate()
    assert serving.returncode == 0, rest


async def test_unit_provisioned_anew_has_a_new_signing_key_and_the_register_keeps_both(start, tmp_path):
    gateway = await start()
    publics = []
    for _ in range(2):
        await gateway.provision("u1001", COURT, officer="Lin Yan")
        seed = (tmp_path / "units" / "u1001" / "unit.sign.key").read_bytes()
        publics.append(Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw())
    async with gateway.store.read() as connection:
        kept = await unit_keys.of_unit(connection, "u1001")
        entries = [entry for entry in await audit.entries(connection) if entry.action == "provision"]
    assert [key.public for key in kept] == publics and publics[0] != publics[1]
    assert [key.generation for key in kept] == [1, 2]
    assert [entry.facts["key_id"] for entry in entries] == [key_id(public).hex() for public in publics]


async def test_keys_of_the_register_are_shown_and_written_for_those_who_verify(start, tmp_path):
    gateway = await start()
    await gateway.provision("u1001", COURT)
    await gateway.provision("u1001", COURT)
    await gateway.provision("u1002", COURT)
    signs = Ed25519PrivateKey.from_private_bytes(
        (tmp_path / "units" / "u1001" / "unit.sign.key").read_bytes()
    )
    public = signs.public_key().public_bytes_raw()
    config = tmp_path / "keys.toml"
    config.write_text(f'[site]\ndata_dir = "{tmp_path}"\n')

    def run(*words):
        done = subprocess.run(
            [sys.executable, "-m", "gateway.cli.main", "keys", *words, "--config", str(config)],
            capture_output=True, text=True, check=False, cwd=tmp_path,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    status, said = await asyncio.to_thread(run, "--json")
    found = json.loads(said)["keys"]
    assert status == 0 and [one["unit_id"] for one in found] == ["u1001", "u1001", "u1002"]
    assert found[1]["public"] == public.hex() and found[1]["key_id"] == key_id(public).hex()
    status, said = await asyncio.to_thread(run, "u1001", "--out", "keys")
    assert status == 0 and said.count("\n") == 2 and key_id(public).hex() in said
    pem = (tmp_path / "keys" / f"u1001-{key_id(public).hex()}.pem").read_bytes()
    assert load_pem_public_key(pem).public_bytes_raw() == public
    status, said = await asyncio.to_thread(run, "u9")
    assert status == 2 and said.startswith("tipstaff: there is no unit 'u9'")
