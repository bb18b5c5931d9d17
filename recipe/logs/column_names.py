"""What the columns of a log hold, by the usual names."""

import re

CURVES = ("train_loss", "val_loss", "train_score", "val_score", "lr")
VALIDATION = frozenset({
    "val", "valid", "validation", "dev", "eval", "evaluation", "v", "va", "vl", "vld", "vali",
    "heldout", "holdout", "cv", "crossval",
})  # fmt: skip
TEST = frozenset({"test", "tst", "testing"})
TRAINING = frozenset({"train", "training", "tr", "trn", "t", "learn", "fit"})
LOSSES = ("loss", "nll", "crossentropy", "xent", "xe", "ce", "logloss", "mlogloss", "bce", "cost",
          "ppl", "perplexity", "bpc", "bpb", "bpd", "mse", "l2", "rmse", "rmsle", "mae", "l1",
          "mape", "smape", "error", "err", "wer", "cer", "per", "ter", "eer", "fid")  # fmt: skip
"""What is lower for better models, the likeliest to be trained for first."""
PERPLEXITIES = frozenset({"ppl", "perplexity"})
SCORES = ("acc", "accuracy", "top1", "prec", "f1", "auc", "auroc", "r2", "map", "ap", "miou", "iou",
          "dice", "dsc", "bleu", "rouge", "em", "mcc", "kappa", "qwk", "ndcg", "mrr", "psnr",
          "ssim", "oa", "pck", "hmean", "fscore", "auprc", "pearson", "spearman", "macc", "aacc",
          "cider", "meteor", "jaccard", "hit", "hr", "score", "precision", "recall",
          "top5")  # fmt: skip
"""The last ones only where there is nothing better: each can be had at the cost of another."""
OF_EVALUATION = frozenset({"map", "ap", "miou", "bleu", "rouge", "cider", "meteor", "hmean"})
"""What nobody measures on the batch just trained on."""
RATES = frozenset({"lr", "learning_rate", "learningrate", "rate", "lrate", "current_learning_rate"})
ORDER = frozenset({
    "epoch", "step", "iteration", "iter", "batch", "time", "wall_time", "global_step", "steps",
})  # fmt: skip
STEPS = frozenset({"step", "iteration", "iter", "batch", "update"})
NO_MEASURE = frozenset({
    "bound", "threshold", "coef", "weight", "patience", "size", "count", "num", "seconds", "sec",
    "examples", "samples", "interval", "eta", "elapsed",
})  # fmt: skip
"""Words of a name that is that of no measure, whatever else it says."""
PARTS = frozenset({"box", "cls", "obj", "dfl", "seg", "kobj", "pose"})
"""Names of losses that some tools write without saying that they are losses."""
DERIVED = frozenset({"best", "std", "min", "max", "ema", "smooth", "smoothed", "var", "unscaled",
                     "lowest", "highest", "stderr"})  # fmt: skip
