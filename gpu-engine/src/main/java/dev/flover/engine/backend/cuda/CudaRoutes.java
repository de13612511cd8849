package dev.flover.engine.backend.cuda;

import dev.flover.engine.backend.Backend.Routes;
import dev.flover.engine.backend.cuda.CudaTensor.Counter;
import dev.flover.engine.backend.cuda.driver.Arguments;
import dev.flover.engine.backend.cuda.driver.Driver;
import dev.flover.engine.model.ModelConfig.Routing;

/// The experts that the rows of a step are routed to: `struct Routes` of routes.cuh, as device addresses.
///
/// @param rows    most rows of a step
/// @param counter the count of the plan that limits the places
record CudaRoutes(
        Routing routing, int rows, Counter counter, long experts, long weights, long places, long rowsOfPlaces,
        long firstPlaces)
        implements Routes {
    static CudaRoutes allocate(Driver driver, int rows, Routing routing) {
        long bytes = 4L * rows * routing.chosen();
        return new CudaRoutes(routing, rows, Counter.PLACES, driver.allocate(bytes, "chosen experts"),
                driver.allocate(bytes, "weights of experts"), driver.allocate(bytes, "places of rows"),
                driver.allocate(bytes, "rows of places"),
                driver.allocate(4L * (routing.experts() + 1), "places of experts"));
    }

    /// The routes of products that have a matrix for each head.
    static CudaRoutes ofHeads(Driver driver, int rows, int heads) {
        long firstPlaces = driver.allocate(4L * (heads + 1), "places of heads");
        return new CudaRoutes(Routing.toAll(heads), rows, Counter.HEADS, 0, 0, 0, 0, firstPlaces);
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
