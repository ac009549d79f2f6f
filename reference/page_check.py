"""Looks at the page of a running `errata serve` as people do: with a browser, and with plain forms.

    .libtorch/python/bin/python reference/page_check.py [--binary PATH] [--pictures FOLDER]

Starts servers on the embedded model, on ports and in folders of their own, and checks

  - by plain HTTP, without a script or a browser: every form does what it says, every link leads
    somewhere, nothing comes from elsewhere, and a form without its token is refused;
  - `errata demo --serve`: that it has something to show, and leaves nothing behind;
  - in headless Chromium, wide and narrow, light and dark: every view loads without a complaint of the
    browser, fits the window, has its landmarks and labels, and its words stand out from what they lie on.

Exits with 1 where anything is wrong. Without Chromium the second half is skipped, and says so.
"""

import argparse
import asyncio
import html.parser
import http.cookiejar
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request

import browser
import served
from served import MODEL, ROOT

failures = []


def expect(condition, message):
    if not condition:
        failures.append(message)
    print(f"  {'ok   ' if condition else 'WRONG'}  {message}")


class Document(html.parser.HTMLParser):
    """The forms and links of a page."""

    def __init__(self, text):
        super().__init__()
        self.forms, self.links, self.parts = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.links += [values[key] for key in ("href", "src") if values.get(key)]
        if tag == "form":
            self.forms.append({"action": values["action"], "method": values["method"], "fields": {}})
        if tag in ("input", "textarea", "select") and self.forms and "name" in values:
            if values.get("type") != "checkbox":
                self.forms[-1]["fields"][values["name"]] = values.get("value") or ""
        if tag == "button" and "formaction" in values:
            self.forms.append({**self.forms[-1], "action": values["formaction"]})

    def handle_data(self, data):
        self.parts.append(data)

    @property
    def words(self):
        return " ".join(" ".join(self.parts).split())


class Demo(served.Server):
    """`errata demo --serve`, with what it says before it serves."""

    def __init__(self, binary):
        self.command = [binary, "demo", "--serve", "--port", "0", "--threads", "1"]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True)
        self.tokens = {}
        for line in self.process.stdout:
            if found := re.match(r"  (\w+) .* (errata-\w+)$", line):
                self.tokens[found[1]] = found[2]
            if found := re.match(r"Serving \S+ at (http://\S+)\. The log is in (.+), which", line):
                self.url, self.folder = found[1], pathlib.Path(found[2]).parent
                return self
        sys.exit("expected the demo to say where it serves, but it ended")


class Visitor:
    """Somebody with a browser that has cookies and nothing else."""

    def __init__(self, url):
        self.url = url
        self.opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))

    def send(self, path, fields=None):
        data = None if fields is None else urllib.parse.urlencode(fields).encode()
        try:
            with self.opener.open(urllib.parse.urljoin(self.url, path), data) as answer:
                self.path = urllib.parse.urlsplit(answer.url).path
                return answer.status, answer.headers, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read().decode()

    def page(self, path):
        status, _, text = self.send(path)
        expect(status == 200, f"GET {path} is answered with 200, got {status}")
        return Document(text)

    def submit(self, page, beginning, **fields):
        """Sends the first form of a page whose address begins so."""
        form = next(form for form in page.forms if form["action"].startswith(beginning))
        status, _, text = self.send(form["action"], {**form["fields"], **fields})
        return status, Document(text)


def edits(first, last):
    lines = (MODEL / "edits.jsonl").read_text().splitlines()[first:last]
    return [json.loads(line) for line in lines]


def call(url, path, body, token=None):
    request = urllib.request.Request(url + path, data=json.dumps(body).encode())
    request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def crawl(visitor):
    """Follows every link from the first page on."""
    seen, todo = {}, ["/"]
    while todo:
        path = todo.pop()
        if path in seen:
            continue
        status, headers, text = visitor.send(path)
        seen[path] = status
        if not headers["Content-Type"].startswith("text/html"):
            continue
        if "default-src 'none'" not in headers["Content-Security-Policy"]:
            failures.append(f"{path} has no strict policy")
        for link in Document(text).links:
            link = link.split("#")[0]
            if link.startswith("/"):
                todo.append(link)
            elif link:
                failures.append(f"{path} leads elsewhere: {link}")
    wrong = [path for path, status in seen.items() if status != 200]
    expect(not wrong, f"{len(seen)} links from the first page on resolve{wrong or ''}")
    return sorted(seen)


