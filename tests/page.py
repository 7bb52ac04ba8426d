#!/usr/bin/env python3
"""Read HTML reports as a browser and as somebody who cannot see them do.

    tests/page.py PROGRAM

The markup: balanced, headings in order, every picture with words, every table with heads, every scrolling region
reachable by keyboard and named; nothing loaded from anywhere; contrast of all colours on both backgrounds by WCAG 2.1
(4.5 for text, 3 for shapes). Where Chromium is installed the pages are rendered too, light, dark and at the width of
a phone: no message on the console, no request but for the page, nothing wider than the window.
"""
import html.parser
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP / "scripts"))
import materialise  # noqa: E402

RECIPES = ("llama-3-8b", "moonlight-16b-a3b", "qwen2.5-vl-7b", "jamba-1.5-mini")
RENDERED = ("inspect-qwen2.5-vl-7b", "several", "compare", "match-korean", "hostile-name")
VOID = {"meta", "rect", "path", "br"}


class Page(html.parser.HTMLParser):
    """Collects what is wrong with a page."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.faults, self.open, self.heading, self.title, self.text = [], [], 0, "", text
        self.ids, self.csp, self.lang, self.h1 = set(), False, None, 0
        self.feed(text)
        self.close()
        if self.open:
            self.faults.append(f"never closed: {self.open}")
        for what, there in (("title", self.title.strip()), ("policy", self.csp), ("lang", self.lang), ("h1", self.h1)):
            if not there:
                self.faults.append(f"no {what}")

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_starttag(self, tag, attributes):
        a = dict(attributes)
        if tag not in VOID:
            self.open.append(tag)
        if a.get("id") in self.ids:
            self.faults.append(f"id {a['id']} stands twice")
        self.ids |= {a["id"]} if "id" in a else set()
        if tag == "html":
            self.lang = a.get("lang")
        if tag == "meta" and a.get("http-equiv") == "Content-Security-Policy":
            self.csp = "default-src 'none'" in a["content"] and "script" not in a["content"]
        if tag in ("script", "iframe", "object", "embed", "link", "img", "form"):
            self.faults.append(f"a <{tag}>")
        for name, value in attributes:
            if name.startswith("on") or name in ("src", "href", "action") or (value and "javascript:" in value):
                self.faults.append(f"attribute {name}={value}")
        if tag == "svg" and not (a.get("role") == "img" and a.get("aria-label")):
            self.faults.append("a picture without words")
        if tag == "th" and a.get("scope") not in ("row", "col"):
            self.faults.append("a head without scope")
        if tag == "table" and "div" not in self.open:
            self.faults.append("a table that cannot scroll")
        if "scroll" in (a.get("class") or "") and not (a.get("tabindex") == "0" and a.get("aria-label") and a.get("role")):
            self.faults.append("a scrolling region that the keyboard does not reach")
        if re.fullmatch("h[1-6]", tag):
            level = int(tag[1])
            if level > self.heading + 1:
                self.faults.append(f"{tag} after h{self.heading}")
            self.heading = level
            self.h1 += level == 1

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> closes nothing")

    def handle_data(self, data):
        if self.open and self.open[-1] == "title":
            self.title += data
        if any(ord(c) < 32 and c not in "\n\t" for c in data):
            self.faults.append("a control character")


def luminance(colour):
    """WCAG 2.1's relative luminance of #rgb or #rrggbb."""
    digits = colour[1:] if len(colour) == 7 else "".join(c * 2 for c in colour[1:])
    parts = [int(digits[i:i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a, b):
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def contrast_faults(text):
    light, dark = (dict(re.findall(r"--(\w+):(#[0-9a-f]+)", block)) for block in re.findall(r":root\{([^}]*#[^}]*)\}", text)[:2])
    for theme, colours in (("light", light), ("dark", {**light, **dark})):
        pairs = [(ink, ground, 4.5) for ink in ("ink", "dim", "good", "warn", "bad") for ground in ("paper", "stripe")]
        pairs += [("ink", f"k{i}", 4.5) for i in range(6)] + [(f"t{i}", "paper", 3) for i in range(8)]
        for ink, ground, least in pairs:
            ratio = contrast(colours[ink], colours[ground])
            if ratio < least:
                yield f"{theme}: {ink} on {ground} has a contrast of {ratio:.2f}, not {least}"


def browser():
    names = ("chromium-headless-shell", "chromium", "chromium-browser")
    return next((found for name in names if (found := shutil.which(name))), None)


def run_browser(chromium, folder, page, width, *more):
    """Its log on standard error."""
    return subprocess.run(
        [chromium, "--no-sandbox", "--disable-gpu", "--headless", "--enable-logging=stderr", f"--user-data-dir={folder}/profile",
         f"--window-size={width},1400", *more, page.as_uri()],
        capture_output=True, text=True, timeout=120, check=False).stderr


def render_faults(chromium, page, folder):
    """What Chromium says of it, and asks for."""
    for name, width, more in (("light", 1000, ()), ("dark", 1000, ("--blink-settings=preferredColorScheme=0",)), ("phone", 390, ())):
        picture, log = folder / f"{page.stem}-{name}.png", folder / "net.json"
        said = run_browser(chromium, folder, page, width, f"--log-net-log={log}", f"--screenshot={picture}", *more)
        yield from (f"{name}: {line}" for line in said.splitlines() if "CONSOLE" in line)
        if not picture.exists() or picture.stat().st_size < 5000:
            yield f"{name}: nothing was drawn"
        asked = set(re.findall(r'"url":"(https?://[^"]+)"', log.read_text())) if log.exists() else set()
        # The browser's own errands are none of the page's.
        yield from (f"{name}: asks for {url}" for url in asked if "google" not in url and "gvt1" not in url)
    # The page allows no script; a copy of it that does tells how wide it is.
    copy = folder / "measured.html"
    measure = "<script>console.log(`wide=${document.documentElement.scrollWidth}/${innerWidth}`)</script></body>"
    copy.write_text(re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page.read_text()).replace("</body>", measure))
    found = re.search(r"wide=(\d+)/(\d+)", run_browser(chromium, folder, copy, 390, f"--screenshot={folder}/measured.png"))
    if not found or int(found[1]) > int(found[2]):
        yield f"phone: {found[1] if found else 'unknown'} wide"


def reports(program, folder):
    """Name and page of every command in HTML."""
    models = [str(materialise.materialise(materialise.load(str(TOP / "fixtures/recipes" / (name + ".yaml"))), str(folder / name)))
              for name in RECIPES]
    commands = {f"inspect-{name}": [model] for name, model in zip(RECIPES, models)}
    commands["several"] = [*models, str(TOP / "fixtures/malformed"), str(folder / "nowhere")]
    commands["compare"] = ["compare", *models, "skt/A.X-K1", "upstage/Solar-Open-100B"]
    commands["match"] = ["match", models[2]]
    commands["match-korean"] = ["match", "--lang", "ko", "naver-hyperclovax/HyperCLOVAX-SEED-Think-32B"]
    commands["compare-korean"] = ["compare", "--lang", "ko", "naver-hyperclovax/HyperCLOVAX-SEED-Think-32B", "Qwen/Qwen2.5-72B"]
    commands["catalogue"] = ["catalogue"]
    commands["entry"] = ["catalogue", "skt/A.X-K1"]
    commands["tensors"] = ["tensors", str(TOP / "fixtures/tiny-llama")]
    hostile = folder / "<script>alert(1)<&'\"\x1b]0;x\x07\n.gguf"
    shutil.copy(TOP / "fixtures/demo.gguf", hostile)
    commands["hostile-name"] = [str(hostile)]
    for name, arguments in commands.items():
        page = folder / f"{name}.html"
        with open(page, "wb") as out:
            status = subprocess.run([program, "-f", "html", *arguments], stdout=out, stderr=subprocess.DEVNULL, check=False).returncode
        yield name, page, status


def main(program):
    chromium, failed, seen = browser(), 0, 0
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        for name, page, status in reports(program, folder):
            text = page.read_text()
            faults = Page(text).faults + list(contrast_faults(text))
            if status not in (0, 2) or (status == 2) != (name == "several"):
                faults.append(f"status {status}")
            if chromium and name in RENDERED:
                faults += render_faults(chromium, page, folder)
            seen += 1
            failed += bool(faults)
            for fault in faults:
                print(f"page: {name}: {fault}")
    print(f"page: {seen} pages, {failed} with faults; "
          + (f"{len(RENDERED)} rendered by Chromium" if chromium else "none rendered, there is no Chromium"))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
