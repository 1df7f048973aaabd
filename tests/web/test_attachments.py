"""Files of an incident: what is taken, how it is kept, and how it is given back."""

import asyncio
import hashlib
import shutil
from contextlib import AsyncExitStack
from typing import Any

import pytest

from gateway.api.guard import FILE_DRAINED_TIMES
from gateway.api.media_kind import KINDS, KindCheck, NotOfItsKind, name_on_disk
from gateway.api.routes_attachments import FILE_MAX_BYTES
from gateway.api.schemas import Incident
from gateway.dispatch.centre_side import FILES_MAX
from gateway.model import Role
from gateway.store import audit
from gateway.store.files import AttachmentFiles

DAY_MS = 86_400_000
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
SAMPLES = {
    "image/jpeg": b"\xff\xd8\xff\xe0" + bytes(50),
    "image/png": PNG,
    "image/webp": b"RIFF\x10\0\0\0WEBPVP8 " + bytes(50),
    "application/pdf": b"%PDF-1.7\n" + bytes(50),
    "audio/wav": b"RIFF\x10\0\0\0WAVEfmt " + bytes(50),
    "video/mp4": b"\0\0\0\x18ftypisom" + bytes(50),
    "text/plain": "现场记录\n第二行".encode(),
}


async def attach(client: Any, url: str, body: Any, kind: str = "image/png", name: str = "门口.png") -> Any:
    return await client.post(
        f"{url}/attachments", params={"name": name}, content=body, headers={"Content-Type": kind}
    )


@pytest.fixture
async def scene(site: Any) -> Any:
    """(a dispatcher, the address of an incident)"""
    return await site.person(Role.DISPATCHER, "MID1", "林"), f"/api/v1/incidents/{await site.alarm()}"


def kept(site: Any) -> list[str]:
    """Names of all files on the disk."""
    return sorted(
        path.name for path in (site.parts.settings.data_dir / "attachments").rglob("*") if path.is_file()
    )


async def test_each_kind_is_kept_by_its_hash_and_given_back_byte_for_byte(site: Any, scene: Any) -> None:
    client, url = scene
    for kind, content in SAMPLES.items():
        answer = await attach(client, url, content, kind, f"a.{kind[-3:]}")
        assert answer.status_code == 200, answer.text
    incident = (await client.get(url)).json()
    assert Incident.model_validate(incident, strict=True).model_dump() == incident
    hashes = [hashlib.sha256(content).hexdigest() for content in SAMPLES.values()]
    assert [one["sha256"] for one in incident["attachments"]] == hashes and kept(site) == sorted(hashes)
    last = incident["timeline"][-1]
    assert (last["event"], last["by"], last["facts"]["sha256"]) == ("attach", "林", hashes[-1])
    for one, (kind, content) in zip(incident["attachments"], SAMPLES.items(), strict=True):
        answer = await client.get(f"{url}/attachments/{one['attachment_id']}")
        assert answer.content == content and answer.headers["content-type"].startswith(kind)
        assert answer.headers["content-disposition"].startswith("attachment;")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
    async with site.parts.store.read() as connection:
        looks = [one for one in await audit.entries(connection) if one.action == "attachment.view"]
    assert [one.facts["sha256"] for one in looks] == hashes


async def test_what_is_not_what_it_says_is_not_kept(site: Any, scene: Any) -> None:
    client, url = scene
    wrong = [
        (PNG, "image/jpeg"), (b"<svg/>", "image/png"), (b"", "text/plain"), (b"", "image/png"),
        (b"%PD", "application/pdf"),
        (b"RIFF\0\0\0\0AVI ", "audio/wav"), (b"a\0b", "text/plain"), ("中".encode("gb18030"), "text/plain"),
        (b"\xe4\xb8", "text/plain"), (PNG, "text/html"), (PNG, "image/svg+xml"), (PNG, ""),
    ]  # fmt: skip
    for content, kind in wrong:
        answer = await attach(client, url, content, kind)
        assert answer.status_code == 415, (kind, content, answer.text)
        assert answer.json()["type"] == "urn:tipstaff:problem:unsupported-media-type"
    for name in ("", "a\nb", "a\x00", "x" * 201, "   "):
        assert (await attach(client, url, PNG, name=name)).status_code == 422
    assert kept(site) == [] and (await client.get(url)).json()["attachments"] == []


