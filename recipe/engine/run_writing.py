"""The files that a run leaves: best weights, result.json, the report."""

import os
import platform
from dataclasses import asdict, replace
from pathlib import Path

import torch

from recipe.core.clock import working_until
from recipe.core.events import Progress
from recipe.core.evidence import Scalar
from recipe.core.files import to_json, write_bytes, write_text
from recipe.core.results import RunResult
from recipe.core.settings import Settings
from recipe.core.version import VERSION
from recipe.engine.drawing import DrawnBeside
from recipe.engine.engine import Engine
from recipe.notebook import run_folder


def environment(device: torch.device) -> dict[str, Scalar]:
    """What the run ran on."""
    chip = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.machine()
    return {
        "recipe": VERSION,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "device": f"{device.type} ({chip})",
        "system": platform.system(),
        "processors": os.cpu_count() or 1,
        "threads": torch.get_num_threads(),
    }


def write_run(
    result: RunResult, engine: Engine, settings: Settings, called: Path, beside: DrawnBeside
) -> RunResult:
    """Write everything into the run folder; the result, with the best weights and the folder as it
    is `called`. Plots that were drawn `beside` the run are not drawn again.
    """
    from recipe.report.write import draw_plots, write_report

    folder = engine.journal.path.parent
    engine.ctx.emit(Progress(0, 0, "drawing plots and writing the report"))
    best = engine.ctx.best_trial
    if best is not None and result.best is not None and not result.interrupted:
        trained = engine.ctx.experiment_of(best)
        write_bytes(folder / "best.safetensors", engine.ctx.runner.weights(best, trained))
        chosen = replace(result.best, checkpoint="best.safetensors")
        result = replace(result, best=chosen)
        how = {
            **asdict(chosen),
            "metric": result.metric,
            "model_args": dict(trained.model_args),
            "load": "model = experiment.model(**model_args); "
            "model.load_state_dict(safetensors.torch.load_file('best.safetensors'))",
        }
        write_text(folder / "best.json", to_json(how, indent=1) + "\n")
    result = replace(result, folder=called)
    run_folder.write_result(result, folder)
    meter = engine.ctx.meter

    def left_out(which: str) -> None:
        meter.leave_out(f"{which} ('recipe report {called}' draws them)")

    with working_until(meter.end):
        plots = draw_plots(result, folder, left_out, beside.drawn(result.steps), brief=beside.brief)
    if len(result.left_out) < len(meter.left_out):
        result = replace(result, left_out=tuple(meter.left_out))
        run_folder.write_result(result, folder)
    write_report(result, folder, plots, junit=settings.ci, html=settings.html)
    return result
