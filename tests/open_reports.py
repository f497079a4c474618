#!/usr/bin/env python3
"""Opens pages of reports in headless Chromium (PyPI: playwright, with the system's own Chromium) as people
do, and says whatever is wrong.

    open_reports.py SHOTS REPORT.html...     leaves in SHOTS what each page looks like: light, dark, narrow, printed

Each page must open without an error, ask nothing of any other place, draw marks on every chart that has
data, fit the width of a phone, and answer the pointer, the keyboard and the filter of a table.
"""

import pathlib
import shutil
import sys

from playwright.sync_api import sync_playwright

CHROMIUM = next(filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])), None)

# Pixels of a canvas that are neither clear nor of its most frequent colours: axes and grid are a few of
# those, so marks have to bring more.
COLOURS = """figure => {
  const canvas = figure.querySelector("canvas");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const seen = new Map();
  for (let i = 0; i < data.length; i += 4)
    if (data[i + 3] > 200) {
      const colour = (data[i] << 16) | (data[i + 1] << 8) | data[i + 2];
      seen.set(colour, (seen.get(colour) ?? 0) + 1);
    }
  return [...seen.values()].reduce((a, b) => a + b, 0);
}"""

# What the column by which a table is sorted holds, without what was not observed.
VALUES = """table => {
  const at = [...table.querySelectorAll("th")].findIndex(head => head.hasAttribute("aria-sort"));
  const cells = [...table.querySelectorAll("tbody tr")].map(row => row.cells[at].dataset.value);
  return cells.filter(value => value).map(Number);
}"""


