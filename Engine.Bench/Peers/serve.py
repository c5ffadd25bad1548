# The part of the peers that answers requests. It is put in front of a script below and both are given to `python -c`.
# A request is a line on standard input, an answer a line of JSON on standard output; they end with standard input.
import json
import sys
import time


def say(**what):
    print(json.dumps(what), flush=True)


def timed(call, seconds):
    """Milliseconds of each call, for that long. The first calls find the caches as the other party left them, and are not counted."""
    for _ in range(3):
        call()
    times = []
    before = time.perf_counter()
    end = before + seconds
    while before < end:
        call()
        after = time.perf_counter()
        times.append((after - before) * 1e3)
        before = after
    return times


def peak_mb():
    """The most memory this process had resident, in MB of 2^20 bytes."""
    try:
        # Not getrusage: what that says includes the process which started this one.
        with open('/proc/self/status') as status:
            return next(int(line.split()[1]) / 1024 for line in status if line.startswith('VmHWM'))
    except OSError:
        import resource
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << (20 if sys.platform == 'darwin' else 10))


def serve(window):
    """Answers `run SECONDS ...` with what window(seconds, ...) gives, and `memory` with the peak."""
    for line in sys.stdin:
        words = line.split()
        if words[:1] == ['run']:
            say(**window(float(words[1]), *words[2:]))
        elif words == ['memory']:
            say(peak_mb=peak_mb())
        elif words:
            say(error='unknown request ' + line.strip())


try:
    import torch
except ImportError as e:
    say(error='PyTorch is not installed: %s' % e)
    sys.exit(0)
