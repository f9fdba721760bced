"""Golden values for @clipkit/clip: what real frameworks, or where none has the strategy float64 code, make of the same gradients.

    python scripts/reference/clip.py        with the packages of requirements.txt; writes packages/clip/test/golden/*.json
"""
import json
import os
import pathlib
import platform

os.environ["KERAS_BACKEND"] = "jax"
import jax

jax.config.update("jax_enable_x64", True)
import jax.numpy as jnp
import keras
import numpy as np
import optax
import torch

import clip_float64
import clip_inputs
from clip_inputs import LEARNING_RATE, NAMES

keras.backend.set_floatx("float64")
OUT = pathlib.Path(__file__).parents[2] / "packages/clip/test/golden"


def by_torch(change):
    """torch.nn.utils changes .grad in place."""
    def run(initial, gradients):
        parameters = [torch.tensor(each, requires_grad=True) for each in initial]
        optimizer, results = torch.optim.SGD(parameters, lr=LEARNING_RATE), []
        for step in gradients:
            for parameter, gradient in zip(parameters, step):
                parameter.grad = torch.tensor(gradient)
            change(parameters)
            results.append([parameter.grad.numpy().copy() for parameter in parameters])
            optimizer.step()
        return results, [parameter.detach().numpy() for parameter in parameters]
    return run


def by_optax(make, before=lambda x: x, after=lambda x: x):
    def run(initial, gradients):
        transform, weights, results = make(), [jnp.array(before(each)) for each in initial], []
        state = transform.init(weights)
        for step in gradients:
            changed, state = transform.update([jnp.array(before(each)) for each in step], state, weights)
            results.append([np.asarray(after(np.asarray(each))) for each in changed])
            weights = [weight - LEARNING_RATE * each for weight, each in zip(weights, changed)]
        return results, [after(np.asarray(each)) for each in weights]
    return run


def by_keras(**options):
    """Keras clips inside its optimizer; the change of the weights by plain SGD shows the gradient."""
    def run(initial, gradients):
        variables = [keras.Variable(each, dtype="float64") for each in initial]
        optimizer, results = keras.optimizers.SGD(learning_rate=1.0, **options), []
        weights = [each.copy() for each in initial]
        for step in gradients:
            for variable in variables:
                variable.assign(np.zeros(variable.shape))
            optimizer.apply([jnp.array(each) for each in step], variables)
            results.append([-np.asarray(variable.value) for variable in variables])
            weights = [weight - LEARNING_RATE * each for weight, each in zip(weights, results[-1])]
        return results, weights
    return run


def by_float64(make):
    def run(initial, gradients):
        strategy, weights, results = make(), initial, []
        for step in gradients:
            results.append(strategy(step, weights))
            weights = [weight - LEARNING_RATE * each for weight, each in zip(weights, results[-1])]
        return results, weights
    return run


def clamp_weights(limit):
    """Wasserstein GAN's own code: clamp the parameters after each step."""
    def run(initial, gradients):
        parameters = [torch.tensor(each, requires_grad=True) for each in initial]
        optimizer = torch.optim.SGD(parameters, lr=LEARNING_RATE)
        for step in gradients:
            for parameter, gradient in zip(parameters, step):
                parameter.grad = torch.tensor(gradient)
            optimizer.step()
            with torch.no_grad():
                for parameter in parameters:
                    parameter.clamp_(-limit, limit)
        return gradients, [parameter.detach().numpy() for parameter in parameters]
    return run


def max_norm_weights(limit):
    """Keras's MaxNorm over all axes of a variable."""
    def run(initial, gradients):
        weights = initial
        for step in gradients:
            weights = [weight - LEARNING_RATE * gradient for weight, gradient in zip(weights, step)]
            weights = [np.asarray(keras.constraints.MaxNorm(limit, axis=list(range(each.ndim)))(jnp.array(each))) for each in weights]
        return gradients, weights
    return run


