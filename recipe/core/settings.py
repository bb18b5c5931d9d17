"""The resolved options of a run."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal

from recipe.core.budget import Budget
from recipe.core.errors import UsageError
from recipe.core.names import unknown
from recipe.core.option_definitions import (
    CALL_LIMIT,
    OPTION_BY_NAME,
    OPTIONS,
    STALL,
    WORKER_TIMEOUT,
)


@dataclass(frozen=True)
class Settings:
    """The resolved options of a run."""

    data: str | None = None
    target: str | None = None
    task: str | None = None
    group: str | None = None
    time: str | None = None
    column: dict[str, str] = field(default_factory=dict)
    model: str | None = None
    pretrained: bool = False
    weights: Path | None = None
    image_size: int | None = None
    augment: str | None = None
    skip_unreadable: bool = False
    data_dir: Path | None = None
    out: Path = Path("reports")
    log: tuple[str, ...] = ()
    seed: int = 0
    device: str = "auto"
    parallel: Literal["ddp", "fsdp"] | None = None
    processes: int | None = None
    devices: str | None = None
    ray: str | None = None
    gpu_share: float | None = None
    worker_timeout: Budget | Literal["off"] = WORKER_TIMEOUT
    budget: Budget | None = None
    verify_budget: Budget | Literal["off"] | None = None
    call_limit: Budget | Literal["off"] = CALL_LIMIT
    stall: Budget | Literal["off"] = STALL
    epochs: int | None = None
    search: str = "auto"
    ensemble: int | None = None
    all_data: bool = False
    again: bool = False
    exact: bool = False
    until: str | None = None
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    ignore: dict[str, str] = field(default_factory=dict)
    mend: tuple[str, ...] = ()
    fix: bool = False
    against: Path | None = None
    keep_going: bool = False
    strict: bool = False
    no_input: bool = False
    ci: bool = False
    html: bool = False
    json: bool = False
    fresh: bool = False

    def with_answers(self, mended: Iterable[str], *, keep_going: bool) -> "Settings":
        """These, and what a person decided on the way."""
        mend = tuple(dict.fromkeys((*self.mend, *mended)))
        return replace(self, mend=mend, keep_going=self.keep_going or keep_going)

    @property
    def worker_seconds(self) -> float:
        """How long a worker may stand still."""
        limit = self.worker_timeout
        return limit.amount if isinstance(limit, Budget) else math.inf

    @property
    def budgets(self) -> dict[str, str | None]:
        """As the user writes them."""
        names = ("budget", "verify_budget", "call_limit", "stall", "worker_timeout")
        found = {name: getattr(self, name) for name in names}
        return {name: str(value) if value else None for name, value in found.items()}

    def below(self, folder: Path) -> "Settings":
        """These with the paths that a run reads and writes made absolute."""
        against = self.against and folder / self.against
        logs = (each.partition(":") for each in self.log)
        log = tuple(f"{kind}:{folder / place}" for kind, _, place in logs)
        return replace(self, out=folder / self.out, against=against, log=log)

    def to_dict(self) -> dict[str, Any]:
        """Plain values without defaults, as recipe.toml and result.json hold them."""
        default, plain = (asdict(each) | each.budgets for each in (Settings(), self))
        changed = {name: value for name, value in plain.items() if value != default[name]}
        return {
            name: str(value) if isinstance(value, Path) else value
            for name, value in changed.items()
        }


def resolve(values: Mapping[str, Any], where: str = "") -> Settings:
    """Parse `values` into Settings; a missing or None value means the default.

    Args:
        values: raw values by option name.
        where: prefix of a complaint, such as the file they come from.

    Raises:
        UsageError: an unknown name or a value that does not parse, with its place.

    """
    return Settings(**parse(values, where))


def parse(values: Mapping[str, Any], where: str = "") -> dict[str, Any]:
    """Check names and values; `resolve` without the defaults."""
    parsed: dict[str, Any] = {}
    for name, value in values.items():
        option = OPTION_BY_NAME.get(name)
        if option is None:
            raise UsageError(f"{where}{unknown('key', name, OPTION_BY_NAME)}")
        if value is None:
            continue
        if "\0" in str(value):
            raise UsageError(f"{where}{option.flag}: the value holds a zero byte: leave it out.")
        try:
            parsed[name] = option.parse(value)
        except (ValueError, TypeError) as error:
            label = f"key {name!r}" if where else option.flag
            raise UsageError(f"{where}{label}: {error}.") from error
    return parsed


assert [f.name for f in fields(Settings)] == [o.name for o in OPTIONS]  # noqa: S101
