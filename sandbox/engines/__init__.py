"""The engines that run containers: one folder each, all behind `edge.containers.engine`."""
