"""What other libraries take to train SASRec: run inside the bench's own environment.

    PEERS_PYTHON bench/peer_training.py ENGINE BEAUTY_TXT BATCHES

Each engine goes through its library's own reader, batches, network and loss, two layers of width
64 over histories of 50, takes one batch to warm up, then BATCHES more, and prints the targets
trained on and the CPU seconds that took. Nothing of the product is imported here.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

WIDTH, LAYERS, HEADS, LENGTH, DROPOUT = 64, 2, 2, 50, 0.4
NEGATIVES = 256  # a target of its own each: 1,024 would take gigabytes
USERS = 128  # of a batch
PREFIXES = 256


class Clock:
    """Counts targets and CPU seconds of all batches but the first."""

    def __init__(self, batches: int) -> None:
        self.left, self.targets, self.started = batches + 1, 0, 0.0

    def done(self, targets: int) -> bool:
        """Take note of a batch; say whether it was the last."""
        if self.started:
            self.targets += targets
        else:
            self.started = time.process_time()
        self.left -= 1
        if self.left == 0:
            cpu = time.process_time() - self.started
            print(json.dumps({"targets": self.targets, "cpu": cpu}), flush=True)
        return self.left == 0


def rows(path: Path) -> Iterator[tuple[int, int, int]]:
    """Give user, item and place of the training rows: all but each user's last two."""
    with path.open() as lines:
        for user, line in enumerate(lines):
            items = line.split()[1:]
            for place, item in enumerate(items[:-2]):
                yield user, int(item), place


def rectools_model(path: Path, batches: int, loss: str) -> None:
    """Fit RecTools' SASRecModel and stop it after some batches."""
    import pandas as pd
    import pytorch_lightning as pl
    from rectools import Columns
    from rectools.dataset import Dataset
    from rectools.models import SASRecModel

    clock = Clock(batches)

    class Count(pl.Callback):
        def on_train_batch_end(
            self,
            trainer: pl.Trainer,
            _module: object,
            _outputs: object,
            batch: dict,
            _place: int,
        ) -> None:
            if clock.done(int((batch["y"] != 0).sum())):
                trainer.should_stop = True

    def trainer() -> pl.Trainer:
        return pl.Trainer(
            accelerator="cpu",
            max_steps=batches + 1,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            callbacks=[Count()],
        )

    frame = pd.DataFrame(rows(path), columns=[Columns.User, Columns.Item, "place"])
    frame[Columns.Weight] = 1.0
    frame[Columns.Datetime] = pd.Timestamp("2020-01-01") + pd.to_timedelta(frame.pop("place"), "D")
    model = SASRecModel(
        n_blocks=LAYERS,
        n_heads=HEADS,
        n_factors=WIDTH,
        session_max_len=LENGTH,
        dropout_rate=DROPOUT,
        loss=loss,
        n_negatives=NEGATIVES,
        batch_size=USERS,
        get_trainer_func=trainer,
    )
    model.fit(Dataset.construct(frame))


def rectools_fast(path: Path, batches: int, loss: str) -> None:
    """Train RecTools' flat network on the batches of its fast path, by the loss of that path."""
    import torch
    from rectools.fast_transformers import FlatSASRecNet, SequenceBatchDataset, build_sequences
    from rectools.fast_transformers.unisrec.model import _NegativeSampler

    users, items, places = (torch.tensor(column) for column in zip(*rows(path), strict=True))
    x, y, known, _ = build_sequences(users, items, places, max_len=LENGTH)
    sampler = _NegativeSampler(len(known), NEGATIVES) if loss == "sampled_softmax" else None
    net = FlatSASRecNet(len(known), WIDTH, LAYERS, HEADS, LENGTH, DROPOUT)
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3)
    loader = torch.utils.data.DataLoader(
        SequenceBatchDataset(x, y, transform=sampler), batch_size=USERS, shuffle=True
    )
    clock = Clock(batches)
    for batch in loader:
        logits = net(batch)
        there = batch["y"] != 0
        if sampler is None:
            wanted = torch.where(there, batch["y"] - 1, -100)
        else:
            wanted = torch.where(there, 0, -100)
        value = torch.nn.functional.cross_entropy(
            logits.view(-1, logits.shape[-1]), wanted.view(-1), ignore_index=-100
        )
        optimizer.zero_grad()
        value.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        if clock.done(int(there.sum())):
            return


def recbole_batches(path: Path, folder: Path) -> tuple:
    """Give RecBole's options and its loader of training samples."""
    from recbole.config import Config
    from recbole.data import create_dataset, data_preparation

    (folder / "beauty").mkdir()
    with (folder / "beauty" / "beauty.inter").open("w") as file, path.open() as lines:
        file.write("user_id:token\titem_id:token\ttimestamp:float\n")
        for user, line in enumerate(lines):
            for place, item in enumerate(line.split()[1:]):
                file.write(f"{user}\t{item}\t{place}\n")
    options = {
        "data_path": str(folder),
        "USER_ID_FIELD": "user_id",
        "ITEM_ID_FIELD": "item_id",
        "TIME_FIELD": "timestamp",
        "load_col": {"inter": ["user_id", "item_id", "timestamp"]},
        "MAX_ITEM_LIST_LENGTH": LENGTH,
        "n_layers": LAYERS,
        "n_heads": HEADS,
        "hidden_size": WIDTH,
        "inner_size": 4 * WIDTH,
        "hidden_dropout_prob": DROPOUT,
        "loss_type": "CE",
        "train_neg_sample_args": None,
        "train_batch_size": PREFIXES,
        "eval_args": {"split": {"LS": "valid_and_test"}, "order": "TO", "mode": "full"},
        "use_gpu": False,
        "show_progress": False,
        "checkpoint_dir": str(folder),
    }
    sys.argv = sys.argv[:1]  # RecBole reads the command line, too
    config = Config(model="SASRec", dataset="beauty", config_dict=options)
    training, _, _ = data_preparation(config, create_dataset(config))
    return config, training


def recbole(path: Path, batches: int, _loss: str) -> None:
    """Train RecBole's SASRec, every beginning of a history a sample of its own."""
    import torch
    from recbole.model.sequential_recommender import SASRec

    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)  # it writes its own log where it is
        config, training = recbole_batches(path, Path(folder))
        model = SASRec(config, training.dataset).train()
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
        clock = Clock(batches)
        for sample in training:
            optimizer.zero_grad()
            value = model.calculate_loss(sample)
            value.backward()
            optimizer.step()
            if clock.done(len(sample)):
                return


def shim() -> None:
    """Give the names of older releases that these libraries still look for."""
    import numpy as np

    for name, kind in (("bool8", np.bool_), ("float_", np.float64), ("unicode_", np.str_)):
        if name not in vars(np):
            setattr(np, name, kind)


ENGINES = {
    "RecTools SASRecModel, softmax": (rectools_model, "softmax"),
    "RecTools SASRecModel, sampled": (rectools_model, "sampled_softmax"),
    "RecTools fast path, softmax": (rectools_fast, "softmax"),
    "RecTools fast path, sampled": (rectools_fast, "sampled_softmax"),
    "RecBole SASRec, softmax": (recbole, "softmax"),
}


if __name__ == "__main__":
    shim()
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(0)
    run, loss = ENGINES[sys.argv[1]]
    run(Path(sys.argv[2]).resolve(), int(sys.argv[3]), loss)
