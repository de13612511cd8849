package dev.flover.engine.constraint.json;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// A set of texts that must not occur again in the same object or array. Immutable; sorted by unsigned bytes.
final class Seen {
    static final Seen NONE = new Seen(List.of());

    private final List<byte[]> texts;
    private final int hash;

    private Seen(List<byte[]> texts) {
        this.texts = texts;
        int sum = 0;
        for (byte[] text : texts) {
            sum += Arrays.hashCode(text);
        }
        this.hash = sum;
    }

    Seen with(byte[] text) {
        var more = new ArrayList<>(texts);
        int at = 0;
        while (at < more.size() && Arrays.compareUnsigned(more.get(at), text) < 0) {
            at++;
        }
        more.add(at, text);
        return new Seen(more);
    }

    boolean contains(byte[] text) {
        for (byte[] one : texts) {
            if (Arrays.equals(one, text)) {
                return true;
            }
        }
        return false;
    }

    int size() {
        return texts.size();
    }

    List<byte[]> texts() {
        return texts;
    }

    @Override
    public boolean equals(Object other) {
        if (!(other instanceof Seen seen) || hash != seen.hash || texts.size() != seen.texts.size()) {
            return false;
        }
        for (int i = 0; i < texts.size(); i++) {
            if (!Arrays.equals(texts.get(i), seen.texts.get(i))) {
                return false;
            }
        }
        return true;
    }

    @Override
    public int hashCode() {
        return hash;
    }
}
