"""Many users on a Worker, for hours that take seconds: workloads, measurements, invariants, sabotage."""
