import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.IdentifierTree;
import com.sun.source.tree.ImportTree;
import com.sun.source.tree.MemberSelectTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.PackageTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.VariableTree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.TreePath;
import com.sun.source.util.TreePathScanner;
import com.sun.source.util.Trees;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import javax.lang.model.element.Modifier;
import javax.tools.ToolProvider;

/// Counts over the sources of all modules, from their syntax alone: nothing has to be built.
///
/// ```
/// java tests/counts/Counts.java [--list] [ROOT]
/// ```
///
/// Prints, one a line: packages in cycles, methods over 40 lines, types over 400 lines, packages over 25 files, public
/// types that no other package uses, records of eight components or more without a builder. `--list` also prints each
/// of them. Sizes count main sources only.
///
/// A package uses a type if its sources, tests included, name the type, or if the type stands in the signature of a
/// public member of another public type: then the package can use the value without its type's name. A type that a
/// file under `META-INF/services` names is used by the JDK.
///
/// [#KEPT] names the findings that stay, with the reason. They are counted separately.
final class Counts {
    private static final int METHOD_LINES = 40;
    private static final int TYPE_LINES = 400;
    private static final int PACKAGE_FILES = 25;
    private static final int COMPONENTS = 8;
    private static final String REGISTERS = "sums stay in vector registers only while they are local variables";
    private static final String VERBS = "one type has all operations of a backend";

    /// The names of findings that stay, without the prefix of all packages, and the reason.
    private static final Map<String, String> KEPT = Map.ofEntries(
            Map.entry("engine.backend.cpu.kernels.VectorProducts.fourRowsOfBlocks", REGISTERS),
            Map.entry("engine.backend.cpu.kernels.VectorProducts.fourRowsOfFloats", REGISTERS),
            Map.entry("engine.backend.Backend", VERBS),
            Map.entry("engine.backend.ForwardingBackend", VERBS),
            Map.entry("engine.backend.cpu.CpuBackend", VERBS),
            Map.entry("engine.backend.cuda.CudaBackend", VERBS),
            Map.entry("engine.backend.reference.ReferenceBackend", VERBS),
            Map.entry("benchmarks.engine.TimedBackend", VERBS),
            Map.entry("app.logging.JsonProvider", "SLF4J loads the class by its name"));
    private static final String PREFIX = "dev.flover.";

    /// From a package to the packages that it names.
    private final Map<String, Set<String>> arrows = new TreeMap<>();
    private final Map<String, Integer> files = new TreeMap<>();
    private final List<String> longMethods = new ArrayList<>();
    private final List<String> longTypes = new ArrayList<>();
    private final List<String> wideRecords = new ArrayList<>();
    /// Top-level public types of main sources.
    private final Set<String> publicTypes = new TreeSet<>();
    private final Set<String> namedElsewhere = new HashSet<>();

    private Counts() {}

    public static void main(String[] arguments) throws IOException {
        if (Runtime.version().feature() < 25) {
            System.err.println("expected Java 25 or later, as the sources need; found " + Runtime.version());
            System.exit(2);
        }
        var given = List.of(arguments);
        boolean list = given.contains("--list");
        var root = Path.of(given.stream().filter(argument -> !argument.startsWith("--")).findFirst().orElse("."));
        var counts = new Counts();
        counts.read(root);
        counts.print(System.out, list);
    }

    private static List<Path> sources(Path root) throws IOException {
        try (var walk = Files.walk(root)) {
            return walk.filter(file -> {
                var path = '/' + root.relativize(file).toString().replace('\\', '/');
                return path.endsWith(".java") && (path.contains("/src/main/java/") || path.contains("/src/test/java/"))
                        && !path.contains("/target/") && !path.contains("/node_modules/");
            }).sorted().toList();
        }
    }

    /// Names of classes that the JDK loads as services.
    private static Set<String> services(Path root) throws IOException {
        var names = new HashSet<String>();
        try (var walk = Files.walk(root)) {
            for (var file : walk.filter(each -> each.toString().replace('\\', '/')
                    .contains("/src/main/resources/META-INF/services/") && Files.isRegularFile(each)).toList()) {
                names.addAll(Files.readAllLines(file));
            }
        }
        return names;
    }

    private void read(Path root) throws IOException {
        namedElsewhere.addAll(services(root));
        var compiler = ToolProvider.getSystemJavaCompiler();
        try (var manager = compiler.getStandardFileManager(null, null, StandardCharsets.UTF_8)) {
            var task = (JavacTask) compiler.getTask(null, manager, null, List.of("-proc:none"), null,
                    manager.getJavaFileObjectsFromPaths(sources(root)));
            var units = new ArrayList<CompilationUnitTree>();
            task.parse().forEach(units::add);
            var known = units.stream().map(Counts::packageOf).collect(Collectors.toSet());
            var positions = Trees.instance(task).getSourcePositions();
            units.forEach(unit -> read(unit, positions, known));
        }
    }

