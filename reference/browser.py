"""A headless Chromium that is led by the DevTools protocol, for page_check.py."""

import asyncio
import base64
import json
import pathlib
import re
import shutil
import tempfile

import aiohttp


def chromium():
    """The browser's program; None where there is none."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


class Browser:
    """One page of a browser of its own, which ends with the block."""

    async def __aenter__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.process = await asyncio.create_subprocess_exec(
            chromium(), "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
            "--remote-debugging-port=0", f"--user-data-dir={self.folder.name}", "about:blank",
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE)
        while True:
            line = (await self.process.stderr.readline()).decode()
            if not line:
                raise RuntimeError("expected the browser to say where it listens, but it ended")
            if found := re.search(r"ws://([^/]+)/", line):
                break
        self.session = aiohttp.ClientSession()
        async with self.session.get(f"http://{found.group(1)}/json/list") as answer:
            pages = await answer.json(content_type=None)
        address = next(page["webSocketDebuggerUrl"] for page in pages if page["type"] == "page")
        self.socket = await self.session.ws_connect(address, max_msg_size=1 << 28)
        self.number, self.answers, self.events = 0, {}, asyncio.Queue()
        # What the browser complained of: errors of scripts, of the policy, of what was not found.
        self.complaints = []
        self.reader = asyncio.create_task(self.read())
        for domain in ("Page", "Runtime", "Log", "Network"):
            await self.call(f"{domain}.enable")
        return self

    async def __aexit__(self, *_):
        self.reader.cancel()
        await self.session.close()
        self.process.terminate()
        await self.process.wait()
        self.folder.cleanup()

    async def read(self):
        async for message in self.socket:
            value = json.loads(message.data)
            if "id" in value:
                self.answers.pop(value["id"]).set_result(value)
                continue
            kind, detail = value["method"], value["params"]
            if kind == "Runtime.exceptionThrown":
                self.complaints.append(detail["exceptionDetails"]["text"])
            elif kind == "Log.entryAdded" and detail["entry"]["level"] == "error":
                self.complaints.append(detail["entry"]["text"])
            elif kind == "Page.loadEventFired":
                self.events.put_nowait(kind)

    async def call(self, method, **parameters):
        self.number += 1
        answer = self.answers[self.number] = asyncio.get_running_loop().create_future()
        await self.socket.send_json({"id": self.number, "method": method, "params": parameters})
        value = await asyncio.wait_for(answer, 120)
        if "error" in value:
            raise RuntimeError(f"{method}: {value['error']['message']}")
        return value["result"]

    async def loaded(self):
        await asyncio.wait_for(self.events.get(), 300)

    async def go(self, address):
        await self.call("Page.navigate", url=address)
        await self.loaded()

    async def run(self, script):
        """What a script says, as JSON."""
        answer = await self.call("Runtime.evaluate", expression=script, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"]["exception"]["description"])
        return answer["result"].get("value")

    async def press(self, button, **fields):
        """Fills in fields by their names, presses a button, and waits for the page that follows."""
        await self.run(f"""(() => {{
            const button = document.querySelector({json.dumps(button)});
            for (const [name, value] of Object.entries({json.dumps(fields)}))
                button.form.elements[name].value = value;
            setTimeout(() => button.click());
        }})()""")
        await self.loaded()

    async def look(self, width=1200, height=900, dark=False):
        """Shows the page in a window of this size, light or dark."""
        await self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                        deviceScaleFactor=1, mobile=False)
        await self.call("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
            {"name": "prefers-reduced-motion", "value": "reduce"}])

    async def picture(self, file, whole=True):
        answer = await self.call("Page.captureScreenshot", captureBeyondViewport=whole)
        pathlib.Path(file).write_bytes(base64.b64decode(answer["data"]))
