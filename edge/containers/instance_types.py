"""How large containers are, by name.

Source: spec sandbox-and-containers.md section 1.1.
"""

#: vCPU, memory in MiB and disk in MB of each.
INSTANCE_TYPES = {
    "lite": (1 / 16, 256, 2000),
    "basic": (1 / 4, 1024, 4000),
    "standard-1": (1 / 2, 4096, 8000),
    "standard-2": (1, 6144, 12000),
    "standard-3": (2, 8192, 16000),
    "standard-4": (4, 12288, 20000),
}
