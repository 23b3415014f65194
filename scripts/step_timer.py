"""What benchmark_torch.py and benchmark_paddle.py have in common: seconds of steps, and the line of JSON about them."""
import json
import resource
import time


def measure(step, warm_up, steps):
    seconds, cpu_seconds = [], []
    for i in range(warm_up + steps):
        began, cpu_began = time.perf_counter(), time.process_time()
        step()
        if i >= warm_up:
            seconds.append(time.perf_counter() - began)
            cpu_seconds.append(time.process_time() - cpu_began)
    return seconds, cpu_seconds


def report(version, step, args):
    """Runs args.warm_up + args.steps steps and prints."""
    seconds, cpu_seconds = measure(step, args.warm_up, args.steps)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"version": version, "peak_mib": round(peak, 1), "seconds": seconds, "cpu_seconds": cpu_seconds}))