"""Said of a curve that is no course of its own: only where there is nothing else."""
NOISE = frozenset({
    "avg", "average", "mean", "epoch", "step", "batch", "iter", "value", "set", "metrics", "metric",
    "running", "current", "cur", "the", "of", "s", "log", "on", "and", "for", "iteration", "in",
    "performance", "percent", "pct", "final", "results", "scalars", "losses", "net", "output",
})  # fmt: skip
"""Words that say nothing of what is measured."""
TOTAL = frozenset({"total", "sum", "overall", "all", "full", "tot"})
DISCRIMINATORS = frozenset({"d", "dis", "disc", "discriminator", "critic", "netd"})
GENERATORS = frozenset({"g", "gen", "generator", "netg"})
_NO_RATE = frozenset({"loss", "scale", "decay", "mult", "factor", "ratio", "grad", "weight"})
_BESIDE_EPOCH = frozenset({"trainer", "num", "number", "current", "idx", "id"})
_PLURALS = {
    "accs": "acc", "accuracies": "acc", "epochs": "epoch", "errs": "err", "accu": "acc",
    "accuracy": "acc",
    "iterations": "iteration", "lrs": "lr", "steps": "step", "perplexities": "perplexity",
    "rates": "rate", "iters": "iter", "batches": "batch", "updates": "update", "auroc": "auc",
    "dices": "dice", "metrics": "metrics", "averageloss": "loss", "accur": "acc",
    "precisions": "precision", "rougel": "rouge", "aucpr": "auprc", "sacrebleu": "bleu",
}  # fmt: skip
_FOREIGN = {
    # Chinese, Japanese
    "训练": "train",
    "訓練": "train",
    "学習": "train",
    "验证": "val",
    "驗證": "val",
    "検証": "val",
    "测试": "test",
    "測試": "test",
    "テスト": "test",
    "损失": "loss",
    "損失": "loss",
    "准确率": "accuracy",
    "準確率": "accuracy",
    "精度": "accuracy",
    "正解率": "accuracy",
    "学习率": "lr",
    "學習率": "lr",
    "学習率": "lr",
    "轮次": "epoch",
    "エポック": "epoch",
    # Korean, Russian
    "훈련": "train",
    "학습": "train",
    "검증": "val",
    "손실": "loss",
    "정확도": "accuracy",
    "에포크": "epoch",
    "эпоха": "epoch",
    "потери": "loss",
    "ошибка": "error",
    "точность": "accuracy",
    "обучение": "train",
    "обучения": "train",
    "валидация": "val",
    "валидации": "val",
    "обучающая": "train",
    "валидационная": "val",
    # German, French, Spanish, Portuguese, Italian, Polish, Turkish
    "trainingsverlust": "train loss",
    "validierungsverlust": "val loss",
    "verlust": "loss",
    "genauigkeit": "accuracy",
    "validierung": "val",
    "lernrate": "lr",
    "epoche": "epoch",
    "perte": "loss",
    "pertes": "loss",
    "précision": "accuracy",
    "exactitude": "accuracy",
    "entraînement": "train",
    "entrainement": "train",
    "apprentissage": "train",
    "époque": "epoch",
    "epoque": "epoch",
    "pérdida": "loss",
    "perdida": "loss",
    "exactitud": "accuracy",
    "precisión": "accuracy",
    "entrenamiento": "train",
    "validación": "val",
    "validacion": "val",
    "época": "epoch",
    "epoca": "epoch",
    "perda": "loss",
    "acurácia": "accuracy",
    "acuracia": "accuracy",
    "treino": "train",
    "treinamento": "train",
    "validação": "val",
    "validacao": "val",
    "perdita": "loss",
    "accuratezza": "accuracy",
    "addestramento": "train",
    "convalida": "val",
    "strata": "loss",
    "dokładność": "accuracy",
    "dokladnosc": "accuracy",
    "epoka": "epoch",
    "walidacja": "val",
    "walidacyjna": "val",
    "trening": "train",
    "treningowa": "train",
    "kay\u0131p": "loss",
    "doğruluk": "accuracy",
    "eğitim": "train",
    "doğrulama": "val",
}
"""What logs call these things in other languages, in lower case."""
_FOREIGN_WORD = re.compile(
    "|".join(
        word if ord(word[0]) > 0x2E00 else rf"(?<![^\W_]){word}(?![^\W_])"
        for word in sorted(_FOREIGN, key=len, reverse=True)
    ),
    re.IGNORECASE,
)
_GLUED = re.compile(
    rf"({'|'.join(sorted((*VALIDATION, *TRAINING, *TEST), key=len, reverse=True))})"
    rf"((?:{'|'.join((*LOSSES, *SCORES))})(?:e?s)?|accuracies)"
)
_NUMBERED = re.compile(r"(acc|prec|map|ap|hit|hits|recall|ndcg|accuracy|precision|rouge|bleu)(\d+)")
_LOSS_AT_END = re.compile(r"([a-z0-9]{2,})(loss)")


def in_english(text: str) -> str:
    """A name with the words of other languages in English."""
    return _FOREIGN_WORD.sub(lambda found: f" {_FOREIGN[found[0].lower()]} ", text)


