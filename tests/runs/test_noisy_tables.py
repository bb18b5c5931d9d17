"""Tables as people have them: one noisy input, and a file that was glued to itself."""

import numpy as np
import pytest

import recipe
from recipe.sources.by_name import experiment_by_name


def sales(rng):
    tv = rng.uniform(0, 300, 200)
    return (
        "Sales",
        ["TV", "Sales"],
        [(f"{v:.1f}", f"{7 + 0.047 * v + 3.2 * rng.normal():.1f}") for v in tv],
    )


def bought(rng):
    g = rng.normal(size=400)
    yes = rng.random(400) < 1 / (1 + np.exp(-1.2 * g))
    return (
        "bought",
        ["age", "bought"],
        [(f"{40 + 10 * v:.1f}", int(s)) for v, s in zip(g, yes, strict=True)],
    )


def weak(rng):
    x = rng.normal(size=(400, 2))
    return (
        "y",
        ["p", "q", "y"],
        [(f"{a:.3f}", f"{b:.3f}", f"{a + 1.5 * rng.normal():.3f}") for a, b in x],
    )


def written(folder, made):
    target, names, rows = made
    path = folder / "table.csv"
    path.write_text("\n".join(",".join(map(str, row)) for row in [names, *rows]) + "\n")
    return experiment_by_name(str(path), target=target)


@pytest.mark.slow
@pytest.mark.parametrize("make", [sales, bought, weak], ids=lambda make: make.__name__)
def test_one_noisy_input_passes(make, tmp_path):
    experiment, _ = written(tmp_path, make(np.random.default_rng(3)))
    result = recipe.run(experiment, out=tmp_path, device="cpu", until="overfit_sample")
    assert result.diagnosis == ()
    step = result.step("overfit_sample")
    assert step.status == "pass"
    told = any(finding.rule == "sample-not-learnable" for finding in step.findings)
    assert told or step.evidence.number("progress") >= 0.9  # else it is as good as learnt


def coin_flips(rng, n=300):
    rows = [
        (*(f"{v:.4f}" for v in rng.normal(size=10)), rng.choice(["up", "down"])) for _ in range(n)
    ]
    return "lab", [*(f"x{j}" for j in range(10)), "lab"], rows


@pytest.mark.parametrize("times", [2, 3])
def test_a_table_glued_to_itself_keeps_equal_rows_on_one_side(times, tmp_path):
    target, names, rows = coin_flips(np.random.default_rng(3))
    experiment, said = written(tmp_path, (target, names, rows * times))
    train, val = ({row.tobytes() for row in part[0]} for part in (experiment.train, experiment.val))
    assert not train & val
    assert any(f"{300 * (times - 1)} rows repeat another one" in each for each in said)


@pytest.mark.parametrize("nearly", [False, True])
def test_copies_on_both_sides_of_a_split_of_the_users_own(nearly, tmp_path):
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(300, 10)).astype("f4"), rng.integers(0, 2, 300).astype("f4")
    again = x + np.float32(1e-3) * rng.normal(size=x.shape).astype("f4") if nearly else x
    both, labels, order = np.concatenate([x, again]), np.concatenate([y, y]), rng.permutation(600)
    cut = [(both[part], labels[part]) for part in (order[:450], order[450:])]
    sound, _ = written(tmp_path, coin_flips(rng))
    experiment = recipe.Experiment(model=sound.model, train=cut[0], val=cut[1], task="binary")
    result = recipe.run(experiment, out=tmp_path, device="cpu", until="inspect")
    assert result.diagnosis[:1] == ("train-validation-overlap",)
