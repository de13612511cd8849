package dev.flover.topology.request;

import java.util.AbstractList;
import java.util.List;
import java.util.RandomAccess;
import org.apache.avro.generic.PrimitivesArrays.IntArray;

/// Converts token ids between records and arrays, without an object for each id.
public final class TokenIds {
    private TokenIds() {}

    /// Token ids as a list, which is the form of records. The array is not copied.
    public static List<Integer> list(int[] ids) {
        return new IdList(ids);
    }

    /// Token ids as an array, which is the form of the engine.
    public static int[] array(List<Integer> ids) {
        int[] array = new int[ids.size()];
        if (ids instanceof IntArray decoded) {
            for (int i = 0; i < array.length; i++) {
                array[i] = decoded.getInt(i);
            }
        } else {
            for (int i = 0; i < array.length; i++) {
                array[i] = ids.get(i);
            }
        }
        return array;
    }

    private static final class IdList extends AbstractList<Integer> implements RandomAccess {
        private final int[] ids;

        IdList(int[] ids) {
            this.ids = ids;
        }

        @Override
        public Integer get(int index) {
            return ids[index];
        }

        @Override
        public int size() {
            return ids.length;
        }
    }
}