def words_of(name: str) -> list[str]:
    """The words of a column's name: `trainLoss`, `trainloss` and `train_losses` are alike."""
    name = in_english(name)
    snake = re.sub(r"(?<=[a-z]{2})(?=[A-Z])", "_", name).lower()
    snake = re.sub(r"cross[ _-]entropy", "crossentropy", snake)
    snake = re.sub(r"log[ _-]loss", "logloss", snake)
    snake = re.sub(r"bits?[ _/]*(?:per[ _/]*)?dim\b", "bpd", snake)
    return [part for word in re.split(r"[^a-z0-9]+", snake) if word for part in _parts(word)]


def _parts(word: str) -> list[str]:
    if word in (*LOSSES, *SCORES) or word in _PLURALS:
        return [_single(word)]
    glued = _GLUED.fullmatch(word) or _NUMBERED.fullmatch(word) or _LOSS_AT_END.fullmatch(word)
    return [_single(part) for part in (glued.groups() if glued else (word,))]


def _single(word: str) -> str:
    if word in _PLURALS:
        return _PLURALS[word]
    if word in (*LOSSES, *SCORES):
        return word
    for ending in ("es", "s"):
        if word.removesuffix(ending) in (*LOSSES, *SCORES):
            return word.removesuffix(ending)
    return word


def split_of(words: list[str]) -> str:
    """`train`, `val`, `test`, or empty, as the words of a name say."""
    if any(word in VALIDATION for word in words):
        return "val"
    if any(word in TRAINING for word in words):
        return "train"
    return "test" if any(word in TEST for word in words) else ""


def kind_of(words: list[str]) -> str:
    """`loss`, `score`, `lr`, or empty."""
    joined = "_".join(words)
    if not words or joined in ORDER or NO_MEASURE.intersection(words):
        return ""
    if joined in RATES or words[0] == "lr" or _is_rate(words):
        return "lr" if not _NO_RATE.intersection(words) else ""
    if {"lr", "weight", "scale", "time"} & set(words) and words[-1] != "loss":
        return ""
    if "loss" in words:
        return "" if {"scale", "weight"} & set(words) else "loss"
    for kind, names in (("loss", LOSSES), ("score", SCORES)):
        known = [word for word in words if word in names]
        if known and (known != ["per"] or len(words) <= 2) and _is_meant(words, known):
            return kind
    return ""


def _is_rate(words: list[str]) -> bool:
    rate = "lr" in words or "lrate" in words or "learning_rate" in "_".join(words)
    return rate and len(words) <= 4


def _is_meant(words: list[str], known: list[str]) -> bool:
    """Short names mean a measure only where a split is named, or nothing else."""
    if set(known) <= {"l1", "l2", "em", "hr", "per", "ter", "rate", "oa", "hit", "ap", "prec"}:
        return len(words) == 1 or bool(split_of(words)) or set(known) <= {"ap", "prec"}
    return True


def residual_of(words: list[str]) -> tuple[str, ...]:
    """What is measured: the words without those for the split and those that say nothing."""
    left = {*VALIDATION, *TRAINING, *TEST, *NOISE}
    kept = [word for word in words if word not in left and not word.isdecimal()]
    return tuple(word for word in kept if word not in TOTAL) or tuple(kept)


def is_measure(name: str) -> bool:
    """Whether a name is that of a loss, a score or a learning rate."""
    words = words_of(name)
    return bool(kind_of(words)) or (len(words) == 1 and words[0] in PARTS)


def is_epoch(name: str) -> bool:
    """Whether a column counts epochs."""
    words = [word for word in words_of(name) if word not in TRAINING | _BESIDE_EPOCH]
    return words in (["epoch"], ["ep"])


def counts_steps(name: str) -> bool:
    """Whether a column counts iterations."""
    words = words_of(name)
    if not words or words[-1] not in STEPS or kind_of(words):
        return False
    return len(words) <= 3 and not {"per", "time", "total", "max", "size", "sec"} & set(words)
