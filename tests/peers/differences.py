"""Where this emulator reads a configuration otherwise than the real wrangler: all of it, with the reason.

By the part that differs: `errors`, `warnings`, the `position` of a syntax error, `values.KEY` (the normalised
configuration) and `local.WHAT` (what local development is given).
"""

from __future__ import annotations

CRASH = "wrangler crashes and prints the runtime's own TypeError; here a message names the key"
CONTAINERS = (
    "wrangler writes the derived name and absolute paths into the configuration; here they are derived where "
    "containers are made"
)

DIFFERENCES: dict[tuple[str, str], str] = {
    ("broken-array.jsonc", "position"): (
        "wrangler takes an array for an object with the keys 0 and 1 and goes on without a Worker; "
        "here it is refused"
    ),
    ("broken-duplicate.toml", "position"): (
        "Python's tomllib names the end of the second definition, wrangler its beginning; the line "
        "is the same"
    ),
    ("containers-without-image.jsonc", "errors"): (
        "wrangler adds a TypeError about the path that is not there to the message about the image"
    ),
    ("containers.jsonc", "values.containers"): CONTAINERS,
    ("environments-containers.jsonc", "values.containers"): CONTAINERS,
    ("duplicate-rate-limit.jsonc", "errors"): (
        "wrangler overlooks rate limits when it looks for names that are given twice; one of the two "
        "would be lost"
    ),
    ("environment-is-no-object.jsonc@x", "errors"): CRASH,
    (
        "environments-are-a-list.jsonc",
        "errors",
    ): "wrangler passes over a list in silence: no environment has a name",
    ("rules-are-no-array.jsonc", "errors"): CRASH,
    ("environments-are-wrong.jsonc@x", "errors"): (
        "an array is an object in JavaScript, and wrangler makes variables named 0, 1, … of it"
    ),
    ("environments.jsonc@own", "values.no_bundle"): (
        "wrangler switches bundling off for Python whatever the file says; nothing is bundled here "
        "in any case"
    ),
    ("impossible-date.jsonc", "errors"): (
        "JavaScript's Date takes 30 February for 2 March; the platform refuses such a date on deploy"
    ),
    ("no-name-no-date.json", "local.date"): (
        "without a date wrangler's runtime picks its own newest later; here it is the one in "
        "docs/configuration.md"
    ),
    ("unknown-keys.jsonc", "warnings"): (
        "wrangler does not look for unknown members of service bindings; a mistyped one is worth a warning"
    ),
}