def check_forms(url):
    print("Forms, by plain HTTP")
    visitor = Visitor(url)
    edit, other = edits(0, 2)
    status, page = visitor.submit(
        visitor.page("/page/propose"), "/page/propose", prompt=edit["prompt"], target=edit["target"],
        rephrases="\n".join(edit["rephrases"]), reason="<script>alert(1)</script>", action="apply")
    expect(status == 200 and "The correction is live." in page.words, "a correction is taught")
    expect("“<script>alert(1)</script>”" in page.words, "markup in a reason is words")
    story = visitor.path
    status, page = visitor.submit(page, "/page/ask")
    expect("A correction made the difference" in page.words and edit["target"] in page.words,
           "asked, it says the new answer beside the old one")
    page = visitor.page(story.replace("/edits/", "/undo/"))
    expect("Take this correction back?" in page.words, "an undo asks once more")
    status, page = visitor.submit(page, "/page/undo/", reason="it was right before")
    expect(status == 200 and "taken back by" in page.words, "it is taken back")
    undo = next(link for link in page.links if link.startswith("/page/undo/"))
    status, page = visitor.submit(visitor.page(undo), "/page/undo/")
    expect(status == 200 and "Take it back …" in page.words, "and brought back")
    status, page = visitor.submit(
        visitor.page("/page/propose"), "/page/propose", prompt=other["prompt"], target=other["target"],
        action="propose")
    expect("waits for somebody’s approval" in page.words, "another is proposed")
    status, page = visitor.submit(page, "/page/proposals/")
    expect(status == 200 and "It is approved, and live." in page.words, "and approved")
    status, page = visitor.submit(
        visitor.page("/page/propose"), "/page/propose", prompt="Toburg is", target="a city",
        action="propose")
    form = next(form for form in page.forms if form["action"].endswith("/decline"))
    status, _, text = visitor.send(form["action"], form["fields"])
    expect(status == 200 and "It is turned down." in text, "a third is proposed and declined")
    page = visitor.page("/?query=" + urllib.parse.quote(edit["subject"]) + "&state=live")
    expect(edit["prompt"] in page.words and other["prompt"] not in page.words, "the search finds")
    status, _, text = visitor.send("/page/ask", {"prompt": "x"})
    expect(status == 403 and "expected a form of this page" in text.lower(),
           "a form without its token is refused")
    status, _, text = Visitor(url).send("/page/undo/2", {"form-token": "0" * 64})
    expect(status == 403, "a form of a stranger is refused")


def check_demo(demo):
    print("errata demo --serve")
    visitor = Visitor(demo.url)
    status, page = visitor.submit(visitor.page("/page/sign-in"), "/page/sign-in",
                                  token=demo.tokens["grace"])
    expect(status == 200 and all(word in page.words for word in ("live", "undone", "superseded")),
           "its log has edits that hold, one that was taken back and one that was replaced")
    expect("Proposal #" in visitor.page("/page/waiting").words, "a proposal waits")
    expect(len(re.findall("<svg", visitor.send("/page/traffic")[2])) == 2, "there was traffic")
    told = call(demo.url, "/v1/explain", {"prompt": edits(3, 4)[0]["prompt"]}, demo.tokens["ada"])
    expect(told["changed"], "its tokens ask over HTTP")
    return crawl(visitor)


def tokens(binary, folder):
    """Tokens of three roles, by the name of their bearers."""
    secrets = {}
    for name, roles in (("ada", ["propose", "ask"]), ("grace", ["approve", "ask"]), ("alan", ["ask"])):
        command = [binary, "token", "new", "--tokens", str(folder / "tokens.json"), "--name", name]
        for role in roles:
            command += ["--role", role]
        secrets[name] = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    return secrets


def check_roles(url, secrets):
    print("Signed in, by plain HTTP")
    edit = edits(2, 3)[0]

    def signed_in(name):
        visitor = Visitor(url)
        status, _, _ = visitor.send("/")
        status, page = visitor.submit(visitor.page("/page/sign-in"), "/page/sign-in",
                                      token=secrets[name])
        expect(status == 200 and name in page.words, f"{name} signs in")
        return visitor

    stranger = Visitor(url)
    status, page = stranger.submit(stranger.page("/"), "/page/sign-in", token="errata-0")
    expect(status == 401 and "expected a token that holds" in page.words.lower(),
           "another token does not sign in")
    ada, grace, alan = (signed_in(name) for name in ("ada", "grace", "alan"))
    status, page = ada.submit(ada.page("/page/propose"), "/page/propose", prompt=edit["prompt"],
                              target=edit["target"], reason="it moved", action="apply")
    expect(ada.path == "/page/waiting" and edit["prompt"] in page.words, "ada's correction waits")
    expect(not any("approve" in form["action"] for form in page.forms), "she cannot approve it")
    status, _, text = alan.send("/page/waiting")
    expect(status == 403 and "role propose or approve" in text, "alan may not read the log")
    status, page = grace.submit(grace.page("/page/waiting"), "/page/proposals/")
    expect("It is approved, and live." in page.words and "by grace" in page.words, "grace approves")
    status, page = alan.submit(alan.page("/page/ask"), "/page/ask", prompt=edit["prompt"])
    expect(edit["target"] in page.words, "alan asks, and is told")
    crawl(grace)
    crawl(alan)
    status, page = grace.submit(grace.page("/"), "/page/sign-out")
    expect("You are signed out." in page.words, "grace signs out")
    expect("Sign in" in grace.page("/").words, "and is asked who she is")


