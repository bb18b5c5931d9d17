"""Notes on how fast training goes, and what would let it go faster."""

from recipe.plugin import Evidence, Finding, finding, rule

LONG = 300.0
"""Seconds of a whole training, from which another batch size is worth a note."""
FASTER, SMALLER = 1.5, 2.0
"""Times as fast as with the declared batch size; and with a smaller one, since the noise of the
gradient grows in the course of a training, and larger batches pay more and more."""
WAITING, WAITED = 0.5, 30.0
"""Share of an iteration, and seconds of a whole training, that are spent on waiting for data."""
GAINED = 3.0
"""Times the noise of the last losses, that a steadied course has to end lower."""


@rule("note")
def batch_size_costs_time(evidence: Evidence) -> Finding | None:
    """What: by the noise of the gradient and the throughput of the machine, another batch size
    would train as far in clearly less time.

    Why: with a batch of B items, the number of steps to a given loss is in proportion to 1 + N / B,
    with N the noise scale of the gradient (McCandlish et al. 2018): far below N twice the batch
    halves the steps, far above it the steps hardly fall any more. What a step takes is measured at
    several batch sizes. Steps of accumulated gradients take as long as the batches that they are
    made of: accumulation saves memory, and no time.

    Fix: take that batch size, and find the learning rate anew: it changes with the batch size.
    """
    best = _best_size(evidence)
    if best is None:
        return None
    size, times, noise = best
    declared = evidence.number("batch_size") or 0.0
    more = "at least " if evidence.number("noise_scale") is None else ""
    full = " The next size did not fit into memory." if evidence.flag("batch_memory_full") else ""
    return finding(
        "note",
        f"A batch size of {size:.0f} would train about {times:.1f} times as fast as "
        f"{declared:.0f}: the noise scale of the gradient is {more}{noise:.2g} items.{full}",
        f"Try batch_size={size:.0f}, with the learning rate found anew.",
        confidence=0.5,
    )


def _best_size(evidence: Evidence) -> tuple[float, float, float] | None:
    """The batch size with the shortest training, how many times as fast that is, and the noise
    scale; None where that is hardly faster, the training is short, or one of them is unknown.
    """
    noise = evidence.number("noise_scale") or evidence.number("noise_at_least")
    declared, items, epochs = (
        evidence.number(name) for name in ("batch_size", "items_per_epoch", "epochs_planned")
    )
    sizes, rates = evidence.curve("batch_sizes"), evidence.curve("items_per_second")
    speeds = {s: r for s, r in zip(sizes, rates, strict=False) if s and r}
    if not noise or not declared or declared not in speeds or not items or not epochs:
        return None
    if items * epochs / speeds[declared] < LONG:
        return None
    takes = {size: (1 + noise / size) * size / speed for size, speed in speeds.items()}
    best = min(takes, key=takes.__getitem__)
    times = takes[declared] / takes[best]
    return (best, times, noise) if times >= (FASTER if best > declared else SMALLER) else None


@rule("note")
def input_bound(evidence: Evidence) -> Finding | None:
    """What: more than half of each iteration is spent on preparing the next batch and waiting for
    it.

    Why: the processor or GPU that trains the model has nothing to do meanwhile; a smaller model
    would train no faster. The usual causes are reading and decoding files, augmentation, collating,
    and copying to the device (Google's tuning playbook, "input pipeline").

    Fix: use more workers in the DataLoader, decode the data once, make augmentation cheaper or do
    it by batches, or move the files closer.
    """
    waiting, declared, items, epochs = (
        evidence.number(name)
        for name in ("waiting_share", "batch_size", "items_per_epoch", "epochs_planned")
    )
    pairs = zip(evidence.curve("batch_sizes"), evidence.curve("items_per_second"), strict=False)
    speed = next((rate for size, rate in pairs if size == declared), None)
    if waiting is None or waiting <= WAITING or not items or not epochs or not speed:
        return None
    waited = waiting * items * epochs / speed
    if waited < WAITED:
        return None
    return finding(
        "note",
        f"{waiting:.0%} of an iteration is spent on waiting for data, of a whole training "
        f"{waited:.0f} s.",
        "Give the DataLoader more workers, decode the data once, or make augmentation cheaper.",
        confidence=0.8,
    )


@rule("note")
def rate_limited_by_instability(evidence: Evidence) -> Finding | None:
    """What: just above the best rate training becomes unstable, and something that steadies it lets
    a higher rate end lower than the best one.

    Why: a rate that is held down by a few bad steps learns slower than it could. Google's tuning
    playbook names, in this order, warm-up and clipping at the 90th percentile of the norms; for
    residual networks norms inside of the branches and branches that begin at zero come first.

    Fix: what was tried, with the higher rate; lower rates remain the last resort.
    """
    name, lr, loss, without, noise, above = (
        evidence.text("steadied_by"), evidence.number("steadied_lr"),
        evidence.number("steadied_loss"), evidence.number("unsteadied_loss"),
        evidence.number("steadied_noise"), evidence.number("above_lr"),
    )  # fmt: skip
    if name is None or lr is None or loss is None or without is None or above is None:
        return None
    if without - loss <= GAINED * (noise or 0.0) or without <= loss:
        return None
    what = "diverges" if evidence.flag("above_diverged") else "is unstable"
    iterations = evidence.number("iterations") or 0
    return finding(
        "note",
        f"At twice the best rate, {above:g}, training {what}. With {name}, a rate of {lr:g} ends "
        f"at a loss of {loss:.3g} after {iterations:.0f} iterations; the best rate alone ends at "
        f"{without:.3g}.",
        f"Try {name}, at a rate of {lr:g}.",
        confidence=0.6,
    )


RULES = (batch_size_costs_time, input_bound, rate_limited_by_instability)
