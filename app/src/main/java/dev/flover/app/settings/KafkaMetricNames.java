package dev.flover.app.settings;

/// Names of the metrics of Kafka's clients, as Prometheus reads them.
final class KafkaMetricNames {
    /// The metrics that tell of rebalances, retries, throttling and slow commits, separated by commas.
    static final String STANDARD = String.join(",", "kafka_consumer_coordinator_assigned_partitions",
            "kafka_consumer_coordinator_failed_rebalance_total", "kafka_consumer_coordinator_rebalance_total",
            "kafka_consumer_fetch_manager_fetch_throttle_time_max",
            "kafka_consumer_fetch_manager_records_consumed_total",
            "kafka_consumer_fetch_manager_records_lag_max", "kafka_consumer_last_poll_seconds_ago",
            "kafka_producer_produce_throttle_time_max", "kafka_producer_record_error_total",
            "kafka_producer_record_retry_total", "kafka_producer_request_latency_max",
            "kafka_producer_txn_commit_time_ns_total", "kafka_stream_client_state",
            "kafka_stream_failed_stream_threads_total", "kafka_stream_thread_commit_latency_max");

    private KafkaMetricNames() {}
}
