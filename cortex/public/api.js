// The settings and session APIs: one envelope, {success, data?, error?}.

let token = sessionStorage.getItem("cortex-token");

export class ApiError extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

export const signedIn = () => token !== null;
export const bearer = () => token;

export function keepToken(value) {
  token = value;
  if (value === null) sessionStorage.removeItem("cortex-token");
  else sessionStorage.setItem("cortex-token", value);
}

/** Call an API and give its data. Throws ApiError with the API's own words; status 0: nobody answered. */
export async function call(method, path, body) {
  const headers = { accept: "application/json" };
  if (token !== null) headers.authorization = `Bearer ${token}`;
  if (body !== undefined) headers["content-type"] = "application/json";
  const response = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) }).catch(() => {
    throw new ApiError("The server does not answer. Is it still running?", 0);
  });
  const answer = await response.json().catch(() => ({ success: false, error: `HTTP ${response.status}` }));
  if (!answer.success) {
    const error = answer.error;
    throw new ApiError(typeof error === "string" ? error : error?.message ?? `HTTP ${response.status}`, response.status);
  }
  return answer.data;
}

/** What the emulator recorded between two moments; nothing on Cloudflare itself. */
export async function spansBetween(fromMs, toMs) {
  try {
    const response = await fetch(`/cdn-cgi/edge/spans.json?from_ms=${fromMs}&to_ms=${toMs}`);
    return response.ok ? await response.json() : [];
  } catch {
    return []; // no inspector: everything counts as measured
  }
}
