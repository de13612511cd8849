package dev.flover.tests.house;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import dev.flover.engine.backend.cpu.kernels.Lanes;
import dev.flover.engine.model.Model;
import dev.flover.engine.model.Weights;
import java.util.stream.Stream;

/// The rules of architecture.md on which module and which package may use which other, checked on the class files.
@AnalyzeClasses(packages = "dev.flover", importOptions = ImportOption.DoNotIncludeTests.class)
class LayeringTest {
    private static final String ENGINE_ROOT = "dev.flover.engine.";
    private static final String ENGINE = ENGINE_ROOT + ".";
    private static final String SCHEMAS = "dev.flover.schemas..";
    private static final String CLIENT = "dev.flover.client..";
    private static final String TOPOLOGY = "dev.flover.topology..";
    private static final String HTTP = "dev.flover.http..";
    private static final String EMBEDDED = "dev.flover.embedded..";
    private static final String APP = "dev.flover.app..";
    private static final String BENCHMARKS = "dev.flover.benchmarks..";

    private static final SliceAssignment PACKAGES = new SliceAssignment() {
        @Override
        public SliceIdentifier getIdentifierOf(JavaClass type) {
            return SliceIdentifier.of(type.getPackageName());
        }

        @Override
        public String getDescription() {
            return "packages";
        }
    };

    @ArchTest
    static final ArchRule engineKnowsNoWireFormatAndNoOtherModule = noClasses().that().resideInAPackage(ENGINE)
            .should().dependOnClassesThat().resideInAnyPackage(SCHEMAS, TOPOLOGY, HTTP, EMBEDDED, APP, BENCHMARKS,
                    "org.apache.kafka..", "org.apache.avro..", "io.confluent..");

    @ArchTest
    static final ArchRule schemasKnowNoOtherModule = noClasses().that().resideInAPackage(SCHEMAS)
            .should().dependOnClassesThat().resideInAnyPackage(CLIENT, ENGINE, TOPOLOGY, HTTP, EMBEDDED, APP,
                    BENCHMARKS);

    @ArchTest
    static final ArchRule theClientKnowsTheContractsAlone = noClasses().that().resideInAPackage(CLIENT)
            .should().dependOnClassesThat().resideInAnyPackage(ENGINE, TOPOLOGY, HTTP, EMBEDDED, APP, BENCHMARKS,
                    "org.apache.kafka.streams..");

    @ArchTest
    static final ArchRule topologyDoesNotKnowTheApp = noClasses().that().resideInAPackage(TOPOLOGY)
            .should().dependOnClassesThat().resideInAnyPackage(HTTP, EMBEDDED, APP, BENCHMARKS);

    @ArchTest
    static final ArchRule theBridgeIsAClientOfTheTopicsAndKnowsNoEngine = noClasses().that().resideInAPackage(HTTP)
            .should().dependOnClassesThat().resideInAnyPackage(ENGINE, EMBEDDED, APP, BENCHMARKS);

    @ArchTest
    static final ArchRule theHttpServerStaysInTheBridge = noClasses().that().resideOutsideOfPackage(HTTP)
            .should().dependOnClassesThat().resideInAnyPackage("org.eclipse.jetty..");

    @ArchTest
    static final ArchRule embeddedServersKnowNoOtherModule = noClasses().that().resideInAPackage(EMBEDDED)
            .should().dependOnClassesThat().resideInAnyPackage(ENGINE, SCHEMAS, TOPOLOGY, HTTP, APP, BENCHMARKS);

    @ArchTest
    static final ArchRule kafkasServerIsKnownToTheBrokersProcessAlone = noClasses()
            .that().resideOutsideOfPackage("dev.flover.embedded.broker..")
            .should().dependOnClassesThat().resideInAnyPackage("kafka..", "scala..", "org.apache.kafka.server..",
                    "org.apache.kafka.metadata..", "org.apache.kafka.raft..", "dev.flover.embedded.broker..");

    @ArchTest
    static final ArchRule appDoesNotKnowTheBenchmarks = noClasses().that().resideInAPackage(APP)
            .should().dependOnClassesThat().resideInAPackage(BENCHMARKS);

    @ArchTest
    static final ArchRule packagesHaveNoCycles = slices().assignedFrom(PACKAGES).should().beFreeOfCycles();

    @ArchTest
    static final ArchRule tensorsKnowNothingElseOfTheEngine = engine("tensor..").knowsOnly("tensor..");

    @ArchTest
    static final ArchRule readersOfFilesKnowOnlyTensors = engine("format..").knowsOnly("format..", "tensor..");

