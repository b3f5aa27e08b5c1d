"""The public Python library as a subject: one load per line on stdin, one window per line on stdout."""

import itertools
import json
import os
import resource
import sys
import threading
import time

import boto3
from zae_limiter import RateLimitExceeded, SyncRateLimiter, SyncRepository

ENVIRONMENT = json.loads(os.environ["BENCH_ENVIRONMENT"])
CONSUME = {"rpm": 1, "tpm": 5}


def connect():
    repository = SyncRepository.connect(
        ENVIRONMENT["namespace"],
        stack=ENVIRONMENT["table"],
        region=os.environ["AWS_REGION"],
        endpoint_url=os.environ["AWS_ENDPOINT_URL_DYNAMODB"],
    )
    return SyncRateLimiter(repository=repository)


def refuse(limiter, entity):
    try:
        take_short(limiter, entity)
    except RateLimitExceeded:
        return
    raise RuntimeError("should be refused")


def take(limiter, entity, resource):
    with limiter.acquire(entity, resource, CONSUME):
        pass


def correct(limiter, entity):
    with limiter.acquire(entity, "ample", CONSUME) as lease:
        lease.adjust(tpm=2)


def refill(limiter, entity):
    """Every request wants what came back since the last: one that comes a moment too soon is sent again, and counts once."""
    while True:
        try:
            return take(limiter, entity, "refilling")
        except RateLimitExceeded:
            time.sleep(0.001)


def raise_write_limit(limiter, entity):
    """The library lets one key have a thousand writes a second until the aggregator, which does not run here, gives it more."""
    take(limiter, entity, "ample")
    boto3.client("dynamodb", region_name=os.environ["AWS_REGION"], endpoint_url=os.environ["AWS_ENDPOINT_URL_DYNAMODB"]).update_item(
        TableName=ENVIRONMENT["table"],
        Key={"PK": {"S": f"{ENVIRONMENT['namespaceId']}/BUCKET#{entity}#ample#0"}, "SK": {"S": "#STATE"}},
        UpdateExpression="SET b_wcu_tk = :plenty",
        ConditionExpression="attribute_exists(rf)",
        ExpressionAttributeValues={":plenty": {"N": "1000000000"}},
    )


def prepare(limiter, load):
    if load.get("metered"):
        return
    raise_write_limit(limiter, "python-0")
    if load["name"] == "cascade" and "cascade" not in PREPARED:
        limiter.create_entity("python-parent", principal="bench")
        limiter.create_entity("python-child", parent_id="python-parent", cascade=True, principal="bench")
    if load["name"].startswith("refusal"):
        try:
            take_short(limiter, "python-0")
        except RateLimitExceeded:
            pass
    PREPARED.add(load["name"])


def take_short(limiter, entity):
    with limiter.acquire(entity, "short", {"rpm": 1}):
        pass


PREPARED = set()
FIRSTS = itertools.count()
CASES = {
    "tryAcquire": lambda limiter, key: take(limiter, f"python-{key}", "ample"),
    "first of a bucket": lambda limiter, key: take(limiter, f"python-first-{os.getpid()}-{next(FIRSTS)}", "ample"),
    "acquire and correct": lambda limiter, key: correct(limiter, f"python-{key}"),
    "cascade": lambda limiter, key: take(limiter, "python-child", "ample"),
    "refill": lambda limiter, key: refill(limiter, f"python-{key}"),
    "refusal from memory": lambda limiter, key: refuse(limiter, f"python-{key}"),
}


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def run(limiter, load, seconds):
    """Threads that each send the next request as soon as the last was answered."""
    request, counter, latencies, errors = CASES[load["name"]], itertools.count(), [], []
    began_cpu, began = cpu_seconds(), time.perf_counter()
    ends = began + seconds

    def call():
        sent = began
        while sent < ends and not errors:  # each thread sends one at least, however busy the machine is
            try:
                request(limiter, next(counter) % load["keys"])
            except Exception as error:
                errors.append(error)
                return
            answered = time.perf_counter()
            latencies.append(answered - sent)
            sent = answered

    threads = [threading.Thread(target=call) for _ in range(load["callers"])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    elapsed, cpu = time.perf_counter() - began, cpu_seconds() - began_cpu
    ordered = sorted(latencies)
    at = lambda part: ordered[min(len(ordered) - 1, int(len(ordered) * part))] * 1000
    return {
        "operations": len(ordered), "ms": elapsed * 1000, "p50Ms": at(0.5), "p99Ms": at(0.99), "cpuUs": cpu / len(ordered) * 1e6,
    }


def main():
    limiter = connect()
    for line in sys.stdin:
        load = json.loads(line)
        try:
            prepare(limiter, load)
            if load["warmUpMs"] > 0:
                run(limiter, load, load["warmUpMs"] / 1000)
            answer = {"window": run(limiter, load, load["ms"] / 1000)}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


main()
