# The same work by scikit-learn, on one core: `models-sklearn.py DIRECTORY`. Reads tasks.json and the doubles it names, writes what
# was found beside them, and prints the CPU seconds of training and scoring of each task as JSON, the better of two turns.
import json
import sys
import time

import numpy as np
from sklearn.cluster import DBSCAN
from sklearn.ensemble import HistGradientBoostingClassifier, IsolationForest, RandomForestClassifier
from sklearn.neighbors import LocalOutlierFactor

directory = sys.argv[1]


def read(name, columns):
    return np.fromfile(f"{directory}/{name}", dtype="<f8").reshape(-1, columns)


def once(task):
    train, score = read(task["train"], task["columns"]), read(task["score"], task["columns"])
    labels = np.fromfile(f"{directory}/{task['labels']}", dtype="<u2") if "labels" in task else None
    started = time.process_time()
    if task["model"] == "dbscan":
        found = DBSCAN(eps=task["eps"], min_samples=task["minPoints"]).fit_predict(train)
        trained = time.process_time()
    elif labels is not None:
        forest = task["model"] == "random-forest"
        model = (
            RandomForestClassifier(task["trees"], random_state=0, n_jobs=1)
            if forest
            else HistGradientBoostingClassifier(random_state=0)
        )
        model.fit(train, labels)
        trained = time.process_time()
        found = model.predict_proba(score)
    else:
        model = (
            IsolationForest(random_state=0, n_jobs=1)
            if task["model"] == "isolation-forest"
            else LocalOutlierFactor(20, novelty=True, n_jobs=1)
        )
        model.fit(train)
        trained = time.process_time()
        found = -model.score_samples(score)
    ended = time.process_time()
    np.ascontiguousarray(found, dtype="<f8").tofile(f"{directory}/{task['name']}.found")
    return {"name": task["name"], "trainS": trained - started, "scoreS": ended - trained}


def run(task):
    return min((once(task) for _ in range(2)), key=lambda each: each["trainS"] + each["scoreS"])


with open(f"{directory}/tasks.json") as file:
    print(json.dumps([run(task) for task in json.load(file)]))