async def test_file_that_is_too_large_is_refused_and_leaves_nothing(site: Any, scene: Any) -> None:
    client, url = scene
    largest = PNG + bytes(FILE_MAX_BYTES - len(PNG))
    assert (await attach(client, url, largest)).status_code == 200
    answer = await attach(client, url, largest + b"x")
    assert answer.status_code == 413 and str(FILE_MAX_BYTES) in answer.json()["detail"]

    async def without_end() -> Any:
        yield PNG
        for _ in range((FILE_MAX_BYTES >> 20) * FILE_DRAINED_TIMES // 2):
            yield bytes(1 << 20)

    assert (await attach(client, url, without_end())).status_code == 413
    assert len(kept(site)) == 1


async def test_same_bytes_twice_are_one_attachment(site: Any, scene: Any) -> None:
    client, url = scene
    answers = await asyncio.gather(*(attach(client, url, PNG, name=f"{n}.png") for n in range(4)))
    assert {answer.status_code for answer in answers} == {200}
    assert len((await client.get(url)).json()["attachments"]) == 1 == len(kept(site))


async def test_incident_has_at_most_fifty_files(site: Any, scene: Any) -> None:
    client, url = scene
    for number in range(FILES_MAX):
        assert (await attach(client, url, PNG + bytes([number]))).status_code == 200
    answer = await attach(client, url, PNG + b"one more")
    assert answer.status_code == 409 and "50" in answer.json()["detail"] and len(kept(site)) == FILES_MAX


async def test_closed_incident_takes_no_file_and_still_gives_its_own(site: Any, scene: Any) -> None:
    client, url = scene
    (one,) = (await attach(client, url, PNG)).json()["attachments"]
    await client.post(f"{url}/close", json={"reason": "处置完毕"})
    answer = await attach(client, url, PNG + b"late")
    assert answer.status_code == 409 and answer.json()["type"] == "urn:tipstaff:problem:refused"
    assert len(kept(site)) == 1
    assert (await client.get(f"{url}/attachments/{one['attachment_id']}")).content == PNG


async def test_who_may_attach_and_who_may_look(site: Any, scene: Any) -> None:
    client, url = scene
    (one,) = (await attach(client, url, PNG)).json()["attachments"]
    own, other = await site.person(Role.COURT, "B1"), await site.person(Role.COURT, "B3")
    viewer, nobody = await site.person(Role.VIEWER, None), await site.visitor()
    for who, may_attach, may_look in (
        (own, 403, 200),
        (viewer, 403, 200),
        (other, 403, 404),
        (nobody, 401, 401),
    ):
        assert (await attach(who, url, PNG)).status_code == may_attach
        assert (await who.get(f"{url}/attachments/{one['attachment_id']}")).status_code == may_look
    foreign = await site.person(Role.DISPATCHER, "MID2")
    assert (await attach(foreign, url, PNG)).status_code == 404
    second = f"/api/v1/incidents/{await site.alarm('U2')}"
    assert (await client.get(f"{second}/attachments/{one['attachment_id']}")).status_code == 404


async def test_file_that_was_changed_on_the_disk_is_not_given_out_as_evidence(site: Any, scene: Any) -> None:
    client, url = scene
    (one,) = (await attach(client, url, PNG)).json()["attachments"]
    sha256 = one["sha256"]
    path = site.parts.settings.data_dir / "attachments" / sha256[:2] / sha256
    path.write_bytes(PNG[:-1] + b"x")
    answer = await client.get(f"{url}/attachments/{one['attachment_id']}")
    assert answer.status_code == 500 and answer.json()["type"] == "urn:tipstaff:problem:damaged"
    path.unlink()
    assert (await client.get(f"{url}/attachments/{one['attachment_id']}")).status_code == 500


async def test_hostile_name_is_data_and_cannot_hide_what_it_is(site: Any, scene: Any) -> None:
    client, url = scene
    wild = '<img src=x onerror=alert(1)>\u202egnp.exe"; ../%00' + "漢" * 150
    (one,) = (await attach(client, url, PNG, name=wild[:200])).json()["attachments"]
    assert one["name"] == wild[:200]
    said = (await client.get(f"{url}/attachments/{one['attachment_id']}")).headers["content-disposition"]
    assert (
        said.isascii()
        and said.count('"') == 2
        and "/" not in said.replace("UTF-8''", "")
        and "%E2%80%AE" not in said
    )
    assert said.endswith(".png")


def test_name_on_disk_ends_as_its_kind() -> None:
    for name, kind, kept_name in (
        ("a.png", "image/png", "a.png"), ("a.exe", "image/png", "a.exe.png"), ("..", "text/plain", "attachment.txt"),
        ("\u202etxt.exe", "application/pdf", "txt.exe.pdf"), ("照片.JPEG", "image/jpeg", "照片.JPEG"),
    ):  # fmt: skip
        assert name_on_disk(name, kind) == kept_name


@pytest.mark.parametrize("kind", KINDS)
def test_kind_is_seen_however_the_bytes_are_cut(kind: str) -> None:
    content = SAMPLES[kind]
    check = KindCheck(kind)
    for place in range(len(content)):
        check(content[place : place + 1], False)
    check(b"", True)
    for other in set(KINDS) - {kind, "text/plain"}:
        with pytest.raises(NotOfItsKind):
            wrong = KindCheck(other)
            wrong(content, False)
            wrong(b"", True)


async def test_file_that_no_incident_names_is_moved_aside_at_the_next_start(
    open_site: Any, tmp_path: Any, empty_database: Any
) -> None:
    """A gateway killed after a file's last name and before the commit leaves such a file."""
    shutil.copy(empty_database, tmp_path / "web.db")
    folder = tmp_path / "attachments"

    async def bytes_of(content: bytes) -> Any:
        yield content

    async with AsyncExitStack() as stack:
        site = await open_site(stack, tmp_path)
        client = await site.person(Role.DISPATCHER, "MID1", "林")
        for number in range(2):
            url = f"/api/v1/incidents/{await site.alarm(f'U{number + 1}')}"
            assert (await attach(client, url, PNG + bytes(number))).status_code == 200
        closed = {"version": 1, "reason": "resolved"}
        await client.post(f"{url}/close", json=closed)
        files = AttachmentFiles(folder)
        left = (await files.receive(bytes_of(b"of nobody"), lambda part, last: None)).sha256
        (folder / "ab").mkdir(exist_ok=True)
        (folder / "ab" / "README").write_text("not ours")
        named = kept(site)
    assert len(named) == 4
    async with AsyncExitStack() as stack:
        site = await open_site(stack, tmp_path)
        assert (folder / "unnamed" / left).read_bytes() == b"of nobody" and kept(site) == named
        assert not files.path(left).exists()
        now_ms = site.clock.now_ms()
    assert await files.sweep({one for one in named if one != left}, now_ms + 29 * DAY_MS) == 0
    assert (folder / "unnamed" / left).exists()
    await files.sweep(set(named), now_ms + 31 * DAY_MS)
    assert not (folder / "unnamed" / left).exists() and len(kept(site)) == 3
