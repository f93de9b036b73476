"""The measurements: in each round a process a peer, and for each case all of them one after another."""

from dataclasses import dataclass
from pathlib import Path

from peer_process import PeerProcess
from results import Sample


@dataclass(frozen=True)
class Files:
    """Where the inputs and the right outputs of cases are."""

    folder: Path

    def tensors(self, case):
        return self.folder / case.file

    def expected(self, case):
        return self.folder / f"{case.file}.expected.npy"


@dataclass
class Rounds:
    cases: list
    threads: list
    peers: list
    count: int
    seconds: float
    rewritten: bool

    def run(self, package, files, results, say):
        """Adds what is measured to `results`, and what is to be said of it."""
        say("inputs, and what is right in float64")
        for case in self.cases:
            say("inputs, and what is right in float64", f": {case.name}")
            for name, agreement in package.export(case, self.threads, files).items():
                results.check(case, package.label, f"{name}, ", agreement.agrees, agreement.error, agreement.words)
        for index in range(self.count):
            processes = [PeerProcess(name, files.folder / f"{name}.log") for name in self.peers]
            try:
                self.round(index, package, processes, files, results, say)
            finally:
                for process in processes:
                    process.close()

    def round(self, index, package, processes, files, results, say):
        now = f"round {index + 1} of {self.count}"
        say(now)
        contestants = [package]
        for process in processes:
            if process.greet():
                results.versions[process.label] = process.version
                contestants.append(process)
            else:
                results.missing[process.label] = process.missing
        for case in self.cases:
            for threads in self.threads:
                # Another begins each time, so that nobody always follows the same one.
                first = index % len(contestants)
                for contestant in contestants[first:] + contestants[:first]:
                    say(now, f": {case.name}, threads {threads}, {contestant.label}")
                    answer = contestant.measure(case, threads, self.seconds, files, self.rewritten)
                    self.add(case, threads, index, contestant.label, answer, results)

    @staticmethod
    def add(case, threads, index, label, answer, results):
        if "failure" in answer:
            results.fail(case, threads, label, answer["failure"])
            return
        results.check(case, label, f"{answer['way']}, threads {threads}, ", answer["agrees"], answer["error"],
                      answer["words"])
        if answer["agrees"]:  # the speed of something else is of no interest
            results.samples.append(
                Sample(case.name, threads, label, index, answer["seconds"], answer["way"], answer["samples"]))
