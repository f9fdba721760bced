"""Golden values for @clipkit/optimizers, from Keras 3, PyTorch and optax in double precision.

    python scripts/reference/optimizers.py        with the packages of requirements.txt

writes packages/optimizers/test/golden/optimizers.json: the weights after some of the steps, for gradients that change at each
step and that the file holds too. Every number that goes in is a multiple of 1/256, which single precision holds exactly.
"""
import json
import os
import platform
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("JAX_ENABLE_X64", "1")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax.numpy as jnp  # noqa: E402
import keras  # noqa: E402
import numpy as np  # noqa: E402
import optax  # noqa: E402
import torch  # noqa: E402

keras.config.set_floatx("float64")

STEPS = 24
KEPT = (1, 2, 7, 24)
SHAPES = {"matrix": (4, 3), "bias": (5,), "convolution": (2, 2, 3, 2)}
OUT = Path(__file__).parents[2] / "packages/optimizers/test/golden/optimizers.json"


def inputs():
    """Weights, and gradients whose scale swings by a factor of 100, with some zeros in the first."""
    random = np.random.default_rng(2024)
    exact = lambda x: np.round(x * 256) / 256  # noqa: E731
    weights = {name: exact(random.uniform(-1, 1, shape)) for name, shape in SHAPES.items()}
    gradients = [
        {name: exact(random.normal(size=shape) * 10 ** np.sin(1.3 * step + index)) for index, (name, shape) in enumerate(SHAPES.items())}
        for step in range(STEPS)
    ]
    for each in gradients[0].values():
        each.flat[0] = 0
    return weights, gradients


WEIGHTS, GRADIENTS = inputs()


def with_keras(make, names, averaged=False):
    """Steps a Keras optimizer. With `averaged`, what is kept are the moving averages."""
    variables = [keras.Variable(WEIGHTS[name], dtype="float64", name=name) for name in names]
    optimizer = make()
    optimizer.build(variables)
    kept = {}
    for step, gradients in enumerate(GRADIENTS, 1):
        optimizer.apply([jnp.asarray(gradients[name]) for name in names], variables)
        now = optimizer._model_variables_moving_average if averaged else variables
        kept[step] = {name: np.asarray(keras.ops.convert_to_numpy(each)) for name, each in zip(names, now)}
    return kept


def with_torch(make, names):
    parameters = [torch.nn.Parameter(torch.tensor(WEIGHTS[name], dtype=torch.float64)) for name in names]
    optimizer = make(parameters)
    kept = {}
    for step, gradients in enumerate(GRADIENTS, 1):
        for name, parameter in zip(names, parameters):
            parameter.grad = torch.tensor(gradients[name], dtype=torch.float64)
        optimizer.step()
        kept[step] = {name: each.detach().numpy().copy() for name, each in zip(names, parameters)}
    return kept


def with_optax(make, names):
    parameters = {name: jnp.asarray(WEIGHTS[name]) for name in names}
    optimizer = make()
    state = optimizer.init(parameters)
    kept = {}
    for step, gradients in enumerate(GRADIENTS, 1):
        updates, state = optimizer.update({name: jnp.asarray(gradients[name]) for name in names}, state, parameters)
        parameters = optax.apply_updates(parameters, updates)
        kept[step] = {name: np.asarray(each) for name, each in parameters.items()}
    return kept


RUNNERS = {"keras": with_keras, "torch": with_torch, "optax": with_optax}
k, t = keras.optimizers, torch.optim
CASES = []


def case(framework, reference, ours, options, make, names=tuple(SHAPES), **more):
    """`reference` says what ran; `ours` and `options` are the same in clipkit's words."""
    CASES.append((framework, reference, ours, options, make, names, more))


case("keras", "SGD(0.1)", "sgd", {"learningRate": 0.1}, lambda: k.SGD(0.1))
case("keras", "SGD(0.1, momentum=0.8)", "momentum", {"learningRate": 0.1, "momentum": 0.8}, lambda: k.SGD(0.1, momentum=0.8))
case("keras", "SGD(0.1, momentum=0.8, nesterov=True)", "sgd", {"learningRate": 0.1, "momentum": 0.8, "nesterov": True}, lambda: k.SGD(0.1, momentum=0.8, nesterov=True))
case("keras", "RMSprop(0.01)", "rmsprop", {"learningRate": 0.01}, lambda: k.RMSprop(0.01))
case("keras", "RMSprop(0.01, rho=0.8, momentum=0.7, centered=True, epsilon=1e-3)", "rmsprop",
     {"learningRate": 0.01, "decay": 0.8, "momentum": 0.7, "centered": True, "epsilon": 1e-3}, lambda: k.RMSprop(0.01, rho=0.8, momentum=0.7, centered=True, epsilon=1e-3))
