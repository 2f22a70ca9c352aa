"""The behaviour model learned by two processes."""

import json

import numpy as np
import pytest
from tests.models.behavior.shops import market, quick
from tests.models.two_processes import said_by_two

OPTIONS = {"epochs": 3, "dropout": 0.0, "learning_rate": 0.01}
LEARN = """
import json, sys
from pathlib import Path
from footfall.models.running import Running
from footfall.models.world import join_world
from tests.models.behavior.shops import market, quick
from tests.models.behavior.test_together import OPTIONS
world = join_world()
for weights in ("fixed", "uncertainty"):
    running = Running(world=world)
    model = quick(**OPTIONS, weights=weights).fit(market(30), seed=2, running=running)
    losses = [[epoch.loss, epoch.quality] for epoch in model.fitted.trained.epochs]
    (Path(sys.argv[1]) / f"{weights}-{world.rank}.json").write_text(json.dumps(losses))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("together")
    (folder / "learn.py").write_text(LEARN)
    said_by_two(folder / "learn.py", folder)
    return folder


@pytest.mark.parametrize("weights", ["fixed", "uncertainty"])
def test_two_processes_have_the_losses_and_the_skill_of_one(folder, weights):
    alone = quick(**OPTIONS, weights=weights).fit(market(30), seed=2)
    expected = [[epoch.loss, epoch.quality] for epoch in alone.fitted.trained.epochs]
    for rank in (0, 1):
        found = json.loads((folder / f"{weights}-{rank}.json").read_text())
        np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_a_batch_of_one_user_leaves_the_other_process_nothing_and_waits_for_nobody(tmp_path):
    (tmp_path / "learn.py").write_text(
        LEARN.replace("market(30)", "market(3)").replace("quick(", "quick(batch_tokens=8, ")
        .replace("**OPTIONS", "**OPTIONS | {'epochs': 1}")
    )  # fmt: skip
    said_by_two(tmp_path / "learn.py", tmp_path)
    options = OPTIONS | {"epochs": 1, "batch_tokens": 8}
    alone = quick(**options).fit(market(3), seed=2).fitted.trained.epochs
    found = json.loads((tmp_path / "fixed-0.json").read_text())
    np.testing.assert_allclose(found[0][0], alone[0].loss, rtol=1e-4)