    @ArchTest
    static final ArchRule modelsKnowNoFileFormatAndNoDevice =
            engine("model..").knowsNone("format..", "loading..", "backend..", "forward..", "scheduling..");

    @ArchTest
    static final ArchRule loadingKnowsNoDeviceAndNoSequence =
            engine("loading..").knowsNone("backend..", "forward..", "scheduling..", "api..");

    @ArchTest
    static final ArchRule forwardKnowsNoFileFormatAndNoParticularDevice = engine("forward..").knowsNone("format..",
            "loading..", "scheduling..", "backend.cpu..", "backend.cuda..", "backend.reference..");

    @ArchTest
    static final ArchRule samplingKnowsNoModelAndNoBackend =
            engine("sampling..").knowsNone("model..", "backend..", "scheduling..", "format..", "tensor..");

    @ArchTest
    static final ArchRule constraintsKnowNoModelAndNoSampling =
            engine("constraint..").knowsNone("model..", "sampling..", "backend..", "scheduling..", "format..");

    @ArchTest
    static final ArchRule regularLanguagesKnowNoTokens =
            engine("constraint.regex..").knowsOnly("constraint.regex..");

    @ArchTest
    static final ArchRule tokenizersKnowNoModelAndNoSampling =
            engine("tokenizer..").knowsOnly("tokenizer..", "format..", "tensor..");

    @ArchTest
    static final ArchRule conversationsKnowNothingElseOfTheEngine = engine("chat..").knowsOnly("chat..");

    @ArchTest
    static final ArchRule jinjaKnowsNoConversations = engine("chat.jinja..").knowsOnly("chat.jinja..");

    @ArchTest
    static final ArchRule blocksKnowNothingElseOfTheEngine = engine("kvcache..").knowsOnly("kvcache..");

    @ArchTest
    static final ArchRule schedulingKnowsNoModelAndNoParticularDevice = engine("scheduling..").knowsNone("model..",
            "forward..", "loading..", "backend.cpu..", "backend.cuda..", "backend.reference..");

    @ArchTest
    static final ArchRule backendsKnowNoFileAndNoSequence =
            engine("backend..").knowsNone("format..", "loading..", "forward..", "scheduling..");

    @ArchTest
    static final ArchRule backendsKnowNoWholeModel = noClasses().that().resideInAPackage(ENGINE_ROOT + "backend..")
            .should().dependOnClassesThat().belongToAnyOf(Model.class, Weights.class);

    @ArchTest
    static final ArchRule cudaBindingStaysInItsBackend = noClasses()
            .that().resideOutsideOfPackage("dev.flover.engine.backend.cuda..")
            .should().dependOnClassesThat().resideInAnyPackage("jcuda..");

    /// A JVM with compiled kernels does not load the Vector API.
    @ArchTest
    static final ArchRule vectorApiStaysInItsKernels = noClasses()
            .that().resideOutsideOfPackage(ENGINE_ROOT + "backend.cpu.kernels")
            .should().dependOnClassesThat(resideInAPackage("jdk.incubator.vector..")
                    .or(JavaClass.Predicates.type(Lanes.class)));

    @ArchTest
    static final ArchRule relocatedLibrariesAreTheRegistryClientsOwn = noClasses()
            .that().resideInAPackage("dev.flover..").and().resideOutsideOfPackage("dev.flover.embedded..")
            .should().dependOnClassesThat().resideInAnyPackage("org.apache.pinot..");

    @ArchTest
    static final ArchRule everyClassIsInAModulesPackage = classes()
            .should().resideInAnyPackage(ENGINE, SCHEMAS, CLIENT, TOPOLOGY, HTTP, EMBEDDED, APP, BENCHMARKS);

    private static EnginePackage engine(String name) {
        return new EnginePackage(name);
    }

    /// Rules on one package of the engine; package names are relative to `dev.flover.engine`.
    private record EnginePackage(String name) {
        /// The package uses no package of the engine but these.
        ArchRule knowsOnly(String... packages) {
            var others = resideInAPackage(ENGINE).and(not(resideInAnyPackage(absolute(packages))));
            return noClasses().that().resideInAPackage(ENGINE_ROOT + name).should().dependOnClassesThat(others);
        }

        ArchRule knowsNone(String... packages) {
            return noClasses().that().resideInAPackage(ENGINE_ROOT + name)
                    .should().dependOnClassesThat().resideInAnyPackage(absolute(packages));
        }

        private static String[] absolute(String... packages) {
            return Stream.of(packages).map(ENGINE_ROOT::concat).toArray(String[]::new);
        }
    }
}
