"""A Ray cluster of single-processor nodes on this machine, in a process of its own.

Usage: python ray_nodes.py COUNT. It prints the address, then does what it reads, a line each:
`kill N` ends node N at once, `add` brings one more, and says `done`. The leading node trains nothing.
"""

import os
import sys

os.environ.setdefault("RAY_health_check_period_ms", "500")
os.environ.setdefault("RAY_health_check_timeout_ms", "2000")
os.environ.setdefault("RAY_health_check_failure_threshold", "3")
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")

from ray.cluster_utils import Cluster


def add(cluster):
    return cluster.add_node(num_cpus=1, object_store_memory=80_000_000, include_log_monitor=False)


cluster = Cluster(
    initialize_head=True,
    head_node_args={"num_cpus": 0, "object_store_memory": 80_000_000, "include_dashboard": False},
)
nodes = [add(cluster) for _ in range(int(sys.argv[1]))]
cluster.wait_for_nodes()
print(cluster.address, flush=True)
for line in sys.stdin:
    what, *number = line.split()
    if what == "kill":
        cluster.remove_node(nodes[int(*number)], allow_graceful=False)
    else:
        nodes.append(add(cluster))
    print("done", flush=True)
cluster.shutdown()
