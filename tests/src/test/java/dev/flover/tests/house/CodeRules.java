package dev.flover.tests.house;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.DoWhileLoopTree;
import com.sun.source.tree.EnhancedForLoopTree;
import com.sun.source.tree.ForLoopTree;
import com.sun.source.tree.IfTree;
import com.sun.source.tree.ImportTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.StatementTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.WhileLoopTree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.TreeScanner;
import com.sun.source.util.Trees;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/// Rules on the syntax tree of a Java file, as the compiler parses it.
final class CodeRules extends TreeScanner<Void, Void> {
    /// The most lines of a method. The aim is 40; a method longer than this limit can certainly be split.
    static final int MAX_METHOD_LINES = 64;

    private static final Pattern EMPTY_NAME =
            Pattern.compile(".*(Utils?|Helper|Manager|Impl|Base|Common|Info|Context)");

    private final SourceFile source;
    private final CompilationUnitTree unit;
    private final SourcePositions positions;
    private final List<String> found = new ArrayList<>();

    private CodeRules(SourceFile source, CompilationUnitTree unit, SourcePositions positions) {
        this.source = source;
        this.unit = unit;
        this.positions = positions;
    }

    /// What breaks the rules in some files. One run of the compiler parses them all.
    static List<String> violations(List<SourceFile> sources) {
        var files = sources.stream().map(ParsedFile::new).toList();
        var byUri = files.stream().collect(Collectors.toMap(ParsedFile::toUri, file -> file.source));
        var task = (JavacTask) ToolProvider.getSystemJavaCompiler()
                .getTask(null, null, diagnostic -> {}, List.of(), null, files);
        var found = new ArrayList<String>();
        try {
            for (var unit : task.parse()) {
                var source = byUri.get(unit.getSourceFile().toUri());
                var rules = new CodeRules(source, unit, Trees.instance(task).getSourcePositions());
                rules.scan(unit, null);
                found.addAll(rules.found);
            }
            return found;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static final class ParsedFile extends SimpleJavaFileObject {
        final SourceFile source;

        ParsedFile(SourceFile source) {
            super(URI.create("string:///" + source.path()), JavaFileObject.Kind.SOURCE);
            this.source = source;
        }

        @Override
        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return source.text();
        }
    }

    @Override
    public Void visitImport(ImportTree node, Void unused) {
        if (node.getQualifiedIdentifier().toString().endsWith(".*")) {
            report(node, "a wildcard import");
        }
        return null;
    }

    @Override
    public Void visitClass(ClassTree node, Void unused) {
        var name = node.getSimpleName().toString();
        var match = EMPTY_NAME.matcher(name);
        if (match.matches()) {
            report(node, name + ": " + match.group(1) + " says nothing; name what it is");
        }
        return super.visitClass(node, unused);
    }

    @Override
    public Void visitMethod(MethodTree node, Void unused) {
        if (node.getBody() != null) {
            long lines = line(positions.getEndPosition(unit, node)) - line(positions.getStartPosition(unit, node)) + 1;
            if (lines > MAX_METHOD_LINES) {
                report(node, node.getName() + " has " + lines + " lines, at most " + MAX_METHOD_LINES);
            }
        }
        return super.visitMethod(node, unused);
    }

    @Override
    public Void visitIf(IfTree node, Void unused) {
        requireBraces(node.getThenStatement());
        if (node.getElseStatement() != null && node.getElseStatement().getKind() != Tree.Kind.IF) {
            requireBraces(node.getElseStatement());
        }
        return super.visitIf(node, unused);
    }

    @Override
    public Void visitForLoop(ForLoopTree node, Void unused) {
        requireBraces(node.getStatement());
        return super.visitForLoop(node, unused);
    }

    @Override
    public Void visitEnhancedForLoop(EnhancedForLoopTree node, Void unused) {
        requireBraces(node.getStatement());
        return super.visitEnhancedForLoop(node, unused);
    }

    @Override
    public Void visitWhileLoop(WhileLoopTree node, Void unused) {
        requireBraces(node.getStatement());
        return super.visitWhileLoop(node, unused);
    }

    @Override
    public Void visitDoWhileLoop(DoWhileLoopTree node, Void unused) {
        requireBraces(node.getStatement());
        return super.visitDoWhileLoop(node, unused);
    }

    private void requireBraces(StatementTree body) {
        if (body.getKind() != Tree.Kind.BLOCK) {
            report(body, "no braces");
        }
    }

    private void report(Tree node, String what) {
        found.add(source.path() + ":" + line(positions.getStartPosition(unit, node)) + ": " + what);
    }

    private long line(long position) {
        return unit.getLineMap().getLineNumber(position);
    }
}
