-- The flat results as a table of Flink SQL. The pipeline runs with `--output json --flat-results-topic flat-results`.
--
-- Flink 1.20 or later with flink-sql-connector-kafka. Times are milliseconds since 1970. An erased row has no value and
-- is passed over.

CREATE TABLE results (
    `request_id` STRING,
    `answer` INT,
    `tenant` STRING,
    `conversation` STRING,
    `prompt` STRING,
    `text` STRING,
    `finish_reason` STRING,
    `message` STRING,
    `rejection_code` STRING,
    `rejection_field` STRING,
    `stop` STRING,
    `prompt_tokens` INT,
    `completion_tokens` INT,
    `model` STRING,
    `fingerprint` STRING,
    `arithmetic` STRING,
    `requested_at` BIGINT,
    `finished_at` BIGINT,
    `cached` BOOLEAN,
    `metadata` STRING,
    `tool_calls` STRING,
    finished AS TO_TIMESTAMP_LTZ(`finished_at`, 3),
    WATERMARK FOR finished AS finished - INTERVAL '5' SECOND
) WITH (
    'connector' = 'kafka',
    'topic' = 'flat-results',
    'properties.bootstrap.servers' = 'localhost:9092',
    'properties.group.id' = 'flink-results',
    'properties.isolation.level' = 'read_committed',
    'scan.startup.mode' = 'earliest-offset',
    'format' = 'json',
    'json.ignore-parse-errors' = 'false'
);

-- Tokens of each tenant in each minute.
SELECT tenant, window_start, SUM(completion_tokens) AS tokens
FROM TABLE(TUMBLE(TABLE results, DESCRIPTOR(finished), INTERVAL '1' MINUTE))
GROUP BY tenant, window_start, window_end;
