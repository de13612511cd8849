package dev.flover.app.connection;

import dev.flover.topology.config.PipelineConfig.TopicNames;

/// The addresses and topics by which clients tell pipelines apart. Pipelines with equal addresses share their requests.
public record PipelineAddress(String bootstrapServers, String registryUrl, TopicNames topics) {}
