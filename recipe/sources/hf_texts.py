"""Columns of text as a tokenizer of Hugging Face encodes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from recipe.core.errors import UsageError
from recipe.sources.csv_cells import Columns
from recipe.sources.hf_models import config, not_loaded, transformers
from recipe.sources.readers import table_with
from recipe.sources.text_tables import MOST_LENGTH, TextEncoder, text_of

Encoded = dict[str, Tensor]
KEYS = ("input_ids", "attention_mask", "token_type_ids")
"""What models take, where their tokenizer gives it."""


class EncodedTexts(Dataset[tuple[Encoded, Tensor]]):
    """Pairs of an encoded text (a tensor [T] by name) and its target."""

    def __init__(self, encoded: Encoded, y: np.ndarray) -> None:
        self.encoded = encoded
        self.y = torch.from_numpy(y)

    def __len__(self) -> int:
        """How many there are."""
        return len(self.y)

    def __getitem__(self, index: int) -> tuple[Encoded, Tensor]:
        """One of them."""
        return {name: values[index] for name, values in self.encoded.items()}, self.y[index]


@dataclass(frozen=True)
class HubTextsReader:
    """One or two columns of text as the tokenizer of a model encodes them, all of one length."""

    columns: tuple[str, ...]
    tokenizer: str
    """Its name, or the folder that it lies in."""
    length: int
    """Tokens of an input; longer texts are cut."""
    names: tuple[str, ...]
    """Of all columns of the table."""
    target: str | tuple[str, ...]
    header: bool = True
    decimal: str = "."

    @property
    def width(self) -> int:
        """Tokens of an input."""
        return self.length

    def read(self, path: Path) -> tuple[Sequence[str], Any]:
        """Names of the rows, and a tensor [rows, length] by name; see `Reader`."""
        table = table_with(self.columns, path, self)
        return [str(row) for row in table.rows], self.encoded(table, range(len(table)))

    def encoded(self, table: Columns, rows: Sequence[int]) -> Encoded:
        """The rows as tensors [rows, length] by name."""
        texts = [[text_of(table, column, row) for row in rows] for column in self.columns]
        made = tokenizer_of(self.tokenizer)(
            *texts, padding="max_length", truncation=True, max_length=self.length,
            return_tensors="pt",
        )  # fmt: skip
        return {name: made[name] for name in KEYS if name in made}

    def dataset(self, table: Columns, rows: Sequence[int], y: np.ndarray) -> EncodedTexts:
        """The rows with their targets."""
        return EncodedTexts(self.encoded(table, rows), y)


@cache
def tokenizer_of(name: str) -> Any:
    """The tokenizer of a model.

    Raises:
        UsageError: it cannot be loaded.

    """
    library = transformers(name)
    try:
        found = library.AutoTokenizer.from_pretrained(name)
    except Exception as error:
        raise not_loaded(name, "tokenizer", error) from error
    if found.pad_token is None:
        raise UsageError(
            f"The tokenizer of hf:{name} has no token for padding, so that texts cannot be brought "
            "to one length: name another model."
        )
    return found


def hf_encoder(name: str) -> TextEncoder:
    """What makes a reader of columns of text with the tokenizer of this model."""

    def encode(
        table: Columns, columns: Sequence[str], targets: Sequence[str], train: Sequence[int]
    ) -> tuple[HubTextsReader, tuple[str, ...]]:
        texts = [[text_of(table, column, row) for row in train] for column in columns]
        tokenizer = tokenizer_of(name)
        lengths = [len(ids) for ids in tokenizer(*texts)["input_ids"]]
        places = getattr(config(name), "max_position_embeddings", MOST_LENGTH)
        most = min(MOST_LENGTH, tokenizer.model_max_length, places)
        target = targets[0] if len(targets) == 1 else tuple(targets)
        reader = HubTextsReader(
            tuple(columns), name, min(most, max(lengths)), table.names, target, table.header,
            table.decimal,
        )  # fmt: skip
        longer = sum(length > most for length in lengths)
        said = f"{longer} texts are longer than {most} tokens: the rest is cut off."
        return reader, (said,) if longer else ()

    return encode
