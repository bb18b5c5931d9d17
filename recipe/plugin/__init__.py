"""The plugin author's door: all that a step, a rule, a remedy, a task or a source of data needs.

| you write | its shape | what it is given, and gives back |
|---|---|---|
| a step | `Step` (a protocol), an entry point of `recipe.steps` | `Context -> Evidence` |
| a rule | a function under `@rule(severity)` | `Evidence -> Finding` (made by `finding`) or None |
| a remedy | `Remedy(name, apply)` | `RemedyInput -> Experiment` or None |
| a task | `Task` (a base class) | loss, score and first loss of outputs and targets |
| a source of data | `Source` with a `Reader` (a protocol) | data, and how new files become inputs |

Names are looked up when they are asked for: rules load without torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

# fmt: off
# isort: off
if TYPE_CHECKING:
    from recipe.core.evidence import Curve, Evidence, Figure, Scalar, Sheet, curve, finite
    from recipe.core.findings import Finding, RemedyOutcome, Severity
    from recipe.core.trials import Trial
    from recipe.core.chosen_model import Chosen, ChosenKind, FinalScore, Member
    from recipe.core.clock import TimeUp, part_of_time
    from recipe.core.errors import UNUSABLE, UsageError, in_a_line, raised
    from recipe.plugin.step import Goto, Step, UnaffordableError, read_examples
    from recipe.plugin.rules import Rule, finding, rule
    from recipe.plugin.remedy import Remedy, RemedyInput
    from recipe.plugin.allowance import PACE, Allowance
    from recipe.plugin.early_verdict import fails_already
    from recipe.plugin.context import Context
    from recipe.experiment import Experiment, LossFunction, OPTIMIZERS
    from recipe.ranges import Axis, Range, Scientific, active_params, rounded
    from recipe.tasks.base import SummedMetric, Task, TargetKind, counts_items
    from recipe.tasks import Embedding, Forecasting, LanguageModel, Regression
    from recipe.tasks.by_loss import ByLoss, loss_accepts
    from recipe.data.copies import chance_of_repeats, near_copies, numbers_of
    from recipe.data.datasets import Data, Splits, TensorData
    from recipe.data.item_data import like
    from recipe.data.loading import load_data
    from recipe.data.row_hashes import row_hashes
    from recipe.data.trees import (
        Padded,
        Tree,
        Values,
        described,
        every_tensor,
        natural,
        shape_of,
    )
    from recipe.data.joining import copies, join, split
    from recipe.data.single_items import Batch
    from recipe.sources.source import Source
    from recipe.sources.readers import Reader
    from recipe.sources.augment import moved
    from recipe.models.adapted import adapter_of, advice, mask_given
    from recipe.models.building import batch_norms, build_model
    from recipe.models.calling import INVERTED_MASKS, MASKS, mask_parameter
    from recipe.border.faults import error_location, said_of, users_place
    from recipe.models.dropout import no_dropout
    from recipe.models.own_matrices import shrink_own_matrices
    from recipe.models.reshapes import (
        ReadChannelsLast, as_channels_last, transposed_instead, views_for_transpositions,
    )
    from recipe.models.norms_apart import norms_apart
    from recipe.models.own_functions import own_functions, plainly, with_plain_functions
    from recipe.models.mended_calls import (
        dropout_by_mode, gradients_kept, layers_apart, registered, tokens_numbered,
    )
    from recipe.models.randomness import seeded
    from recipe.models.blocks import in_head
    from recipe.models.residual import norms_go_first, residual_branches, with_zero_branches
    from recipe.models.pretrained import SCRATCH, reset_weights, start_file, why_not_reset
    from recipe.models.wrappers import (
        Mapped, Masked, Rectified, Standardised, StandardisedParts, WithoutDropout,
        WithoutLastActivation,
        reinitialised, with_dropout, with_outputs, with_relu_between_layers,
    )
    from recipe.training.loop import Training
    from recipe.training.fit import Fit, snapshot_of
    from recipe.training.early_stopping import Snapshot, patience_for, rank
    from recipe.training.evaluation import (
        evaluate, full_precision, lead_error, loss_and_score, model_outputs, part_sums,
    )
    from recipe.training.monitors import activation_shares
    from recipe.training.nan_replay import replayed_origin
    from recipe.training.nan_trace import origin_of_nan
    from recipe.training.optimizers import (
        MOMENTUM, OPTIMIZER_FAMILIES, build_optimizer, momentum_of, optimizer_family, usual_rates,
        wants_closure,
    )
    from recipe.training.plan import (
        augmented, epoch_batches, iterations_per_epoch, model_input, planned_rates,
    )
    from recipe.training.schedules import restart_rates, schedule_rates
    from recipe.training.user_update import ADAPTED, own_update
    from recipe.training.fingerprint import configuration, data_fingerprint
    from recipe.training.weight_averaging import (
        RunningAverage, exponential_weights, trained_parameters, uniform_weights, with_weights,
    )
    from recipe.training.ensemble import OutputPool
    from recipe.training.feature_extraction import CannotExtract, Features, extract_features
    from recipe.training.model_kinds import shifts_labels
    from recipe.training.models_from_weights import MODELS, model_of
    from recipe.speed.throughput import throughput
    from recipe.search.halving import Halving
    from recipe.search.ranking import best_of
    from recipe.search.short_training import FORWARD, ShortResult, ShortTraining
    from recipe.search.space import (
        Params, distinct_cells, listed_values, log_spaced, proposed_cells, quasi_random,
        random_draws, thinned_grid,
    )
    from recipe.core.keys_and_seeds import derive_seed, key
    from recipe.core.leads import ERRORS, Lead
    from recipe.core.score_noise import chance_of_at_least, standard_error
    from recipe.core.checksums import read_sealed, write_sealed
    from recipe.core.files import (
        CannotWriteError, read_plain, to_json, why, write_bytes, write_text,
    )
    from recipe.notebook.journal import parse_record

__all__ = [  # noqa: RUF022 - by what they are for
    # what was measured and found
    "Curve", "Evidence", "Figure", "Scalar", "Sheet", "curve", "finite", "Finding",
    "RemedyOutcome", "Severity", "Trial", "Chosen", "ChosenKind", "FinalScore", "Member",
    "UNUSABLE", "UsageError", "in_a_line", "raised",
    # steps, rules and remedies
    "Goto", "Step", "read_examples", "Rule", "finding", "rule", "Remedy", "RemedyInput",
    "Allowance", "Context", "PACE", "fails_already", "TimeUp", "UnaffordableError", "part_of_time",
    # what the user declared
    "Experiment", "LossFunction", "OPTIMIZERS", "Axis", "Range", "Scientific", "active_params",
    "rounded",
    # tasks
    "Task", "TargetKind", "counts_items", "SummedMetric", "Embedding", "Forecasting",
    "LanguageModel", "Regression", "ByLoss", "loss_accepts",
    # data and its sources
    "Data", "Splits", "TensorData", "like", "load_data", "Batch", "Source", "Reader", "Padded",
    "moved", "Tree", "Values", "copies", "described", "every_tensor", "join", "natural", "shape_of",
    "split", "chance_of_repeats", "near_copies", "numbers_of", "row_hashes",
    # fresh models, and models around them
    "adapter_of", "advice", "batch_norms", "build_model", "error_location", "said_of",
    "users_place",
    "no_dropout", "dropout_by_mode", "gradients_kept", "layers_apart", "norms_apart",
    "own_functions", "plainly", "with_plain_functions", "registered",
    "tokens_numbered", "seeded", "shrink_own_matrices", "ReadChannelsLast", "as_channels_last",
    "transposed_instead", "views_for_transpositions",
    "in_head", "norms_go_first", "residual_branches", "with_zero_branches", "SCRATCH",
    "reset_weights", "start_file", "why_not_reset", "Mapped", "Masked", "Rectified", "Standardised",
    "StandardisedParts", "WithoutDropout", "WithoutLastActivation", "reinitialised", "with_dropout",
    "with_outputs", "with_relu_between_layers", "INVERTED_MASKS", "MASKS", "mask_given",
    "mask_parameter", "shifts_labels",
    # trainings, evaluation and what is watched
    "Training", "Fit", "Snapshot", "patience_for", "rank", "snapshot_of", "evaluate",
    "full_precision", "lead_error", "loss_and_score", "model_outputs", "part_sums",
    "activation_shares", "origin_of_nan", "replayed_origin",
    "MOMENTUM", "OPTIMIZER_FAMILIES", "build_optimizer", "momentum_of",
    "optimizer_family", "usual_rates", "wants_closure", "augmented", "epoch_batches",
    "iterations_per_epoch", "model_input", "planned_rates",
    "restart_rates", "schedule_rates", "ADAPTED", "own_update", "configuration",
    "data_fingerprint", "RunningAverage", "exponential_weights", "trained_parameters",
    "uniform_weights", "with_weights", "OutputPool", "CannotExtract", "Features",
    "extract_features", "MODELS", "model_of",
    "throughput",
    # search
    "Halving", "best_of", "FORWARD", "ShortResult", "ShortTraining", "Params", "distinct_cells",
    "listed_values", "log_spaced", "proposed_cells", "quasi_random", "random_draws",
    "thinned_grid",
    # keys, noise and files
    "derive_seed", "key", "ERRORS", "Lead", "chance_of_at_least", "standard_error", "to_json",
    "write_bytes", "write_text",
    "CannotWriteError", "read_plain", "why", "read_sealed", "write_sealed", "parse_record",
]

_NAMES: dict[str, tuple[str, ...]] = {
    "recipe.core.evidence": (
        "Curve", "Evidence", "Figure", "Scalar", "Sheet", "curve", "finite",
    ),
    "recipe.core.findings": ("Finding", "RemedyOutcome", "Severity"),
    "recipe.core.trials": ("Trial",),
    "recipe.core.chosen_model": ("Chosen", "ChosenKind", "FinalScore", "Member"),
    "recipe.core.clock": ("TimeUp", "part_of_time"),
    "recipe.core.errors": ("UNUSABLE", "UsageError", "in_a_line", "raised"),
    "recipe.plugin.step": ("Goto", "Step", "UnaffordableError", "read_examples"),
    "recipe.plugin.rules": ("Rule", "finding", "rule"),
    "recipe.plugin.remedy": ("Remedy", "RemedyInput"),
    "recipe.plugin.allowance": ("Allowance", "PACE"),
    "recipe.plugin.early_verdict": ("fails_already",),
    "recipe.plugin.context": ("Context",),
    "recipe.experiment": ("Experiment", "LossFunction", "OPTIMIZERS"),
    "recipe.ranges": ("Axis", "Range", "Scientific", "active_params", "rounded"),
    "recipe.tasks.base": ("SummedMetric", "Task", "TargetKind", "counts_items"),
    "recipe.tasks": ("Embedding", "Forecasting", "LanguageModel", "Regression"),
    "recipe.tasks.by_loss": ("ByLoss", "loss_accepts"),
    "recipe.data.copies": ("chance_of_repeats", "near_copies", "numbers_of"),
    "recipe.data.row_hashes": ("row_hashes",),
    "recipe.data.datasets": ("Data", "Splits", "TensorData"),
    "recipe.data.item_data": ("like",),
    "recipe.data.joining": ("copies", "join", "split"),
    "recipe.data.loading": ("load_data",),
    "recipe.data.trees": (
        "Padded", "Tree", "Values", "described", "every_tensor", "natural", "shape_of",
    ),
    "recipe.data.single_items": ("Batch",),
    "recipe.sources.source": ("Source",),
    "recipe.sources.readers": ("Reader",),
    "recipe.sources.augment": ("moved",),
    "recipe.models.adapted": ("adapter_of", "advice", "mask_given"),
    "recipe.models.building": ("batch_norms", "build_model"),
    "recipe.models.calling": ("INVERTED_MASKS", "MASKS", "mask_parameter"),
    "recipe.border.faults": ("error_location", "said_of", "users_place"),
    "recipe.models.dropout": ("no_dropout",),
    "recipe.models.own_matrices": ("shrink_own_matrices",),
    "recipe.models.reshapes": (
        "ReadChannelsLast", "as_channels_last", "transposed_instead", "views_for_transpositions",
    ),
    "recipe.models.norms_apart": ("norms_apart",),
    "recipe.models.own_functions": ("own_functions", "plainly", "with_plain_functions"),
    "recipe.models.mended_calls": (
        "dropout_by_mode", "gradients_kept", "layers_apart", "registered", "tokens_numbered",
    ),
    "recipe.models.randomness": ("seeded",),
    "recipe.models.blocks": ("in_head",),
    "recipe.models.residual": ("norms_go_first", "residual_branches", "with_zero_branches"),
    "recipe.models.pretrained": ("SCRATCH", "reset_weights", "start_file", "why_not_reset"),
    "recipe.models.wrappers": (
        "Mapped", "Masked", "Rectified", "Standardised", "StandardisedParts", "WithoutDropout",
        "WithoutLastActivation", "reinitialised", "with_dropout", "with_outputs",
        "with_relu_between_layers",
    ),
    "recipe.training.loop": ("Training",),
    "recipe.training.fit": ("Fit", "snapshot_of"),
    "recipe.training.early_stopping": ("Snapshot", "patience_for", "rank"),
    "recipe.training.evaluation": (
        "evaluate", "full_precision", "lead_error", "loss_and_score", "model_outputs",
        "part_sums",
    ),
    "recipe.training.monitors": ("activation_shares",),
    "recipe.training.nan_replay": ("replayed_origin",),
    "recipe.training.nan_trace": ("origin_of_nan",),
    "recipe.training.optimizers": (
        "MOMENTUM", "OPTIMIZER_FAMILIES", "build_optimizer", "momentum_of", "optimizer_family",
        "usual_rates", "wants_closure",
    ),
    "recipe.training.plan": (
        "augmented", "epoch_batches", "iterations_per_epoch", "model_input", "planned_rates",
    ),
    "recipe.training.schedules": ("restart_rates", "schedule_rates"),
    "recipe.training.user_update": ("ADAPTED", "own_update"),
    "recipe.training.fingerprint": ("configuration", "data_fingerprint"),
    "recipe.training.weight_averaging": (
        "RunningAverage", "exponential_weights", "trained_parameters", "uniform_weights",
        "with_weights",
    ),
    "recipe.training.ensemble": ("OutputPool",),
    "recipe.training.feature_extraction": ("CannotExtract", "Features", "extract_features"),
    "recipe.training.model_kinds": ("shifts_labels",),
    "recipe.training.models_from_weights": ("MODELS", "model_of"),
    "recipe.speed.throughput": ("throughput",),
    "recipe.search.halving": ("Halving",),
    "recipe.search.ranking": ("best_of",),
    "recipe.search.short_training": ("FORWARD", "ShortResult", "ShortTraining"),
    "recipe.search.space": (
        "Params", "distinct_cells", "listed_values", "log_spaced", "proposed_cells",
        "quasi_random", "random_draws", "thinned_grid",
    ),
    "recipe.core.keys_and_seeds": ("derive_seed", "key"),
    "recipe.core.leads": ("ERRORS", "Lead"),
    "recipe.core.score_noise": ("chance_of_at_least", "standard_error"),
    "recipe.core.checksums": ("read_sealed", "write_sealed"),
    "recipe.core.files": (
        "CannotWriteError", "read_plain", "to_json", "why", "write_bytes", "write_text",
    ),
    "recipe.notebook.journal": ("parse_record",),
}
# fmt: on
_HOMES = {name: module for module, names in _NAMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Import the module that defines a name."""
    if name not in _HOMES:
        raise AttributeError(f"module 'recipe.plugin' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
