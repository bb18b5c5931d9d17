"""Processes that train one model together, through torch.distributed."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn

from recipe.data.joining import grown, join
from recipe.data.single_items import Batch
from recipe.data.trees import Tree, Values
from recipe.training.micro_batches import part_sizes
from recipe.training.ranks import Parallel, RankLost, Ranks
from recipe.training.synced_norms import synced

BUCKET = 25 << 20
"""Bytes of gradients that are added up at a time, as in PyTorch's DistributedDataParallel."""
Found = TypeVar("Found")


class RankGroup(Ranks):
    """One of several processes."""

    def __init__(
        self, rank: int, world: int, kind: Parallel, device: torch.device, *, meet: str,
        patience: float,
    ) -> None:  # fmt: skip
        """Meet the others.

        Args:
            rank: number of this process, from 0.
            world: how many there are.
            kind: whether each holds the whole model.
            device: of this process.
            meet: a file on this machine by which they find each other.
            patience: seconds after which one that does not answer is given up.

        Raises:
            RankLost: the others do not come.

        """
        self.rank, self.world, self.kind, self.device = rank, world, kind, device
        self.shards = self.couples = kind == "fsdp"
        self.least = 1
        """Items of the smallest part of a batch."""
        if sys.platform == "linux":
            os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")  # they are all on this machine
        backend = "gloo"
        if device.type == "cuda":
            torch.cuda.set_device(device)
            backend = "cpu:gloo,cuda:nccl"
        _heard(
            partial(
                dist.init_process_group, backend, rank=rank, world_size=world,
                store=dist.FileStore(meet, world),  # type: ignore[attr-defined]
                timeout=timedelta(seconds=patience),
            )
        )  # fmt: skip

    def prepared(self, model: nn.Module) -> nn.Module:
        """See `Ranks`: batch normalisation sees the whole batch; parts of layers are given away."""
        model, found = synced(model, self, self.device)
        self.couples = self.shards or found
        if self.shards:
            _shard(model, self)
        return model

    def parted(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """See `Ranks`."""
        for x, y in batches:
            self.least = max(1, len(x) // self.world)
            sizes = part_sizes(len(x), self.world)
            sizes += [0] * (self.world - len(sizes))
            start, size = sum(sizes[: self.rank]), sizes[self.rank]
            self.idle = not size
            if self.idle:
                start, size = 0, 1
            yield x[start : start + size], y[start : start + size]

    def own(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """See `Ranks`: each takes its turn. Where a pass needs all of them, those that have no
        batch left go along with the last one, without targets.
        """
        last: Batch | None = None
        number = -1
        for number, batch in enumerate(batches):
            if number % self.world == self.rank:
                yield batch
            last = batch
        if self.shards and last is not None and number % self.world < self.rank:
            yield last[0], last[1][:0]

    def total(self, tensor: Tensor) -> Tensor:
        """See `Ranks`."""
        added = tensor.detach().clone()
        _heard(lambda: dist.all_reduce(added))
        return added

    def of_all(self, value: Any) -> Sequence[Any]:
        """See `Ranks`."""
        found: list[Any] = [None] * self.world
        _heard(lambda: dist.all_gather_object(found, value))
        return found

    def agreed(self, *, yes: bool) -> bool:
        """See `Ranks`."""
        said = torch.tensor(float(yes))
        _heard(lambda: dist.broadcast(said, 0))
        return bool(said)

    def sum_gradients(self, parameters: Sequence[nn.Parameter], share: Tensor | float) -> None:
        """Add up the gradients of all processes; one that a process does not have is zero there,
        and so are all of one whose share of the loss is zero. Of a model in parts the backward pass
        has added them up.
        """
        if self.shards:
            return
        have = torch.tensor([p.grad is not None for p in parameters], dtype=torch.uint8)
        there = self.total(have).tolist()
        given = [p for p, some in zip(parameters, there, strict=True) if some]
        for param in given:
            if param.grad is None:
                param.grad = torch.zeros_like(param)
            elif param.grad.is_sparse:
                param.grad = param.grad.to_dense()
        for bucket in _buckets([p.grad for p in given if p.grad is not None]):
            self._sum(bucket, share)

    def _sum(self, grads: list[Tensor], share: Tensor | float) -> None:
        flat = torch.cat([grad.flatten() for grad in grads])
        if isinstance(share, Tensor):  # a part in which nothing counts has a loss of 0 / 0
            flat = torch.where(share > 0, flat, 0)
        _heard(lambda: dist.all_reduce(flat))
        for grad, values in zip(grads, torch.split(flat, [g.numel() for g in grads]), strict=True):
            grad.copy_(values.view_as(grad))

    def gathered(self, values: Values, fill: float = 0) -> Values:
        """The entries [n, ...] of all processes, in their order; those of this one with gradient.

        Args:
            values: of this process.
            fill: what stands behind the end of sequences that are shorter than those of others.

        """
        if self.idle:
            values = values[:0]
        parts: list[Values] = (
            self._trees(values) if isinstance(values, Tree) else self._tensors(values)
        )
        parts[self.rank] = values
        whole: Values = join(parts, fill)
        return whole

    def _trees(self, values: Tree) -> list[Values]:
        told = self.of_all(Tree(values.detach().to(torch.device("cpu")).value))
        return [part.to(self.device) for part in told]

    def _tensors(self, values: Tensor) -> list[Values]:
        shapes = self.of_all(tuple(values.shape))
        room = torch.tensor(shapes).amax(0).tolist()
        own = grown(values.detach(), room, 0).contiguous()
        found = [torch.empty_like(own) for _ in shapes]
        _heard(lambda: dist.all_gather(found, own))
        return [
            told[tuple(slice(n) for n in shape)] for told, shape in zip(found, shapes, strict=True)
        ]


def leave() -> None:
    """Say goodbye to the others."""
    if dist.is_initialized():
        dist.destroy_process_group()


def _buckets(grads: Sequence[Tensor]) -> Iterator[list[Tensor]]:
    """Tensors of one kind, together so large as are sent at a time."""
    kinds: dict[Any, list[Tensor]] = {}
    for grad in grads:
        kinds.setdefault((grad.dtype, grad.device), []).append(grad)
    for same in kinds.values():
        bucket: list[Tensor] = []
        for grad in same:
            bucket.append(grad)
            if sum(each.nbytes for each in bucket) >= BUCKET:
                yield bucket
                bucket = []
        if bucket:
            yield bucket


def _heard(tell: Callable[[], Found]) -> Found:
    """What is said and heard among the processes.

    Raises:
        RankLost: one of them is gone, or does not answer.

    """
    try:
        return tell()
    except RuntimeError as error:  # of which dist.DistError is one
        raise RankLost(str(error).splitlines()[0] if str(error) else "no answer") from error


def _shard(model: nn.Module, group: RankGroup) -> None:
    """Give each process its part of the parameters, layer by layer (FSDP2: `fully_shard`)."""
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    mesh = init_device_mesh(group.device.type, (group.world,))
    for module in _layers(model):
        if module is not model:
            fully_shard(module, mesh=mesh)
    fully_shard(model, mesh=mesh)


def _layers(model: nn.Module) -> list[nn.Module]:
    """What is brought together at once: the members of lists of blocks, however deep."""
    lists = [m for m in model.modules() if isinstance(m, nn.Sequential | nn.ModuleList)]
    members = [child for each in lists for child in each.children()]
    inner = {id(child) for each in members for child in each.modules() if child is not each}
    return [m for m in members if id(m) not in inner and any(True for _ in m.parameters())]
