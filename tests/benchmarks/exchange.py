"""How much the processes of a run exchange in a step, and how long that takes, for every built-in model.

`python -m tests.benchmarks exchange` computes it for a ring, in which each process sends and receives 2 (n - 1) / n
times the bytes of the gradients. Nothing is measured.
"""

from ganzoo.cli.console import Format, rows_as
from ganzoo.config.resolve import configure_run, open_catalog
from ganzoo.engine.build import build_gan

LINKS = {"8 GPUs, 200 GB/s": (8, 200e9), "64 GPUs, 12.5 GB/s": (64, 12.5e9)}
"""The number of processes and the bytes per second of the slowest link: NVLink within a machine, 100 Gb/s Ethernet."""
ROUND = 101
"""An ordinary round. WGAN's critic takes more steps in the first 25 rounds and in every 500th."""


def row(name: str) -> dict[str, object]:
    catalog = open_catalog(third_party=False)
    gan = build_gan(configure_run(name, catalog, options={"device": "cpu"}), {})
    trained = {step.name: sum(p.numel() for p in step.trains.parameters() if p.requires_grad) for step in gan.steps()}
    sent = 4 * sum(trained[step.name] * step.repetitions(ROUND) for step in gan.steps())
    times = {name: f"{1000 * 2 * (n - 1) / n * sent / speed:.2f} ms" for name, (n, speed) in LINKS.items()}
    return {
        "model": name,
        "parameters": f"{sum(trained.values()) / 1e6:.1f}M",
        "MB a step": round(sent / 1e6, 1),
        **times,
    }


def main() -> None:
    rows = [row(model.full_name) for model in open_catalog(third_party=False).models]
    rows_as(Format.TABLE, rows, list(rows[0]))


if __name__ == "__main__":
    main()
