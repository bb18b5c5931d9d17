"""Models that are wrapped: compiled, or trained by several processes."""

import os
import shutil
from functools import partial

import pytest
import torch
import torch.multiprocessing as mp
from torch import nn
from torch.nn import functional as F

import recipe
from loops import X, Y, network, plain

QUIET = {"say": lambda _: None, "share": 1e9}


@pytest.mark.parametrize("backend", ["eager", "aot_eager"])
def test_a_compiled_model_gives_the_same_losses(backend, tmp_path):
    compiled = partial(torch.compile, backend=backend)
    torch._dynamo.reset()
    without = plain(compiled=compiled, epochs=2)
    torch._dynamo.reset()
    watched = plain(partial(recipe.watch, out=tmp_path, **QUIET), compiled=compiled, epochs=2)
    assert torch.equal(without, watched)


def test_a_model_that_is_compiled_behind_the_watch_has_no_break_in_its_graph(tmp_path):
    torch._dynamo.reset()
    model = network(dropout=0.0)
    made = recipe.watch(model, torch.optim.SGD(model.parameters(), 0.1), out=tmp_path, **QUIET)
    explained = torch._dynamo.explain(model)(X)
    assert explained.graph_break_count == 0
    made.close()


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("g++"), reason="there is no compiler")
def test_an_inductor_gives_the_same_losses(tmp_path):
    torch._dynamo.reset()
    without = plain(compiled=torch.compile, epochs=2)
    torch._dynamo.reset()
    watched = plain(partial(recipe.watch, out=tmp_path, **QUIET), compiled=torch.compile, epochs=2)
    assert torch.equal(without, watched)


def trained(rank, folder, watched, results):
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29517"}
    torch.distributed.init_process_group("gloo", rank=rank, world_size=2)
    torch.set_num_threads(1)
    model = nn.parallel.DistributedDataParallel(network(dropout=0.0))
    optimizer = torch.optim.SGD(model.parameters(), 0.05)
    said = []
    made = (
        recipe.watch(model, optimizer, out=folder, say=said.append, share=1e9) if watched else None
    )
    losses = []
    for i in range(10):
        part = slice(24 * i + 12 * rank, 24 * i + 12 * rank + 12)
        loss = F.cross_entropy(model(X[part]), Y[part])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if made:
            made.step(loss)
    if made:
        made.val(score=0.5)
        made.close()
    results[rank, watched] = losses, len(said)
    torch.distributed.destroy_process_group()


@pytest.mark.slow
def test_of_two_processes_the_first_watches(tmp_path):
    with mp.Manager() as manager:
        results = manager.dict()
        for watched in (False, True):
            mp.spawn(trained, (tmp_path, watched, results), nprocs=2)
        found = dict(results)
    for rank in range(2):
        assert found[rank, False][0] == found[rank, True][0]
    assert found[0, True][1] > 0
    assert found[1, True][1] == 0
    assert len(list(tmp_path.iterdir())) == 1
