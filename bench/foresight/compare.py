#!/usr/bin/env python3
"""Compares the foresight evaluations with Python peers where these are installed.

    python3 bench/foresight/compare.py --eval target/release/examples/eval [--data DIR] [--events 1000000]

Prints one JSON object a line: {"bench", "measure", "ours", "peer", "ratio"} with ratio = ours / peer, or
{"bench", "skipped"} with the reason. DIR may hold transactions.csv (customer_id,date,amount), table.csv,
interactions.csv and rare.csv with a column `label` (1/0), and events.csv (case,activity,timestamp); what is missing is simulated from a fixed seed. Peers: lifetimes,
lightgbm with scikit-learn, pm4py. Each is timed in CPU seconds of its own process.
"""

import argparse
import datetime
import json
import math
import os
import random
import subprocess
import sys
import tempfile
import time


def say(bench, measure, ours, peer):
    ratio = ours / peer if ours is not None and peer else None
    print(json.dumps({"bench": bench, "measure": measure, "ours": ours, "peer": peer, "ratio": ratio}), flush=True)


def skip(bench, reason):
    print(json.dumps({"bench": bench, "skipped": str(reason)}), flush=True)


def ours(binary, *arguments):
    output = subprocess.run([binary, *arguments, "--json"], check=True, capture_output=True, text=True).stdout
    return json.loads(output)


def write(path, header, rows):
    with open(path, "w") as file:
        file.write(header + "\n")
        file.writelines(",".join(map(str, row)) + "\n" for row in rows)
    return path


def simulated_transactions(path):
    """A BG/NBD world with the parameters of the literature's example, 5,000 customers over 78 weeks."""
    rng = random.Random(1)
    start = datetime.date(2024, 1, 1)
    rows = []
    for customer in range(5000):
        rate, leaving = rng.gammavariate(0.24, 1 / 4.41), rng.betavariate(0.79, 2.43)
        day = rng.random() * 84
        while day < 546:
            rows.append((customer, start + datetime.timedelta(days=int(day)), round(rng.lognormvariate(3.2, 0.6), 2)))
            if len(rows) > 1 and rows[-2][0] == customer and rng.random() < leaving:
                break
            day += 7 * rng.expovariate(max(rate, 1e-9))
    return write(path, "customer_id,date,amount", rows)


def simulated_table(path):
    rng = random.Random(2)
    kinds = ["monthly", "yearly", "two years"]
    rows = []
    for _ in range(7000):
        tenure, charge, kind, help_ = rng.random() * 72, rng.gauss(65, 30), rng.randrange(3), rng.randrange(2)
        score = 0.4 - 0.045 * tenure + 0.012 * charge - 1.1 * kind - 0.7 * help_ * (kind == 0)
        rows.append((round(tenure, 1), round(charge, 2), kinds[kind], help_, rng.choice("abcdef"),
                     int(rng.random() < 1 / (1 + 2.718281828 ** -score))))
    return write(path, "tenure,charge,contract,help,region,label", rows)


def simulated_interactions(path):
    """What trees are good at: products, waves, 200 categories with effects of their own."""
    rng = random.Random(5)
    effects = [0.7 * rng.gauss(0, 1) for _ in range(200)]
    rows = []
    for _ in range(20_000):
        x, kind, place = [rng.gauss(0, 1) for _ in range(6)], rng.randrange(6), rng.randrange(200)
        score = -1 + 0.8 * x[0] * x[1] + 0.6 * math.sin(2 * x[2]) + (x[3] > 0) * (kind == 2) + effects[place] + 0.4 * x[4]
        shown = ["" if rng.random() < 0.05 else round(v, 4) for v in x]
        rows.append((*shown, f"k{kind}", f"p{place}", int(rng.random() < 1 / (1 + math.exp(-score)))))
    return write(path, "a,b,c,d,e,f,kind,place,label", rows)


