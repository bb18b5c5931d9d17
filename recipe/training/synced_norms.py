"""Batch normalisation over the items of all processes that train one model together.

On CUDA by PyTorch's SyncBatchNorm, which knows no other device; elsewhere by the same sums.
"""

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from recipe.models.building import batch_norms
from recipe.training.ranks import Ranks


def synced(model: nn.Module, group: Ranks, device: torch.device) -> tuple[nn.Module, bool]:
    """The model, changed so that its batch normalisation sees whole batches, and whether it has
    any.
    """
    norms = batch_norms(model)
    if not norms:
        return model, False
    if device.type == "cuda":
        converted: nn.Module = nn.SyncBatchNorm.convert_sync_batchnorm(model)  # type: ignore[no-untyped-call]
        return converted, True
    for norm in norms:
        norm.__class__ = type(type(norm).__name__, (_Synced, type(norm)), {})
        norm.synced_by = group  # type: ignore[assignment]  # no module and no tensor
    return model, True


class _Sum(torch.autograd.Function):
    """The sum over all processes, whose gradient is the sum of theirs."""

    @staticmethod
    def forward(ctx: Any, tensor: Tensor) -> Tensor:  # noqa: ARG004
        """Of a tensor."""
        added = tensor.detach().clone()
        dist.all_reduce(added)
        return added

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:  # noqa: ARG004
        """Every process has made use of the sum."""
        added = grad.clone()
        dist.all_reduce(added)
        return added


class _Synced(nn.modules.batchnorm._BatchNorm):  # noqa: SLF001 - the base of all of them
    """Mixed into a layer that normalises by batch."""

    synced_by: Ranks

    def forward(self, x: Tensor) -> Tensor:
        """Of inputs [n, channels, ...]."""
        if not self.training or not self.synced_by.couples:
            return super().forward(x)
        self._check_input_dim(x)  # type: ignore[no-untyped-call]
        mean, var, count = self._statistics(x)
        self._remember(mean.detach(), var.detach(), count)
        shape = [1, -1, *[1] * (x.ndim - 2)]
        normal = (x - mean.view(shape)) * torch.rsqrt(var.view(shape) + self.eps)
        if self.affine:
            normal = normal * self.weight.view(shape) + self.bias.view(shape)
        return normal

    def _statistics(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Mean and variance [channels] over the items of all processes, and their number."""
        axes = [0, *range(2, x.ndim)]
        counts = 0.0 if self.synced_by.idle else 1.0
        number = x.new_tensor([counts * x.numel() / x.shape[1]])
        added = _Sum.apply(torch.cat([counts * x.sum(axes), number]))
        mean, count = added[:-1] / added[-1], added[-1].detach()
        far = (x - mean.view([1, -1, *[1] * (x.ndim - 2)])).square().sum(axes)
        return mean, _Sum.apply(counts * far) / count, count

    @torch.no_grad()
    def _remember(self, mean: Tensor, var: Tensor, count: Tensor) -> None:
        if not self.track_running_stats or self.running_mean is None or self.running_var is None:
            return
        share = self.momentum
        if self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
            share = share if share is not None else 1 / float(self.num_batches_tracked)
        self.running_mean.lerp_(mean.to(self.running_mean.dtype), share or 0.0)
        unbiased = var * count / (count - 1)
        self.running_var.lerp_(unbiased.to(self.running_var.dtype), share or 0.0)
