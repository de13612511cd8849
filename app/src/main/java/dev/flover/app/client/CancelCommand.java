package dev.flover.app.client;

import dev.flover.app.connection.Connection;
import dev.flover.app.connection.ConnectionOptions;
import dev.flover.topology.PipelineConfig.TopicNames;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// `cancel`: a null value for a request's key.
@Command(
        name = "cancel",
        description = "Ends a request, live or waiting, or one of that id that comes a little later.")
public final class CancelCommand implements Runnable {
    @Parameters(paramLabel = "ID", description = "As `submit` printed or was given it.")
    private String id;

    @ArgGroup(validate = false, heading = "%nKafka:%n")
    private ConnectionOptions connectionOptions = new ConnectionOptions();

    @Override
    public void run() {
        Connection connection = connectionOptions.connection();
        connection.check();
        try (var requests = new Requests(connection, TopicNames.standard().requests())) {
            requests.cancel(id);
        }
    }
}