case("keras", "Adagrad(0.1)", "adagrad", {"learningRate": 0.1}, lambda: k.Adagrad(0.1))
case("keras", "Adadelta(0.9, rho=0.9)", "adadelta", {"learningRate": 0.9, "rho": 0.9, "divideBy": "current"}, lambda: k.Adadelta(0.9, rho=0.9))
case("keras", "Adamax(0.05)", "adamax", {"learningRate": 0.05}, lambda: k.Adamax(0.05))
case("keras", "Nadam(0.05)", "nadam", {"learningRate": 0.05}, lambda: k.Nadam(0.05))
case("keras", "Lion(0.01, weight_decay=0.2)", "lion", {"learningRate": 0.01, "weightDecay": 0.2}, lambda: k.Lion(0.01, weight_decay=0.2))
case("keras", "Lamb(0.05)", "lamb", {"learningRate": 0.05}, lambda: k.Lamb(0.05))
case("keras", "Adafactor(0.5)", "adafactor", {"learningRate": 0.5}, lambda: k.Adafactor(0.5))
case("keras", "Adafactor(0.05, beta_2_decay=-0.6, clip_threshold=0.5)", "adafactor",
     {"learningRate": 0.05, "beta2Decay": -0.6, "clipThreshold": 0.5}, lambda: k.Adafactor(0.05, beta_2_decay=-0.6, clip_threshold=0.5))
case("keras", "Muon(0.02, epsilon=1e-12)", "muon", {"learningRate": 0.02, "epsilon": 1e-12}, lambda: k.Muon(0.02, epsilon=1e-12))
case("keras", "Muon(0.02, momentum=0.9, nesterov=False, epsilon=1e-12, exclude_layers=['matrix'])", "muon",
     {"learningRate": 0.02, "momentum": 0.9, "nesterov": False, "epsilon": 1e-12, "exclude": "matrix"},
     lambda: k.Muon(0.02, momentum=0.9, nesterov=False, epsilon=1e-12, exclude_layers=["matrix"]))

case("torch", "SGD(lr=0.1, momentum=0.9)", "sgd", {"learningRate": 0.1, "momentum": 0.9}, lambda p: t.SGD(p, lr=0.1, momentum=0.9))
case("torch", "SGD(lr=0.1, momentum=0.9, nesterov=True)", "momentum", {"learningRate": 0.1, "nesterov": True}, lambda p: t.SGD(p, lr=0.1, momentum=0.9, nesterov=True))
case("torch", "Adam(lr=0.05, eps=1e-7)", "adam", {"learningRate": 0.05}, lambda p: t.Adam(p, lr=0.05, eps=1e-7))
case("torch", "Adam(lr=0.05, betas=(0.5, 0.9), eps=0.1)", "adam", {"learningRate": 0.05, "beta1": 0.5, "beta2": 0.9, "epsilon": 0.1}, lambda p: t.Adam(p, lr=0.05, betas=(0.5, 0.9), eps=0.1))
case("torch", "Adam(lr=0.05, eps=1e-7, amsgrad=True)", "adam", {"learningRate": 0.05, "amsgrad": True, "beta2": 0.9}, lambda p: t.Adam(p, lr=0.05, betas=(0.9, 0.9), eps=1e-7, amsgrad=True))
case("torch", "AdamW(lr=0.05, weight_decay=0.1, eps=1e-7)", "adamW", {"learningRate": 0.05, "weightDecay": 0.1}, lambda p: t.AdamW(p, lr=0.05, weight_decay=0.1, eps=1e-7))
case("torch", "Adadelta(lr=0.9, rho=0.9, eps=1e-4)", "adadelta", {"learningRate": 0.9, "rho": 0.9, "epsilon": 1e-4, "divideBy": "current"}, lambda p: t.Adadelta(p, lr=0.9, rho=0.9, eps=1e-4))
case("torch", "RAdam(lr=0.05)", "radam", {"learningRate": 0.05}, lambda p: t.RAdam(p, lr=0.05))

case("optax", "radam(0.05, eps=1e-2)", "radam", {"learningRate": 0.05, "epsilon": 1e-2}, lambda: optax.radam(0.05, eps=1e-2))
case("optax", "radam(0.05, b2=0.9)", "radam", {"learningRate": 0.05, "beta2": 0.9}, lambda: optax.radam(0.05, b2=0.9))
case("optax", "lion(0.01, weight_decay=0.1)", "lion", {"learningRate": 0.01, "weightDecay": 0.1}, lambda: optax.lion(0.01, weight_decay=0.1))
case("optax", "lamb(0.05, weight_decay=0.1)", "lamb", {"learningRate": 0.05, "epsilon": 1e-6, "weightDecay": 0.1}, lambda: optax.lamb(0.05, weight_decay=0.1))
case("optax", "lamb(0.05, weight_decay=0.1, mask: no bias)", "lamb", {"learningRate": 0.05, "epsilon": 1e-6, "weightDecay": 0.1, "excludeFromWeightDecay": "bias"},
     lambda: optax.lamb(0.05, weight_decay=0.1, mask={name: name != "bias" for name in SHAPES}))
