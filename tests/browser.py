"""Headless Chromium over the DevTools protocol, and what it tried that a page must not try."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from websockets.asyncio.client import ClientConnection, connect

PATIENCE_SECONDS = 60.0
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
INSIDE = ("data", "blob", "about")

# What breaks the policy of the page, told through the console.
TELLTALE = """addEventListener('securitypolicyviolation', event =>
  console.error('CSP', event.violatedDirective, event.blockedURI, event.sample))"""


def chromium() -> str | None:
    return next(filter(None, map(shutil.which, NAMES)), None)


class Page:
    """One page, its workers included. `requests` are all addresses it asked for, `told` the headers
    and WebSocket frames that it sent, `complaints` what the console calls an error."""

    def __init__(self, wire: ClientConnection) -> None:
        self.requests: list[str] = []
        self.told: list[Any] = []
        self.complaints: list[str] = []
        self._wire = wire
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}

    @property
    def strangers(self) -> list[str]:
        """Requests to other machines."""
        parts = [(url, urlsplit(url)) for url in self.requests]
        return [u for u, at in parts if at.scheme not in INSIDE and at.hostname != "127.0.0.1"]

    async def open(self, url: str) -> None:
        await self._observe()
        await self.call("Page.enable")
        await self.call("Page.addScriptToEvaluateOnNewDocument", source=TELLTALE)
        await self.call("Page.navigate", url=url)

    async def evaluate(self, script: str) -> Any:
        answer = await self.call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    async def until(self, script: str) -> Any:
        """The value of the script once it is true."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while True:
                    if value := await self.evaluate(script):
                        return value
                    await asyncio.sleep(0.1)
        except TimeoutError:
            shown = await self.evaluate("document.body.innerText")
            raise AssertionError(f"Never: {script}\n{self.complaints}\n{shown}") from None

    async def click(self, selector: str, text: str = "") -> None:
        """Click, as a mouse does, the first visible element that holds the text."""
        place = await self.until(
            f"""(() => {{
              const all = [...document.querySelectorAll({json.dumps(selector)})];
              const box = all
                .find(one => one.checkVisibility({{visibilityProperty: true}})
                  && one.textContent.includes({json.dumps(text)}))
                ?.getBoundingClientRect();
              return box?.width && {{x: box.x + box.width / 2, y: box.y + box.height / 2}};
            }})()"""
        )
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            event = {"type": kind, "button": "left", "clickCount": 1} | place
            await self.call("Input.dispatchMouseEvent", **event)

    async def call(self, method: str, session: str | None = None, **params: Any) -> Any:
        number = next(self._numbers)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        message = {"id": number, "method": method, "params": params}
        await self._wire.send(json.dumps(message | ({"sessionId": session} if session else {})))
        return await answer

    async def listen(self) -> None:
        async with asyncio.TaskGroup() as workers:
            async for frame in self._wire:
                message = json.loads(frame)
                if "id" in message:
                    self._answered(message)
                elif message["method"] == "Target.attachedToTarget":
                    workers.create_task(self._observe(message["params"]["sessionId"]))
                else:
                    self._happened(message["method"], message["params"])

    def _answered(self, message: Any) -> None:
        waiting = self._waiting.pop(message["id"])
        if waiting.cancelled():
            return
        if "error" in message:
            waiting.set_exception(AssertionError(message["error"]))
        else:
            waiting.set_result(message["result"])

    def _happened(self, method: str, params: Any) -> None:
        if method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
            self.told.append(params["request"]["headers"])
        elif method == "Network.webSocketCreated":
            self.requests.append(params["url"])
        elif method == "Network.webSocketFrameSent":
            self.told.append(json.loads(params["response"]["payloadData"]))
        elif method == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.complaints.append(params["entry"]["text"])
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(params["exceptionDetails"]))
        elif method == "Runtime.consoleAPICalled" and params["type"] == "error":
            self.complaints.append(" ".join(str(arg.get("value")) for arg in params["args"]))

    async def _observe(self, session: str | None = None) -> None:
        """Watch a page or a worker from before its first line runs."""
        for domain in ("Network", "Log", "Runtime"):
            await self.call(f"{domain}.enable", session)
        attach = {"autoAttach": True, "waitForDebuggerOnStart": True, "flatten": True}
        await self.call("Target.setAutoAttach", session, **attach)
        await self.call("Runtime.runIfWaitingForDebugger", session)


@asynccontextmanager
async def a_page(program: str, folder: Path) -> AsyncIterator[Page]:
    """A blank page of a browser of its own, which keeps its files in the folder."""
    flags = ["--headless=new", "--remote-debugging-port=0", f"--user-data-dir={folder}"]
    flags += [
        "--no-first-run",
        "--window-size=1400,900",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-proxy-server",
    ]
    flags += ["--disable-background-networking", "--disable-component-update"]
    if os.geteuid() == 0:
        flags.append("--no-sandbox")  # root has none
    dying = [setpriv, "--pdeathsig", "KILL"] if (setpriv := shutil.which("setpriv")) else []
    browser = subprocess.Popen(  # noqa: ASYNC220  # it returns at once
        [*dying, program, *flags, "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        options: dict[str, Any] = {"max_size": None, "ping_interval": None, "proxy": None}
        async with connect(await _address(folder), **options) as wire:
            page = Page(wire)
            listening = asyncio.create_task(page.listen())
            try:
                yield page
            finally:
                listening.cancel()
                await asyncio.wait([listening])
    finally:
        os.killpg(browser.pid, signal.SIGKILL)
        browser.wait()


async def _address(folder: Path) -> str:
    """Where the blank page is driven."""
    said = folder / "DevToolsActivePort"
    async with asyncio.timeout(PATIENCE_SECONDS), httpx.AsyncClient(trust_env=False) as http:
        while True:
            if said.exists() and (words := said.read_text().split()):
                for target in (await http.get(f"http://127.0.0.1:{words[0]}/json/list")).json():
                    if target["type"] == "page":
                        return str(target["webSocketDebuggerUrl"])
            await asyncio.sleep(0.05)
