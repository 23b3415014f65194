#!/usr/bin/env python3
"""Opens a page in headless Chromium, over its DevTools protocol, and prints what expressions are.

  browser.py [--width N] [--height N] [--dark] [--screenshot FILE] PAGE [EXPRESSION...]

Each JavaScript expression is evaluated in turn (promises are awaited) and its value printed as a line of JSON. Exit
status 1 when the page has said anything to the console as an error, an exception was thrown, or an expression fails.
Standard library alone: the protocol's messages go through a pair of pipes.
"""
import argparse
import base64
import json
import os
import pathlib
import select
import shutil
import subprocess
import sys
import tempfile
import time

TIMEOUT = 60


def find_browser():
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if shutil.which(name):
            return name
    sys.exit("browser.py: no chromium")


class Browser:
    def __init__(self, folder):
        to_browser, self.write_end = os.pipe()
        self.read_end, from_browser = os.pipe()

        def place_pipes():
            # The numbers that the browser expects; neither may be in the other's way.
            inward, outward = os.dup(to_browser), os.dup(from_browser)
            high = [os.dup2(inward, 60), os.dup2(outward, 61)]
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        command = [find_browser(), "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
                   "--disable-dev-shm-usage", "--disable-extensions", "--remote-debugging-pipe",
                   "--hide-scrollbars", f"--user-data-dir={folder}", "about:blank"]
        self.process = subprocess.Popen(command, preexec_fn=place_pipes, close_fds=False, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_browser)
        os.close(from_browser)
        self.number, self.buffer, self.session = 0, b"", None
        self.errors, self.loaded = [], False

    def receive(self, until):
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.read_end], [], [], max(0, until - time.monotonic()))
            if not ready:
                raise SystemExit("browser.py: the browser does not answer")
            part = os.read(self.read_end, 1 << 16)
            if not part:
                raise SystemExit("browser.py: the browser has ended")
            self.buffer += part
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def note(self, message):
        method, what = message.get("method"), message.get("params", {})
        if method == "Page.loadEventFired":
            self.loaded = True
        elif method == "Runtime.exceptionThrown":
            details = what["exceptionDetails"]
            self.errors.append(details.get("exception", {}).get("description", details["text"]))
        elif method == "Runtime.consoleAPICalled" and what["type"] in ("error", "assert", "warning"):
            self.errors.append(" ".join(str(a.get("value", a.get("description"))) for a in what["args"]))
        elif method == "Log.entryAdded" and what["entry"]["level"] in ("error", "warning"):
            self.errors.append(f"{what['entry']['text']} {what['entry'].get('url', '')}")

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.write_end, json.dumps(message).encode() + b"\0")
        until = time.monotonic() + TIMEOUT
        while True:
            answer = self.receive(until)
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise SystemExit(f"browser.py: {method}: {answer['error']['message']}")
                return answer["result"]
            self.note(answer)

    def open(self, address, options):
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setDeviceMetricsOverride", width=options.width, height=options.height,
                  deviceScaleFactor=1, mobile=False)
        features = [{"name": "prefers-color-scheme", "value": "dark" if options.dark else "light"}]
        self.call("Emulation.setEmulatedMedia", media="screen", features=features)
        self.loaded = False
        self.call("Page.navigate", url=address)
        until = time.monotonic() + TIMEOUT
        while not self.loaded:
            self.note(self.receive(until))
        self.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(0))))")

    def evaluate(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True,
                           userGesture=True)
        if "exceptionDetails" in result:
            details = result["exceptionDetails"]
            self.errors.append(details.get("exception", {}).get("description", details["text"]))
            return None
        return result["result"].get("value")

    def screenshot(self, path):
        height = min(16000, self.evaluate("document.documentElement.scrollHeight"))
        width = self.evaluate("innerWidth")
        whole = not self.evaluate("!!document.querySelector('dialog[open]')")
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole,
                         **({"clip": clip} if whole else {}))
        pathlib.Path(path).write_bytes(base64.b64decode(shot["data"]))

    def end(self):
        os.close(self.write_end)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--height", type=int, default=900)
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--screenshot")
    parser.add_argument("page")
    parser.add_argument("expression", nargs="*")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        browser = Browser(folder)
        try:
            browser.open(pathlib.Path(options.page).resolve().as_uri(), options)
            for expression in options.expression:
                print(json.dumps(browser.evaluate(expression)))
            if options.screenshot:
                browser.screenshot(options.screenshot)
        finally:
            browser.end()
    for error in browser.errors:
        print(f"error: {error}", file=sys.stderr)
    return 1 if browser.errors else 0


if __name__ == "__main__":
    sys.exit(main())
