"""Every limit in one place, unit last, each with its source."""

# Decompressed envelope. Current Relay's figure for a whole envelope with attachments.
ENVELOPE_BYTES_MAX = 200 * 2**20
# Compressed request body of /store/ and of an envelope: Relay's store limit is 20 MiB; attachments may use more.
BODY_BYTES_MAX = 200 * 2**20
# One event, decompressed. Relay: 1 MiB. Python's RecursionError with 1,000 frames and locals is 946 kB (captured).
EVENT_BYTES_MAX = 1 * 2**20
# Transactions, span, log and metric containers, decompressed. Relay: 1 MiB, newer ones accept larger containers.
CONTAINER_BYTES_MAX = 10 * 2**20
ATTACHMENT_BYTES_MAX = 200 * 2**20
CHECK_IN_BYTES_MAX = 100 * 2**10
CLIENT_REPORT_BYTES_MAX = 4 * 2**10
PROFILE_BYTES_MAX = 50 * 2**20
REPLAY_BYTES_MAX = 100 * 2**20
# Items in one envelope. Relay: 100 sessions; 1,000 leaves room for attachments and containers.
ENVELOPE_ITEMS_MAX = 1_000
# One line of JSON framing. Item headers in the captures stay under 1 kB; the dynamic sampling context of an envelope
# header may carry 8 kB of baggage.
HEADER_LINE_BYTES_MAX = 64 * 2**10
# Nesting a JSON payload may have before it is refused. SDKs cut at ~10.
JSON_DEPTH_MAX = 200

# Above this a body goes to the blob store and the journal carries its key: journal pages stay small.
JOURNAL_BODY_BYTES_MAX = 1 * 2**20

# Trim limits of normalisation (Relay's, in characters).
MESSAGE_CHARS_MAX = 8_192
FACT_MESSAGE_CHARS_MAX = 1_024
TITLE_CHARS_MAX = 256
CULPRIT_CHARS_MAX = 200
LOGGER_CHARS_MAX = 64
SERVER_NAME_CHARS_MAX = 256
SYMBOL_CHARS_MAX = 256
ENVIRONMENT_CHARS_MAX = 64
DIST_CHARS_MAX = 64
RELEASE_CHARS_MAX = 200
TAG_KEY_CHARS_MAX = 200
TAG_VALUE_CHARS_MAX = 200
TAGS_MAX = 100
FRAMES_MAX = 250
BREADCRUMBS_MAX = 100
USER_CHARS_MAX = 200

# Client clock against ours: beyond this the difference is taken as drift. Relay's constant.
CLOCK_DRIFT_S_MIN = 55
EVENT_AGE_S_MAX = 30 * 86_400
EVENT_FUTURE_S_MAX = 60

# A search: what a URL holds comfortably, and deeper brackets than anyone reads.
SEARCH_CHARS_MAX = 2_000
SEARCH_DEPTH_MAX = 20
# Stars in one value: each may make a store try again from every place. People write two.
SEARCH_WILDCARDS_MAX = 8
