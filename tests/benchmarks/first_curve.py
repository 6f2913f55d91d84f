"""From a million stored scalars to the first curve: TensorBoard's own loaders and moescope, in turns.

    ./test                                        # makes build/python, with TensorBoard from PyPI
    build/python/bin/python tests/benchmarks/first_curve.py build/release/moescope [NUMBER_OF_SCALARS]

TensorBoard writes the event file; moescope imports it, so that both hold the same numbers. Then, five times in turns:
  python loader  EventAccumulator, all scalars kept, until the series can be drawn. Imports are not counted.
  data server    the one that `tensorboard` starts, until its answer reaches the last step. Drawn from 1,000 samples.
  moescope       the whole program: start, open the store, draw every value's envelope, write the SVG, end.
The exit status is 1 when moescope is less than 20 times faster than the faster of the two.
"""

import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.context import RequestContext
from tensorboard.data import server_ingester
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from tensorboard.util import grpc_util

TAG = "train/loss"
LEAST_RATIO = 20
ROUNDS = 5


def write_events(folder, count):
    writer = EventFileWriter(str(folder))
    for step in range(1, count + 1):
        value = Summary.Value(tag=TAG, simple_value=1 / step)
        writer.add_event(Event(wall_time=1.7e9 + step, step=step, summary=Summary(value=[value])))
    writer.close()


def python_loader(folder, count):
    begin = time.perf_counter()
    accumulator = EventAccumulator(str(folder), size_guidance={"scalars": 0})
    accumulator.Reload()
    series = [(scalar.step, scalar.value) for scalar in accumulator.Scalars(TAG)]
    secs = time.perf_counter() - begin
    assert len(series) == count
    return secs


def data_server(folder, count):
    begin = time.perf_counter()
    ingester = server_ingester.SubprocessServerDataIngester(
        logdir=str(folder), reload_interval=1, channel_creds_type=grpc_util.ChannelCredsType.LOCAL,
        server_binary=server_ingester.get_server_binary())
    ingester.start()
    provider, last = ingester.data_provider, 0
    while last < count:
        runs = provider.read_scalars(RequestContext(), experiment_id="", plugin_name="scalars", downsample=1000)
        last = max((points[TAG][-1].step for points in runs.values() if TAG in points), default=0)
        time.sleep(0.001)
    secs = time.perf_counter() - begin
    ingester._stdin_handle.close()  # ends the server
    return secs


def moescope(program, store, folder):
    begin = time.perf_counter()
    subprocess.run([program, "figure", "make", "curves", "1", "--key", TAG, "--store", store, "--to",
                    folder / "curve.svg"], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begin


def main():
    program = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        write_events(folder / "events", count)
        store = folder / "runs.db"
        subprocess.run([program, "runs", "import", folder / "events", "--store", store], check=True)
        times = {"python loader": [], "data server": [], "moescope": []}
        for _ in range(ROUNDS):
            times["python loader"].append(python_loader(folder / "events", count))
            times["data server"].append(data_server(folder / "events", count))
            times["moescope"].append(moescope(program, store, folder))
    ours = statistics.median(times["moescope"])
    print(f"{count} scalars, seconds to the first curve, median of {ROUNDS} (least to greatest):")
    for loader, secs in times.items():
        middle = statistics.median(secs)
        print(f"  {loader:14} {middle:8.3f} ({min(secs):.3f} to {max(secs):.3f}), {middle / ours:6.1f} x moescope's")
    ratio = min(statistics.median(times[peer]) for peer in ("python loader", "data server")) / ours
    sys.exit(0 if ratio >= LEAST_RATIO else 1)


if __name__ == "__main__":
    main()