class Page:
    """One page and what is wrong with it."""

    def __init__(self, path):
        self.path, self.wrong = path, []

    def hold(self, fine, what):
        if not fine:
            self.wrong.append(what)

    def listen(self, page):
        own = self.path.as_uri()
        # The browser remarks that this test reads pixels; a page of ours never does.
        ours = lambda said: said.type in ("error", "warning") and "readback" not in said.text
        page.on("console", lambda said: self.hold(not ours(said), f"console: {said.text}"))
        page.on("pageerror", lambda error: self.hold(False, f"error: {error}"))
        allowed = lambda url: url.split("#")[0] == own or url.startswith("data:")
        page.on("request", lambda request: self.hold(allowed(request.url), f"asks for {request.url}"))

    def read(self, page):
        """The first screen, every chart and every table."""
        self.hold(page.locator(".findings li").count() >= 1, "no finding")
        self.hold(page.locator("#origin dd").count() >= 4, "it does not say how to see it again")
        charts = page.locator("figure[data-chart]")
        self.hold(charts.count() >= 1, "no chart")
        for n in range(charts.count()):
            self.chart(page, charts.nth(n))
        ids = page.evaluate("[...document.querySelectorAll('[id]')].map(it => it.id)")
        self.hold(len(ids) == len(set(ids)), f"an id is there twice: {sorted(ids)}")
        tables = page.locator(".table")
        for n in range(tables.count()):
            self.table(tables.nth(n))

    def chart(self, page, figure):
        name = figure.get_attribute("id")
        self.hold(int(figure.get_attribute("data-marks") or 0) > 0, f"{name}: no mark")
        drawn = figure.evaluate(COLOURS)
        figure.evaluate("""figure => {
          const u = figure.plot;
          u.series.forEach((one, n) => { if (n > 0) u.setSeries(n, { show: false }); });
        }""")
        page.wait_for_timeout(30)
        bare = figure.evaluate(COLOURS)
        figure.evaluate("""figure => {
          const u = figure.plot;
          u.series.forEach((one, n) => { if (n > 0) u.setSeries(n, { show: true }); });
        }""")
        page.wait_for_timeout(30)
        self.hold(drawn > bare, f"{name}: {drawn} pixels with its layers and {bare} without")
        labels = figure.evaluate("figure => figure.plot.axes.map(axis => axis.label)")
        self.hold(all(labels), f"{name}: an axis without a label: {labels}")
        names = figure.locator(".u-legend th[tabindex]:visible")
        if names.count():
            names.first.focus()
            for off in [True, False]:
                page.keyboard.press("Enter")
                is_off = names.first.evaluate("it => it.closest('.u-series').classList.contains('u-off')")
                self.hold(is_off == off, f"{name}: its legend does not answer the keyboard")
        box = figure.locator(".u-over")
        box.hover()
        before = figure.evaluate("figure => [figure.plot.scales.x.min, figure.plot.scales.x.max]")
        figure.locator(".plot").focus()
        page.keyboard.press("ArrowRight")
        said = figure.locator(".said").text_content()
        self.hold(bool(said), f"{name}: the keyboard says nothing")
        page.keyboard.press("+")
        page.wait_for_timeout(30)
        after = figure.evaluate("figure => [figure.plot.scales.x.min, figure.plot.scales.x.max]")
        self.hold(after[1] - after[0] < before[1] - before[0], f"{name}: plus does not zoom: {before} {after}")
        page.keyboard.press("0")
        page.wait_for_timeout(30)
        again = figure.evaluate("figure => [figure.plot.scales.x.min, figure.plot.scales.x.max]")
        self.hold(again == before, f"{name}: 0 does not show all: {before} {again}")

    def table(self, table):
        name = table.get_attribute("id")
        rows = table.locator("tbody tr")
        all_rows = rows.count()
        if all_rows < 2:
            return
        number = table.locator("th.number button")
        head = (number if number.count() else table.locator("th button")).last
        for order, wanted in [("ascending", sorted), ("descending", lambda it: sorted(it, reverse=True))]:
            head.click()
            said = table.locator("th[aria-sort]").get_attribute("aria-sort")
            self.hold(said == order, f"{name}: a click sorts {said} and not {order}")
            values = table.evaluate(VALUES) if number.count() else []
            self.hold(values == wanted(values), f"{name}: {order}, but {values[:5]}…")
        self.hold(rows.count() == all_rows, f"{name}: sorting lost rows")
        table.locator("input").fill("no row has these words")
        shown = table.evaluate("it => [...it.querySelectorAll('tbody tr')].filter(row => !row.hidden).length")
        self.hold(shown == 0, f"{name}: {shown} rows have words that are nowhere")
        self.hold(table.locator(".rows").text_content().startswith("0 "), f"{name}: it does not say that none is left")
        table.locator("input").fill("")


def visit(browser, path, shots):
    told = Page(path)
    for look, scheme, width in [("light", "light", 1280), ("dark", "dark", 1280), ("narrow", "light", 390)]:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        context.set_offline(True)
        page = context.new_page()
        told.listen(page)
        page.goto(path.as_uri())
        page.wait_for_selector("html[data-ready]", timeout=60_000)
        wide = page.evaluate("document.documentElement.scrollWidth")
        told.hold(wide <= width, f"{look}: {wide} pixels wide on a screen of {width}")
        page.screenshot(path=shots / f"{path.parent.name}-{look}.png", full_page=True)
        if look == "light":
            told.read(page)
            page.pdf(path=shots / f"{path.parent.name}.pdf", format="A4")
        context.close()
    size = path.stat().st_size
    told.hold(size < 3_000_000, f"{size} bytes")
    return told


def main(shots, paths):
    if CHROMIUM is None:
        sys.exit("no Chromium on this machine")
    shots = pathlib.Path(shots)
    shots.mkdir(parents=True, exist_ok=True)
    failed = False
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        for path in paths:
            told = visit(browser, pathlib.Path(path).resolve(), shots)
            print(f"{'wrong' if told.wrong else 'fine'}  {path}")
            for what in told.wrong:
                print(f"       {what}")
            failed |= bool(told.wrong)
        browser.close()
    sys.exit(failed)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])
