-- The flat results as a stream of ksqlDB. The pipeline runs with `--output json --flat-results-topic flat-results`.
--
-- ksqlDB 0.29 or later. Times are milliseconds since 1970. ksqlDB reads committed records only.

CREATE STREAM results (
    `row_key` STRING KEY,
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
    `tool_calls` STRING
) WITH (
    KAFKA_TOPIC = 'flat-results',
    KEY_FORMAT = 'KAFKA',
    VALUE_FORMAT = 'JSON',
    TIMESTAMP = '`finished_at`'
);

-- Tokens of each tenant in each minute.
CREATE TABLE tokens_of_tenants AS
    SELECT `tenant`, SUM(`completion_tokens`) AS `tokens`
    FROM results WINDOW TUMBLING (SIZE 1 MINUTE)
    GROUP BY `tenant`
    EMIT CHANGES;
