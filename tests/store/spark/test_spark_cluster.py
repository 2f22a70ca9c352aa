"""A real cluster: a master and two workers on loopback, each a process of its own, some killed."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pyspark
import pytest
from pyspark import cloudpickle

from footfall.analytics.funnel import funnel
from footfall.store.log import open_log
from footfall.store.spark.engine import SparkEngine
from footfall.store.spark.java import find_java, packaged_java

cloudpickle.register_pickle_by_value(sys.modules[__name__])

pytestmark = pytest.mark.slow
STEPS = {"steps": ["view", "add_to_cart", "purchase"], "within": "7d"}
HOST = "127.0.0.1"


def free_port():
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def listening(port):
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


class Cluster:
    """Spark's own standalone cluster, started from the jars of the package."""

    def __init__(self, folder):
        self.folder = folder
        self.processes = []
        self.port = free_port()
        self.url = f"spark://{HOST}:{self.port}"
        self.java = find_java(packaged=packaged_java())

    def start(self):
        self._daemon("master.Master", "--host", HOST, "--port", self.port, "--webui-port", 0)
        wait_for(lambda: listening(self.port), "the master")
        for number in range(2):
            self.add_worker(number)

    def add_worker(self, number):
        work = self.folder / f"worker-{number}"
        options = ["--host", HOST, "--webui-port", 0, "--cores", 1, "--memory", "1g"]
        return self._daemon("worker.Worker", *options, "--work-dir", work, self.url)

    def _daemon(self, name, *options):
        jars = Path(pyspark.__file__).parent / "jars" / "*"
        environment = os.environ | {
            "JAVA_HOME": self.java,
            "SPARK_LOCAL_IP": HOST,
            "SPARK_SCALA_VERSION": "2.13",  # Spark's scripts say it; we start Java ourselves
            "SPARK_HOME": str(Path(pyspark.__file__).parent),
            "SPARK_LOCAL_DIRS": str(self.folder / "local"),
        }
        light = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m"]
        with (self.folder / f"{name}-{len(self.processes)}.log").open("w") as words:
            process = subprocess.Popen(
                [f"{self.java}/bin/java", *light, "-cp", str(jars),
                 f"org.apache.spark.deploy.{name}", *map(str, options)],
                env=environment, stdout=words, stderr=words,
            )  # fmt: skip
        self.processes.append(process)
        return process

    def stop(self):
        for process in self.processes[::-1]:
            for child in children(process.pid):
                kill(child)
            process.kill()
            process.wait(30)


def children(pid):
    """Give the processes that a process started, and those they started."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            started = task.read_text().split()
        except OSError:
            continue  # a thread that has just ended
        for child in started:
            found += [int(child), *children(int(child))]
    return found


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return  # it ended by itself


def wait_for(ready, what):
    until = time.monotonic() + 120
    while not ready():
        assert time.monotonic() < until, f"{what} did not come"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory, spark):
    spark.close()  # one Spark a process: the tests after these start it again
    running = Cluster(tmp_path_factory.mktemp("cluster"))
    try:
        running.start()
        settings = {
            "spark.executor.memory": "512m",
            "spark.executor.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        }
        with SparkEngine(running.url, settings=settings) as engine:
            running.engine = engine
            yield running
    finally:
        running.stop()


def test_a_cluster_answers_as_threads_do(cluster, shop):
    here, there = (
        funnel(open_log(shop, engine=engine), **STEPS) for engine in (None, cluster.engine)
    )
    assert here.to_json() == there.to_json()
    pids = {*cluster.engine.run(range(8), lambda _: (time.sleep(0.3), os.getpid())[1])}
    assert len(pids) > 1, "both workers work"
    assert os.getpid() not in pids


def asked_while(cluster, folder, disturb):
    """Ask a slow question, disturb the cluster in the middle of it, give the answer."""

    def slow(number):
        (folder / f"{number}-{os.getpid()}").touch()
        time.sleep(0.5)
        return number * number

    def wait_and_disturb():
        wait_for(lambda: len([*folder.iterdir()]) >= 3, "the middle of the job")
        disturb()

    disturbing = threading.Thread(target=wait_and_disturb)
    disturbing.start()
    answer = cluster.engine.run(range(12), slow)
    disturbing.join()
    return answer


def test_a_python_worker_killed_in_the_middle_changes_no_answer(cluster, tmp_path):
    def disturb():
        newest = max(tmp_path.iterdir(), key=lambda path: path.stat().st_mtime)
        kill(int(newest.name.split("-")[1]))

    answer = asked_while(cluster, tmp_path, disturb)
    assert answer == [number * number for number in range(12)]
    assert len([*tmp_path.iterdir()]) > 12, "a part was measured twice"


def test_a_worker_machine_killed_in_the_middle_changes_no_answer(cluster, tmp_path, shop):
    def disturb():
        victim = cluster.processes[1]  # the first worker: its Java and all that it started
        for child in [*children(victim.pid), victim.pid]:
            kill(child)
        cluster.add_worker(2)

    answer = asked_while(cluster, tmp_path, disturb)
    assert answer == [number * number for number in range(12)]
    here, there = (
        funnel(open_log(shop, engine=engine), **STEPS) for engine in (None, cluster.engine)
    )
    assert here.to_json() == there.to_json()
