"""The gateway in a process of its own, and people at browsers who use it."""

import contextlib
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, expect

from gateway.ports import free_port
from gateway.settings import Settings, load

ROOT = Path(__file__).resolve().parent.parent.parent
WITHIN_S = 40.0
PASSWORD = "quiet-night-shift"
COOKIE = "tipstaff_session"


@dataclass
class Site:
    """The gateway's process: `pause` and `resume` it, `kill` it, `start` it again on the same ports."""

    settings: Settings
    config: Path
    process: subprocess.Popen[str] | None = None
    sessions: dict[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.settings.http.port}"

    def start(self) -> None:
        """Return when it is ready."""
        command = [sys.executable, "-m", "gateway.cli.main", "serve", "--config", str(self.config)]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT
        )
        ready = threading.Event()
        said: list[str] = []
        threading.Thread(target=self._listen, args=(self.process, ready, said), daemon=True).start()
        if not ready.wait(WITHIN_S):
            self.kill()
            raise AssertionError("".join(said))

    @staticmethod
    def _listen(process: subprocess.Popen[str], ready: threading.Event, said: list[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line)
            if line.startswith("{") and json.loads(line).get("event") == "ready":
                ready.set()

    def pause(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it without a chance to tidy up."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(WITHIN_S)

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            self.process.wait(WITHIN_S)

    def session(self, login: str) -> tuple[str, str]:
        """Cookie and CSRF token of this person, who signs in once for all tests: the hash is slow."""
        if login not in self.sessions:
            body = {"login": login, "password": PASSWORD}
            answer = httpx.post(f"{self.url}/api/v1/session", json=body, timeout=WITHIN_S).raise_for_status()
            self.sessions[login] = answer.cookies[COOKIE], answer.json()["csrf"]
        return self.sessions[login]

    @contextlib.contextmanager
    def signed_in(self, login: str) -> Iterator[httpx.Client]:
        """The API as this person."""
        cookie, csrf = self.session(login)
        with httpx.Client(
            base_url=f"{self.url}/api/v1",
            timeout=WITHIN_S,
            cookies={COOKIE: cookie},
            headers={"X-CSRF-Token": csrf},
        ) as client:
            yield client


def site_in(folder: Path, name: str = "福建法院执行指挥中心", more: str = "") -> Site:
    """A gateway configured in `folder`, not yet started; `more`: further settings, as TOML."""
    config = folder / "tipstaff.toml"
    config.write_text(
        f"""
[site]
name = "{name}"
data_dir = "{folder / "data"}"
[http]
port = {free_port()}
[broker]
port = {free_port()}
[dispatch]
auto_offer_s = 600
[log]
format = "json"
{more}
""",
        "utf-8",
    )
    return Site(load(config, {}), config)


class Desk:
    """A person at a browser. What the page may not do is collected while it is used."""

    def __init__(self, context: BrowserContext, site: Site) -> None:
        self.context = context
        self.site = site
        self.url = site.url
        self.foreign: list[str] = []
        self.faults: list[str] = []
        self.page: Page = context.new_page()
        self.page.on("request", self._on_request)
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))

    def enter(self, login: str) -> Page:
        """With a session that exists already."""
        self.context.add_cookies([{"name": COOKIE, "value": self.site.session(login)[0], "url": self.url}])
        self.page.goto(self.url)
        expect(self.page.locator("[data-live=live]")).to_be_visible()
        return self.page

    def sign_in(self, login: str) -> Page:
        """By the form."""
        page = self.page
        page.goto(self.url)
        page.locator("[name=login]").fill(login)
        page.locator("[name=password]").fill(PASSWORD)
        page.locator("button[type=submit]").click()
        expect(page.locator("[data-live=live]")).to_be_visible()
        return page

    def _on_request(self, request: Request) -> None:
        if not request.url.startswith(
            (self.url + "/", self.url.replace("http", "ws", 1) + "/", "blob:" + self.url)
        ):
            self.foreign.append(request.url)

    def _on_console(self, message: ConsoleMessage) -> None:
        # The browser writes a line for each refused request: the tests that cause one look at it.
        if (
            message.type == "error"
            and "Failed to load resource" not in message.text
            and "WebSocket" not in message.text
        ):
            self.faults.append(message.text)