case("optax", "lars(0.5, weight_decay=0.1, trust_coefficient=0.02)", "lars", {"learningRate": 0.5, "weightDecay": 0.1, "trustCoefficient": 0.02},
     lambda: optax.lars(0.5, weight_decay=0.1, trust_coefficient=0.02))
case("optax", "lars(0.5, momentum=0.8, nesterov=True, eps=1e-2, trust_ratio_mask: no bias)", "lars",
     {"learningRate": 0.5, "momentum": 0.8, "nesterov": True, "epsilon": 1e-2, "excludeFromLayerAdaptation": "bias"},
     lambda: optax.lars(0.5, momentum=0.8, nesterov=True, eps=1e-2, trust_ratio_mask={name: name != "bias" for name in SHAPES}))
case("optax", "adafactor(0.05, min_dim_size_to_factor=1)", "adafactor", {"learningRate": 0.05, "relativeStep": False},
     lambda: optax.adafactor(0.05, min_dim_size_to_factor=1), names=("matrix", "bias"))
case("optax", "contrib.muon(0.02, nesterov=False, consistent_rms=0.2)", "muon", {"learningRate": 0.02, "nesterov": False, "weightDecay": 0},
     lambda: optax.contrib.muon(0.02, nesterov=False, consistent_rms=0.2), names=("matrix",))

case("keras", "SGD(0.1, momentum=0.9, clipvalue=0.5)", "momentum", {"learningRate": 0.1, "clipvalue": 0.5}, lambda: k.SGD(0.1, momentum=0.9, clipvalue=0.5))
case("keras", "SGD(0.1, momentum=0.9, clipnorm=1.5)", "momentum", {"learningRate": 0.1, "clipnorm": 1.5}, lambda: k.SGD(0.1, momentum=0.9, clipnorm=1.5))
case("keras", "Adagrad(0.1, global_clipnorm=3)", "adagrad", {"learningRate": 0.1, "globalClipnorm": 3}, lambda: k.Adagrad(0.1, global_clipnorm=3))
case("keras", "RMSprop(0.05, weight_decay=0.1, global_clipnorm=3, gradient_accumulation_steps=3)", "rmsprop",
     {"learningRate": 0.05, "weightDecay": 0.1, "globalClipnorm": 3, "gradientAccumulationSteps": 3},
     lambda: k.RMSprop(0.05, weight_decay=0.1, global_clipnorm=3, gradient_accumulation_steps=3))
case("keras", "Adamax(0.05, weight_decay=0.1, clipnorm=1, use_ema=True, ema_momentum=0.8), averages", "adamax",
     {"learningRate": 0.05, "weightDecay": 0.1, "clipnorm": 1, "emaMomentum": 0.8},
     lambda: k.Adamax(0.05, weight_decay=0.1, clipnorm=1, use_ema=True, ema_momentum=0.8), averaged=True)


def flat(arrays):
    return {name: [float(f"{each:.12g}") for each in np.asarray(array).ravel()] for name, array in arrays.items()}


def main():
    versions = {name: version(name) for name in ("jax", "keras", "numpy", "optax", "torch")} | {"python": platform.python_version()}
    cases = []
    for framework, reference, ours, options, make, names, more in CASES:
        kept = RUNNERS[framework](make, names, **more)
        cases.append({
            "reference": f"{framework}: {reference}", "optimizer": ours, "options": options, "averaged": more.get("averaged", False),
            "weights": {str(step): flat(kept[step]) for step in KEPT},
        })
        print(cases[-1]["reference"])
    golden = {
        "about": "Written by scripts/reference/optimizers.py, in double precision.", "versions": versions,
        "variables": [{"name": name, "shape": shape, "values": flat(WEIGHTS)[name]} for name, shape in SHAPES.items()],
        "gradients": [flat(each) for each in GRADIENTS], "cases": cases,
    }
    OUT.parent.mkdir(parents=True, exist_ok=True)
    temporary = OUT.with_suffix(".tmp")
    # One line per list of numbers keeps the file readable in a diff.
    temporary.write_text(json.dumps(golden, separators=(",", ":")).replace('},{"', '},\n{"').replace('"weights":', '\n "weights":') + "\n")
    temporary.replace(OUT)


if __name__ == "__main__":
    main()
