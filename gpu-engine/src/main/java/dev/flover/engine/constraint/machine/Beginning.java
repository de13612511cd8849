package dev.flover.engine.constraint.machine;

import java.util.List;

/// Produces the cursors at the beginning of a part of an answer. Larger parts are composed of smaller ones.
@FunctionalInterface
public interface Beginning {
    /// Adds the cursors that stand before the part.
    ///
    /// @param behind the frame that continues after the part
    void begin(Frame behind, List<Cursor> next);

    /// All of the parts, one directly after the other.
    static Beginning inOrder(List<Beginning> parts) {
        return (behind, next) -> InOrder.begin(parts, 0, behind, next);
    }

    /// Any one of the choices.
    static Beginning oneOf(List<Beginning> choices) {
        return (behind, next) -> choices.forEach(choice -> choice.begin(behind, next));
    }

    /// One or more occurrences of a part.
    ///
    /// @param body      accepts no empty text
    /// @param separator stands between two occurrences
    static Beginning repeated(Beginning body, Beginning separator) {
        return new Repeated(body, separator);
    }

    /// The frame that continues with the parts from `index` on.
    final class InOrder extends Frame {
        private final List<Beginning> parts;
        private final int index;
        private final Frame behind;

        private InOrder(List<Beginning> parts, int index, Frame behind) {
            this.parts = parts;
            this.index = index;
            this.behind = behind;
        }

        private static void begin(List<Beginning> parts, int index, Frame behind, List<Cursor> next) {
            if (index == parts.size()) {
                behind.resume(next);
            } else {
                parts.get(index).begin(new InOrder(parts, index + 1, behind), next);
            }
        }

        @Override
        public void resume(List<Cursor> next) {
            begin(parts, index, behind, next);
        }

        @Override
        public boolean equals(Object other) {
            return this == other || other instanceof InOrder order && parts == order.parts && index == order.index
                    && behind.equals(order.behind);
        }

        @Override
        public int hashCode() {
            return (System.identityHashCode(parts) * 31 + index) * 31 + behind.hashCode();
        }
    }

    /// One or more bodies with a separator between each two.
    final class Repeated implements Beginning {
        private final Beginning body;
        private final Beginning separator;

        private Repeated(Beginning body, Beginning separator) {
            this.body = body;
            this.separator = separator;
        }

        @Override
        public void begin(Frame behind, List<Cursor> next) {
            body.begin(new Behind(this, false, behind), next);
        }

        /// The frame after a separator if `separated`, else after a body.
        private static final class Behind extends Frame {
            private final Repeated repeated;
            private final boolean separated;
            private final Frame behind;

            Behind(Repeated repeated, boolean separated, Frame behind) {
                this.repeated = repeated;
                this.separated = separated;
                this.behind = behind;
            }

            @Override
            public void resume(List<Cursor> next) {
                if (separated) {
                    repeated.begin(behind, next);
                } else {
                    behind.resume(next);
                    repeated.separator.begin(new Behind(repeated, true, behind), next);
                }
            }

            @Override
            public boolean equals(Object other) {
                return this == other || other instanceof Behind that && repeated == that.repeated
                        && separated == that.separated && behind.equals(that.behind);
            }

            @Override
            public int hashCode() {
                return (System.identityHashCode(repeated) * 2 + (separated ? 1 : 0)) * 31 + behind.hashCode();
            }
        }
    }
}
