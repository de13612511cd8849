package dev.flover.topology.waiting;

/// Lets one suspect at a time be computed in a process with several engines, while no other engine computes anything.
///
/// ```
///   the suspect's engine   take ─► [others have ended their steps] ─► computed ─► progress is committed ─► give back
///   the other engines           begin no step ............................................................ go on
/// ```
///
/// If another engine computed meanwhile, the end of the process would not show that the suspect was its cause.
/// Thread-safe.
public final class SuspectTurn {
    private static final int NOBODY = -1;

    private final boolean[] computing;
    private int holder = NOBODY;

    /// @param engines the number of engines of the process
    public SuspectTurn(int engines) {
        computing = new boolean[engines];
    }

    /// The view of one engine.
    ///
    /// @param engine from 0 on
    public OfEngine of(int engine) {
        return new OfEngine(engine);
    }

    /// The turn, as one engine takes it and asks about it.
    public final class OfEngine {
        private final int engine;

        private OfEngine(int engine) {
            this.engine = engine;
        }

        /// Takes the turn for a suspect of this engine.
        ///
        /// @return false if a suspect of another engine has it
        boolean take() {
            synchronized (computing) {
                holder = holder == NOBODY ? engine : holder;
                return holder == engine;
            }
        }

        void giveBack() {
            synchronized (computing) {
                holder = holder == engine ? NOBODY : holder;
            }
        }

        /// Whether a suspect of another engine has the turn.
        boolean isOfAnother() {
            synchronized (computing) {
                return holder != NOBODY && holder != engine;
            }
        }

        /// Asks whether this engine may begin steps, and notes that it computes if it may.
        public boolean mayBegin() {
            synchronized (computing) {
                boolean may = holder == NOBODY || holder == engine;
                computing[engine] |= may;
                return may;
            }
        }

        /// Notes whether this engine computes a step now.
        public void computes(boolean steps) {
            synchronized (computing) {
                computing[engine] = steps;
            }
        }

        /// Whether no other engine computes a step. While this engine has the turn, no other one begins a step.
        public boolean isAlone() {
            synchronized (computing) {
                for (int other = 0; other < computing.length; other++) {
                    if (other != engine && computing[other]) {
                        return false;
                    }
                }
                return true;
            }
        }
    }
}
