-- name: event
SELECT $facts, body, dictionary, body_bytes
FROM events
WHERE project_id = {project_id:UInt64} AND event_id = toFixedString(unhex({event_id:String}), 16)
LIMIT 1

-- name: events
SELECT $facts
FROM events
WHERE $scope
ORDER BY $order
LIMIT {limit:UInt32}

-- name: read
-- The engine sorts places and reads all else for the one row that is left.
SELECT $facts, body, dictionary, body_bytes
FROM events
WHERE $scope
ORDER BY timestamp DESC, event_id DESC
LIMIT 1

-- name: neighbours
-- The nearest place on either side, zero when there is none: one pass where two sorted pages would be two. A place is a
-- number, the time above the id, because comparing tuples takes five times as long.
WITH
    bitShiftLeft(toUInt256(toUnixTimestamp64Milli(timestamp)), 128)
        + reinterpretAsUInt128(reverse(event_id)) AS place,
    {here:UInt256} AS here
SELECT maxIf(place, place < here), minIf(place, place > here)
FROM events
WHERE $scope
$narrow

-- name: course
-- Per bucket, all of them together being the scope; what is outside of the period is one more.
WITH
    bitShiftLeft(toUInt256(toUnixTimestamp64Milli(timestamp)), 128)
        + reinterpretAsUInt128(reverse(event_id)) AS place,
    {here:UInt256} AS here
SELECT
    $period AS counted,
    counted * intDiv(toUnixTimestamp64Milli(timestamp), {bucket_ms:Int64}) AS bucket,
    count(), min(place), maxIf(place, place < here), minIf(place, place > here), max(place)
FROM events
WHERE $scope
GROUP BY counted, bucket
$narrow

-- name: fingerprints
SELECT project_id, fingerprint
FROM events
WHERE $scope
GROUP BY project_id, fingerprint
ORDER BY max(timestamp) DESC, fingerprint
LIMIT {limit:UInt32}

-- name: histogram
SELECT intDiv(toUnixTimestamp64Milli(timestamp), {bucket_ms:Int64}) AS bucket, count()
FROM events
WHERE $scope
GROUP BY bucket
$narrow

-- name: sparklines
SELECT project_id, fingerprint, intDiv(toUnixTimestamp64Milli(timestamp), {bucket_ms:Int64}) AS bucket, count()
FROM events
WHERE $scope
GROUP BY project_id, fingerprint, bucket
$narrow

-- name: totals
SELECT project_id, fingerprint, count(), uniqCombined64If(user, user != ''), min(timestamp), max(timestamp)
FROM events
WHERE $scope
GROUP BY project_id, fingerprint

-- name: met_by
SELECT project_id, fingerprint, first
FROM (
    SELECT project_id, fingerprint, min(timestamp) AS first
    FROM events
    WHERE $scope AND user != ''
    GROUP BY project_id, fingerprint, user
)
ORDER BY project_id, fingerprint, first
LIMIT {before:UInt32}, 1 BY project_id, fingerprint

-- name: spread
SELECT
    project_id, release, environment, count(), toUnixTimestamp64Milli(min(timestamp)),
    toUnixTimestamp64Milli(max(timestamp)), lower(hex(argMin(event_id, (timestamp, event_id))))
FROM events
WHERE $scope
GROUP BY project_id, release, environment
ORDER BY min(timestamp), release, environment
$narrow

-- name: count
SELECT count(), uniqCombined64If(user, user != '')
FROM events
WHERE $scope

-- name: tags
-- Grouped by a hash of the pair: half the time of grouping by the pair itself.
SELECT key, value, number, sum(number) OVER (PARTITION BY key) AS of_key
FROM
(
    SELECT any(held_key) AS key, any(held_value) AS value, count() AS number
    FROM (SELECT tags FROM events WHERE $scope ORDER BY timestamp DESC LIMIT {events_max:UInt32})
    ARRAY JOIN mapKeys(tags) AS held_key, mapValues(tags) AS held_value
    GROUP BY cityHash64(held_key, held_value)
)
ORDER BY of_key DESC, key, number DESC, value
LIMIT {values_max:UInt32} BY key
$narrow

-- name: tag_keys
SELECT key
FROM events
ARRAY JOIN mapKeys(tags) AS key
WHERE $scope AND startsWith(key, {prefix:String})
GROUP BY key
ORDER BY count() DESC, key
LIMIT {limit:UInt32}

-- name: tag_values
SELECT tags[{key:String}] AS value
FROM events
WHERE $scope AND mapContains(tags, {key:String}) AND startsWith(value, {prefix:String})
GROUP BY value
ORDER BY count() DESC, value
LIMIT {limit:UInt32}

-- name: signals
SELECT
    kind, name, project_id, event_id, toUnixTimestamp64Milli(timestamp), toUnixTimestamp64Milli(received),
    content_type, quantity, body_bytes, blob
FROM signals
WHERE project_id = {project_id:UInt64} AND event_id = toFixedString(unhex({event_id:String}), 16) AND $period
ORDER BY received, name

-- name: signal_body
SELECT body, dictionary, body_bytes
FROM signals
WHERE project_id = {project_id:UInt64} AND event_id = toFixedString(unhex({event_id:String}), 16)
    AND name = {name:String} AND blob = ''
ORDER BY received DESC
LIMIT 1

-- name: sample_bodies
SELECT body, dictionary, body_bytes
FROM events
WHERE project_id = {project_id:UInt64}
ORDER BY received DESC
LIMIT {limit:UInt32}

-- name: stored_rows
-- How much of a batch is there, by day: a part is all or nothing.
SELECT toInt64(toDate(received)) AS day, count()
FROM $table
WHERE batch = {batch:UInt64}
    AND received >= fromUnixTimestamp64Milli({first:Int64}, 'UTC')
    AND received <= fromUnixTimestamp64Milli({last:Int64}, 'UTC')
GROUP BY day

-- name: old_days
-- A partition is a day, and its id reads 20261123.
SELECT DISTINCT table, partition_id
FROM system.parts
WHERE database = currentDatabase() AND table IN ('events', 'signals') AND active AND partition_id < {day:String}
