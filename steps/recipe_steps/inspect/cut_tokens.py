"""Whether many tokens were made into one: ids that pile up at the largest of them."""

import torch
from torch import Tensor, nn

from recipe.plugin import Scalar, Values
from recipe_steps.inspect import sequence_data as data

PILE = 0.2
"""Share of all tokens that are the largest id. Of texts the commonest word has some 6 %."""
STEEP = 10.0
"""How many times more often than the second commonest token it stands."""
ROOM = 2
"""How many times more rows the table of the model has than ids are used."""


def cut_marks(model: nn.Module, x: Values, known: list[data.Padding]) -> dict[str, Scalar]:
    """`cut_at`, `cut_share` and `cut_table`: the largest id, its share of the real tokens, and the
    rows of the table that the model has for them. None where ids do not pile up there.
    """
    parts = data.token_parts(x)
    tables = [m.num_embeddings for m in model.modules() if isinstance(m, nn.Embedding)]
    if len(parts) != 1 or not tables:
        return {}
    ((name, tokens),) = parts.items()
    real = next((each.real for each in known if each.part == name), None)
    return piled_up(tokens if real is None else tokens[real.to(tokens.device)], max(tables))


def piled_up(tokens: Tensor, rows: int) -> dict[str, Scalar]:
    """See `cut_marks`.

    Args:
        tokens: whole numbers of any shape, without padding.
        rows: of the table that they are looked up in.

    """
    ids, counts = torch.unique(tokens, return_counts=True)
    if len(ids) < data.LEAST_WORDS or rows < ROOM * (int(ids[-1]) + 1):
        return {}
    share = float(counts[-1]) / float(counts.sum())
    if share < PILE or int(counts[-1]) < STEEP * int(counts[:-1].max()):
        return {}
    return {"cut_at": int(ids[-1]), "cut_share": share, "cut_table": rows}