# What is wrong with a view, as a script finds it: landmarks, labels, width, contrast.
LOOK = """(() => {
    const wrong = [];
    for (const kind of ["main", "header", "h1"])
        if (document.querySelectorAll(kind).length !== 1) wrong.push(`not one ${kind}`);
    for (const field of document.querySelectorAll("input:not([type=hidden]), textarea, select"))
        if (!field.labels.length) wrong.push(`no label: ${field.name}`);
    for (const table of document.querySelectorAll("table"))
        if (!table.querySelector("thead th[scope=col]")) wrong.push("a table without headers");
    const page = document.documentElement;
    if (page.scrollWidth > page.clientWidth) wrong.push(`${page.scrollWidth} px wide`);
    const channels = colour => colour.match(/[\\d.]+/g).map(Number);
    const light = colour => channels(colour).slice(0, 3).map(c => c / 255)
        .map(c => c <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
        .reduce((sum, c, i) => sum + c * [.2126, .7152, .0722][i], 0);
    const seen = new Set();
    for (const node of document.body.querySelectorAll("*")) {
        const words = [...node.childNodes].filter(n => n.nodeType === 3 && n.textContent.trim());
        if (!words.length || node.closest("svg, datalist, script") || !node.checkVisibility()) continue;
        let under = node;
        while (under.parentElement && (channels(getComputedStyle(under).backgroundColor)[3] ?? 1) < 1)
            under = under.parentElement;
        const style = getComputedStyle(node);
        const pair = [style.color, getComputedStyle(under).backgroundColor];
        const [a, b] = pair.map(light).sort((a, b) => b - a);
        const ratio = (a + .05) / (b + .05);
        const name = `${node.tagName}.${node.className} ${pair} ${ratio.toFixed(1)}`;
        if (ratio < 4.5 && !seen.has(name)) { seen.add(name); wrong.push(`faint: ${name}`); }
    }
    return wrong;
})()"""


async def check_browser(url, token, paths, prompt, pictures):
    print("In Chromium")
    views = [path for path in paths if "." not in path and "done=" not in path]
    # Of pages that differ in their words alone, some.
    views = [path for path in views if "/edits/" not in path and "/undo/" not in path] + [
        path for path in views if re.search(r"/edits/\d+$", path)][:4] + [
        path for path in views if "/undo/" in path][:2]
    async with browser.Browser() as page:
        async def look(name):
            for width, height in ((1200, 900), (400, 800)):
                for dark in (False, True):
                    await page.look(width, height, dark)
                    wrong = await page.run(LOOK)
                    if wrong:
                        failures.append(f"{name}, {width} px, {'dark' if dark else 'light'}: {wrong}")
                        print(f"  WRONG  {failures[-1]}")
                    if pictures:
                        file = f"{name}-{width}-{'dark' if dark else 'light'}.png"
                        await page.picture(pathlib.Path(pictures) / file)

        await page.go(url + "/page/sign-in")
        await look("sign-in")
        await page.press("main button", token=token)
        for path in views:
            await page.go(url + path)
            await look(path.strip("/").replace("page/", "").replace("/", "-").replace("?", "-") or "log")
        await page.go(url + "/page/ask")
        await page.press("main button", prompt=prompt)
        await look("answer")
        await page.press("main button", prompt="The favourite colour of the painter was")
        await look("deferred")
        expect(not page.complaints, f"{len(views) + 2} views load without a complaint "
               f"{page.complaints or ''}")
        await page.go(url + "/page/undo/999")
        expect("expected an event" in (await page.run("document.body.innerText")).lower(),
               "what cannot be undone is said in a sentence")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--binary", default=str(ROOT / ".build/release/errata"))
    parser.add_argument("--pictures", help="a folder for pictures of every view")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, served.Server(
            arguments.binary, pathlib.Path(folder) / "data") as server:
        check_forms(server.url)
        crawl(Visitor(server.url))
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        secrets = tokens(arguments.binary, folder)
        with served.Server(arguments.binary, folder / "data", "--tokens", str(folder / "tokens.json"),
                           "--approval") as server:
            check_roles(server.url, secrets)
    with Demo(arguments.binary) as demo:
        paths = check_demo(demo)
        if browser.chromium():
            if arguments.pictures:
                pathlib.Path(arguments.pictures).mkdir(parents=True, exist_ok=True)
            asyncio.run(check_browser(demo.url, demo.tokens["grace"], paths, edits(3, 4)[0]["prompt"],
                                      arguments.pictures))
        else:
            print("SKIPPED: there is no chromium on this machine; install it and run again.")
    expect(not demo.folder.exists(), "the demo leaves nothing behind")
    if failures:
        sys.exit(f"{len(failures)} WRONG: " + "; ".join(failures))
    print("The page is as it should be.")


if __name__ == "__main__":
    main()
