"""Runs the real binary."""

import json
import os
import subprocess

WORK = os.environ["WORK"]
LAKE = os.path.join(WORK, "lake")


def pipeline(name, source, sinks, **settings):
    """Writes a pipeline file and runs it until its source ends. JSON is YAML."""
    doc = {
        "sources": {"in": source},
        "sinks": sinks,
        "pipelines": {name: {"source": "in", "sinks": list(sinks), "checkpoint": "10s", **settings}},
        "state": os.path.join(WORK, "state"),
    }
    path = os.path.join(WORK, name + ".yaml")
    with open(path, "w", encoding="utf-8") as f:
        json.dump(doc, f)
    p = subprocess.run([os.environ["WEIR"], "run", path], capture_output=True, text=True, timeout=120, check=False)
    if p.returncode != 0:
        raise RuntimeError(f"weir run {name}: exit {p.returncode}: {p.stderr[-1500:]}{p.stdout[-500:]}")
    return p.stdout


def files(path, **config):
    return {"connector": "file", "config": {"path": path, **config}}


def datagen(pattern, rows, **config):
    return {"connector": "datagen", "config": {"pattern": pattern, "max_events": rows, "events_per_second": 0,
                                               "batch_size": 1000, "seed": 7, **config}}


def iceberg(table, **config):
    return {"connector": "iceberg", "config": {"warehouse": LAKE, "table": table, **config}}


def folder(path, **config):
    return {"connector": "file", "config": {"dir": path, **config}}
