"""Results built by hand for the tests of the report."""

from recipe.core.evidence import Evidence, Figure
from recipe.core.findings import Finding, RemedyOutcome
from recipe.core.results import Cost, RunResult, StepResult
from recipe.core.trials import Best, Trial

LRS = (0.001, 0.01, 0.1, 1.0)
DECAYS = (0.0, 1e-5, 1e-4)
SETTINGS = {
    "target": "my exp.py:net",
    "seed": 1,
    "budget": "15m",
    "only": ["inspect", "lr_range"],
    "ignore": {"data-order": "we | shuffle\nelsewhere"},
    "no_input": True,
    "strict": False,
}


def trial(number: int, **changes) -> Trial:
    values = {
        "key": f"k{number}",
        "step": "coarse_grid",
        "round": 1,
        "number": number,
        "params": {"lr": 0.01 * number, "weight_decay": 1e-4, "schedule": "cosine"},
        "seed": number,
        "status": "finished",
        "epochs": 5,
        "planned_epochs": 5,
        "seconds": 3.25,
        "val_score": 0.5 + number / 100,
        "val_loss": 1.2345678,
        "best_epoch": 0,
        "curves": {"lr": (0.01 * number, 0.008 * number, 0.005 * number, 0.002 * number, 0.0)},
    }
    return Trial(**{**values, **changes})


def grid_step(round_: int = 1) -> StepResult:
    points = [(lr, wd) for wd in DECAYS for lr in LRS]
    scores = [None if lr == 1.0 else 0.6 + lr + 300 * wd for lr, wd in points]
    evidence = Evidence(
        scalars={"chosen_lr": 0.1, "trials": 12},
        curves={"lr": [p[0] for p in points], "weight_decay": [p[1] for p in points],
                "val_score": scores},
    )  # fmt: skip
    figure = Figure(
        "grid", "Score of the grid", ("val_score", "weight_decay"), "map", "lr", "learning rate"
    )
    hypothesis = "Lower rates | were cut off." if round_ > 1 else None
    return StepResult(
        "coarse_grid", "Coarse grid", round_, "pass", seconds=61.0, evidence=evidence,
        figures=(figure,), hypothesis=hypothesis,
    )  # fmt: skip


def initial_step() -> StepResult:
    findings = (
        Finding(
            "loss-off", "warn", "The loss is 3.1, not 2.303.", "Look at the outputs.",
            because="softmax-before-loss",
        ),
        Finding(
            "softmax-before-loss", "fail", "The model returns <probabilities> | not\nlogits.",
            "Return logits", 0.98, RemedyOutcome("return-logits", True, "val_score", 0.71, 0.784),
        ),
        Finding("small-data", "note", "Only 100 samples.", "Expect noise."),
        Finding("data-order", "warn", "Sorted by class.", "Shuffle.", ignored="we | know"),
    )  # fmt: skip
    evidence = Evidence({"initial_loss": 3.14159265, "expected_loss": 2.302585, "exact": True})
    return StepResult(
        "initial_loss", "Check the initial loss", 1, "fail", seconds=0.5, evidence=evidence,
        findings=findings,
    )  # fmt: skip


def curves_step() -> StepResult:
    evidence = Evidence(
        scalars={"best_epoch": 6.0, "expected": 0.2},
        curves={
            "train_loss": [2.3 * 0.7**i for i in range(12)],
            "val_loss": [2.3 * 0.75**i + 0.1 for i in range(6)] + [None] + [0.5, 0.55, 0.6, 0.7],
        },
    )
    figure = Figure(
        "losses", "Learning curves", ("train_loss", "val_loss", "absent"), x_label="epoch",
        mark_x=("best_epoch",), mark_y=("expected",),
    )  # fmt: skip
    slow = Finding(
        "still-improving", "warn", "The loss still falls.", "Train longer.",
        remedy=RemedyOutcome("longer", False, "val_score", 0.8, 0.79),
    )  # fmt: skip
    return StepResult(
        "learning_curves", "Look at the learning curves", 1, "warn", seconds=2.0,
        evidence=evidence, findings=(slow,), figures=(figure,),
    )  # fmt: skip


def full_run(**changes) -> RunResult:
    trials = (
        trial(1),
        trial(2, status="diverged", epochs=0, val_score=None, val_loss=None, best_epoch=None,
              reason="loss is nan | inf"),
        trial(3, params={"lr": 0.03, "weight_decay": 1e-4, "schedule": "cosine", "dropout": 0.2}),
    )  # fmt: skip
    values = {
        "name": "digits",
        "diagnosis": ("softmax-before-loss", "still-improving"),
        "steps": (
            initial_step(),
            grid_step(),
            grid_step(2),
            curves_step(),
            StepResult("finish", "Finish", 1, "skip", "a gate failed"),
        ),
        "trials": trials,
        "metric": "accuracy",
        "baseline": Best({"lr": 0.1}, 0.5),
        "best": Best(trials[2].params, 0.53, 1.23, 0, "best.safetensors"),
        "cost": Cost(3, 10, 93.0, 2.4),
        "environment": {"torch": "2.6", "threads": 2},
        "settings": SETTINGS,
    }
    return RunResult(**{**values, **changes})
