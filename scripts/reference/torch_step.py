"""Times of PyTorch's step on one CPU thread: clip_grad_norm_, then Adam(fused=True); and of a whole training step of the seed's CNN.

    python scripts/reference/torch_step.py [--steps 50]        prints medians as JSON
    python scripts/reference/torch_step.py --serve             for torch_step.mjs: answers each line "<size> <steps>" with the times

The gradients stay the same from step to step; clipping scales them in place, as it does in training.
"""
import argparse
import json
import statistics
import sys
from time import perf_counter

import torch

SIZES = {
    "mnistCnn": [288, 32, 18432, 64, 204800, 128, 1280, 10],
    "4.2 M in 4": [1048576] * 4,
}


TRAINING = "mnistCnn, training"


class Subject:
    """The optimizer alone, on gradients that stay the same."""

    def __init__(self, sizes):
        torch.manual_seed(1)
        self.parameters = [torch.nn.Parameter(torch.randn(size)) for size in sizes]
        for parameter in self.parameters:
            parameter.grad = torch.randn_like(parameter)
        self.optimizer = torch.optim.Adam(self.parameters, lr=1e-3, fused=True)
        self.times(5)

    def step(self):
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimizer.step()

    def times(self, steps):
        """Milliseconds of each step."""
        taken = []
        for _ in range(steps):
            began = perf_counter()
            self.step()
            taken.append((perf_counter() - began) * 1e3)
        return taken


class TrainingSubject(Subject):
    """Forward, backward, clipping and Adam of the seed's CNN on 32 images."""

    def __init__(self):
        torch.manual_seed(1)
        nn = torch.nn
        self.model = nn.Sequential(
            nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(1600, 128), nn.ReLU(), nn.Linear(128, 10),
        )
        self.images, self.labels = torch.rand(32, 1, 28, 28), torch.arange(32) % 10
        self.parameters = list(self.model.parameters())
        self.optimizer = torch.optim.Adam(self.parameters, lr=1e-3, fused=True)
        self.times(5)

    def step(self):
        self.optimizer.zero_grad()
        torch.nn.functional.cross_entropy(self.model(self.images), self.labels).backward()
        super().step()


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--steps", type=int, default=50)
    arguments.add_argument("--serve", action="store_true")
    given = arguments.parse_args()
    torch.set_num_threads(1)
    subjects = {**{name: Subject(sizes) for name, sizes in SIZES.items()}, TRAINING: TrainingSubject()}
    if given.serve:
        print(json.dumps({"torch": torch.__version__, "sizes": SIZES}), flush=True)
        for line in sys.stdin:
            name, steps = line.rstrip("\n").split("\t")
            print(json.dumps(subjects[name].times(int(steps))), flush=True)
        return
    milliseconds = {name: statistics.median(subject.times(given.steps)) for name, subject in subjects.items()}
    print(json.dumps({"torch": torch.__version__, "threads": 1, "milliseconds": milliseconds}))


if __name__ == "__main__":
    main()
