"""The strategies that no framework has, in float64 from their papers; apart from the product's formulas on purpose.

Each takes the step's gradients and the weights, a list of arrays per variable, and returns the changed gradients.
"""
import math

import numpy as np


def norm(gradients):
    return math.sqrt(sum(float((each ** 2).sum()) for each in gradients))


def scaled(gradients, limit, length=None):
    length = norm(gradients) if length is None else length
    return [each * min(1.0, limit / length) for each in gradients] if length > 0 else list(gradients)


class ByGlobalNormWithFloor:
    def __init__(self, smallest, largest):
        self.smallest, self.largest = smallest, largest

    def __call__(self, gradients, weights):
        length = norm(gradients)
        wanted = min(max(length, self.smallest), self.largest)
        return [each * (wanted / length) for each in gradients]


class AutoClip:
    """[2007.14469], with numpy's percentile over the last norms."""

    def __init__(self, percentile, window):
        self.percentile, self.window, self.history = percentile, window, []

    def __call__(self, gradients, weights):
        self.history = (self.history + [norm(gradients)])[-self.window:]
        return scaled(gradients, np.percentile(self.history, self.percentile))


class ZClip:
    """[2504.02507], algorithm 1 with reciprocal clipping; the deviation is at least a thousandth of the mean."""

    def __init__(self, z, decay, warmup, largest):
        self.z, self.decay, self.warmup, self.largest, self.seen = z, decay, warmup, largest, []

    def __call__(self, gradients, weights):
        length = norm(gradients)
        if len(self.seen) < self.warmup:
            self.seen.append(length)
            self.mean, self.variance = np.mean(self.seen), np.var(self.seen)
            return scaled(gradients, self.largest)
        deviation = max(math.sqrt(self.variance), 1e-3 * self.mean)
        score = (length - self.mean) / (deviation + 1e-6)
        allowed = self.mean + self.z * deviation / (score / self.z) if score > self.z else length
        self.mean = self.decay * self.mean + (1 - self.decay) * allowed
        self.variance = self.decay * self.variance + (1 - self.decay) * (allowed - self.mean) ** 2
        return scaled(gradients, min(allowed, self.largest))


class AdaGC:
    """[2502.11034], algorithm 1."""

    def __init__(self, relative, absolute, decay, warmup):
        self.relative, self.absolute, self.decay, self.warmup, self.step, self.gamma = relative, absolute, decay, warmup, 0, None

    def __call__(self, gradients, weights):
        self.step += 1
        if self.step <= self.warmup:
            clipped = scaled(gradients, self.absolute)
            lengths = [np.linalg.norm(each) for each in clipped]
            self.gamma = lengths if self.gamma is None else [min(a, b) for a, b in zip(self.gamma, lengths)]
            return clipped
        clipped = [scaled([each], self.relative * gamma)[0] for each, gamma in zip(gradients, self.gamma)]
        self.gamma = [self.decay * gamma + (1 - self.decay) * np.linalg.norm(each) for gamma, each in zip(self.gamma, clipped)]
        return clipped


class SpikeClip:
    """[2501.06842], section 4, against the second moment of earlier steps."""

    def __init__(self, threshold, decay):
        self.threshold, self.decay, self.step, self.second = threshold, decay, 0, None

    def __call__(self, gradients, weights):
        if self.second is None:
            self.second = [np.zeros_like(each) for each in gradients]
        clipped = []
        for each, second in zip(gradients, self.second):
            if self.step == 0:
                clipped.append(each)
                continue
            limit = self.threshold * second / (1 - self.decay ** self.step)
            spikes = (each ** 2 > limit) & (second > 0)
            clipped.append(np.where(spikes, np.sign(each) * np.sqrt(limit), each))
        self.step += 1
        self.second = [self.decay * second + (1 - self.decay) * each ** 2 for second, each in zip(self.second, clipped)]
        return clipped


class SoftClip:
    def __init__(self, largest):
        self.largest = largest

    def __call__(self, gradients, weights):
        return [each * self.largest / (self.largest + norm(gradients)) for each in gradients]


