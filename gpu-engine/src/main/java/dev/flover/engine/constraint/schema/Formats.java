package dev.flover.engine.constraint.schema;

import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The formats of draft 2020-12 as patterns. A pattern accepts only texts of its format, but not all of them. These are
/// left out: leap seconds, e-mail addresses with a quoted local part, and host names with two consecutive hyphens
/// (which excludes punycode) or with characters outside ASCII.
final class Formats {
    private static final String DATE = "(?:[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
            + "|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))"
            + "|(?:[0-9][0-9](?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29)";
    private static final String TIME = "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]+)?"
            + "(?:[zZ]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])";
    private static final String DURATION_TIME =
            "T(?:[0-9]+H(?:[0-9]+M(?:[0-9]+S)?)?|[0-9]+M(?:[0-9]+S)?|[0-9]+S)";
    private static final String DURATION = "P(?:[0-9]+W|(?:[0-9]+Y(?:[0-9]+M(?:[0-9]+D)?)?|[0-9]+M(?:[0-9]+D)?|[0-9]+D)"
            + "(?:" + DURATION_TIME + ")?|" + DURATION_TIME + ")";
    private static final String LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?";
    /// Written without a complement: whether a language with a complement is empty is decided by a search, which took
    /// seconds here.
    private static final String NO_TWO_HYPHENS = "[A-Za-z0-9](?:-?[A-Za-z0-9])*";
    private static final String HOST = LABEL + "(?:\\." + LABEL + ")*";
    private static final String ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";
    private static final String OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
    private static final String IPV4 = OCTET + "(?:\\." + OCTET + "){3}";
    private static final String H16 = "[0-9A-Fa-f]{1,4}";
    private static final String LS32 = "(?:" + H16 + ":" + H16 + "|" + IPV4 + ")";
    private static final String IPV6 = "(?:(?:" + H16 + ":){6}" + LS32
            + "|::(?:" + H16 + ":){5}" + LS32
            + "|(?:" + H16 + ")?::(?:" + H16 + ":){4}" + LS32
            + "|(?:(?:" + H16 + ":){0,1}" + H16 + ")?::(?:" + H16 + ":){3}" + LS32
            + "|(?:(?:" + H16 + ":){0,2}" + H16 + ")?::(?:" + H16 + ":){2}" + LS32
            + "|(?:(?:" + H16 + ":){0,3}" + H16 + ")?::" + H16 + ":" + LS32
            + "|(?:(?:" + H16 + ":){0,4}" + H16 + ")?::" + LS32
            + "|(?:(?:" + H16 + ":){0,5}" + H16 + ")?::" + H16
            + "|(?:(?:" + H16 + ":){0,6}" + H16 + ")?::)";
    private static final String MORE = "\\u00A0-\\uD7FF\\uF900-\\uFDCF\\uFDF0-\\uFFEF";
    private static final String POINTER = "(?:/(?:[^~/]|~[01])*)*";
    private static final String VARIABLE = "(?:[A-Za-z0-9_]|%[0-9A-Fa-f]{2})"
            + "(?:\\.?(?:[A-Za-z0-9_]|%[0-9A-Fa-f]{2}))*(?::[1-9][0-9]{0,3}|\\*)?";

    private static final Map<String, String> PATTERNS = Map.ofEntries(
            Map.entry("date", DATE),
            Map.entry("time", TIME),
            Map.entry("date-time", DATE + "[tT]" + TIME),
            Map.entry("duration", DURATION),
            Map.entry("email", ATOM + "(?:\\." + ATOM + ")*@" + HOST),
            Map.entry("hostname", "(?=.{1,253}$)(?=[A-Za-z0-9-]{1,63}(?:\\.[A-Za-z0-9-]{1,63})*$)"
                    + NO_TWO_HYPHENS + "(?:\\." + NO_TWO_HYPHENS + ")*"),
            Map.entry("ipv4", IPV4),
            Map.entry("ipv6", IPV6),
            Map.entry("uri", absolute("") + tail("")),
            Map.entry("uri-reference", "(?:" + absolute("") + "|" + relative("") + ")" + tail("")),
            Map.entry("iri", absolute(MORE) + tail(MORE)),
            Map.entry("iri-reference", "(?:" + absolute(MORE) + "|" + relative(MORE) + ")" + tail(MORE)),
            Map.entry("uuid", "[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}"),
            Map.entry("uri-template", "(?:[^\\u0000-\\u0020\"'<>%\\\\^`{|}\\u007F]|%[0-9A-Fa-f]{2}"
                    + "|\\{[+#./;?&]?" + VARIABLE + "(?:," + VARIABLE + ")*\\})*"),
            Map.entry("json-pointer", POINTER),
            Map.entry("relative-json-pointer", "(?:0|[1-9][0-9]*)(?:#|" + POINTER + ")"));
    private static final Set<String> UNSUPPORTED = Set.of("regex", "idn-email", "idn-hostname");

    private Formats() {}

    private static String character(String more, String besides) {
        return "(?:[A-Za-z0-9._~!$&'()*+,;=@" + besides + more + "-]|%[0-9A-Fa-f]{2})";
    }

    private static String authority(String more) {
        return "(?:(?:[A-Za-z0-9._~!$&'()*+,;=:" + more + "-]|%[0-9A-Fa-f]{2})*@)?"
                + "(?:\\[" + IPV6 + "\\]|(?:[A-Za-z0-9._~!$&'()*+,;=" + more + "-]|%[0-9A-Fa-f]{2})*)(?::[0-9]*)?";
    }

    private static String hierarchy(String more) {
        String rest = "(?:/" + character(more, ":") + "*)*";
        return "//" + authority(more) + rest + "|/(?:" + character(more, ":") + "+" + rest + ")?";
    }

    private static String absolute(String more) {
        String c = character(more, ":");
        return "[A-Za-z][A-Za-z0-9+.-]*:(?:" + hierarchy(more) + "|" + c + "+(?:/" + c + "*)*)?";
    }

    private static String relative(String more) {
        return "(?:" + hierarchy(more) + "|" + character(more, "") + "+(?:/" + character(more, ":") + "*)*)?";
    }

    private static String tail(String more) {
        String c = character(more, ":/?");
        return "(?:\\?" + c + "*)?(?:#" + c + "*)?";
    }

    /// The anchored pattern of a format; null if the format is unknown, in which case it is an annotation without
    /// effect.
    static @Nullable String pattern(String format) {
        String pattern = PATTERNS.get(format);
        return pattern == null ? null : "^(?:" + pattern + ")$";
    }

    /// Whether the format is one that no pattern here can express, so that a schema with it must be refused.
    static boolean isUnsupported(String format) {
        return UNSUPPORTED.contains(format);
    }
}