def simulated_rare(path):
    """One row in forty, heavy tails, 1,500 stores."""
    rng = random.Random(6)
    stores = [0.5 * rng.gauss(0, 1) for _ in range(1_500)]
    rows = []
    for _ in range(12_000):
        spend, contacts, age, store = rng.lognormvariate(0, 1.2), min(9, int(rng.expovariate(0.5))), rng.expovariate(1 / 30), rng.randrange(1_500)
        score = -4.2 + 0.7 * math.log(spend) + 0.35 * contacts * (age < 20) + stores[store] - 0.02 * min(age, 60)
        rows.append((round(spend, 3), contacts, round(age, 1), f"s{store}", int(rng.random() < 1 / (1 + math.exp(-score)))))
    return write(path, "spend,contacts,age,store,label", rows)


def simulated_events(path, count):
    rng = random.Random(3)
    names = [f"step {n}" for n in range(24)]
    start = datetime.datetime(2024, 1, 1)
    with open(path, "w") as file:
        file.write("case,activity,timestamp\n")
        written = case = 0
        while written < count:
            at, moment = 0, start + datetime.timedelta(seconds=rng.randrange(20_000_000))
            while at < len(names) and written < count:
                file.write(f"case-{case},{names[at]},{moment:%Y-%m-%d %H:%M:%S}\n")
                moment += datetime.timedelta(seconds=int(rng.expovariate(1 / 3600)))
                at = max(0, at + rng.choice([1, 1, 1, 2, 3, -1]))
                written += 1
            case += 1
    return path


def purchases(binary, path):
    try:
        import pandas
        from lifetimes import BetaGeoFitter, ParetoNBDFitter
        from lifetimes.utils import calibration_and_holdout_data
    except ImportError as error:
        return skip("purchases", error)
    rows = pandas.read_csv(path, dtype={"customer_id": str})
    days = pandas.to_datetime(rows["date"])
    until, end = days.min() + (days.max() - days.min()) / 2, days.max()
    until, end = until.date().isoformat(), end.date().isoformat()
    view = calibration_and_holdout_data(rows, "customer_id", "date", until, observation_period_end=end, freq="D",
                                        monetary_value_col="amount")
    x, last, watched = (view[c] for c in ("frequency_cal", "recency_cal", "T_cal"))
    last, watched = last / 7, watched / 7
    for name, fitter in (("bg-nbd", BetaGeoFitter), ("pareto-nbd", ParetoNBDFitter)):
        before = time.process_time()
        model = fitter().fit(x, last, watched)
        seconds = time.process_time() - before
        expected = model.conditional_expected_number_of_purchases_up_to_time(view["duration_holdout"].iloc[0] / 7, x, last, watched)
        error = float((expected - view["frequency_holdout"]).abs().mean())
        found = ours(binary, "purchases", "--transactions", path, "--until", until, "--holdout-until", end, "--model", name)
        say(f"purchases {name}", "fit_ms", found["fit_ms"], seconds * 1e3)
        say(f"purchases {name}", "holdout_mae", found["holdout_mae"], error)
        for parameter, value in model.params_.items():
            say(f"purchases {name}", parameter, found["parameters"][parameter], float(value))


# Settings of the peer: the best one on the very rows that are checked counts, which is generous to it.
SETTINGS = (
    {"n_estimators": 150, "learning_rate": 0.05, "num_leaves": 7, "min_child_samples": 40, "colsample_bytree": 0.6, "reg_lambda": 5},
    {"n_estimators": 500, "learning_rate": 0.04, "num_leaves": 15, "min_child_samples": 40, "colsample_bytree": 0.6, "reg_lambda": 5},
    {"n_estimators": 900, "learning_rate": 0.03, "num_leaves": 8, "min_child_samples": 30, "colsample_bytree": 0.5, "reg_lambda": 5},
)