    private static String packageOf(CompilationUnitTree unit) {
        return unit.getPackageName() == null ? "" : unit.getPackageName().toString();
    }

    private void read(CompilationUnitTree unit, SourcePositions positions, Set<String> known) {
        boolean main = unit.getSourceFile().toUri().getPath().contains("/src/main/java/");
        var home = packageOf(unit);
        for (var name : names(unit)) {
            var owner = owner(name, known);
            if (owner != null && !owner.equals(home)) {
                namedElsewhere.add(topLevel(name, owner));
                if (main) {
                    arrows.computeIfAbsent(home, none -> new TreeSet<>()).add(owner);
                }
            }
        }
        if (main) {
            files.merge(home, 1, Integer::sum);
            new Sizes(unit, positions, home).scan(unit, null);
        }
    }

    /// Qualified names: imports, and those written out in the code.
    private static Set<String> names(CompilationUnitTree unit) {
        var names = new HashSet<String>();
        for (ImportTree each : unit.getImports()) {
            names.add(each.getQualifiedIdentifier().toString());
        }
        new TreePathScanner<Void, Void>() {
            @Override
            public Void visitMemberSelect(MemberSelectTree select, Void none) {
                names.add(select.toString());
                return super.visitMemberSelect(select, none);
            }

            @Override
            public Void visitImport(ImportTree each, Void none) {
                return null;
            }

            @Override
            public Void visitPackage(PackageTree tree, Void none) {
                return null;
            }
        }.scan(unit, null);
        return names;
    }

    /// The longest package that the name begins with.
    private static String owner(String name, Set<String> known) {
        for (int end = name.lastIndexOf('.'); end > 0; end = name.lastIndexOf('.', end - 1)) {
            if (known.contains(name.substring(0, end))) {
                return name.substring(0, end);
            }
        }
        return null;
    }

    private static String topLevel(String name, String owner) {
        int end = name.indexOf('.', owner.length() + 1);
        return end < 0 ? name : name.substring(0, end);
    }

    private final class Sizes extends TreePathScanner<Void, Void> {
        private final CompilationUnitTree unit;
        private final SourcePositions positions;
        private final String home;

        Sizes(CompilationUnitTree unit, SourcePositions positions, String home) {
            this.unit = unit;
            this.positions = positions;
            this.home = home;
        }

        private int lines(Tree tree) {
            var map = unit.getLineMap();
            return (int) (map.getLineNumber(positions.getEndPosition(unit, tree))
                    - map.getLineNumber(positions.getStartPosition(unit, tree)) + 1);
        }

        @Override
        public Void visitClass(ClassTree type, Void none) {
            boolean top = getCurrentPath().getParentPath().getLeaf() == unit;
            var name = home + "." + type.getSimpleName();
            if (top && lines(type) > TYPE_LINES) {
                longTypes.add(name + " " + lines(type));
            }
            if (top && type.getModifiers().getFlags().contains(Modifier.PUBLIC)) {
                publicTypes.add(name);
            }
            if (type.getKind() == Tree.Kind.RECORD && components(type) >= COMPONENTS && !hasBuilder(type)) {
                wideRecords.add(name + " " + components(type));
            }
            return super.visitClass(type, none);
        }

        private static boolean hasBuilder(ClassTree type) {
            return type.getModifiers().getAnnotations().stream()
                    .anyMatch(each -> each.getAnnotationType().toString().contains("RecordBuilder"))
                    || type.getImplementsClause().stream().anyMatch(each -> each.toString().endsWith(".With"));
        }

        /// Instance fields of a record are its components.
        private static long components(ClassTree type) {
            return type.getMembers().stream().filter(member -> member instanceof VariableTree field
                    && !field.getModifiers().getFlags().contains(Modifier.STATIC)).count();
        }

        /// Whether all types around a member, and the member, can be seen from other packages.
        private boolean isVisible(Tree member, Set<Modifier> flags) {
            boolean ofInterface = ((ClassTree) getCurrentPath().getParentPath().getLeaf()).getKind()
                    == Tree.Kind.INTERFACE;
            if (!flags.contains(Modifier.PUBLIC) && !ofInterface) {
                return false;
            }
            for (var at = getCurrentPath().getParentPath(); at.getLeaf() instanceof ClassTree type;
                    at = at.getParentPath()) {
                boolean nestedInInterface = at.getParentPath().getLeaf() instanceof ClassTree outer
                        && outer.getKind() == Tree.Kind.INTERFACE;
                if (!type.getModifiers().getFlags().contains(Modifier.PUBLIC) && !nestedInInterface) {
                    return false;
                }
            }
            return true;
        }

