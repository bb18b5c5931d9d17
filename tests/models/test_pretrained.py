"""What a model's weights begin with: a file, a name, nothing, or what the run kept."""

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from recipe import Experiment
from recipe.core.errors import UsageError
from recipe.data.splitting import load_splits
from recipe.models.building import build_model
from recipe.models.pretrained import file_of, read_weights, why_not_reset
from recipe.training.fingerprint import fingerprint

CPU = torch.device("cpu")


def net(outputs=3):
    return nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(6, outputs))


def earlier(outputs=5):
    """A network that was trained for other classes."""
    with torch.random.fork_rng():
        torch.manual_seed(99)
        model = net(outputs)
        model(torch.randn(20, 4))
    return model


def problem(**given):
    train = (torch.randn(20, 4, generator=torch.Generator().manual_seed(0)), torch.arange(20) % 3)
    return Experiment(**{"model": net, "train": train, "head": "3", **given})


def saved(folder, state, name="w.safetensors"):
    path = folder / name
    if name.endswith("safetensors"):
        save_file(state, path)
    else:
        torch.save(state, path)
    return path


@pytest.mark.parametrize(
    ("name", "wrap"),
    [
        ("w.safetensors", dict),
        ("w.pt", dict),
        ("w.pth", lambda state: {"state_dict": state, "epoch": 3}),
        ("w.ckpt", lambda state: {"model": {f"module.{n}": v for n, v in state.items()}}),
    ],
)
def test_a_file_gives_everything_but_the_head(tmp_path, name, wrap):
    state = earlier().state_dict()
    path = saved(tmp_path, wrap(state), name)
    model = build_model(problem(weights=path), 1, CPU)
    fresh = build_model(problem(), 1, CPU).state_dict()
    for key, value in model.state_dict().items():
        assert torch.equal(value, fresh[key] if key.startswith("3.") else state[key]), key


def test_the_head_of_a_file_is_not_loaded_even_where_it_fits(tmp_path):
    path = saved(tmp_path, earlier(3).state_dict())
    first, second = (build_model(problem(weights=str(path)), seed, CPU) for seed in (1, 2))
    assert not torch.equal(first[3].weight, second[3].weight)
    assert torch.equal(first[0].weight, second[0].weight)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda s: s.pop("0.weight"), "the file lacks 0.weight;"),
        (lambda s: s.update(extra=torch.ones(1)), "the model lacks extra;"),
        (lambda s: s.update({"0.bias": torch.ones(7)}), "of another shape .* are 0.bias;"),
        (lambda s: [s.pop(n) for n in list(s) if n < "2"], "and 3 more; build the same model"),
    ],
)
def test_weights_that_do_not_fit_are_one_sentence(tmp_path, change, says):
    state = earlier().state_dict()
    change(state)
    with pytest.raises(UsageError, match=says):
        build_model(problem(weights=saved(tmp_path, state)), 0, CPU)


def test_an_older_file_has_no_counters(tmp_path):
    state = {n: v for n, v in earlier().state_dict().items() if "num_batches" not in n}
    build_model(problem(weights=saved(tmp_path, state)), 0, CPU)


class Trap:
    def __reduce__(self):
        return print, ("this code must not run",)


def test_a_file_that_would_run_code_is_refused(tmp_path, capsys):
    torch.save({"0.weight": Trap()}, tmp_path / "w.pt")
    with pytest.raises(UsageError, match="cannot be read"):
        build_model(problem(weights=tmp_path / "w.pt"), 0, CPU)
    assert "must not run" not in capsys.readouterr().out


@pytest.mark.parametrize("content", [{"epoch": 3}, [torch.ones(2)], {}])
def test_a_file_of_something_else_is_refused(tmp_path, content):
    torch.save(content, tmp_path / "w.pt")
    with pytest.raises(UsageError, match="not weights by name"):
        build_model(problem(weights=tmp_path / "w.pt"), 0, CPU)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"none\.pt.*name an existing file"):
        build_model(problem(weights=str(tmp_path / "none.pt")), 0, CPU)


def test_a_changed_file_is_read_anew(tmp_path):
    path = saved(tmp_path, {"a": torch.zeros(2)})
    assert read_weights(path)["a"].sum() == 0
    assert read_weights(path) is read_weights(path)
    saved(tmp_path, {"a": torch.ones(3)})
    assert read_weights(path)["a"].sum() == 3


def test_any_other_text_goes_to_the_factory():
    given = []

    def make(weights=None):
        given.append(weights)
        return net()

    build_model(problem(model=make, weights="DEFAULT"), 0, CPU)
    build_model(problem(model=make, weights="DEFAULT", begin_from="scratch"), 0, CPU)
    assert given == ["DEFAULT", None]
    assert file_of("DEFAULT") is None
    with pytest.raises(UsageError, match="is no file, and the model factory takes no `weights`"):
        build_model(problem(weights="DEFAULT"), 0, CPU)


def test_scratch_leaves_a_file_out_and_draws_a_loaded_model_anew(tmp_path):
    path = saved(tmp_path, earlier().state_dict())
    plain = build_model(problem(), 4, CPU).state_dict()
    scratch = build_model(problem(weights=path, begin_from="scratch"), 4, CPU).state_dict()
    assert all(torch.equal(plain[n], scratch[n]) for n in plain)

    def loaded():
        model = net()
        model.load_state_dict({**earlier(3).state_dict()})
        return model

    anew = build_model(problem(model=loaded, begin_from="scratch"), 4, CPU)
    assert not torch.equal(anew[0].weight, earlier(3)[0].weight)
    assert float(anew[1].running_mean.abs().sum()) == 0


class Own(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.randn(4, 6))
        self.fc = nn.Linear(6, 3)

    def forward(self, x):
        return self.fc(x @ self.w)


def test_a_layer_that_cannot_be_drawn_anew_is_named():
    assert why_not_reset(net(), "3") is None
    assert "Own" in why_not_reset(Own(), "fc")
    with pytest.raises(UsageError, match=r"from scratch: the model .Own. has no reset_parameters"):
        build_model(problem(model=Own, head="fc", begin_from="scratch"), 0, CPU)


def test_a_start_that_the_run_kept_is_put_in_last(tmp_path):
    path = saved(tmp_path, earlier().state_dict())
    head = {"3.weight": torch.ones(3, 6), "3.bias": torch.zeros(3)}
    saved(tmp_path, head, "probe-1.safetensors")
    model = build_model(problem(weights=path, begin_from="probe-1", starts=tmp_path), 0, CPU)
    assert torch.equal(model[3].weight, torch.ones(3, 6))
    assert torch.equal(model[0].weight, earlier()[0].weight)
    with pytest.raises(UsageError, match="belongs to a run"):
        build_model(problem(begin_from="probe-1"), 0, CPU)


def print_of(experiment):
    resolved = experiment.resolved()
    return fingerprint(resolved, load_splits(resolved, CPU, 0))


def test_the_fingerprint_holds_the_weights_outside_the_head(tmp_path):
    states = [earlier().state_dict() for _ in range(2)]
    same = [saved(tmp_path, s, f"{k}.safetensors") for k, s in enumerate(states)]
    assert len({print_of(problem(weights=p)) for p in same}) == 1
    states[1]["1.running_mean"] += 1e-3
    other = saved(tmp_path, states[1], "other.safetensors")
    states[0]["3.weight"] += 1
    head = saved(tmp_path, states[0], "head.safetensors")
    assert print_of(problem(weights=other)) != print_of(problem(weights=same[0]))
    assert print_of(problem(weights=head)) == print_of(problem(weights=same[0]))
