"""A Python client that a test steers: one JSON command per line on stdin, one JSON answer per line on stdout.

An answer is {"ok": result} or {"error": class name, "message": text}. Nothing is deployed: the table exists, and
every call goes to the endpoint that the environment names.
"""

import dataclasses
import inspect
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor

import zae_limiter
from zae_limiter import Limit, RateLimitExceeded, SyncRateLimiter, SyncRepository


class GiveUp(Exception):
    """Raised in the block of an acquire, so that the client rolls back."""


class Driver:
    """The commands: every public method is one, its parameters are the command's."""

    def connect(self, namespace, create=False, config_cache_ttl=0):
        """Opens a namespace, only if it is registered unless `create` says otherwise."""
        how = SyncRepository.open if create else SyncRepository.connect
        options = {
            "stack": os.environ["TEST_TABLE"],
            "region": os.environ["AWS_REGION"],
            "endpoint_url": os.environ["AWS_ENDPOINT_URL_DYNAMODB"],
            "config_cache_ttl": config_cache_ttl,
            "auto_update": False,  # never uploads a function
            "rejection_cache_ttl": 0,  # every refusal is the bucket's own
        }
        known = inspect.signature(how).parameters
        self.repository = how(namespace, **{name: value for name, value in options.items() if name in known})
        self.limiter = SyncRateLimiter(repository=self.repository)
        return self.repository.namespace_id

    def version(self):
        return zae_limiter.__version__

    def acquire(self, entity, resource, consume, adjust=None, give_up=False):
        """Acquires, corrects in the block and leaves it, with an error if it should give up."""
        try:
            with self.limiter.acquire(entity, resource, consume) as lease:
                if adjust is not None:
                    lease.adjust(**adjust)
                if give_up:
                    raise GiveUp
        except GiveUp:
            return {"admitted": True}
        except RateLimitExceeded as refusal:
            violations = [[status.entity_id, status.limit_name] for status in refusal.violations]
            return {"admitted": False, "violations": violations, "retryAfterSeconds": refusal.retry_after_seconds}
        return {"admitted": True}

    def saturate(self, entity, resource, consume, rounds, callers):
        """Acquires as fast as it can, `rounds` times from each of several threads; returns how many were admitted."""

        def call(_):
            return sum(self.acquire(entity, resource, consume)["admitted"] for _ in range(rounds))

        with ThreadPoolExecutor(callers) as threads:
            return sum(threads.map(call, range(callers)))

    def set_limits(self, limits, entity=None, resource=None, on_unavailable=None):
        """Stores limits on the level that entity and resource name."""
        parsed = [Limit.custom(**limit) for limit in limits]
        principal = "interop"  # or the client asks STS who it is
        if entity is not None:
            level = {} if resource is None else {"resource": resource}
            self.limiter.set_limits(entity, parsed, principal=principal, **level)
        elif resource is not None:
            self.limiter.set_resource_defaults(resource, parsed, principal=principal)
        else:
            policy = {} if on_unavailable is None else {"on_unavailable": on_unavailable}
            self.repository.set_system_defaults(parsed, principal=principal, **policy)

    def resolve_limits(self, entity, resource):
        """The limits that apply, and the level that they come from."""
        limits, on_unavailable, source = self.repository.resolve_limits(entity, resource)
        fields = ("name", "capacity", "refill_amount", "refill_period_seconds")
        found = [{field: getattr(limit, field) for field in fields} for limit in limits or []]
        return {"limits": sorted(found, key=lambda limit: limit["name"]), "source": source, "onUnavailable": on_unavailable}

    def available(self, entity, resource):
        return self.limiter.available(entity, resource)

    def usage(self, entity):
        snapshots, _ = self.limiter.get_usage_snapshots(entity_id=entity)
        return [dataclasses.asdict(snapshot) for snapshot in snapshots]

    def create_entity(self, entity, parent=None, cascade=False):
        self.limiter.create_entity(entity, parent_id=parent, cascade=cascade, principal="interop")

    def delete_entity(self, entity):
        self.limiter.delete_entity(entity, principal="interop")


def main():
    driver = Driver()
    for line in sys.stdin:
        command = json.loads(line)
        try:
            answer = {"ok": getattr(driver, command["do"])(**command["with"])}
        except Exception as error:  # the test decides what an error means
            answer = {"error": type(error).__name__, "message": str(error)}
        print(json.dumps(answer, default=str), flush=True)


main()