        /// Notes the types of this package that stand in a signature.
        private void seen(Tree signature) {
            var outermost = getCurrentPath();
            while (outermost.getParentPath().getLeaf() != unit) {
                outermost = outermost.getParentPath();
            }
            var self = ((ClassTree) outermost.getLeaf()).getSimpleName().toString();
            new TreePathScanner<Void, Void>() {
                @Override
                public Void visitIdentifier(IdentifierTree name, Void none) {
                    if (!name.getName().contentEquals(self)) {
                        namedElsewhere.add(home + "." + name.getName());
                    }
                    return null;
                }
            }.scan(new TreePath(getCurrentPath(), signature), null);
        }

        /// Components of a record are public, as its accessors.
        @Override
        public Void visitVariable(VariableTree field, Void none) {
            if (getCurrentPath().getParentPath().getLeaf() instanceof ClassTree type && field.getType() != null) {
                var flags = field.getModifiers().getFlags();
                boolean component = type.getKind() == Tree.Kind.RECORD && !flags.contains(Modifier.STATIC);
                if (isVisible(field, component ? Set.of(Modifier.PUBLIC) : flags)) {
                    seen(field.getType());
                }
            }
            return super.visitVariable(field, none);
        }

        @Override
        public Void visitMethod(MethodTree method, Void none) {
            if (isVisible(method, method.getModifiers().getFlags())) {
                if (method.getReturnType() != null) {
                    seen(method.getReturnType());
                }
                method.getParameters().forEach(parameter -> seen(parameter.getType()));
            }
            if (method.getBody() != null && lines(method) > METHOD_LINES) {
                longMethods.add(enclosing(getCurrentPath()) + "." + method.getName() + " " + lines(method));
            }
            return super.visitMethod(method, none);
        }

        private String enclosing(TreePath path) {
            return home + "." + ((ClassTree) path.getParentPath().getLeaf()).getSimpleName();
        }
    }

    private void print(PrintStream out, boolean list) {
        var crowded = files.entrySet().stream().filter(entry -> entry.getValue() > PACKAGE_FILES)
                .map(entry -> entry.getKey() + " " + entry.getValue()).toList();
        var hidden = publicTypes.stream().filter(type -> !namedElsewhere.contains(type)).toList();
        print(out, list, "packages in cycles", inCycles());
        print(out, list, "methods over " + METHOD_LINES + " lines", longMethods);
        print(out, list, "types over " + TYPE_LINES + " lines", longTypes);
        print(out, list, "packages over " + PACKAGE_FILES + " files", crowded);
        print(out, list, "public types that no other package uses", hidden);
        print(out, list, "records of " + COMPONENTS + " components or more, by position", wideRecords);
    }

    private static void print(PrintStream out, boolean list, String title, List<String> found) {
        var kept = found.stream().filter(each -> reason(each) != null).toList();
        out.printf("%5d  %s%s%n", found.size() - kept.size(), title,
                kept.isEmpty() ? "" : "; " + kept.size() + " more for a reason");
        if (list) {
            found.stream().filter(each -> reason(each) == null).forEach(each -> out.println("         " + each));
            kept.forEach(each -> out.println("         (" + each + ": " + reason(each) + ")"));
        }
    }

    /// The reason why a finding stays; null if there is none.
    private static String reason(String found) {
        return KEPT.get(found.substring(PREFIX.length()).replaceFirst(" .*", ""));
    }

    /// The packages from which a way along the arrows leads back, each with the others on such ways.
    private List<String> inCycles() {
        var reach = new HashMap<String, Set<String>>();
        for (var from : arrows.keySet()) {
            reach.put(from, reachable(from));
        }
        return arrows.keySet().stream().filter(name -> reach.get(name).contains(name))
                .map(name -> name + ": " + reach.get(name).stream().filter(other -> !other.equals(name)
                        && reach.getOrDefault(other, Set.of()).contains(name)).sorted()
                        .collect(Collectors.joining(", "))).toList();
    }

    private Set<String> reachable(String from) {
        var seen = new HashSet<String>();
        Deque<String> open = new ArrayDeque<>(arrows.getOrDefault(from, Set.of()));
        while (!open.isEmpty()) {
            var next = open.pop();
            if (seen.add(next)) {
                open.addAll(arrows.getOrDefault(next, Set.of()));
            }
        }
        return seen;
    }
}
