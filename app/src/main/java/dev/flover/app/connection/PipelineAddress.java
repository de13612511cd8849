package dev.flover.app.connection;

import dev.flover.topology.config.PipelineConfig.TopicNames;

/// All that tells one pipeline from another for its clients. Pipelines that share it share their requests.
public record PipelineAddress(String bootstrapServers, String registryUrl, TopicNames topics) {}
