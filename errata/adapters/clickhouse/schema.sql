-- name: 1_migrations
-- One row for each block of this file that has run.
CREATE TABLE IF NOT EXISTS migrations
(
    version UInt32,
    name    String,
    applied DateTime('UTC') DEFAULT now('UTC')
)
ENGINE = MergeTree ORDER BY version
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1

-- name: 2_events
-- Sorted by what an issue page asks for. The body is compressed before it comes here (zstd, with the dictionary that
-- `dictionary` names), so the column stores it as it is and a merge only copies it. Granules are small because a body
-- is large: to read one event is to read its granule.
CREATE TABLE IF NOT EXISTS events
(
    project_id     UInt64 CODEC(ZSTD(1)),
    fingerprint    Int64 CODEC(ZSTD(1)),
    timestamp      DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    event_id       FixedString(16) CODEC(NONE),
    received       DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    key_id         UInt64 CODEC(ZSTD(1)),
    title          String CODEC(ZSTD(1)),
    culprit        String CODEC(ZSTD(1)),
    level          LowCardinality(String),
    platform       LowCardinality(String),
    type           LowCardinality(String),
    exception_type LowCardinality(String),
    message        String CODEC(ZSTD(1)),
    handled        Int8 CODEC(ZSTD(1)),
    release        LowCardinality(String),
    dist           LowCardinality(String),
    environment    LowCardinality(String),
    transaction    String CODEC(ZSTD(1)),
    logger         LowCardinality(String),
    server_name    LowCardinality(String),
    location       String CODEC(ZSTD(1)),
    trace_id       String CODEC(ZSTD(1)),
    span_id        String CODEC(ZSTD(1)),
    user           String CODEC(ZSTD(1)),
    user_id        String CODEC(ZSTD(1)),
    user_email     String CODEC(ZSTD(1)),
    user_name      String CODEC(ZSTD(1)),
    user_ip        String CODEC(ZSTD(1)),
    sdk            LowCardinality(String),
    tags           Map(LowCardinality(String), LowCardinality(String)) CODEC(ZSTD(1)),
    body_bytes     UInt32 CODEC(ZSTD(1)),
    dictionary     UInt32 CODEC(ZSTD(1)),
    blob           String CODEC(ZSTD(1)),
    batch          UInt64 CODEC(ZSTD(1)),
    body           String CODEC(NONE),
    INDEX by_event_id event_id TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX by_timestamp timestamp TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toDate(received)
ORDER BY (project_id, fingerprint, timestamp)
SETTINGS
    index_granularity = 1024,
    -- A batch that is sent twice with one token is stored once.
    non_replicated_deduplication_window = 1000,
    -- The journal forgets what was stored: it must be on disk by then.
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    -- Compact parts are one file: an fsync each instead of seventy, and less to merge.
    min_bytes_for_wide_part = 268435456,
    -- A merge holds a block of every part it reads, and rows carry bodies of 3 kB.
    merge_max_block_size = 1024,
    merge_max_block_size_bytes = 1048576,
    max_parts_to_merge_at_once = 20,
    -- A day that is over becomes one part: a question about a month then opens thirty, not three hundred.
    min_age_to_force_merge_seconds = 3600,
    min_age_to_force_merge_on_partition_only = 1,
    -- What was merged is removed after half a minute, not eight, and so has to be on disk by itself, not when the kernel
    -- gets to it.
    min_rows_to_fsync_after_merge = 1,
    old_parts_lifetime = 30,
    max_cleanup_delay_period = 60

-- name: 3_signals
-- Everything that is not an event, kept for what will read it.
CREATE TABLE IF NOT EXISTS signals
(
    project_id   UInt64 CODEC(ZSTD(1)),
    kind         LowCardinality(String),
    received     DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    timestamp    DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    event_id     FixedString(16) CODEC(NONE),
    key_id       UInt64 CODEC(ZSTD(1)),
    name         String CODEC(ZSTD(1)),
    content_type LowCardinality(String),
    quantity     UInt32 CODEC(ZSTD(1)),
    body_bytes   UInt64 CODEC(ZSTD(1)),
    dictionary   UInt32 CODEC(ZSTD(1)),
    blob         String CODEC(ZSTD(1)),
    batch        UInt64 CODEC(ZSTD(1)),
    body         String CODEC(NONE),
    INDEX by_event_id event_id TYPE bloom_filter(0.001) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toDate(received)
ORDER BY (project_id, kind, received)
SETTINGS
    index_granularity = 1024,
    non_replicated_deduplication_window = 1000,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_bytes_for_wide_part = 268435456,
    merge_max_block_size = 1024,
    merge_max_block_size_bytes = 1048576,
    max_parts_to_merge_at_once = 20,
    min_age_to_force_merge_seconds = 3600,
    min_age_to_force_merge_on_partition_only = 1,
    min_rows_to_fsync_after_merge = 1,
    old_parts_lifetime = 30,
    max_cleanup_delay_period = 60
