"""What a fault of model, data or loss shows later on: rules that it explains."""

NOT_LEARNING = (
    "inputs-ignored", "model-too-small", "cannot-overfit-sample", "no-learning-rate-works",
    "learning-rate-too-low", "slow-start", "underfitting", "predicts-majority-class",
    "simple-model-does-better", "no-better-than-chance",
)  # fmt: skip
"""Of what keeps a model from learning."""
OVERSHOOTING = (
    "learning-rate-too-high", "diverged", "unstable-training", "update-ratio-too-high",
    "most-trials-diverge",
)  # fmt: skip
"""Of what makes gradients large."""
FIRST_LOSS = ("initial-loss-too-high", "initial-loss-too-low", "initial-loss-not-finite")
SCALES = ("inputs-not-scaled", "inputs-over-normalized", "validation-preprocessing-differs")
NOT_GENERALISING = ("overfitting", "labels-look-random", "metric-disagrees-with-loss",
                    "simple-model-does-better", "no-better-than-chance")  # fmt: skip
"""Of validation data that are not like training data."""
