package dev.flover.engine.backend.cuda;

import dev.flover.engine.backend.Backend.Routes;
import dev.flover.engine.backend.cuda.CudaTensor.Counter;
import dev.flover.engine.backend.cuda.driver.Arguments;
import dev.flover.engine.backend.cuda.driver.Driver;
import dev.flover.engine.model.ModelConfig.Routing;
import io.soabase.recordbuilder.core.RecordBuilder;

/// The experts that the rows of a step are routed to: `struct Routes` of routes.cuh, as device addresses.
///
/// @param rows    most rows of a step
/// @param counter the count of the plan that limits the places
@RecordBuilder
@RecordBuilder.Options(builderMode = RecordBuilder.BuilderMode.STAGED, enableWither = false)
record CudaRoutes(
        Routing routing, int rows, Counter counter, long experts, long weights, long places, long rowsOfPlaces,
        long firstPlaces)
        implements Routes {
    static CudaRoutes allocate(Driver driver, int rows, Routing routing) {
        long bytes = 4L * rows * routing.chosen();
        return CudaRoutesBuilder.builder().routing(routing).rows(rows).counter(Counter.PLACES)
                .experts(driver.allocate(bytes, "chosen experts"))
                .weights(driver.allocate(bytes, "weights of experts"))
                .places(driver.allocate(bytes, "places of rows"))
                .rowsOfPlaces(driver.allocate(bytes, "rows of places"))
                .firstPlaces(driver.allocate(4L * (routing.experts() + 1), "places of experts")).build();
    }

    /// The routes of products that have a matrix for each head.
    static CudaRoutes ofHeads(Driver driver, int rows, int heads) {
        long firstPlaces = driver.allocate(4L * (heads + 1), "places of heads");
        return CudaRoutesBuilder.builder().routing(Routing.toAll(heads)).rows(rows).counter(Counter.HEADS)
                .experts(0).weights(0).places(0).rowsOfPlaces(0).firstPlaces(firstPlaces).build();
    }

    @Override
    public int chosen() {
        return routing.chosen();
    }

    int mostPlaces() {
        return rows * routing.chosen();
    }

    Arguments write(Arguments arguments) {
        return arguments.pointer(experts).pointer(weights).pointer(places).pointer(rowsOfPlaces).pointer(firstPlaces)
                .integer(routing.experts()).integer(routing.chosen());
    }
}
