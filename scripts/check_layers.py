#!/usr/bin/env python3
"""Fails when a crate depends on one that it must not know.

server -> {channels, help, commerce, bot, outreach, insight} -> inbox -> people -> http -> store -> kernel;
language, foresight and egress are leaves. Siblings never import each other: they follow each other's events. An adapter of a channel
that is a crate of its own (email) stands on channels, which knows none of them.
"""
import json
import subprocess
import sys

LAYERS = [
    {"kernel", "language", "foresight", "embedding"},
    {"store", "egress"},
    {"http"},
    {"people"},
    {"inbox"},
    {"channels", "help", "commerce", "bot", "webhooks", "outreach", "insight"},
    {"email", "notices"},
    {"evaluate", "demo"},
    {"server"},
    {"testkit"},
    {"tests"},
]
RANK = {name: rank for rank, layer in enumerate(LAYERS) for name in layer}

metadata = json.loads(subprocess.check_output(["cargo", "metadata", "--format-version", "1", "--no-deps", "--offline"], text=True))
wrong = []
for package in metadata["packages"]:
    name = package["name"].removeprefix("ennakoi-")
    if name not in RANK:
        wrong.append(f"{name} has no layer: add it to scripts/check_layers.py")
        continue
    for dependency in package["dependencies"]:
        other = dependency["name"]
        if other.startswith("ennakoi-"):
            other = other.removeprefix("ennakoi-")
            if RANK.get(other, 99) >= RANK[name]:
                wrong.append(f"{name} must not depend on {other}")
if wrong:
    sys.exit("\n".join(wrong))
print(f"{len(metadata['packages'])} crates, layers kept")
