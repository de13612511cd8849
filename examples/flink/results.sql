-- The results topic as a table of Flink SQL. The pipeline runs with `--output json`.
--
-- Flink 1.20 or later with flink-sql-connector-kafka. Times are milliseconds since 1970.

CREATE TABLE results (
    `request_id` STRING,
    `tenant` STRING,
    `conversation` STRING,
    `text` STRING,
    `token_ids` ARRAY<INT>,
    `finish_reason` STRING,
    `message` STRING,
    `prompt_tokens` INT,
    `completion_tokens` INT,
    `model` STRING,
    `arithmetic` STRING,
    `requested_at` BIGINT,
    `finished_at` BIGINT,
    `other_answers` ARRAY<ROW<`answer` INT, `text` STRING, `token_ids` ARRAY<INT>, `finish_reason` STRING, `message` STRING, `stop` STRING, `arithmetic` STRING, `tool_calls` ARRAY<ROW<`id` STRING, `name` STRING, `arguments` STRING>>>>,
    `metadata` MAP<STRING, STRING>,
    `stop` STRING,
    `cached` BOOLEAN,
    `tool_calls` ARRAY<ROW<`id` STRING, `name` STRING, `arguments` STRING>>,
    `rejection` ROW<`code` STRING, `field` STRING>,
    finished AS TO_TIMESTAMP_LTZ(`finished_at`, 3),
    WATERMARK FOR finished AS finished - INTERVAL '5' SECOND
) WITH (
    'connector' = 'kafka',
    'topic' = 'generation-results',
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
