-- Settings through the environment: BENCH_DRIVE (same, distinct, many), BENCH_PATH, BENCH_RUN.
local drive, path, run = os.getenv("BENCH_DRIVE"), os.getenv("BENCH_PATH"), os.getenv("BENCH_RUN")
local count = 0

if drive ~= "same" then
  request = function()
    count = count + 1
    local query = drive == "distinct" and ("?i=" .. run .. "-" .. count) or ("?name=many-" .. count % 64)
    return wrk.format("GET", path .. query)
  end
end

done = function(summary, latency, _)
  local errors = summary.errors
  io.stderr:write(string.format(
    '{"rps":%.1f,"p50_ms":%.3f,"p99_ms":%.3f,"errors":%d}\n',
    summary.requests / (summary.duration / 1e6), latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    errors.status + errors.connect + errors.read + errors.write + errors.timeout))
end