# optax averages over all axes but the first, so it is right where the output units come first: they are moved there and back.
first, last = lambda x: np.moveaxis(x, -1, 0) if x.ndim > 1 else x, lambda x: np.moveaxis(x, 0, -1) if x.ndim > 1 else x
clip_norm = torch.nn.utils.clip_grad_norm_
FRAMEWORKS = [
    ("byValue(0.05)", "torch.nn.utils.clip_grad_value_", by_torch(lambda p: torch.nn.utils.clip_grad_value_(p, 0.05))),
    ("byValue(0.05)", "optax.clip", by_optax(lambda: optax.clip(0.05))),
    ("byValue(0.05)", "keras SGD clipvalue", by_keras(clipvalue=0.05)),
    ("byNorm(0.4)", "keras SGD clipnorm", by_keras(clipnorm=0.4)),
    ("byGlobalNorm(1)", "torch.nn.utils.clip_grad_norm_", by_torch(lambda p: clip_norm(p, 1))),
    ("byGlobalNorm(1)", "optax.clip_by_global_norm", by_optax(lambda: optax.clip_by_global_norm(1.0))),
    ("byGlobalNorm(1)", "keras SGD global_clipnorm", by_keras(global_clipnorm=1.0)),
    ("byGlobalNorm(3, { ord: 1 })", "torch.nn.utils.clip_grad_norm_", by_torch(lambda p: clip_norm(p, 3, norm_type=1))),
    ("byGlobalNorm(2, { ord: 3 })", "torch.nn.utils.clip_grad_norm_", by_torch(lambda p: clip_norm(p, 2, norm_type=3))),
    ("byGlobalNorm(0.9, { ord: Infinity })", "torch.nn.utils.clip_grad_norm_", by_torch(lambda p: clip_norm(p, 0.9, norm_type=float("inf")))),
    ("byNorm(0.9, { ord: 1.5 })", "torch.nn.utils.clip_grad_norm_, each alone", by_torch(lambda p: [clip_norm([each], 0.9, norm_type=1.5) for each in p])),
    ("byBlockRms(0.1)", "optax.clip_by_block_rms", by_optax(lambda: optax.clip_by_block_rms(0.1))),
    ("adaptiveClip({ clipping: 0.05 })", "optax.adaptive_grad_clip", by_optax(lambda: optax.adaptive_grad_clip(0.05))),
    ("normalizeGradients({ to: 2 })", "optax.normalize_by_update_norm", by_optax(lambda: optax.normalize_by_update_norm(2.0, eps=0))),
    ("centralizeGradients()", "optax.centralize, output units moved to the first axis", by_optax(optax.centralize, first, last)),
    ("[accumulateGradients(3), byGlobalNorm(1)]", "optax.MultiSteps of clip_by_global_norm", by_optax(lambda: optax.MultiSteps(optax.clip_by_global_norm(1.0), 3).gradient_transformation())),
    ("clipWeights({ value: 0.2 })", "torch.Tensor.clamp_, after Wasserstein GAN", clamp_weights(0.2)),
    ("clipWeights({ norm: 0.8 })", "keras.constraints.MaxNorm", max_norm_weights(0.8)),
]


def flat(arrays):
    return [[float(f"{number:.9g}") for number in np.asarray(each, dtype=np.float64).ravel()] for each in arrays]


def write(name, content):
    path = OUT / name
    path.with_suffix(".tmp").write_text(json.dumps(content, separators=(",", ":")) + "\n")
    path.with_suffix(".tmp").replace(path)


def main():
    initial, gradients = clip_inputs.make()
    versions = {"python": platform.python_version(), **{each.__name__: each.__version__ for each in (torch, jax, keras, optax, np)}}
    write("inputs.json", {
        "versions": versions, "learningRate": LEARNING_RATE,
        "variables": [{"name": name, "shape": list(each.shape)} for name, each in zip(NAMES, initial)],
        "weights": flat(initial), "gradients": [flat(step) for step in gradients],
    })
    float64 = [(name, "float64 code after the paper", by_float64(make)) for name, make in clip_float64.CASES.items()]
    for file, cases in (("frameworks.json", FRAMEWORKS), ("float64.json", float64)):
        rows = []
        for strategy, source, run in cases:
            changed, weights = run(initial, gradients)
            rows.append({"strategy": strategy, "source": source, "gradients": [flat(step) for step in changed], "weights": flat(weights)})
        write(file, {"versions": versions, "cases": rows})
    print("gradient norms:", [round(clip_float64.norm(step), 3) for step in gradients])


main()
