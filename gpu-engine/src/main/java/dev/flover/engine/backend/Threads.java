package dev.flover.engine.backend;

/// Waits for the ends of threads.
public final class Threads {
    private Threads() {}

    /// Returns when all threads have ended, also if this thread is interrupted; it is then interrupted at the end.
    public static void awaitEnds(Thread... threads) {
        boolean interrupted = false;
        for (var thread : threads) {
            while (thread.isAlive()) {
                try {
                    thread.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