def outcome(binary, path):
    """Five folds, the same for both; CPU time of a fit alternates between the two."""
    try:
        import lightgbm
        import numpy
        import pandas
        from sklearn.metrics import roc_auc_score
        from sklearn.model_selection import StratifiedKFold
    except ImportError as error:
        return skip("outcome", error)
    name = "outcome " + os.path.splitext(os.path.basename(path))[0]
    table = pandas.read_csv(path)
    typed = table.drop(columns="label")
    for column in typed.columns:
        if not pandas.api.types.is_numeric_dtype(typed[column]):
            typed[column] = typed[column].astype("category")
    label = table["label"]
    own, peer = {"auc": [], "fit_ms": []}, [{"auc": [], "fit_ms": []} for _ in SETTINGS]
    with tempfile.TemporaryDirectory() as folder:
        for train, test in StratifiedKFold(5, shuffle=True, random_state=1).split(table, label):
            parts = [os.path.join(folder, part) for part in ("train.csv", "test.csv")]
            for part, rows in zip(parts, (train, test)):
                table.iloc[rows].to_csv(part, index=False)
            found = ours(binary, "outcome", "--table", parts[0], "--test", parts[1], "--label", "label", "--positive", "1")
            own["auc"].append(found["auc"])
            own["fit_ms"].append(found["fit_ms"])
            for settings, kept in zip(SETTINGS, peer):
                model = lightgbm.LGBMClassifier(subsample=0.8, subsample_freq=1, n_jobs=1, verbose=-1, **settings)
                before = time.process_time()
                model.fit(typed.iloc[train], label.iloc[train])
                kept["fit_ms"].append(1e3 * (time.process_time() - before))
                kept["auc"].append(roc_auc_score(label.iloc[test], model.predict_proba(typed.iloc[test])[:, 1]))
    best = max(peer, key=lambda kept: numpy.mean(kept["auc"]))
    for measure in ("auc", "fit_ms"):
        say(name, measure, float(numpy.mean(own[measure])), float(numpy.mean(best[measure])))


def journey(binary, path):
    found = ours(binary, "journey", "--log", path)
    try:
        import pandas
        import pm4py
    except ImportError as error:
        say("journey", "total_cpu_ms", found["total_cpu_ms"], None)
        return skip("journey", error)
    before = time.process_time()
    log = pandas.read_csv(path)
    log["timestamp"] = pandas.to_datetime(log["timestamp"])
    log["case"] = log["case"].astype(str)
    log["activity"] = log["activity"].astype(str)
    log = pm4py.format_dataframe(log, case_id="case", activity_key="activity", timestamp_key="timestamp")
    edges, _, _ = pm4py.discover_dfg(log)
    pm4py.discover_performance_dfg(log)
    variants = pm4py.get_variants(log)
    seconds = time.process_time() - before
    say("journey", "total_cpu_ms", found["total_cpu_ms"], seconds * 1e3)
    say("journey", "edges", found["edges"], len(edges))
    say("journey", "variants", found["variants"], len(variants))
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--eval", default="target/release/examples/eval")
    parser.add_argument("--data")
    parser.add_argument("--events", type=int, default=1_000_000)
    arguments = parser.parse_args()
    if not os.path.exists(arguments.eval):
        sys.exit(f"{arguments.eval}: not built; cargo build --release -p ennakoi-evaluate --example eval")
    with tempfile.TemporaryDirectory() as scratch:
        def source(name, make):
            given = arguments.data and os.path.join(arguments.data, name)
            return given if given and os.path.exists(given) else make(os.path.join(scratch, name))

        for bench, name, make in (
            (purchases, "transactions.csv", simulated_transactions),
            (outcome, "table.csv", simulated_table),
            (outcome, "interactions.csv", simulated_interactions),
            (outcome, "rare.csv", simulated_rare),
            (journey, "events.csv", lambda path: simulated_events(path, arguments.events)),
        ):
            try:
                bench(arguments.eval, source(name, make))
            except Exception as error:  # one peer's failure must not hide the others' figures
                skip(bench.__name__, error)


if __name__ == "__main__":
    main()