class Centralize:
    """[2004.01461]: each output unit's gradient minus its mean; units lie along the last axis in tfjs."""

    def __call__(self, gradients, weights):
        return [each - each.mean(axis=tuple(range(each.ndim - 1)), keepdims=True) if each.ndim > 1 else each for each in gradients]


class Truncate:
    """[1712.01887]: the largest entries by magnitude, the first of equal ones."""

    def __init__(self, share=None, length=None):
        self.share, self.length = share, length

    def __call__(self, gradients, weights):
        return [self.one(each) for each in gradients]

    def one(self, gradient):
        count = min(self.length, gradient.size) if self.share is None else math.ceil(self.share * gradient.size)
        order = np.argsort(-np.abs(gradient.ravel()), kind="stable")[:count]
        kept = np.zeros(gradient.size)
        kept[order] = gradient.ravel()[order]
        return kept.reshape(gradient.shape)


class ErrorFeedback:
    """[2302.02971]"""

    def __init__(self, inner):
        self.inner, self.residual = inner, None

    def __call__(self, gradients, weights):
        whole = gradients if self.residual is None else [a + b for a, b in zip(gradients, self.residual)]
        clipped = self.inner(whole, weights)
        self.residual = [a - b for a, b in zip(whole, clipped)]
        return clipped


class ByGlobalNorm:
    def __init__(self, largest):
        self.largest = largest

    def __call__(self, gradients, weights):
        return scaled(gradients, self.largest)


class PerGroup:
    """Kernels jointly, the dense bias by value, the rest as it is."""

    def __call__(self, gradients, weights):
        kernels = scaled([gradients[0], gradients[2]], 0.5)
        return [kernels[0], gradients[1], kernels[1], np.clip(gradients[3], -0.1, 0.1)]


class Falling:
    """byGlobalNorm under linear({ from: 4, to: 0.5, steps: 8 })."""

    def __init__(self):
        self.step = 0

    def __call__(self, gradients, weights):
        limit = 4 + (0.5 - 4) * min(self.step / 8, 1)
        self.step += 1
        return scaled(gradients, limit)


class Chain:
    def __init__(self, *parts):
        self.parts = parts

    def __call__(self, gradients, weights):
        for part in self.parts:
            gradients = part(gradients, weights)
        return gradients


CASES = {
    "byGlobalNorm(2, { minNorm: 1 })": lambda: ByGlobalNormWithFloor(1, 2),
    "byGlobalNorm(linear({ from: 4, to: 0.5, steps: 8 }))": Falling,
    "autoClip({ percentile: 35, window: 6 })": lambda: AutoClip(35, 6),
    "autoClip()": lambda: AutoClip(10, 10000),
    "zClip({ z: 1.2, decay: 0.8, warmupSteps: 4, maxNorm: 30 })": lambda: ZClip(1.2, 0.8, 4, 30),
    "zClip({ z: 0.4, warmupSteps: 3, maxNorm: Infinity })": lambda: ZClip(0.4, 0.97, 3, math.inf),
    "adaGC({ warmupSteps: 4 })": lambda: AdaGC(1.05, 1, 0.98, 4),
    "spikeClip({ threshold: 3, decay: 0.9 })": lambda: SpikeClip(3, 0.9),
    "softClip(2)": lambda: SoftClip(2),
    "centralizeGradients()": Centralize,
    "truncateGradients({ fraction: 0.3 })": lambda: Truncate(share=0.3),
    "truncateGradients({ length: 2 })": lambda: Truncate(length=2),
    "errorFeedback(byGlobalNorm(1))": lambda: ErrorFeedback(ByGlobalNorm(1)),
    "errorFeedback(truncateGradients({ fraction: 0.25 }))": lambda: ErrorFeedback(Truncate(share=0.25)),
    "perGroup([{ match: /kernel/, use: byGlobalNorm(0.5) }, { match: 'dense/bias', use: byValue(0.1) }])": PerGroup,
    "[centralizeGradients(), byGlobalNorm(0.7)]": lambda: Chain(Centralize(), ByGlobalNorm(0.7)),
}
