"""Several processes that train one model together, in a test."""

import multiprocessing
import tempfile
import traceback
from pathlib import Path

import torch

from recipe.training.rank_group import RankGroup, leave

CPU = torch.device("cpu")


def in_ranks(work, world=2, kind="ddp", patience=60.0):
    """What `work(group)` returns in each of `world` forked processes; an exception becomes its
    text.
    """
    context = multiprocessing.get_context("fork")
    with tempfile.TemporaryDirectory() as folder:
        lines, processes = [], []
        for rank in range(world):
            ours, theirs = context.Pipe()
            lines.append(ours)
            processes.append(
                context.Process(
                    target=_rank, args=(work, rank, world, kind, folder, patience, theirs)
                )
            )
            processes[-1].start()
            theirs.close()
        found = []
        for line in lines:
            try:
                found.append(line.recv() if line.poll(120) else "no answer")
            except EOFError:
                found.append("gone")
        for process in processes:
            process.kill()
            process.join()
    return found


def _rank(work, rank, world, kind, folder, patience, line):  # noqa: PLR0917
    torch.set_num_threads(1)
    try:
        group = RankGroup(
            rank, world, kind, CPU, meet=str(Path(folder) / "meet"), patience=patience
        )
        line.send(work(group))
        leave()
    except BaseException:  # noqa: BLE001 - the test says it
        line.send(traceback.format_exc())
