"""The results as a table for readers and as JSON."""

import json
import unicodedata

from cases import AttentionCase

UNITS = "GFLOP/s of useful work in Float32 and ratios of speeds, by the median over rounds; higher is better"

GROUPS = [
    ("prefill", lambda case: isinstance(case, AttentionCase) and case.queries > 1 and not case.is_small),
    ("causal", lambda case: isinstance(case, AttentionCase) and case.causal),
    ("decoding", lambda case: isinstance(case, AttentionCase) and case.queries == 1),
    ("small calls", lambda case: isinstance(case, AttentionCase) and case.is_small),
    ("layers", lambda case: not isinstance(case, AttentionCase)),
]


def number(value, digits=3):
    """Three significant digits, without an exponent; a dash for None."""
    if value is None:
        return "–"
    if value >= 10 ** (digits - 1):
        return f"{value:.0f}"
    return f"{value:.{max(0, digits - len(str(int(value))))}f}"


def ratio_words(ratio):
    if ratio is None:
        return "–", "–"
    return f"{ratio.value:.2f}", "–" if ratio.low is None else f"{ratio.low:.2f}–{ratio.high:.2f}"


class Report:
    def __init__(self, results, cases, threads, machine):
        self.results, self.cases, self.threads, self.machine = results, cases, threads, machine

    def rows(self):
        """Cells, the first row the head."""
        results, labels = self.results, self.results.labels
        yield ["case", "threads", *labels, f"{results.own} / best", "95 %", "best peer", "its way", "largest error"]
        for case in self.cases:
            for threads in self.threads:
                best = results.best_peer(case, threads)
                errors = [results.errors[case.name, label] for label in labels if (case.name, label) in results.errors]
                yield [case.name, str(threads), *(number(results.rate(case, threads, label)) for label in labels),
                       *ratio_words(results.ratio_to_best(case, threads)), best or "–",
                       (results.ways(case, threads, best) or ["–"])[0] if best else "–",
                       f"{max(errors):.1e}" if errors else "–"]

    def means(self):
        """Geometric means of ratios by group of cases and number of threads, a line each."""
        for name, belongs in GROUPS:
            cases = [case for case in self.cases if belongs(case)]
            for threads in self.threads:
                best = self.results.mean_ratio(cases, threads)
                if best is None:
                    continue
                peers = [(label, self.results.mean_ratio(cases, threads, label)) for label in self.results.labels[1:]]
                others = ", ".join(f"{label} {mean:.2f}" for label, mean in peers if mean)
                yield (f"{name}, threads {threads}: {best:.2f} × the best peer ({others}), "
                       f"geometric mean of {len(cases)}")

    def notes(self):
        results = self.results
        yield from (f"{label} is missing: {why}" for label, why in results.missing.items())
        yield from results.failures
        yield from results.disagreements

    def aligned(self, separator="  ", rule=None):
        rows = list(self.rows())
        widths = [max(map(width, column)) for column in zip(*rows)]
        # Numbers stand to the right.
        right = set(range(1, 4 + len(self.results.labels))) | {len(rows[0]) - 1}
        for index, row in enumerate(rows):
            cells = [" " * (size - width(cell)) + cell if column in right else cell + " " * (size - width(cell))
                     for column, (cell, size) in enumerate(zip(row, widths))]
            yield separator.join(cells)
            if index == 0:
                yield separator.join("-" * (size - 1) + (":" if rule and column in right else "-")
                                     for column, size in enumerate(widths))

    def text(self):
        body = [*self.machine, UNITS, "", *self.aligned(), "", *self.means(), *self.notes()]
        return "\n".join(line.rstrip() for line in body) + "\n"

    def markdown(self):
        rows = [f"| {line} |" for line in self.aligned(" | ", rule=True)]
        lines = [f"- {line}" for line in self.machine]
        tail = [f"- {line}" for line in [*self.means(), *self.notes()]]
        return "\n".join([*lines, "", f"{UNITS}.", "", *rows, "", *tail]) + "\n"

    def json(self, options, kernels):
        return json.dumps({
            "machine": self.machine, "kernels": kernels, "options": options, "versions": self.results.versions,
            "results": [self.entry(case, threads) for case in self.cases for threads in self.threads],
            "means": list(self.means()), "missing": self.results.missing, "failures": self.results.failures,
            "disagreements": self.results.disagreements}, indent=2, ensure_ascii=False) + "\n"

    def entry(self, case, threads):
        results = self.results
        return {
            "case": case.name, "problem": case.words, "threads": threads, "operations": case.operations,
            "contestants": {
                label: {"gflops": results.rate(case, threads, label), "ways": results.ways(case, threads, label),
                        "seconds": list(results.seconds(case, threads, label).values()),
                        "max_error": results.errors.get((case.name, label)),
                        "ratio": vars(ratio) if (ratio := results.ratio(case, threads, label)) else None}
                for label in results.labels},
            "best_peer": results.best_peer(case, threads)}


def width(text):
    """Columns in a terminal."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
