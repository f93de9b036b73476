"""The results as a drawing: for each case the speeds as multiples of the best peer's, a column a number of threads."""

from xml.sax.saxutils import escape

from report import number

COLOURS = ["#0b7a55", "#e8743b", "#5b8fd6", "#a98bd8"]
"""This package's first; more contestants than colours begin again."""
BAR, GAP, HEAD, MARGIN, NAMES, PLOT, BETWEEN = 11, 12, 92, 16, 96, 380, 60


class Chart:
    def __init__(self, results, cases, threads, subtitle):
        self.results, self.cases, self.threads, self.subtitle = results, cases, threads, subtitle
        self.parts = []

    def svg(self):
        """The whole document."""
        labels = self.results.labels
        row = BAR * len(labels) + GAP
        width = 2 * MARGIN + NAMES + len(self.threads) * PLOT + (len(self.threads) - 1) * BETWEEN
        height = HEAD + row * len(self.cases) + 44
        self.parts = []
        self.text(MARGIN, 26, "Attention on the CPU: speed by that of the best peer", size=17, weight="bold")
        self.text(MARGIN, 45, f"{self.subtitle}; numbers at the bars are GFLOP/s, Float32", colour="#555555")
        x = MARGIN
        for index, label in enumerate(labels):
            self.rect(x, 56, 11, 11, COLOURS[index % len(COLOURS)])
            self.text(x + 16, 66, label)
            x += 40 + 7 * len(label)
        for column, threads in enumerate(self.threads):
            self.column(MARGIN + NAMES + column * (PLOT + BETWEEN), threads, row, named=column == 0)
        return "\n".join([
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
            'font-family="Helvetica, Arial, sans-serif">', '<rect width="100%" height="100%" fill="#ffffff"/>',
            *self.parts, "</svg>"]) + "\n"

    def column(self, left, threads, row, named):
        bottom, limit = HEAD + row * len(self.cases), self.limit()
        # Room for the number behind the longest bar.
        scale = (PLOT - 34) / limit
        step = next(step for step in (0.5, 1, 2, 5, 10, 20, 50, 100, 1e9) if limit / step <= 8)
        for tick in range(int(limit / step) + 1):
            x = left + tick * step * scale
            is_best = tick * step == 1
            self.parts.append(f'<line x1="{x:.1f}" y1="{HEAD - 4}" x2="{x:.1f}" y2="{bottom}" '
                              f'stroke="{"#222222" if is_best else "#e2e2e2"}"/>')
            self.text(x, bottom + 14, f"{tick * step:g}", size=11, anchor="middle", colour="#555555")
        self.text(left + PLOT / 2, bottom + 32, f"times the best peer, {threads} thread{'s' if threads > 1 else ''}",
                  anchor="middle", colour="#555555")
        for index, case in enumerate(self.cases):
            top = HEAD + row * index
            if named:
                self.text(left - 8, top + row / 2 - 2, case.name, anchor="end")
            for place, label in enumerate(self.results.labels):
                self.bar(left, top + BAR * place, case, threads, label, scale, COLOURS[place % len(COLOURS)])

    def bar(self, left, top, case, threads, label, scale, colour):
        share, rate = self.share(case, threads, label), self.results.rate(case, threads, label)
        if share is not None:
            self.rect(left, top, share * scale, BAR - 1, colour)
        # Painted on white, as the line at 1 may pass behind.
        self.text(left + (share or 0) * scale + 4, top + BAR - 2.5, number(rate), size=9.5, colour="#444444",
                  outline=' stroke="#ffffff" stroke-width="3" paint-order="stroke"')

    def share(self, case, threads, label):
        """A rate by the best peer's; by this package's own where no peer was measured."""
        results = self.results
        rate, best = results.rate(case, threads, label), results.best_peer(case, threads)
        basis = results.rate(case, threads, best or results.own)
        return rate / basis if rate is not None and basis else None

    def limit(self):
        shares = [self.share(case, threads, label) for case in self.cases for threads in self.threads
                  for label in self.results.labels]
        return max([share for share in shares if share is not None] + [1]) * 1.02

    def rect(self, x, y, width, height, colour):
        self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height}" fill="{colour}"/>')

    def text(self, x, y, words, size=12, anchor="start", colour="#222222", weight="normal", outline=""):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{colour}" '
                          f'font-weight="{weight}"{outline}>{escape(words)}</text>')
