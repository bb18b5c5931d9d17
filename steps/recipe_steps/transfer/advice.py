"""What was measured, in the words of the lecture's table: data small or large, similar or not."""

import math

from recipe.plugin import Evidence

LEAST_UPDATES = 300
"""Of a training that is to be compared with others: an epoch of few items is few updates, and what
begins at good features would win because the others are not done."""
FEW, MANY = 100, 1000
"""Items of a class from which a data set is not small any more, and from which it is large. The
lecture gives no numbers; it is the trainings that decide, these only name the case."""
WAYS = {
    "probe": "train the head alone",
    "tuned": "fine-tune",
    "scratch": "train from scratch",
}
"""Ways to train, the cheapest and safest first."""
NOUNS = {"probe": "the head alone", "tuned": "fine-tuning", "scratch": "training from scratch"}


def scores(evidence: Evidence) -> dict[str, float]:
    """The best score of every way that was trained."""
    found = {way: evidence.number(f"{way}_score") for way in WAYS}
    return {way: score for way, score in found.items() if score is not None}


def best(evidence: Evidence) -> str | None:
    """The way that scored best, of equal ones the cheaper."""
    known = scores(evidence)
    return max(known, key=lambda way: known[way]) if known else None


def error(evidence: Evidence, *ways: str) -> float:
    """Standard error of the difference between the scores of two ways; of the best score where that
    of the difference is not known.
    """
    one, other = sorted(ways, key=list(WAYS).index)
    paired = evidence.number(f"{one}_{other}_error")
    return evidence.number("score_error") or 0.0 if paired is None else paired


def as_good(evidence: Evidence) -> str | None:
    """The cheapest way whose score is within one standard error of the best one's, where that is
    not the best one.
    """
    top, known = best(evidence), scores(evidence)
    if top is None:
        return None
    near = (w for w in known if w == top or known[top] - known[w] <= error(evidence, w, top))
    way = next(near)
    return None if way == top else way


def size(evidence: Evidence) -> str:
    """How much data there is, in words."""
    per_class, items = evidence.number("items_per_class"), evidence.number("items")
    if per_class is not None:
        kind = "few" if per_class < FEW else "many" if per_class >= MANY else "neither few nor many"
        return f"{per_class:.0f} items of each class are {kind}"
    return (
        "how much data there is was not counted"
        if items is None
        else f"there are {items:.0f} items"
    )


def too_short(evidence: Evidence) -> float | None:
    """How many updates fine-tuning and training from scratch had, where these are too few to
    compare them with the head alone: they were not done.
    """
    had, head = evidence.number("updates"), evidence.number("probe_updates")
    return had if had is not None and head is not None and had < min(head, LEAST_UPDATES) else None


def similarity(evidence: Evidence) -> str | None:
    """How well the features serve this task, by the head alone against training from scratch."""
    known = scores(evidence)
    if "probe" not in known or "scratch" not in known or too_short(evidence) is not None:
        return None
    lead, noise = known["probe"] - known["scratch"], error(evidence, "probe", "scratch")
    shown = f"head alone {known['probe']:.3g}, from scratch {known['scratch']:.3g}"
    if lead > noise:
        return f"the features serve this task ({shown})"
    alone = "serve it no better than what is learnt from scratch" if lead >= -noise else None
    if known.get("tuned", -math.inf) > known["scratch"] + error(evidence, "tuned", "scratch"):
        said = alone or "do not serve it"
        return f"the features alone {said}, but are a good place to start from ({shown})"
    if alone:
        return f"the features {alone} ({shown})"
    return f"the features are about something else ({shown})"


def depth(evidence: Evidence) -> str | None:
    """At which depth the features tell most, where that is not the last one."""
    block, blocks = evidence.number("profile_best"), evidence.number("blocks")
    top, last = evidence.number("profile_best_score"), evidence.number("profile_last_score")
    if block is None or blocks is None or top is None or last is None or block >= blocks:
        return None
    if top - last <= (evidence.number("profile_error") or 0.0):
        return None
    return f"those after block {block:.0f} of {blocks:.0f} tell more than the last ones"


def what_to_do(evidence: Evidence, way: str) -> str:
    """The advice in the imperative; of fine-tuning, how many blocks and at which rate."""
    frozen, blocks, lr = (evidence.number(n) for n in ("tuned_freeze", "blocks", "tuned_lr"))
    if way != "tuned" or frozen is None or blocks is None or lr is None:
        return WAYS[way]
    part = (
        "the whole model"
        if frozen == 0
        else f"the upper {blocks - frozen:.0f} of {blocks:.0f} blocks"
    )
    return f"fine-tune {part} from the trained head, at lr {lr:.3g}"
