"""Vectors of patches, and the contrastive loss between them."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganzoo.model import Batch


class Heads(nn.Module):
    """For each map two layers that turn the channels of a place into a vector of length 1."""

    def __init__(self, channels: Sequence[int], length: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Sequential(nn.Linear(count, length), nn.ReLU(), nn.Linear(length, length)) for count in channels
        )
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_normal_(module.weight, gain=0.02)
                nn.init.zeros_(module.bias)

    def forward(self, maps: Sequence[Tensor], chosen: Sequence[Tensor]) -> list[Tensor]:
        """Maps B C h w and places P of each -> vectors B P length of each."""
        vectors = []
        for layers, one, at in zip(self.layers, maps, chosen, strict=True):
            found = one.flatten(2).index_select(2, at).transpose(1, 2)
            vectors.append(F.normalize(layers(found).float(), dim=2))
        return vectors


def places(size: tuple[int, int], count: int, batch: Batch) -> Tensor:
    """Indices of at most `count` different places of a map of that size, the same for all images of the batch."""
    total = size[0] * size[1]
    chosen = torch.randperm(total, generator=batch.rng, device=batch.rng.device)[:count]
    return chosen.to(batch.target.device, non_blocking=True)


def contrast(queries: Tensor, keys: Tensor, temperature: float) -> Tensor:
    """Cross-entropy of finding each query's own key among those of all places of its image (2007.15651, eq. 3).

    `queries` and `keys` are B P D of length 1; no gradient flows into the keys.
    """
    similar = queries @ keys.detach().transpose(1, 2) / temperature
    count = similar.shape[1]
    own = torch.arange(count, device=similar.device).expand(len(similar), count)
    return F.cross_entropy(similar.flatten(0, 1), own.flatten())
