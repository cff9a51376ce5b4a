# The benchmark's Worker on the bare workerd. PORT and the state folder come from the command line:
#   workerd serve workerd.capnp --socket-addr http=127.0.0.1:PORT --directory-path state=DIR
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "bench", worker = .bench),
    (name = "kv", worker = .kv),
    (name = "state", disk = (writable = true)),
  ],
  sockets = [(name = "http", service = "bench", http = ())],
);

const bench :Workerd.Worker = (
  modules = [(name = "worker.mjs", esModule = embed "worker.mjs")],
  compatibilityDate = "2026-10-01",
  bindings = [
    (name = "KV", kvNamespace = "kv"),
    (name = "COUNTERS", durableObjectNamespace = "Counter"),
  ],
  durableObjectNamespaces = [(className = "Counter", uniqueKey = "bench-Counter", enableSql = true)],
  durableObjectStorage = (localDisk = "state"),
);

const kv :Workerd.Worker = (
  modules = [(name = "kv.mjs", esModule = embed "kv.mjs")],
  compatibilityDate = "2026-10-01",
  bindings = [(name = "STORE", durableObjectNamespace = "Store")],
  durableObjectNamespaces = [(className = "Store", uniqueKey = "bench-Store", enableSql = true)],
  durableObjectStorage = (localDisk = "state"),
);
