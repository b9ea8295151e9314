"""Cold start: `dockcon` typed -> rows of the first host / of all hosts, beside the docker CLI in parallel."""

from __future__ import annotations

from tests.bench.figures import line
from tests.bench.labs import dockcon, docker_ps_in_parallel, running_lab, seconds_of
from tests.bench.terminal import Screen

RUNS = 9


def main() -> None:
    first: list[float] = []
    everything: list[float] = []
    listed: list[float] = []
    baseline: list[float] = []
    with running_lab("bcold", containers=5) as lab:
        needles = [f"last-{name}" for name in lab.names]
        for run in range(RUNS + 1):
            cli = docker_ps_in_parallel(lab, lab.names)
            screen = Screen.start(dockcon(lab.hosts_yml), (200, 50))
            seen = screen.wait_for(needles)
            screen.stop()
            verb = seconds_of(dockcon(lab.hosts_yml, "ps"))
            if run:  # the first round only warms the caches
                baseline.append(cli)
                first.append(min(seen.values()))
                everything.append(max(seen.values()))
                listed.append(verb)
    print(line("docker -H ssh://... ps -a, 3 in parallel", baseline, "s"))
    print(line("dockcon: first host's rows on the screen", first, "s", baseline))
    print(line("dockcon: all rows on the screen", everything, "s", baseline))
    print(line("dockcon ps", listed, "s", baseline))


if __name__ == "__main__":
    main()
