#!/usr/bin/env python3
"""Compares the foresight evaluations with Python peers where these are installed.

    python3 bench/foresight/compare.py --eval target/release/examples/eval [--data DIR] [--events 1000000]

Prints one JSON object a line: {"bench", "measure", "ours", "peer", "ratio"} with ratio = ours / peer, or
{"bench", "skipped"} with the reason. DIR may hold transactions.csv (customer_id,date,amount), table.csv with a column
`label` (1/0), and events.csv (case,activity,timestamp); what is missing is simulated from a fixed seed. Peers: lifetimes,
lightgbm with scikit-learn, pm4py. Each is timed in CPU seconds of its own process.
"""

import argparse
import datetime
import json
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


def outcome(binary, path):
    try:
        import lightgbm
        import numpy
        import pandas
        from sklearn.metrics import roc_auc_score
        from sklearn.model_selection import StratifiedKFold
    except ImportError as error:
        return skip("outcome", error)
    table = pandas.read_csv(path)
    label, table = table["label"], table.drop(columns="label")
    for column in table.columns:
        if not pandas.api.types.is_numeric_dtype(table[column]):
            table[column] = table[column].astype("category")
    aucs, seconds = [], []
    for train, test in StratifiedKFold(5, shuffle=True, random_state=1).split(table, label):
        model = lightgbm.LGBMClassifier(n_estimators=150, learning_rate=0.05, num_leaves=7, min_child_samples=40,
                                        colsample_bytree=0.6, subsample=0.8, subsample_freq=1, reg_lambda=5,
                                        n_jobs=1, verbose=-1)
        before = time.process_time()
        model.fit(table.iloc[train], label.iloc[train])
        seconds.append(time.process_time() - before)
        aucs.append(roc_auc_score(label.iloc[test], model.predict_proba(table.iloc[test])[:, 1]))
    found = ours(binary, "outcome", "--table", path, "--label", "label", "--positive", "1")
    say("outcome", "auc", found["auc"], float(numpy.mean(aucs)))
    say("outcome", "fit_ms", found["fit_ms"], 1e3 * float(numpy.mean(seconds)))


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
            (journey, "events.csv", lambda path: simulated_events(path, arguments.events)),
        ):
            try:
                bench(arguments.eval, source(name, make))
            except Exception as error:  # one peer's failure must not hide the others' figures
                skip(bench.__name__, error)


if __name__ == "__main__":
    main()
