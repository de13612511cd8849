package dev.flover.topology.config;

import static dev.flover.topology.config.PipelineConfig.atLeastOne;

/// How unfinished generations continue after a restart.
///
/// @param otherArithmetic what happens to a generation that was begun under another model file or arithmetic
/// @param suspectAfter    the number of processes that may begin a generation without progress before it is
///                        computed alone, as a suspect
/// @param attemptsAlone   the number of processes that a generation may end while computed alone, before it is
///                        given up with an error
/// @param patience        how long the pipeline waits for faults that may pass by themselves
public record Recovery(OtherArithmetic otherArithmetic, int suspectAfter, int attemptsAlone, Patience patience) {
    public Recovery {
        atLeastOne("suspectAfter", suspectAfter);
        atLeastOne("attemptsAlone", attemptsAlone);
    }

    public Recovery(OtherArithmetic otherArithmetic, int suspectAfter, int attemptsAlone) {
        this(otherArithmetic, suspectAfter, attemptsAlone, Patience.standard());
    }

    public static Recovery standard() {
        return new Recovery(OtherArithmetic.WAIT, 2, 6);
    }

    public Recovery with(Patience other) {
        return new Recovery(otherArithmetic, suspectAfter, attemptsAlone, other);
    }
}
